use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::body::Parameters;
use crate::app::App;
use crate::problem::Problem;
use crate::report::Report;
use crate::visitor::Caller;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scope {
    /// Only cases of this workflow.
    workflow: Option<String>,
}

#[derive(Serialize)]
struct Body {
    /// How many cases there are. More than `cases` when there are too many to be counted at once.
    total: u64,
    #[serde(flatten)]
    turnaround: groundbreak_audit::Turnaround,
}

/// `GET /api/v1/reports/turnaround`
pub(crate) async fn turnaround(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Parameters(scope): Parameters<Scope>,
) -> Result<Response, Problem> {
    let report = Report::compute(&app, scope.workflow).await?;
    Ok(Json(Body {
        total: report.total,
        turnaround: report.turnaround,
    })
    .into_response())
}
