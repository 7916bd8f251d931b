use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use groundbreak_workflow::{Act, ActInput, Data, GeneralKind, Language, Text};
use serde::{Deserialize, Serialize};

use super::body::{Body, Instant};
use super::commands::{read, submit};
use crate::app::App;
use crate::general::general_act;
use crate::problem::Problem;
use crate::visitor::Caller;
use crate::words::Words;

/// `POST /api/v1/cases/{case}/acts`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acting {
    act: GeneralKind,
    /// What it asks for, by the names of its inputs.
    #[serde(default)]
    with: Data,
    #[serde(default)]
    effective_at: Option<Instant>,
}

/// Something the caller may do on the case now.
#[derive(Serialize)]
struct Offered {
    act: GeneralKind,
    title: Text,
    with: Vec<ActInput>,
}

/// `GET /api/v1/cases/{case}/acts`: what of the general acts the caller may do now.
pub(crate) async fn offered(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let open = app.open(&case, Words::new(Language::Zh)).await?;
    let kinds = open
        .workflow
        .general_acts(&open.case, &caller.account.actor(), open.at.now);
    let offered: Vec<Offered> = kinds
        .into_iter()
        .map(|act| Offered {
            act,
            title: act.title(),
            with: act.inputs(),
        })
        .collect();
    Ok(Json(offered).into_response())
}

/// `POST /api/v1/cases/{case}/acts`
pub(crate) async fn act(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
    Body(body): Body<Acting>,
) -> Result<Response, Problem> {
    let effective_at = read(body.effective_at.as_ref())?;
    let open = app.open(&case, Words::new(Language::Zh)).await?;
    let inputs: BTreeMap<String, String> = body
        .with
        .into_iter()
        .map(|(name, value)| (name, value.to_string()))
        .collect();
    let act = general_act(&app, &open.workflow, body.act, inputs).await??;
    submit(
        &app,
        &caller,
        &case,
        &headers,
        effective_at,
        Act::General(act),
    )
    .await
}
