use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use groundbreak_workflow::sla::{ClockReading, Party, Stretch, StretchKind, Verdict, explain};

use super::case::calendar_words;
use super::desk::{SegmentView, segments};
use super::page;
use crate::app::App;
use crate::clock::{ClockView, used_words};
use crate::frame::Frame;
use crate::journal::happened;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::ribbon;
use crate::timeline::Timeline;
use crate::visitor::Visitor;
use crate::words::Words;

/// The most stretches that are listed one by one; their sums count all.
const STRETCHES_MAX: usize = 400;

#[derive(Template)]
#[template(path = "clock.html")]
struct ClockPage {
    f: Frame,
    w: Words,
    number: String,
    case_title: String,
    as_of: String,
    clock: ClockView,
    timeline: Option<Timeline>,
    calendar: String,
    provisional: Option<String>,
    segments: Vec<SegmentView>,
    stretches: Vec<StretchView>,
    sums: Vec<Sum>,
    identity: String,
    cycles: Vec<String>,
}

struct StretchView {
    from: String,
    to: String,
    kind: String,
    class: &'static str,
    wall: String,
    office: String,
}

struct Sum {
    title: String,
    wall: String,
    office: String,
}

/// `GET /cases/{number}/clocks/{clock}`
pub(crate) async fn clock(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((number, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let open = app.open(&number, words).await?;
    let face = open
        .situation
        .clocks
        .iter()
        .find(|face| face.name == name)
        .ok_or_else(Problem::not_found)?;
    let policy = &open
        .workflow
        .clocks
        .get(&name)
        .ok_or_else(Problem::not_found)?
        .policy;
    let calendar = open.workflow.calendar_of(&open.case, &name);
    let stretches = explain(policy, open.workflow.calendars(), &face.reading)
        .map_err(|error| Problem::failed(&error))?;
    let journal = app.engine.journal(open.case.id).await?;
    let at = &open.at;
    let view = ClockView::of(face, at);
    let label = words.with(
        "ribbon-label",
        [
            ("title", &view.title),
            ("remaining", &view.remaining.sentence()),
            ("due", &view.due),
        ],
    );
    let template = ClockPage {
        f: Frame::new(
            &app,
            &visitor.look,
            Some(&visitor.account),
            app.engine.now(),
        ),
        w: words,
        number: open.situation.number.clone(),
        case_title: open.situation.title.clone(),
        as_of: words.s("as-of", at.full_instant(at.now)),
        timeline: Timeline::of(
            &face.reading,
            calendar,
            &happened(&journal, &app.engine.versions(&open.case, &journal)?, words),
            label,
            at,
        ),
        calendar: calendar_words(calendar, words),
        provisional: view.provisional.then(|| words.t("provisional-more")),
        segments: segments(face, at),
        stretches: stretches
            .iter()
            .take(STRETCHES_MAX)
            .map(|stretch| stretch_view(stretch, at))
            .collect(),
        sums: sums(&face.reading, at),
        identity: identity(&face.reading, at),
        cycles: cycles(&face.reading, at),
        clock: view,
    };
    Ok(page(StatusCode::OK, &template))
}

fn party_words(party: Party, words: Words) -> String {
    words.text(&party.text()).to_owned()
}

fn stretch_view(stretch: &Stretch, at: &Moment) -> StretchView {
    let class = if matches!(stretch.kind, StretchKind::OffHours) {
        "f-off"
    } else {
        ribbon::class(stretch.party())
    };
    StretchView {
        from: at.instant(stretch.from),
        to: at.instant(stretch.to),
        kind: party_words(stretch.party(), at.words),
        class,
        wall: exact(stretch.wall_ms(), at),
        office: exact(stretch.working_ms, at),
    }
}

/// Returns a duration to the second, where the minute would hide something.
fn exact(millis: i64, at: &Moment) -> String {
    let seconds = millis.unsigned_abs() / 1_000;
    if seconds == 0 {
        return "0".into();
    }
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut said = if hours > 0 {
        at.words.with(
            "hours-minutes",
            [("h", &hours.to_string()), ("m", &format!("{minutes:02}"))],
        )
    } else {
        at.words.s("minutes", minutes.to_string())
    };
    if seconds > 0 {
        said = at.words.with(
            "and-seconds",
            [("what", &said), ("s", &seconds.to_string())],
        );
    }
    said
}

fn sums(reading: &ClockReading, at: &Moment) -> Vec<Sum> {
    let words = at.words;
    let mut sums = vec![
        Sum {
            title: words.t("sum-office"),
            wall: exact(reading.office_ms, at),
            office: exact(reading.office_ms, at),
        },
        Sum {
            title: words.t("sum-off-hours"),
            wall: exact(reading.offhours_ms, at),
            office: "0".into(),
        },
    ];
    sums.extend(reading.paused.iter().map(|paused| Sum {
        title: words.s("sum-paused", party_words(paused.reason.party, words)),
        wall: exact(paused.wall_ms, at),
        office: exact(paused.working_ms, at),
    }));
    sums.push(Sum {
        title: words.t("sum-wall"),
        wall: exact(reading.wall_ms, at),
        office: String::new(),
    });
    sums
}

/// Writes out that the parts make the whole. The numbers are those of the reading, so a part that
/// went missing would show.
fn identity(reading: &ClockReading, at: &Moment) -> String {
    let paused: i64 = reading.paused.iter().map(|paused| paused.wall_ms).sum();
    at.words.with(
        "identity",
        [
            ("wall", &exact(reading.wall_ms, at)),
            ("office", &exact(reading.office_ms, at)),
            ("paused", &exact(paused, at)),
            ("off", &exact(reading.offhours_ms, at)),
        ],
    )
}

fn cycles(reading: &ClockReading, at: &Moment) -> Vec<String> {
    let words = at.words;
    reading
        .closed_cycles
        .iter()
        .map(|cycle| {
            let verdict = match cycle.verdict {
                Verdict::Met => "light-met",
                Verdict::Missed => "light-missed",
                Verdict::Pending | Verdict::Void => "light-void",
            };
            words.with(
                "cycle",
                [
                    ("from", &at.instant(cycle.started_at)),
                    ("to", &at.instant(cycle.stopped_at)),
                    ("used", &used_words(cycle.used, reading, at)),
                    ("verdict", &words.t(verdict)),
                ],
            )
        })
        .collect()
}
