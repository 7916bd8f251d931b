//! A project: all its cases on one line of time.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use groundbreak_engine::Belongs;
use groundbreak_workflow::sla::Timestamp;

use super::desk::{places, waiting};
use super::page;
use crate::address::encode;
use crate::app::{App, OpenCase};
use crate::clock::ClockView;
use crate::frame::Frame;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::ribbon::{Axis, Bar, Ribbon, percent};
use crate::visitor::Visitor;
use crate::words::{Words, count};

#[derive(Template)]
#[template(path = "project.html")]
struct ProjectPage {
    f: Frame,
    w: Words,
    code: String,
    title: String,
    summary: String,
    span: String,
    rows: Vec<Row>,
    cut: bool,
}

struct Row {
    href: String,
    number: String,
    title: String,
    workflow: String,
    belongs: Option<String>,
    place: String,
    waiting: String,
    opened: String,
    ribbon: Ribbon,
    clock: Option<ClockView>,
}

/// `GET /projects/{code}`
pub(crate) async fn project(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let project = app.project(&code).await?;
    let mut cases = Vec::with_capacity(project.cases.len());
    for member in &project.cases {
        cases.push((app.open_id(member.case, words).await?, member.belongs));
    }
    let now = app.engine.now();
    let begun = cases.iter().map(|(open, _)| open.situation.opened_at).min();
    let ended = cases.iter().map(|(open, _)| end_of(open, now)).max();
    let axis = Axis::new(begun.unwrap_or(now), ended.unwrap_or(now));
    let open = cases.iter().filter(|(case, _)| !case.situation.closed);
    let numbers = [("n", count(cases.len())), ("open", count(open.count()))];
    let template = ProjectPage {
        f: Frame::new(&app, &visitor.look, Some(&visitor.account), now),
        w: words,
        title: cases
            .first()
            .map(|(open, _)| open.situation.title.clone())
            .unwrap_or_default(),
        summary: words.numbers("project-summary", numbers),
        span: cases
            .first()
            .map(|(open, _)| span(&axis, &open.at))
            .unwrap_or_default(),
        rows: cases
            .iter()
            .map(|(open, belongs)| row(open, *belongs, &axis, now))
            .collect(),
        code: project.code,
        cut: project.cut,
    };
    Ok(page(StatusCode::OK, &template))
}

/// Returns when the last of a case happened; now, while it is open.
fn end_of(open: &OpenCase, now: Timestamp) -> Timestamp {
    if open.situation.closed {
        open.situation.effective_at
    } else {
        now.max(open.situation.effective_at)
    }
}

fn span(axis: &Axis, at: &Moment) -> String {
    at.words.with(
        "project-span",
        [
            ("from", &at.full_day(at.date(axis.from))),
            ("to", &at.full_day(at.date(axis.to))),
            ("time", &at.duration(axis.span())),
        ],
    )
}

fn row(open: &OpenCase, belongs: Belongs, axis: &Axis, now: Timestamp) -> Row {
    let (situation, at) = (&open.situation, &open.at);
    let words = at.words;
    let end = end_of(open, now);
    let (from, to) = (axis.place(situation.opened_at), axis.place(end));
    let ribbon = Ribbon {
        bars: vec![Bar {
            x: percent(from),
            width: percent((to - from).max(60)),
            class: if situation.closed {
                "f-off"
            } else {
                "f-office"
            },
        }],
        due: None,
        label: words.with(
            "project-bar",
            [
                ("from", &at.instant(situation.opened_at)),
                ("to", &at.instant(end)),
            ],
        ),
    };
    Row {
        href: format!("/cases/{}", encode(&situation.number)),
        number: situation.number.clone(),
        title: situation.title.clone(),
        workflow: words.text(&situation.workflow_title).to_owned(),
        belongs: match belongs {
            Belongs::Carries => None,
            Belongs::Child => Some(words.t("project-child")),
            Belongs::Linked => Some(words.t("project-linked")),
        },
        place: places(situation, words),
        waiting: waiting(open, words),
        opened: at.instant(situation.opened_at),
        ribbon,
        clock: situation
            .clocks
            .first()
            .filter(|face| face.reading.state.is_open())
            .map(|face| ClockView::of(face, at)),
    }
}
