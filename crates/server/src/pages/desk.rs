use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use groundbreak_engine::{CaseStatus, ListOrder, ListQuery};
use groundbreak_workflow::sla::{ClockState, Light};
use groundbreak_workflow::{Language, NextAct, Situation};
use serde::Deserialize;

use super::page;
use crate::acts::{due_acts, form_href};
use crate::address::{encode, link};
use crate::app::{App, OpenCase};
use crate::clock::ClockView;
use crate::frame::Frame;
use crate::light::LightView;
use crate::problem::Problem;
use crate::project::project_code;
use crate::visitor::Visitor;
use crate::words::{Words, count};

/// Rows of a page.
const ROWS: usize = 50;
/// The most cases that are looked at for one page, most urgent first. Lights depend on the time
/// of looking, so no index holds them.
const LOOKED_AT_MAX: usize = 600;
/// Papers named in a preview.
const PEEK_PAPERS_MAX: usize = 6;
/// Asked of the store at once.
const PAGE: usize = 200;

/// What the address says of a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DeskQuery {
    view: String,
    light: String,
    workflow: String,
    /// Only cases that this task force stands behind.
    force: String,
    q: String,
    after: String,
    peek: String,
}

impl DeskQuery {
    /// Returns the address of this list with some of it changed.
    fn with(&self, changes: &[(&str, &str)]) -> String {
        let own = [
            ("view", self.view.as_str()),
            ("light", &self.light),
            ("workflow", &self.workflow),
            ("force", &self.force),
            ("q", &self.q),
            ("after", &self.after),
        ];
        let changed = |name: &str| {
            changes
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        let mut pairs: Vec<(&str, &str)> = own
            .into_iter()
            .map(|(name, value)| (name, changed(name).unwrap_or(value)))
            .collect();
        pairs.extend(changed("peek").map(|value| ("peek", value)));
        link("/desk", &pairs)
    }
}

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage {
    f: Frame,
    w: Words,
    summary: String,
    new_href: Option<String>,
    views: Vec<View>,
    lights: Vec<LightFilter>,
    kept: Vec<(&'static str, String)>,
    workflows: Vec<(String, String, bool)>,
    filtered: bool,
    cut: Option<String>,
    groups: Vec<Group>,
    following: Option<String>,
    peek: Option<Peek>,
}

struct View {
    href: String,
    title: String,
    count: Option<u64>,
    current: bool,
}

struct LightFilter {
    href: String,
    title: String,
    class: &'static str,
    icon: &'static str,
    count: usize,
    current: bool,
    key: u32,
}

struct Group {
    title: String,
    more: String,
    rows: Vec<Row>,
}

struct Row {
    number: String,
    title: String,
    workflow: String,
    light: LightView,
    place: String,
    fast: bool,
    mine: bool,
    waiting: String,
    clock: Option<ClockView>,
    selected: bool,
    peek: String,
}

struct Peek {
    number: String,
    title: String,
    workflow: String,
    close: String,
    clock: Option<ClockView>,
    segments: Vec<SegmentView>,
    papers: Vec<String>,
    papers_summary: String,
    act: Option<(String, String)>,
    waiting: Option<String>,
}

/// The time a clock spent in one state, in words.
pub(super) struct SegmentView {
    pub(super) title: String,
    pub(super) spent: String,
    pub(super) here: bool,
    pub(super) begun: bool,
}

/// In which part of the list a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Overdue,
    Today,
    Later,
    Paused,
    NoClock,
    Closed,
}

impl Part {
    fn of(open: &OpenCase) -> Self {
        let Some(face) = open
            .situation
            .clocks
            .first()
            .filter(|face| face.reading.state.is_open())
        else {
            return if open.situation.closed {
                Self::Closed
            } else {
                Self::NoClock
            };
        };
        let reading = &face.reading;
        match (
            open.situation.closed,
            reading.light,
            reading.state,
            reading.due,
        ) {
            (true, ..) => Self::Closed,
            (_, Light::Red, ..) => Self::Overdue,
            (_, _, ClockState::Paused, _) => Self::Paused,
            (_, _, _, Some(due)) if open.at.date(due) <= open.at.date(open.at.now) => Self::Today,
            _ => Self::Later,
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Overdue => "group-overdue",
            Self::Today => "group-today",
            Self::Later => "group-later",
            Self::Paused => "group-paused",
            Self::NoClock => "group-no-clock",
            Self::Closed => "group-closed",
        }
    }
}

const LIGHTS: [(&str, Light, &str, &str, &str); 4] = [
    ("red", Light::Red, "light-overdue", "lr", "r"),
    ("yellow", Light::Yellow, "light-due-soon", "ly", "y"),
    ("green", Light::Green, "light-on-track", "lg", "g"),
    ("grey", Light::Grey, "light-paused", "lx", "x"),
];

fn light_of(situation: &Situation) -> Option<Light> {
    situation
        .clocks
        .first()
        .filter(|face| face.reading.state.is_open())
        .map(|face| face.reading.light)
}

/// `GET /desk`
pub(crate) async fn desk(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(query): Query<DeskQuery>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let asked = query.q.trim();
    if !asked.is_empty() && asked.len() <= 100 && app.engine.find_number(asked).await?.is_some() {
        return Ok(Redirect::to(&format!("/cases/{}", encode(asked))).into_response());
    }
    // A project is found by its code, typed with or without hyphens.
    if let Ok(code) = project_code(asked)
        && app.engine.project(&code).await?.is_some()
    {
        return Ok(Redirect::to(&format!("/projects/{}", encode(&code))).into_response());
    }
    let roles: Vec<String> = visitor.account.roles.iter().cloned().collect();
    // Without a role nothing is one's turn.
    let (found, total) = if query.view == "mine" && roles.is_empty() {
        (Vec::new(), 0)
    } else {
        look(&app, &base(&query, &roles), &visitor).await?
    };
    let cut = (total > u64::try_from(found.len()).unwrap_or(u64::MAX)).then(|| {
        words.numbers(
            "list-cut",
            [
                ("shown", count(found.len())),
                ("total", i64::try_from(total).unwrap_or(i64::MAX)),
            ],
        )
    });
    let mut rows: Vec<OpenCase> = found
        .into_iter()
        .filter(|open| matches(open, asked))
        .collect();
    let mut by_light = BTreeMap::new();
    for light in rows.iter().filter_map(|open| light_of(&open.situation)) {
        *by_light.entry(light_name(light)).or_insert(0_usize) += 1;
    }
    if !query.light.is_empty() {
        rows.retain(|open| {
            light_of(&open.situation).is_some_and(|light| light_name(light) == query.light)
        });
    }
    if query.view != "closed" {
        // The order of the store is that of the due times; what has none is sorted by its part.
        // In each, the fast lane goes first.
        rows.sort_by_key(|open| (Part::of(open), !open.situation.fast));
    }
    let in_parts = rows
        .iter()
        .fold(BTreeMap::new(), |mut parts: BTreeMap<Part, usize>, open| {
            *parts.entry(Part::of(open)).or_default() += 1;
            parts
        });
    let matching = rows.len();
    let first = rows
        .iter()
        .position(|open| open.situation.number == query.after)
        .map_or(0, |index| index + 1);
    let following = rows
        .get(first + ROWS - 1)
        .filter(|_| rows.len() > first + ROWS)
        .map(|last| query.with(&[("after", &last.situation.number)]));
    let shown: Vec<OpenCase> = rows.into_iter().skip(first).take(ROWS).collect();
    let peek = shown
        .iter()
        .find(|open| open.situation.number == query.peek)
        .map(|open| peek(open, &query, &visitor));
    let mut groups: Vec<(Part, Group)> = Vec::new();
    for open in &shown {
        let part = Part::of(open);
        if groups.last().is_none_or(|(last, _)| *last != part) {
            let in_part = in_parts.get(&part).copied().unwrap_or_default();
            groups.push((
                part,
                Group {
                    title: words.t(part.key()),
                    more: words.n(&format!("{}-more", part.key()), in_part),
                    rows: Vec::new(),
                },
            ));
        }
        if let Some((_, group)) = groups.last_mut() {
            group.rows.push(row(open, &query, &visitor));
        }
    }
    let mut f = Frame::new(
        &app,
        &visitor.look,
        Some(&visitor.account),
        app.engine.now(),
    );
    f.asked = query.q.clone();
    let now = crate::moment::Moment {
        words,
        now: app.engine.now(),
        zone: shown
            .first()
            .map_or(chrono_tz::Asia::Shanghai, |open| open.at.zone),
    };
    let template = DeskPage {
        f,
        w: words,
        summary: words.with(
            "list-summary",
            [
                ("now", &now.full_instant(now.now)),
                ("n", &matching.to_string()),
            ],
        ),
        new_href: new_href(&app, &visitor, &query),
        views: views(&app, &query, &roles, words).await?,
        lights: LIGHTS
            .into_iter()
            .zip(1..)
            .map(|((name, _, key, class, icon), number)| LightFilter {
                href: query.with(&[
                    ("light", if query.light == name { "" } else { name }),
                    ("after", ""),
                ]),
                title: words.t(key),
                class,
                icon,
                count: by_light.get(name).copied().unwrap_or_default(),
                current: query.light == name,
                key: number,
            })
            .collect(),
        kept: [
            ("view", &query.view),
            ("light", &query.light),
            ("force", &query.force),
            ("q", &query.q),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.clone()))
        .collect(),
        workflows: app
            .engine
            .workflows()
            .iter()
            .map(|workflow| {
                (
                    workflow.name.clone(),
                    words.text(&workflow.title).to_owned(),
                    workflow.name == query.workflow,
                )
            })
            .collect(),
        filtered: ![&*query.light, &query.workflow, &query.force, asked]
            .iter()
            .all(|asked| asked.is_empty()),
        cut,
        groups: groups.into_iter().map(|(_, group)| group).collect(),
        following,
        peek,
    };
    Ok(page(StatusCode::OK, &template))
}

