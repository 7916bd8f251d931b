use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use groundbreak_engine::{CaseStatus, ListOrder, ListQuery};
use groundbreak_workflow::sla::{Light, Timestamp};
use groundbreak_workflow::{CaseId, Commit, Language, PlaceNow, Situation, Text};
use serde::{Deserialize, Serialize};

use super::body::Parameters;
use crate::app::App;
use crate::problem::Problem;
use crate::project::project_code;
use crate::visitor::Caller;
use crate::words::Words;

/// Cases of a page, unless asked otherwise.
const LIMIT: usize = 50;
/// The most cases of a page.
const LIMIT_MAX: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListParameters {
    status: Option<Status>,
    workflow: Option<String>,
    /// Only cases in which this role may act next.
    role: Option<String>,
    /// Only cases in this state.
    state: Option<String>,
    /// Only cases whose most urgent clock is due before this instant.
    due_before: Option<String>,
    /// Only children of the case with this id.
    parent: Option<CaseId>,
    /// Only cases that carry the code of this project.
    project: Option<String>,
    /// Only cases that this task force stands behind.
    task_force: Option<String>,
    /// Only cases of the fast lane.
    fast: bool,
    /// Only open cases that nobody holds.
    unheld: bool,
    /// Only cases with an effect that was given up.
    given_up: bool,
    order: Order,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Closed,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    #[default]
    MostUrgent,
    Newest,
    Oldest,
}

#[derive(Serialize)]
struct CaseList {
    cases: Vec<CaseLine>,
    /// How many there are on all pages together.
    total: u64,
    /// What `after` takes for the next page.
    next: Option<String>,
}

/// A case in a list.
#[derive(Serialize)]
pub(super) struct CaseLine {
    id: CaseId,
    number: String,
    title: String,
    workflow: String,
    workflow_version: u32,
    revision: u64,
    opened_at: Timestamp,
    closed: bool,
    /// Whether it goes first in queues.
    fast: bool,
    places: Vec<PlaceNow>,
    /// The most urgent clock that has not ended.
    clock: Option<ClockLine>,
}

#[derive(Serialize)]
struct ClockLine {
    name: String,
    title: Text,
    light: Light,
    due: Option<Timestamp>,
}

impl CaseLine {
    pub(super) fn of(situation: Situation) -> Self {
        Self {
            clock: situation
                .clocks
                .iter()
                .find(|face| face.reading.state.is_open())
                .map(|face| ClockLine {
                    name: face.name.clone(),
                    title: face.title.clone(),
                    light: face.reading.light,
                    due: face.reading.due,
                }),
            id: situation.id,
            number: situation.number,
            title: situation.title,
            workflow: situation.workflow,
            workflow_version: situation.workflow_version,
            revision: situation.revision,
            opened_at: situation.opened_at,
            closed: situation.closed,
            fast: situation.fast,
            places: situation.places,
        }
    }
}

/// `GET /api/v1/cases`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Parameters(asked): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    let due_before = match asked.due_before {
        Some(text) => Some(text.parse().map_err(
            |error: groundbreak_workflow::sla::TimestampError| Problem::malformed(error.text()),
        )?),
        None => None,
    };
    let after = match asked.after {
        Some(text) => Some(text.parse().map_err(|_| {
            Problem::malformed(Text::new(
                "after 应为上一页返回的 next。",
                "`after` must be the `next` of an earlier page.",
            ))
        })?),
        None => None,
    };
    let query = ListQuery {
        workflow: asked.workflow,
        status: asked.status.map(|status| match status {
            Status::Open => CaseStatus::Open,
            Status::Closed => CaseStatus::Closed,
        }),
        roles: asked.role.into_iter().collect(),
        state: asked.state,
        due_before,
        parent: asked.parent,
        project: match asked.project {
            Some(code) => Some(project_code(&code)?),
            None => None,
        },
        linked: None,
        same: Vec::new(),
        task_force: asked.task_force,
        fast: asked.fast,
        unheld: asked.unheld,
        given_up: asked.given_up,
        order: match asked.order {
            Order::MostUrgent => ListOrder::MostUrgent,
            Order::Newest => ListOrder::Newest,
            Order::Oldest => ListOrder::Oldest,
        },
        after,
        limit: asked.limit.unwrap_or(LIMIT).min(LIMIT_MAX),
    };
    let page = app.engine.list(&query).await?;
    let mut cases = Vec::with_capacity(page.cases.len());
    for id in page.cases {
        let open = app.open_id(id, Words::new(Language::Zh)).await?;
        cases.push(CaseLine::of(open.situation));
    }
    let next = page.next.map(|cursor| cursor.to_string());
    Ok(Json(CaseList {
        cases,
        total: page.total,
        next,
    })
    .into_response())
}

/// `GET /api/v1/cases/{case}`, by number or id. The entity tag is the revision, for `If-Match`.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let open = app.open(&case, Words::new(Language::Zh)).await?;
    Ok((
        [(header::ETAG, etag(open.case.revision))],
        Json(open.situation),
    )
        .into_response())
}

/// `GET /api/v1/cases/{case}/same`: the other open cases that may be about the same.
pub(crate) async fn same(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let open = app.open(&case, Words::new(Language::Zh)).await?;
    let mut cases = Vec::new();
    for id in app.engine.same_as(&open.case).await? {
        let other = app.open_id(id, Words::new(Language::Zh)).await?;
        cases.push(CaseLine::of(other.situation));
    }
    let total = cases.len() as u64;
    Ok(Json(CaseList {
        cases,
        total,
        next: None,
    })
    .into_response())
}

#[derive(Serialize)]
struct Journal {
    commits: Vec<Commit>,
}

/// `GET /api/v1/cases/{case}/journal`
pub(crate) async fn journal(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let id = app.find(&case).await?;
    let commits = app.engine.journal(id).await?;
    if commits.is_empty() {
        return Err(Problem::no_such_case(&case));
    }
    Ok(Json(Journal { commits }).into_response())
}

/// Returns a revision as an entity tag.
pub(super) fn etag(revision: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}
