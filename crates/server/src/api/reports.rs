use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::body::Parameters;
use crate::app::App;
use crate::figures::Figures;
use crate::problem::Problem;
use crate::register::Standing;
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

/// `GET /api/v1/reports/measures`
pub(crate) async fn measures(
    State(app): State<Arc<App>>,
    _caller: Caller,
) -> Result<Response, Problem> {
    let names: Vec<String> = app.measures.keys().cloned().collect();
    Ok(Json(Figures::compute(&app, &names).await?.figures).into_response())
}

/// `GET /api/v1/reports/measures/{name}`
pub(crate) async fn measure(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let computed = Figures::compute(&app, &[name]).await?;
    let figure = computed.figures.into_iter().next();
    Ok(Json(figure.ok_or_else(Problem::not_found)?).into_response())
}

/// `GET /api/v1/reports/register`: how the district stands at the end of today.
pub(crate) async fn register(
    State(app): State<Arc<App>>,
    _caller: Caller,
) -> Result<Response, Problem> {
    Ok(Json(Standing::compute(&app).await?.standing).into_response())
}