const fn light_name(light: Light) -> &'static str {
    match light {
        Light::Red => "red",
        Light::Yellow => "yellow",
        Light::Green => "green",
        Light::Grey => "grey",
    }
}

fn base(query: &DeskQuery, roles: &[String]) -> ListQuery {
    let closed = query.view == "closed";
    ListQuery {
        workflow: Some(query.workflow.clone()).filter(|workflow| !workflow.is_empty()),
        task_force: Some(query.force.clone()).filter(|force| !force.is_empty()),
        fast: query.view == "fast",
        unheld: query.view == "unheld",
        status: Some(if closed {
            CaseStatus::Closed
        } else {
            CaseStatus::Open
        }),
        roles: if query.view == "mine" {
            roles.to_vec()
        } else {
            Vec::new()
        },
        order: if closed {
            ListOrder::Newest
        } else {
            ListOrder::MostUrgent
        },
        ..ListQuery::all(PAGE)
    }
}

/// Opens the cases of a list, most urgent first, and returns how many there are in all.
async fn look(
    app: &App,
    query: &ListQuery,
    visitor: &Visitor,
) -> Result<(Vec<OpenCase>, u64), Problem> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let listed = app.engine.list(&query).await?;
        for id in listed.cases {
            match app.open_id(id, visitor.look.words).await {
                Ok(open) => found.push(open),
                // A case that cannot be opened does not take the list with it; what is wrong was
                // logged, and its own page says it.
                Err(problem) => {
                    tracing::warn!(case = %id, code = %problem.code, "a case was left out of a list")
                }
            }
        }
        query.after = listed.next;
        if query.after.is_none() || found.len() >= LOOKED_AT_MAX {
            return Ok((found, listed.total));
        }
    }
}

