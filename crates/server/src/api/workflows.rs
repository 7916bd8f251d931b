use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use groundbreak_workflow::{Text, Workflow};
use serde::{Deserialize, Serialize};

use super::body::Parameters;
use crate::app::App;
use crate::problem::Problem;
use crate::visitor::Caller;

#[derive(Serialize)]
struct Summaries {
    workflows: Vec<Summary>,
}

#[derive(Serialize)]
struct Summary {
    name: String,
    version: u32,
    title: Text,
    /// SHA-256 of the text.
    digest: String,
    calendar: String,
    states: Vec<Named>,
    events: Vec<Named>,
    roles: Vec<Named>,
    documents: Vec<Named>,
    clocks: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    name: String,
    title: Text,
}

impl Summary {
    fn of(workflow: &Workflow) -> Self {
        let named = |name: &String, title: &Text| Named {
            name: name.clone(),
            title: title.clone(),
        };
        Self {
            name: workflow.name.clone(),
            version: workflow.version,
            title: workflow.title.clone(),
            digest: workflow.digest.clone(),
            calendar: workflow.calendar.id().to_owned(),
            states: workflow
                .states
                .iter()
                .map(|(name, state)| named(name, &state.title))
                .collect(),
            events: workflow
                .events
                .iter()
                .map(|(name, event)| named(name, &event.title))
                .collect(),
            roles: workflow
                .roles
                .iter()
                .map(|(name, role)| named(name, &role.title))
                .collect(),
            documents: workflow
                .documents
                .iter()
                .map(|(name, document)| named(name, &document.title))
                .collect(),
            clocks: workflow
                .clocks
                .iter()
                .map(|(name, clock)| named(name, &clock.title))
                .collect(),
        }
    }
}

/// `GET /api/v1/workflows`
pub(crate) async fn list(State(app): State<Arc<App>>, _caller: Caller) -> Response {
    let workflows = app
        .engine
        .workflows()
        .iter()
        .map(|workflow| Summary::of(workflow))
        .collect();
    Json(Summaries { workflows }).into_response()
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Which {
    version: Option<u32>,
}

/// `GET /api/v1/workflows/{name}`: a summary, or its text where YAML is accepted.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Path(name): Path<String>,
    Parameters(which): Parameters<Which>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let workflow = app.engine.workflow(&name, which.version)?;
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if accepted.contains("application/yaml") {
        let kind = HeaderValue::from_static("application/yaml; charset=utf-8");
        return Ok(([(header::CONTENT_TYPE, kind)], workflow.source.clone()).into_response());
    }
    Ok(Json(Summary::of(&workflow)).into_response())
}
