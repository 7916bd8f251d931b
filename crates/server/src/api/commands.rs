use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use groundbreak_engine::Committed;
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, CaseId, Command, CommandId, Commit, Data, EffectId, Language, Situation, Text,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::body::{Body, Instant};
use super::cases::etag;
use crate::app::App;
use crate::problem::Problem;
use crate::visitor::Caller;
use crate::words::Words;

/// Makes ids of cases from the ids of the commands that open them, so that a command sent again
/// opens the same case.
const CASES: Uuid = Uuid::from_u128(0x6f1c_5d0e_93b2_4c5e_8a57_41d2_0b7e_96c3);

/// `POST /api/v1/cases`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    workflow: String,
    #[serde(default)]
    version: Option<u32>,
    title: String,
    #[serde(default)]
    data: Data,
    /// The id the case will have. Left out, one is made.
    #[serde(default)]
    id: Option<CaseId>,
    #[serde(default)]
    effective_at: Option<Instant>,
}

/// `POST /api/v1/cases/{case}/events`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Firing {
    event: String,
    #[serde(default)]
    data: Data,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    effective_at: Option<Instant>,
}

/// `POST /api/v1/cases/{case}/documents`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attaching {
    document: String,
    file_name: String,
    digest: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    effective_at: Option<Instant>,
}

/// `POST /api/v1/cases/{case}/comments`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Commenting {
    text: String,
}

/// `POST /api/v1/cases/{case}/effects/{effect}`
#[derive(Debug, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Deciding {
    /// Try it again.
    Resend {
        #[serde(default)]
        note: Option<String>,
    },
    /// Never try it again.
    Drop { reason: String },
}

/// What a command did.
#[derive(Serialize)]
struct Done {
    /// The case now.
    case: Situation,
    /// What the command added to its journal.
    commit: Arc<Commit>,
    /// Whether it had been carried out before.
    repeated: bool,
}

/// `POST /api/v1/cases`
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<Opening>,
) -> Result<Response, Problem> {
    let effective_at = read(body.effective_at.as_ref())?;
    let id = command_id(&app, &headers)?;
    let case = body
        .id
        .unwrap_or_else(|| CaseId(Uuid::new_v5(&CASES, id.0.as_bytes())));
    let command = Command {
        id,
        case,
        actor: caller.account.actor(),
        seen_revision: None,
        effective_at,
        act: Act::Open {
            workflow: body.workflow,
            version: body.version,
            title: body.title,
            data: body.data,
        },
    };
    let committed = app.engine.submit(command).await?;
    let status = if committed.repeated {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let location = format!("/api/v1/cases/{}", committed.case.id);
    let mut response = done(&app, status, committed).await?;
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `POST /api/v1/cases/{case}/events`
pub(crate) async fn fire(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
    Body(body): Body<Firing>,
) -> Result<Response, Problem> {
    let effective_at = read(body.effective_at.as_ref())?;
    let act = Act::Fire {
        event: body.event,
        data: body.data,
        note: body.note,
    };
    submit(&app, &caller, &case, &headers, effective_at, act).await
}

/// `POST /api/v1/cases/{case}/documents`
pub(crate) async fn attach(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
    Body(body): Body<Attaching>,
) -> Result<Response, Problem> {
    let effective_at = read(body.effective_at.as_ref())?;
    let act = Act::Attach {
        document: body.document,
        file_name: body.file_name,
        digest: body.digest,
        note: body.note,
    };
    submit(&app, &caller, &case, &headers, effective_at, act).await
}

/// `POST /api/v1/cases/{case}/comments`
pub(crate) async fn comment(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
    Body(body): Body<Commenting>,
) -> Result<Response, Problem> {
    submit(
        &app,
        &caller,
        &case,
        &headers,
        None,
        Act::Comment { text: body.text },
    )
    .await
}

/// `POST /api/v1/cases/{case}/effects/{effect}`: what is to become of an effect that was given up.
pub(crate) async fn decide_on_effect(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, effect)): Path<(String, String)>,
    headers: HeaderMap,
    Body(body): Body<Deciding>,
) -> Result<Response, Problem> {
    let effect = effect.parse().map(EffectId).map_err(|_| {
        Problem::malformed(Text::new(
            "发送项应为数字，如 3。",
            "An effect has a number, such as 3.",
        ))
    })?;
    let act = match body {
        Deciding::Resend { note } => Act::ResendEffect { effect, note },
        Deciding::Drop { reason } => Act::DropEffect { effect, reason },
    };
    submit(&app, &caller, &case, &headers, None, act).await
}

pub(super) async fn submit(
    app: &App,
    caller: &Caller,
    case: &str,
    headers: &HeaderMap,
    effective_at: Option<Timestamp>,
    act: Act,
) -> Result<Response, Problem> {
    let seen_revision = seen_revision(headers)?;
    let id = command_id(app, headers)?;
    let case = app.find(case).await?;
    let command = Command {
        id,
        case,
        actor: caller.account.actor(),
        seen_revision,
        effective_at,
        act,
    };
    let committed = app.engine.submit(command).await?;
    done(app, StatusCode::OK, committed).await
}

async fn done(app: &App, status: StatusCode, committed: Committed) -> Result<Response, Problem> {
    let open = app
        .open_id(committed.case.id, Words::new(Language::Zh))
        .await?;
    let tag = etag(open.case.revision);
    let body = Done {
        case: open.situation,
        commit: committed.commit,
        repeated: committed.repeated,
    };
    Ok((status, [(header::ETAG, tag)], Json(body)).into_response())
}

pub(super) fn read(instant: Option<&Instant>) -> Result<Option<Timestamp>, Problem> {
    instant.map(Instant::read).transpose()
}

/// Returns the id that `Idempotency-Key` gives the command, or a new one.
fn command_id(app: &App, headers: &HeaderMap) -> Result<CommandId, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(app.engine.new_command_id());
    };
    // The draft of the header has a quoted string; a bare one is taken too.
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    text.parse().map(CommandId).map_err(|_| {
        Problem::malformed(Text::new(
            "Idempotency-Key 应为 UUID。",
            "Idempotency-Key must be a UUID.",
        ))
    })
}

/// Returns the revision that `If-Match` says the caller saw.
fn seen_revision(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_matches('"').parse().map(Some).map_err(|_| {
        Problem::malformed(Text::new(
            "If-Match 应为办件的版本，如 \"42\"。",
            "If-Match must be a version of the case, such as \"42\".",
        ))
    })
}