/// Tells whether a case is one of those searched for: words of its title, its number, or its facts.
fn matches(open: &OpenCase, asked: &str) -> bool {
    let situation = &open.situation;
    let facts = || {
        let texts = situation.facts.iter().filter_map(|fact| match &fact.value {
            groundbreak_workflow::Value::Text(text) => Some(text.to_lowercase()),
            _ => None,
        });
        texts.collect::<Vec<_>>()
    };
    asked.to_lowercase().split_whitespace().all(|word| {
        situation.title.to_lowercase().contains(word)
            || situation.number.to_lowercase().contains(word)
            || facts().iter().any(|fact| fact.contains(word))
    })
}

async fn views(
    app: &App,
    query: &DeskQuery,
    roles: &[String],
    words: Words,
) -> Result<Vec<View>, Problem> {
    let mut views = Vec::new();
    for (name, key) in [
        ("", "view-open"),
        ("mine", "view-mine"),
        ("fast", "view-fast"),
        ("unheld", "view-unheld"),
        ("closed", "view-closed"),
    ] {
        let asked = DeskQuery {
            view: name.into(),
            workflow: query.workflow.clone(),
            force: query.force.clone(),
            ..DeskQuery::default()
        };
        let counted = ListQuery {
            limit: 0,
            ..base(&asked, roles)
        };
        // Without a role nothing is one's turn; without roles to ask for, the store would count all.
        let none = name == "mine" && roles.is_empty();
        let total = if none {
            0
        } else {
            app.engine.list(&counted).await?.total
        };
        // What there is nothing of takes no room.
        let is_kept = matches!(name, "" | "mine" | "closed") || query.view == name;
        if total == 0 && !is_kept {
            continue;
        }
        views.push(View {
            href: query.with(&[("view", name), ("after", ""), ("light", "")]),
            title: words.t(key),
            count: Some(total),
            current: query.view == name,
        });
    }
    Ok(views)
}

fn new_href(app: &App, visitor: &Visitor, query: &DeskQuery) -> Option<String> {
    let may = app
        .engine
        .workflows()
        .iter()
        .any(|workflow| visitor.holds(workflow.roles.keys().map(String::as_str)));
    may.then(|| link("/desk/new", &[("workflow", &query.workflow)]))
}

/// The first act that leads the case forward and that the visitor may do: then it is their turn.
fn mine<'a>(open: &'a OpenCase, visitor: &Visitor) -> Option<&'a NextAct> {
    due_acts(&open.situation)
        .find(|act| act.open && visitor.holds(act.by.iter().map(|role| role.name.as_str())))
}

