use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use groundbreak_engine::Changed;
use groundbreak_workflow::CaseId;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast};

use crate::app::App;
use crate::problem::Problem;
use crate::visitor::{Caller, Visitor};

/// How often a silent stream says that it is alive.
const ALIVE: Duration = Duration::from_secs(20);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Since {
    since: u64,
}

/// `GET /cases/{number}/events?since=42`: tells when the case has moved on. It tells, and changes
/// nothing on the page: what somebody is typing is theirs.
pub(crate) async fn of_case(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<Since>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // Subscribed before the case is read, so that nothing falls between the two.
    let changes = app.engine.subscribe();
    let open = app.open(&number, visitor.look.words).await?;
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let watch = Watch {
        changes,
        case: Some(open.case.id),
        _permit: permit(&app)?,
    };
    let known = last.unwrap_or(query.since);
    let behind = (open.case.revision > known).then_some(open.case.revision);
    let first = stream::iter(behind.map(|revision| Ok(case_event(revision))));
    let rest = stream::unfold(watch, |mut watch| async move {
        let told = match watch.next().await? {
            Told::Changed(changed) => case_event(changed.revision),
            // What was missed may have been about this case: to look is better than to be silent.
            Told::Missed => Event::default().event("case").data("{}"),
        };
        Some((Ok(told), watch))
    });
    Ok(sse(stream::StreamExt::chain(first, rest)))
}

/// `GET /api/v1/events`: tells of every change of every case.
pub(crate) async fn of_all(
    State(app): State<Arc<App>>,
    _caller: Caller,
) -> Result<Response, Problem> {
    let watch = Watch {
        changes: app.engine.subscribe(),
        case: None,
        _permit: permit(&app)?,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let told = match watch.next().await? {
            Told::Changed(changed) => Event::default().event("changed").data(format!(
                r#"{{"case":"{}","revision":{}}}"#,
                changed.case, changed.revision
            )),
            // The reader is behind and must read the cases it cares for again.
            Told::Missed => Event::default().event("missed").data("{}"),
        };
        Some((Ok::<_, Infallible>(told), watch))
    });
    Ok(sse(events))
}

struct Watch {
    changes: broadcast::Receiver<Changed>,
    case: Option<CaseId>,
    _permit: OwnedSemaphorePermit,
}

enum Told {
    Changed(Changed),
    Missed,
}

impl Watch {
    async fn next(&mut self) -> Option<Told> {
        loop {
            match self.changes.recv().await {
                Ok(changed) if self.case.is_none_or(|case| case == changed.case) => {
                    return Some(Told::Changed(changed));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Some(Told::Missed),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

fn case_event(revision: u64) -> Event {
    Event::default()
        .id(revision.to_string())
        .event("case")
        .data(format!(r#"{{"v":{revision}}}"#))
}

fn permit(app: &App) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&app.streams)
        .try_acquire_owned()
        .map_err(|_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded").retry_after(30))
}

fn sse(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(ALIVE))
        .into_response()
}
