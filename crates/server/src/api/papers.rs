use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use groundbreak_workflow::Language;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::file::{NotTaken, recorded_name};
use crate::pages::paper::content_of;
use crate::problem::Problem;
use crate::visitor::Caller;
use crate::words::Words;

/// What is asked with a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    /// Its name, which says what it is.
    file_name: String,
}

/// A file that was taken. What is to be recorded of it goes to `POST /cases/{case}/documents`.
#[derive(Debug, Serialize)]
pub(crate) struct Taken {
    file_name: String,
    digest: String,
}

/// `POST /api/v1/papers?file_name=NAME`: the body is the file.
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    _: Caller,
    Query(named): Query<Named>,
    body: Body,
) -> Result<Response, Problem> {
    let file_name = recorded_name(&named.file_name);
    if file_name.trim().is_empty() {
        return Err(NotTaken::UnknownKind.into());
    }
    let content = body.into_data_stream().map_err(|_| NotTaken::Broken);
    let digest = app.take_file(&file_name, content).await?;
    let taken = Taken { file_name, digest };
    Ok((StatusCode::CREATED, Json(taken)).into_response())
}

/// `GET /api/v1/cases/{case}/documents/{document}/{digest}`
pub(crate) async fn content(
    State(app): State<Arc<App>>,
    _: Caller,
    Path((case, document, digest)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let open = app.open(&case, Words::new(Language::En)).await?;
    content_of(&app, &open, &document, &digest).await
}
