//! Pictures of workflows, and of where a case is in its own.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use groundbreak_draw::{DrawError, Marks, View, svg};
use groundbreak_workflow::{Language, Workflow};
use serde::Deserialize;

use crate::app::App;
use crate::problem::Problem;
use crate::visitor::Visitor;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct ChartQuery {
    /// The one state that is drawn.
    only: Option<String>,
}

/// `GET /workflows/{name}/{version}/chart.svg`
pub(crate) async fn of_workflow(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((name, version)): Path<(String, u32)>,
    Query(query): Query<ChartQuery>,
) -> Result<Response, Problem> {
    let workflow = app.engine.workflow(&name, Some(version))?;
    draw(workflow, None, query.only, visitor.look.words.language).await
}

/// `GET /cases/{number}/chart.svg`
pub(crate) async fn of_case(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<ChartQuery>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let open = app.open(&number, words).await?;
    let marks = Marks::of(&open.case, &open.situation);
    draw(open.workflow, Some(marks), query.only, words.language).await
}

/// Draws on a thread of its own: the layout of a large chart takes a core for a while.
async fn draw(
    workflow: Arc<Workflow>,
    marks: Option<Marks>,
    only: Option<String>,
    language: Language,
) -> Result<Response, Problem> {
    let drawn = tokio::task::spawn_blocking(move || {
        let view = View {
            language,
            depth: None,
            only: only.as_deref(),
            marks: marks.as_ref(),
        };
        svg(&workflow, &view)
    });
    match drawn.await.map_err(|error| Problem::failed(&error))? {
        Ok(picture) => Ok(([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response()),
        Err(DrawError::UnknownState { .. } | DrawError::TooLarge { .. }) => {
            Err(Problem::not_found())
        }
        Err(error) => Err(Problem::failed(&error)),
    }
}
