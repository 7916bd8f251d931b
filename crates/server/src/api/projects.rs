use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use groundbreak_engine::Belongs;
use groundbreak_workflow::Language;
use serde::Serialize;

use super::cases::CaseLine;
use crate::app::App;
use crate::problem::Problem;
use crate::visitor::Caller;
use crate::words::Words;

#[derive(Serialize)]
struct ProjectBody {
    code: String,
    /// In the order they were opened.
    cases: Vec<ProjectCaseLine>,
    /// Whether there are more than are found.
    cut: bool,
}

#[derive(Serialize)]
struct ProjectCaseLine {
    /// `carries` the code, `child` of one that does, or `linked` to one.
    belongs: &'static str,
    #[serde(flatten)]
    case: CaseLine,
}

/// `GET /api/v1/projects/{code}`: the cases of a project, from the lead to production.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let project = app.project(&code).await?;
    let mut cases = Vec::with_capacity(project.cases.len());
    for member in project.cases {
        let open = app.open_id(member.case, Words::new(Language::Zh)).await?;
        cases.push(ProjectCaseLine {
            belongs: match member.belongs {
                Belongs::Carries => "carries",
                Belongs::Child => "child",
                Belongs::Linked => "linked",
            },
            case: CaseLine::of(open.situation),
        });
    }
    Ok(Json(ProjectBody {
        code: project.code,
        cases,
        cut: project.cut,
    })
    .into_response())
}
