use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use groundbreak_audit::{ClockTurnaround, CycleRow};
use groundbreak_workflow::sla::{ClockState, Verdict};
use serde::Deserialize;

use super::page;
use crate::address::{encode, link};
use crate::app::App;
use crate::clock::effect_key;
use crate::frame::Frame;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::report::{CASES_MAX, Report};
use crate::ribbon::{Axis, Bar, percent};
use crate::visitor::Visitor;
use crate::words::{Words, count};

/// Below this many cases a share is no rate, and is written as a count alone.
const RATE_MIN: usize = 5;
/// Rows of a page.
const ROWS_MAX: usize = 500;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    f: Frame,
    w: Words,
    as_of: String,
    scope: String,
    cut: Option<String>,
    /// Whether there are measures, on a page of their own.
    measured: bool,
    registered: bool,
    workflows: Vec<WorkflowReport>,
}

struct WorkflowReport {
    title: String,
    clocks: Vec<ClockReport>,
    stages: Vec<StageReport>,
}

struct ClockReport {
    title: String,
    budget: String,
    rate: String,
    rate_more: String,
    median: String,
    most: String,
    n: usize,
    running: usize,
    late: usize,
    where_to: Vec<Bar>,
    where_words: String,
    href: String,
    missed_href: String,
}

struct StageReport {
    title: String,
    here: usize,
    n: usize,
    median: String,
    most: String,
}

#[derive(Template)]
#[template(path = "audit_rows.html")]
struct RowsPage {
    f: Frame,
    w: Words,
    title: String,
    budget: String,
    as_of: String,
    counted: String,
    chips: Vec<crate::frame::Choice>,
    rows: Vec<RowView>,
    cut: bool,
}

struct RowView {
    number: String,
    href: String,
    title: String,
    verdict: String,
    class: &'static str,
    icon: &'static str,
    started: String,
    stopped: String,
    due: String,
    wall: String,
    office: String,
    applicant: String,
    others: String,
    off: String,
}

/// `GET /audit`
pub(crate) async fn audit(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let report = Report::compute(&app, None).await?;
    let at = moment(&app, &report, words);
    let turnaround = &report.turnaround;
    let mut names: Vec<&str> = Vec::new();
    for clock in &turnaround.clocks {
        if !names.contains(&clock.workflow.as_str()) {
            names.push(&clock.workflow);
        }
    }
    let workflows = names
        .into_iter()
        .map(|name| {
            let clocks: Vec<&ClockTurnaround> = turnaround
                .clocks
                .iter()
                .filter(|clock| clock.workflow == name)
                .collect();
            WorkflowReport {
                title: clocks
                    .first()
                    .map(|clock| words.text(&clock.workflow_title).to_owned())
                    .unwrap_or_default(),
                clocks: clocks
                    .into_iter()
                    .map(|clock| clock_report(clock, &at))
                    .collect(),
                stages: turnaround
                    .stages
                    .iter()
                    .filter(|stage| stage.workflow == name)
                    .map(|stage| StageReport {
                        title: words.text(&stage.title).to_owned(),
                        here: stage.here,
                        n: stage.wall.map_or(0, |wall| wall.n),
                        median: stage
                            .wall
                            .map_or_else(nothing, |wall| at.duration(wall.p50_ms)),
                        most: stage
                            .wall
                            .map_or_else(nothing, |wall| at.duration(wall.p90_ms)),
                    })
                    .collect(),
            }
        })
        .collect();
    let template = AuditPage {
        f: Frame::new(
            &app,
            &visitor.look,
            Some(&visitor.account),
            app.engine.now(),
        ),
        w: words,
        measured: !app.measures.is_empty(),
        registered: app.district.is_some(),
        as_of: words.s("as-of", at.full_instant(turnaround.as_of)),
        scope: words.n("audit-scope", turnaround.cases),
        cut: (report.total > u64::try_from(turnaround.cases).unwrap_or(u64::MAX))
            .then(|| words.n("audit-cut", CASES_MAX)),
        workflows,
    };
    Ok(page(StatusCode::OK, &template))
}

