//! Papers that may follow later (容缺受理).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use groundbreak_workflow::Act;
use serde::Deserialize;

use super::body::{Body, Instant};
use super::commands::{read, submit};
use crate::app::App;
use crate::problem::Problem;
use crate::visitor::Caller;

/// `POST /api/v1/cases/{case}/deferrals`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deferring {
    documents: Vec<String>,
    /// The letter of commitment: its number, or the name of its file.
    letter: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    effective_at: Option<Instant>,
}

/// `POST /api/v1/cases/{case}/deferrals/{document}`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extending {
    until: Instant,
    reason: String,
}

/// `POST /api/v1/cases/{case}/deferrals`: lets papers follow later.
pub(crate) async fn defer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
    Body(body): Body<Deferring>,
) -> Result<Response, Problem> {
    let effective_at = read(body.effective_at.as_ref())?;
    let act = Act::Defer {
        documents: body.documents,
        letter: body.letter,
        note: body.note,
    };
    submit(&app, &caller, &case, &headers, effective_at, act).await
}

/// `POST /api/v1/cases/{case}/deferrals/{document}`: gives one of them more time.
pub(crate) async fn extend(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, document)): Path<(String, String)>,
    headers: HeaderMap,
    Body(body): Body<Extending>,
) -> Result<Response, Problem> {
    let act = Act::ExtendDeferral {
        document,
        until: body.until.read()?,
        reason: body.reason,
    };
    submit(&app, &caller, &case, &headers, None, act).await
}
