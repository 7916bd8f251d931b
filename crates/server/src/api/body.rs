use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use groundbreak_workflow::Text;
use groundbreak_workflow::sla::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A request body in JSON. What is wrong with one is said with the place it is at.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => {
                let said = rejection.body_text();
                match rejection {
                    JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_) => {
                        Err(not_understood(&said))
                    }
                    other => Err(Problem::of_status(other.status())),
                }
            }
        }
    }
}

/// The parameters of an address.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        match read {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(not_understood(&rejection.body_text())),
        }
    }
}

fn not_understood(said: &str) -> Problem {
    // The words of the reader are English; what they point at is the same in any language.
    Problem::malformed(Text::new(
        format!("请求无法解析：{said}"),
        format!("The request was not understood: {said}"),
    ))
}

/// An instant, as RFC 3339 with an offset or as milliseconds since the epoch.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Instant {
    Millis(i64),
    Text(String),
}

impl Instant {
    pub(crate) fn read(&self) -> Result<Timestamp, Problem> {
        match self {
            Self::Millis(millis) => Ok(Timestamp::from_millis(*millis)),
            Self::Text(text) => {
                text.parse()
                    .map_err(|error: groundbreak_workflow::sla::TimestampError| {
                        Problem::malformed(error.text())
                    })
            }
        }
    }
}