fn moment(app: &App, report: &Report, words: Words) -> Moment {
    let zone = report
        .cases
        .first()
        .map_or(chrono_tz::Asia::Shanghai, |(workflow, _)| {
            workflow.calendar.tz()
        });
    Moment {
        words,
        now: app.engine.now(),
        zone,
    }
}

fn nothing() -> String {
    "—".into()
}

fn share(bp: usize) -> String {
    format!("{}.{}%", bp / 100, bp / 10 % 10)
}

fn clock_report(clock: &ClockTurnaround, at: &Moment) -> ClockReport {
    let words = at.words;
    let attainment = &clock.attainment;
    let stopped = attainment.met + attainment.missed;
    let rate = match (stopped, attainment.closed_bp) {
        (0, _) | (_, None) => nothing(),
        (stopped, Some(bp)) if stopped >= RATE_MIN => share(bp),
        (stopped, _) => words.with(
            "audit-of",
            [
                ("met", &attainment.met.to_string()),
                ("n", &stopped.to_string()),
            ],
        ),
    };
    let total = |part: fn(&CycleRow) -> i64| clock.rows.iter().map(part).sum::<i64>();
    let parts = [
        ("f-office", "party-office", total(|row| row.office_ms)),
        (
            "f-applicant",
            "party-applicant",
            total(|row| row.applicant_ms),
        ),
        (
            "f-special",
            "party-pauses",
            total(|row| row.other_pauses_ms),
        ),
        ("f-off", "party-off-hours", total(|row| row.offhours_ms)),
    ];
    let whole: i64 = parts.iter().map(|(_, _, ms)| ms).sum();
    let axis = Axis::new(
        groundbreak_workflow::sla::Timestamp::EPOCH,
        groundbreak_workflow::sla::Timestamp::from_millis(whole),
    );
    let place = |ms: i64| axis.place(groundbreak_workflow::sla::Timestamp::from_millis(ms));
    let mut from = 0;
    let mut bars = Vec::new();
    for (class, _, ms) in parts.iter().filter(|(_, _, ms)| *ms > 0) {
        let (x, end) = (place(from), place(from + ms));
        bars.push(Bar {
            x: percent(x),
            width: percent(end - x),
            class,
        });
        from += ms;
    }
    // Rounded down one by one, the shares would not add up; what is lost goes to the largest.
    let mut shares: Vec<(&str, i64)> = parts
        .iter()
        .filter(|(_, _, ms)| *ms > 0)
        .map(|(_, key, ms)| (*key, place(*ms) / 100))
        .collect();
    let lost = 100 - shares.iter().map(|(_, share)| share).sum::<i64>();
    if let Some((_, largest)) = shares.iter_mut().max_by_key(|(_, share)| *share) {
        *largest += lost;
    }
    let said = shares.into_iter().map(|(key, share)| match share {
        0 => format!("{} <1%", words.t(key)),
        share => format!("{} {share}%", words.t(key)),
    });
    let rows = |which: &str| {
        link(
            "/audit/rows",
            &[
                ("workflow", &clock.workflow),
                ("clock", &clock.clock),
                ("which", which),
            ],
        )
    };
    ClockReport {
        title: words.text(&clock.title).to_owned(),
        budget: words.with(
            "clock-budget",
            [
                ("effect", &words.t(effect_key(clock.effect))),
                ("budget", words.text(&clock.budget)),
            ],
        ),
        rate,
        rate_more: match attainment.with_running_late_bp {
            _ if attainment.excused > 0 && stopped >= RATE_MIN => words.s(
                "audit-without-excused",
                attainment.without_excused_bp.map_or_else(nothing, share),
            ),
            Some(bp) if attainment.running_late > 0 && stopped >= RATE_MIN => {
                words.s("audit-with-late", share(bp))
            }
            _ => words.numbers(
                "audit-counts",
                [
                    ("met", count(attainment.met)),
                    ("missed", count(attainment.missed)),
                ],
            ),
        },
        median: clock
            .wall
            .map_or_else(nothing, |wall| at.duration(wall.p50_ms)),
        most: clock
            .wall
            .map_or_else(nothing, |wall| at.duration(wall.p90_ms)),
        n: stopped,
        running: attainment.running + attainment.running_late,
        late: attainment.running_late,
        where_words: words.list(said.collect::<Vec<_>>()),
        where_to: bars,
        href: rows(""),
        missed_href: rows("missed"),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RowsQuery {
    workflow: String,
    clock: String,
    which: String,
}

/// `GET /audit/rows`: the cases behind a figure, as many as it counted.
pub(crate) async fn rows(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(query): Query<RowsQuery>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let report = Report::compute(&app, Some(query.workflow.clone())).await?;
    let at = moment(&app, &report, words);
    let clocks: Vec<&ClockTurnaround> = report
        .turnaround
        .clocks
        .iter()
        .filter(|clock| clock.clock == query.clock)
        .collect();
    let first = clocks.first().ok_or_else(Problem::not_found)?;
    let all: Vec<&CycleRow> = clocks.iter().flat_map(|clock| &clock.rows).collect();
    let is = |row: &CycleRow, which: &str| match which {
        "met" => row.state == ClockState::Stopped && row.verdict == Verdict::Met,
        "missed" => row.verdict == Verdict::Missed,
        "open" => matches!(row.state, ClockState::Running | ClockState::Paused),
        _ => true,
    };
    let chosen: Vec<&CycleRow> = all
        .iter()
        .copied()
        .filter(|row| is(row, &query.which))
        .collect();
    let template = RowsPage {
        f: Frame::new(
            &app,
            &visitor.look,
            Some(&visitor.account),
            app.engine.now(),
        ),
        w: words,
        title: words.text(&first.title).to_owned(),
        budget: words.with(
            "clock-budget",
            [
                ("effect", &words.t(effect_key(first.effect))),
                ("budget", words.text(&first.budget)),
            ],
        ),
        as_of: words.s("as-of", at.full_instant(report.turnaround.as_of)),
        counted: words.n("audit-rows-count", chosen.len()),
        chips: [
            ("", "audit-all"),
            ("met", "audit-met"),
            ("missed", "audit-missed"),
            ("open", "audit-open"),
        ]
        .into_iter()
        .map(|(which, key)| crate::frame::Choice {
            href: link(
                "/audit/rows",
                &[
                    ("workflow", &query.workflow),
                    ("clock", &query.clock),
                    ("which", which),
                ],
            ),
            title: words.with(
                "chip",
                [
                    ("title", &words.t(key)),
                    (
                        "n",
                        &all.iter().filter(|row| is(row, which)).count().to_string(),
                    ),
                ],
            ),
            current: query.which == which,
        })
        .collect(),
        cut: chosen.len() > ROWS_MAX,
        rows: chosen
            .into_iter()
            .take(ROWS_MAX)
            .map(|row| row_view(row, &query.clock, &at))
            .collect(),
    };
    Ok(page(StatusCode::OK, &template))
}

fn row_view(row: &CycleRow, clock: &str, at: &Moment) -> RowView {
    let words = at.words;
    let (class, icon, key) = match (row.state, row.verdict) {
        (ClockState::Stopped, Verdict::Met) => ("lg", "ok", "light-met"),
        (ClockState::Stopped, _) => ("lr", "no", "light-missed"),
        (ClockState::Cancelled, _) => ("lx", "no", "light-void"),
        (_, Verdict::Missed) => ("lr", "r", "light-overdue"),
        (ClockState::Paused, _) => ("lx", "x", "light-paused"),
        _ => ("lg", "g", "audit-open"),
    };
    let part = |ms: i64| if ms == 0 { nothing() } else { at.duration(ms) };
    RowView {
        number: row.number.clone(),
        href: format!("/cases/{}/clocks/{}", encode(&row.number), encode(clock)),
        title: row.title.clone(),
        verdict: words.t(key),
        class,
        icon,
        started: row
            .started_at
            .map_or_else(nothing, |instant| at.instant(instant)),
        stopped: row
            .stopped_at
            .map_or_else(nothing, |instant| at.instant(instant)),
        due: row.due.map_or_else(nothing, |instant| at.instant(instant)),
        wall: at.duration(row.wall_ms),
        office: part(row.office_ms),
        applicant: part(row.applicant_ms),
        others: part(row.other_pauses_ms),
        off: part(row.offhours_ms),
    }
}
