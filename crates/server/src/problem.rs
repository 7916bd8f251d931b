use std::ops::Deref;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use groundbreak_engine::{Failure, SubmitError};
use groundbreak_workflow::{GeneralRefusal, Language, Refusal, Text};
use serde::Serialize;

use crate::words::Words;

/// Why a request was not answered as asked: a page for people, `application/problem+json` for
/// programs. Which of the two is decided where the response leaves, not where the problem arises.
///
/// # Source
///
/// RFC 9457, Problem Details for HTTP APIs; `code` is an extension member, stable, and the one to
/// branch on.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Said>);

/// What is said of a problem.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Said {
    /// A page about the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    #[serde(serialize_with = "as_number")]
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) title: Text,
    pub(crate) detail: Text,
    /// The parts of a refusal, by name, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    /// The command to ask for again, when it is not known whether it was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    /// Seconds after which the same request may do better.
    #[serde(skip)]
    retry_after: Option<u32>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Deref for Problem {
    type Target = Said;

    fn deref(&self) -> &Said {
        &self.0
    }
}

impl Problem {
    /// Returns the problem with this code; its words are under `problem-CODE-title` and
    /// `problem-CODE`.
    pub(crate) fn new(status: StatusCode, code: &str) -> Self {
        Self::with_texts(
            status,
            code,
            both(&format!("problem-{code}-title")),
            both(&format!("problem-{code}")),
        )
    }

    fn with_texts(status: StatusCode, code: &str, title: Text, detail: Text) -> Self {
        Self(Box::new(Said {
            kind: format!("urn:groundbreak:error:{code}"),
            status,
            code: code.to_owned(),
            title,
            detail,
            refusal: None,
            command: None,
            retry_after: None,
        }))
    }

    /// Says more than the code does.
    pub(crate) fn because(mut self, detail: Text) -> Self {
        self.0.detail = detail;
        self
    }

    /// Gives it another code.
    fn named(mut self, code: &str) -> Self {
        self.0.kind = format!("urn:groundbreak:error:{code}");
        self.0.code = code.to_owned();
        self
    }

    /// Says after how many seconds to try again.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Names the command whose outcome is not known.
    pub(crate) fn about_command(mut self, command: String) -> Self {
        self.0.command = Some(command);
        self
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found")
    }

    pub(crate) fn no_such_case(asked: &str) -> Self {
        Refusal::CaseNotFound {
            case: asked.chars().take(64).collect(),
        }
        .into()
    }

    pub(crate) fn sign_in_first() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign-in-first")
    }

    pub(crate) fn malformed(detail: Text) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed").because(detail)
    }

    /// A failure of the machine. What failed goes to the log and not to the reader.
    pub(crate) fn failed(error: &dyn std::error::Error) -> Self {
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(error = %causes, "a request failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "failed").retry_after(5)
    }

    /// Returns the problem that a bare status stands for, such as one the framework answered with.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let code = match status {
            StatusCode::UNAUTHORIZED => "sign-in-first",
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::NOT_FOUND => "not-found",
            StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
            StatusCode::NOT_ACCEPTABLE => "not-acceptable",
            StatusCode::REQUEST_TIMEOUT => "timeout",
            StatusCode::PAYLOAD_TOO_LARGE => "too-large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported-media-type",
            status if status.is_client_error() => "malformed",
            StatusCode::SERVICE_UNAVAILABLE => "overloaded",
            _ => "internal",
        };
        Self::new(status, code)
    }

    /// Returns it as a program reads it.
    pub(crate) fn json(&self) -> Response {
        let body = serde_json::to_vec(&*self.0).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        self.set_headers(&mut response);
        response
    }

    /// Sets the headers that go with it.
    pub(crate) fn set_headers(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }
}

/// The status by which HTTP says a refusal.
pub(crate) fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::CaseNotFound { .. } | Refusal::UnknownWorkflow { .. } => StatusCode::NOT_FOUND,
        Refusal::RoleNotAllowed { .. }
        | Refusal::SamePerson { .. }
        | Refusal::LateRecordNotAllowed { .. }
        | Refusal::OnlyTheClock
        | Refusal::OnlyCases => StatusCode::FORBIDDEN,
        Refusal::General(refusal) => match refusal {
            GeneralRefusal::NotTheHandler { .. }
            | GeneralRefusal::NoRoleMay { .. }
            | GeneralRefusal::NotYourOrder { .. }
            | GeneralRefusal::ReviewNotAsked => StatusCode::FORBIDDEN,
            GeneralRefusal::NoHandler
            | GeneralRefusal::AlreadyHeld { .. }
            | GeneralRefusal::UrgedRecently { .. }
            | GeneralRefusal::ReviewAlreadyAsked { .. }
            | GeneralRefusal::OrderStep { .. }
            | GeneralRefusal::AlreadySuspended { .. }
            | GeneralRefusal::NotSuspended { .. }
            | GeneralRefusal::AlreadyLinked { .. } => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        Refusal::CaseExists { .. }
        | Refusal::CaseClosed { .. }
        | Refusal::CommandReused { .. }
        | Refusal::NotAllowedHere { .. }
        | Refusal::EffectNotWaiting { .. }
        | Refusal::NothingDue
        | Refusal::NothingToFollow
        | Refusal::NothingToMigrate { .. } => StatusCode::CONFLICT,
        Refusal::StaleRevision { .. } => StatusCode::PRECONDITION_FAILED,
        // Fields, documents, gates and conditions: the request is understood and cannot be
        // carried out as it is. So is whatever a later version refuses.
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = status_of(&refusal);
        let title = both(match status {
            StatusCode::NOT_FOUND => "problem-not-found-title",
            StatusCode::FORBIDDEN => "problem-forbidden-title",
            StatusCode::CONFLICT => "problem-conflict-title",
            StatusCode::PRECONDITION_FAILED => "problem-stale-title",
            _ => "problem-refused-title",
        });
        let mut problem = Self::with_texts(status, refusal.code(), title, refusal.text());
        problem.0.refusal = Some(refusal);
        problem
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::failed(&failure)
            .named(failure.code())
            .because(failure.text())
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => refusal.into(),
            SubmitError::Failed(failure) => failure.into(),
            SubmitError::Overloaded => Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded")
                .because(error.text())
                .retry_after(1),
            SubmitError::Unknown { command, .. } => Self::failed(&error)
                .named("outcome-unknown")
                .because(error.text())
                .about_command(command.to_string()),
            other => Self::failed(&other),
        }
    }
}

/// Carries the problem to where the response leaves.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}

/// Returns the words under `key` in both languages.
pub(crate) fn both(key: &str) -> Text {
    Text::new(
        Words::new(Language::Zh).t(key),
        Words::new(Language::En).t(key),
    )
}