fn row(open: &OpenCase, query: &DeskQuery, visitor: &Visitor) -> Row {
    let words = visitor.look.words;
    let situation = &open.situation;
    let face = situation
        .clocks
        .first()
        .filter(|face| situation.closed || face.reading.state.is_open());
    let clock = face.map(|face| ClockView::of(face, &open.at));
    let own = mine(open, visitor);
    Row {
        number: situation.number.clone(),
        title: situation.title.clone(),
        workflow: words.text(&situation.workflow_title).to_owned(),
        light: match &clock {
            Some(clock) => clock.light.clone(),
            None if situation.closed => LightView::closed(words),
            None => LightView::none(words),
        },
        place: places(situation, words),
        fast: situation.fast,
        mine: own.is_some(),
        waiting: match own {
            Some(act) => words.text(&act.title).to_owned(),
            None => waiting(open, words),
        },
        selected: query.peek == situation.number,
        peek: query.with(&[("peek", &situation.number)]),
        clock,
    }
}

pub(super) fn places(situation: &Situation, words: Words) -> String {
    const PLACES_MAX: usize = 1;
    let shown = words.list(
        situation
            .places
            .iter()
            .take(PLACES_MAX)
            .map(|place| words.text(&place.title)),
    );
    match situation.places.len().saturating_sub(PLACES_MAX) {
        0 => shown,
        more => words.with(
            "places-and-more",
            [
                ("what", &shown),
                (
                    "n",
                    &(if words.language == Language::Zh {
                        more + PLACES_MAX
                    } else {
                        more
                    })
                    .to_string(),
                ),
            ],
        ),
    }
}

pub(super) fn waiting(open: &OpenCase, words: Words) -> String {
    let situation = &open.situation;
    let mut roles: Vec<&str> = Vec::new();
    let due = due_acts(situation);
    for role in due
        .clone()
        .filter(|act| act.open)
        .flat_map(|act| act.by.first())
    {
        let title = words.text(&role.title);
        if !roles.contains(&title) {
            roles.push(title);
        }
    }
    match roles[..] {
        [] if situation.closed => String::new(),
        [] => {
            let missing = due
                .flat_map(|act| &act.documents)
                .filter(|need| !need.present)
                .count();
            if missing > 0 {
                words.n("waiting-missing", missing)
            } else {
                words.t("waiting-time")
            }
        }
        [one] => one.to_owned(),
        [first, ..] => words.with(
            "waiting-several",
            [("who", first), ("n", &roles.len().to_string())],
        ),
    }
}

/// Returns the parts of a clock in words.
pub(super) fn segments(
    face: &groundbreak_workflow::ClockFace,
    at: &crate::moment::Moment,
) -> Vec<SegmentView> {
    face.segments
        .iter()
        .map(|segment| {
            let begun = segment.here || segment.wall_ms > 0;
            let spent = at.duration(segment.wall_ms);
            SegmentView {
                title: at.words.text(&segment.title).to_owned(),
                spent: match (segment.here, begun) {
                    (true, _) => at.words.s("segment-here", spent),
                    (false, true) => spent,
                    (false, false) => at.words.t("segment-ahead"),
                },
                here: segment.here,
                begun,
            }
        })
        .collect()
}

fn peek(open: &OpenCase, query: &DeskQuery, visitor: &Visitor) -> Peek {
    let words = visitor.look.words;
    let situation = &open.situation;
    let face = situation.clocks.first();
    let mut missing: Vec<String> = Vec::new();
    for need in situation
        .acts
        .iter()
        .flat_map(|act| &act.documents)
        .filter(|need| !need.present)
    {
        let title = words.text(&need.title).to_owned();
        if !missing.contains(&title) {
            missing.push(title);
        }
    }
    missing.truncate(PEEK_PAPERS_MAX);
    let there = situation
        .papers
        .iter()
        .filter(|paper| !paper.versions.is_empty())
        .count();
    let own = mine(open, visitor);
    Peek {
        number: situation.number.clone(),
        title: situation.title.clone(),
        workflow: words.text(&situation.workflow_title).to_owned(),
        close: query.with(&[]),
        clock: face.map(|face| ClockView::of(face, &open.at)),
        segments: face
            .map(|face| segments(face, &open.at))
            .unwrap_or_default(),
        papers_summary: words.numbers(
            "peek-papers",
            [
                ("there", count(there)),
                ("all", count(situation.papers.len())),
            ],
        ),
        papers: missing,
        act: own.map(|act| {
            (
                form_href(&situation.number, &act.event),
                words.text(&act.title).to_owned(),
            )
        }),
        waiting: own
            .is_none()
            .then(|| words.s("waiting-is", waiting(open, words)))
            .filter(|_| !situation.closed),
    }
}
