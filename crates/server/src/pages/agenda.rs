//! The agenda of a regular meeting, built from what is under way: the open cases of a workflow, stage by stage.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use groundbreak_engine::{CaseStatus, ListQuery};
use groundbreak_workflow::sla::Light;

use super::desk::waiting;
use super::page;
use crate::address::encode;
use crate::app::{App, OpenCase};
use crate::clock::ClockView;
use crate::frame::Frame;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::visitor::Visitor;
use crate::words::Words;

/// The most cases of an agenda.
const CASES_MAX: usize = 500;

#[derive(Template)]
#[template(path = "agenda.html")]
struct AgendaPage {
    f: Frame,
    w: Words,
    title: String,
    summary: String,
    cut: bool,
    stages: Vec<Stage>,
}

struct Stage {
    title: String,
    count: String,
    items: Vec<Item>,
}

struct Item {
    href: String,
    number: String,
    title: String,
    waiting: String,
    holder: String,
    clock: Option<ClockView>,
}

/// `GET /audit/agenda/{workflow}`: stage by stage in the order of the workflow, in each what is overdue first.
pub(crate) async fn agenda(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let workflow = app.engine.workflow(&name, None)?;
    let listed = app
        .engine
        .list(&ListQuery {
            workflow: Some(workflow.name.clone()),
            status: Some(CaseStatus::Open),
            ..ListQuery::all(CASES_MAX)
        })
        .await?;
    let mut stages: BTreeMap<usize, Vec<OpenCase>> = BTreeMap::new();
    for id in listed.cases {
        let open = app.open_id(id, words).await?;
        // A case in several places is an item where it has come farthest.
        let place = open
            .situation
            .places
            .iter()
            .filter_map(|place| workflow.states.get_index_of(&place.state))
            .max();
        stages.entry(place.unwrap_or(0)).or_default().push(open);
    }
    let at = Moment {
        words,
        now: app.engine.now(),
        zone: workflow.calendar.tz(),
    };
    let template = AgendaPage {
        f: Frame::new(&app, &visitor.look, Some(&visitor.account), at.now),
        w: words,
        title: words.text(&workflow.title).to_owned(),
        summary: words.with(
            "list-summary",
            [
                ("now", &at.full_instant(at.now)),
                ("n", &listed.total.to_string()),
            ],
        ),
        cut: listed.next.is_some(),
        stages: stages
            .into_iter()
            .map(|(index, mut cases)| {
                cases.sort_by_key(|open| !is_overdue(open));
                let state = workflow.states.get_index(index).map(|(state, _)| state);
                let title = state.map(|state| workflow.state_title(state));
                Stage {
                    title: title
                        .map(|title| words.text(&title).to_owned())
                        .unwrap_or_default(),
                    count: words.n("agenda-count", cases.len()),
                    items: cases.iter().map(|open| item(open, words)).collect(),
                }
            })
            .collect(),
    };
    Ok(page(StatusCode::OK, &template))
}

fn is_overdue(open: &OpenCase) -> bool {
    let clocks = open.situation.clocks.iter();
    let mut running = clocks.filter(|face| face.reading.state.is_open());
    running.any(|face| face.reading.light == Light::Red)
}

fn item(open: &OpenCase, words: Words) -> Item {
    let situation = &open.situation;
    let holder = situation.handling.handler.as_ref();
    let holder = [
        holder.map(|handler| handler.person.name.clone()),
        holder.and_then(|handler| handler.team.clone()),
    ];
    let face = situation.clocks.first();
    Item {
        href: format!("/cases/{}", encode(&situation.number)),
        number: situation.number.clone(),
        title: situation.title.clone(),
        waiting: waiting(open, words),
        holder: words.list(holder.into_iter().flatten()),
        clock: face
            .filter(|face| face.reading.state.is_open())
            .map(|face| ClockView::of(face, &open.at)),
    }
}
