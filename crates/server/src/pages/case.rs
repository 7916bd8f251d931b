use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use groundbreak_workflow::sla::Party;
use groundbreak_workflow::{DocumentClass, Lane, NextAct, Paper, Progress, Situation};
use serde::Deserialize;

use super::deferral::{Deferring, deferral_href};
use super::general::general_href;
use super::page;
use crate::acts::{ActView, Doing, due_acts, form_href, paper_href};
use crate::address::encode;
use crate::app::{App, OpenCase};
use crate::clock::ClockView;
use crate::facts::FactLine;
use crate::frame::Frame;
use crate::journal::{JournalView, Narrator, happened};
use crate::light::LightView;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::timeline::Timeline;
use crate::visitor::Visitor;
use crate::words::{Words, count};

/// How much of the journal stands on the page of the case.
const JOURNAL_LINES: usize = 14;
/// Papers that stand on the page at once; missing ones come first, the rest is a click away.
const PAPERS_SHOWN: usize = 8;
/// Lanes that stand on the page at once.
const LANES_SHOWN: usize = 8;
/// How much of a digest is shown where a whole one has no room.
const DIGEST_SHOWN: usize = 4;

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    f: Frame,
    w: Words,
    number: String,
    title: String,
    places: Vec<String>,
    workflow_title: String,
    workflow_version: u32,
    opened: String,
    as_of: String,
    revision: u64,
    done: Option<String>,
    closed: bool,
    hero: Option<Hero>,
    next: Option<ActView>,
    next_href: Option<String>,
    others: Vec<ActView>,
    locked: Vec<ActView>,
    paper_href: Option<String>,
    clocks: Vec<ClockView>,
    ended: Vec<ClockView>,
    clocks_summary: String,
    lanes: Vec<LaneView>,
    folded_lanes: Vec<LaneView>,
    lanes_summary: String,
    papers: Vec<PaperView>,
    folded_papers: Vec<PaperView>,
    papers_summary: String,
    has_notice: bool,
    fast: bool,
    /// Other open cases that may be about the same: address and words.
    same: Vec<(String, String)>,
    projects: Vec<(String, String)>,
    waiting: Vec<Waiting>,
    journal: JournalView,
    facts: Vec<FactLine>,
    handling: HandlingView,
}

/// Who holds the case, what it was urged and supervised for, and what else this visitor may do.
struct HandlingView {
    /// What stands with it, title and words.
    lines: Vec<(String, String)>,
    /// Address and title of each form.
    acts: Vec<(String, String)>,
}

/// The clock at the head of a case.
struct Hero {
    clock: ClockView,
    /// `今天 15:00 前`.
    due: String,
    /// `已用 1 小时 32 分，5 小时以内`.
    used: String,
    calendar: String,
    timeline: Option<Timeline>,
}

struct LaneView {
    title: String,
    count: String,
    steps: Vec<StepView>,
}

struct StepView {
    title: String,
    class: &'static str,
    icon: &'static str,
    /// How it stands, for who does not see the sign.
    word: String,
    when: Option<String>,
}

struct PaperView {
    title: String,
    class: String,
    state: PaperState,
    source: String,
    digest: Option<String>,
    href: String,
    /// `可于 3月28日 17:30 前补交`, while it is deferred.
    due: Option<String>,
    /// What can be done about its time, and where.
    deferring: Option<(String, String)>,
}

/// How a paper stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PaperState {
    /// Something that could be done now waits for it.
    Missing,
    /// It was deferred, and may follow until a time.
    Deferred,
    /// It may follow, or is not asked for yet.
    Later,
    /// This case has no need of it, or the office brings it.
    NotAsked,
    There,
}

/// Somebody the case waits for.
struct Waiting {
    who: String,
    what: String,
    me: bool,
    light: LightView,
    href: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct CaseQuery {
    /// The revision that the visitor has just brought about.
    done: Option<u64>,
}

/// Other cases that may be about the same, of which the page tells.
const SAME_MAX: usize = 5;

/// `GET /cases/{number}`
pub(crate) async fn case(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<CaseQuery>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let open = app.open(&number, words).await?;
    let journal = app.engine.journal(open.case.id).await?;
    let versions = app.engine.versions(&open.case, &journal)?;
    let narrator = Narrator {
        versions: &versions,
        workflow: &open.workflow,
        accounts: &app.accounts,
        at: &open.at,
    };
    let done = query.done.and_then(|revision| {
        let commit = journal
            .iter()
            .find(|commit| commit.revision == revision && commit.by.id == visitor.account.id)?;
        let line = narrator.line(commit);
        Some(words.with(
            "done",
            [
                ("time", &open.at.time(commit.recorded_at)),
                ("what", &line.said),
            ],
        ))
    });
    let mut same = Vec::new();
    for id in app
        .engine
        .same_as(&open.case)
        .await?
        .into_iter()
        .take(SAME_MAX)
    {
        let other = app.open_id(id, words).await?.situation;
        let holder = other.handling.handler.as_ref();
        let parts = [
            Some(other.title.clone()),
            Some(other.number.clone()),
            holder.map(|handler| handler.person.name.clone()),
            holder.and_then(|handler| handler.team.clone()),
        ];
        let said: Vec<String> = parts.into_iter().flatten().collect();
        same.push((
            format!("/cases/{}", encode(&other.number)),
            said.join(" · "),
        ));
    }
    let projects = app.engine.projects_of(&open.case).await?;
    let projects = projects
        .into_iter()
        .map(|code| (format!("/projects/{}", encode(&code)), code))
        .collect();
    let (situation, at) = (&open.situation, &open.at);
    let hero = hero(&open, &happened(&journal, &versions, words));
    let acts = acts(&open, &visitor, &app);
    let (clocks, ended): (Vec<ClockView>, Vec<ClockView>) = situation
        .clocks
        .iter()
        .skip(usize::from(hero.is_some()))
        .map(|face| ClockView::of(face, at))
        .partition(|clock| clock.open);
    let steps = situation.lanes.iter().flat_map(|lane| &lane.steps);
    let missing = missing(situation);
    let mut papers: Vec<PaperView> = situation
        .papers
        .iter()
        .map(|paper| {
            let missing = missing.contains(&paper.name.as_str());
            paper_view(&app, &visitor, &open, paper, missing)
        })
        .collect();
    papers.sort_by_key(|paper| paper.state);
    let papers_summary = papers_summary(&papers, words);
    let folded_papers = papers.split_off(PAPERS_SHOWN.min(papers.len()));
    let (lanes, folded_lanes) = lane_views(situation, at);
    let paper_missing = situation
        .papers
        .iter()
        .find(|paper| paper.versions.is_empty());
    let template = CasePage {
        f: Frame::new(
            &app,
            &visitor.look,
            Some(&visitor.account),
            app.engine.now(),
        ),
        w: words,
        number: situation.number.clone(),
        title: situation.title.clone(),
        places: places(situation, words),
        workflow_title: words.text(&situation.workflow_title).to_owned(),
        workflow_version: situation.workflow_version,
        opened: words.s("opened", at.instant(situation.opened_at)),
        as_of: words.s("as-of", at.full_instant(at.now)),
        revision: situation.revision,
        done,
        closed: situation.closed,
        paper_href: (!situation.closed)
            .then(|| {
                let of_next = acts.next.as_ref().and_then(|next| next.href.clone());
                of_next.or_else(|| {
                    paper_missing.map(|paper| paper_href(&situation.number, &paper.name))
                })
            })
            .flatten(),
        next_href: acts.next_href,
        next: acts.next,
        others: acts.others,
        locked: acts.locked,
        clocks_summary: clocks_summary(situation, words),
        clocks,
        ended,
        lanes_summary: words.numbers(
            "lanes-summary",
            [
                ("lanes", count(situation.lanes.len())),
                (
                    "done",
                    count(
                        steps
                            .clone()
                            .filter(|step| step.progress == Progress::Done)
                            .count(),
                    ),
                ),
                ("steps", count(steps.count())),
            ],
        ),
        lanes,
        folded_lanes,
        papers_summary,
        has_notice: open.has_notice(),
        fast: situation.fast,
        same,
        projects,
        folded_papers,
        papers,
        waiting: waiting(&open, &visitor),
        journal: narrator.view(journal.iter(), JOURNAL_LINES),
        facts: situation
            .facts
            .iter()
            .map(|fact| FactLine::of(fact, at))
            .collect(),
        handling: handling(&open, &visitor),
        hero,
    };
    Ok(page(StatusCode::OK, &template))
}

/// Says who holds the case and what waits beside its steps, and offers what can be done on every
/// case.
fn handling(open: &OpenCase, visitor: &Visitor) -> HandlingView {
    let words = visitor.look.words;
    let (situation, at) = (&open.situation, &open.at);
    let handling = &situation.handling;
    let holder = match &handling.handler {
        None => words.t("holder-nobody"),
        Some(handler) => [Some(&handler.person.name), handler.team.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .chain([at.instant(handler.since)])
            .collect::<Vec<_>>()
            .join(" · "),
    };
    let mut lines = vec![(words.t("holder"), holder)];
    for force in &situation.task_forces {
        let lead = force.lead.as_ref();
        let lead = lead.map(|lead| words.s("force-lead", words.text(lead)));
        let members = force.members.iter().map(|member| words.text(member));
        let members = Some(words.list(members)).filter(|members| !members.is_empty());
        let said: Vec<String> = [lead, members].into_iter().flatten().collect();
        lines.push((words.text(&force.title).to_owned(), said.join(" · ")));
    }
    for delegation in handling.delegations.iter().filter(|one| at.now < one.until) {
        let until = at.instant(delegation.until);
        let said = words.with(
            "delegated-until",
            [("who", &delegation.to.name), ("until", &until)],
        );
        lines.push((words.t("delegated"), said));
    }
    for review in &handling.reviews {
        let said = format!("{} · {}", review.of.name, review.question);
        lines.push((words.t("review-asked"), said));
    }
    if handling.urges > 0 {
        lines.push((words.t("urged"), handling.urges.to_string()));
    }
    for suspended in &situation.suspensions {
        let party = suspended.party.text();
        let law = suspended.law.as_deref().unwrap_or_default();
        let said = format!("{} · {law}", words.text(&party));
        lines.push((words.t("suspended"), said));
    }
    for order in &situation.orders {
        let stage = order.stage.text();
        let parts = [
            order.text.clone(),
            order.to.name.clone(),
            words.text(&stage).to_owned(),
            words.s("due-before", at.instant(order.due_at)),
        ];
        let title = words.n("order", order.number);
        lines.push((title, parts.join(" · ")));
    }
    for link in &situation.links {
        let relation = link.relation.text();
        lines.push((words.text(&relation).to_owned(), link.number.clone()));
    }
    let offered = open
        .workflow
        .general_acts(&open.case, &visitor.account.actor(), at.now);
    let acts = offered.into_iter().map(|kind| {
        let title = words.text(&kind.title()).to_owned();
        (general_href(&situation.number, kind), title)
    });
    HandlingView {
        lines,
        acts: acts.collect(),
    }
}

/// The most urgent clock that runs, else the one that ended last.
fn hero(
    open: &OpenCase,
    happened: &[(groundbreak_workflow::sla::Timestamp, String)],
) -> Option<Hero> {
    let at = &open.at;
    let face = open.situation.clocks.first()?;
    let clock = ClockView::of(face, at);
    let calendar = open.workflow.calendar_of(&open.case, &face.name).as_ref();
    let label = at.words.with(
        "ribbon-label",
        [
            ("title", &clock.title),
            ("remaining", &clock.remaining.sentence()),
            ("due", &clock.due),
        ],
    );
    let running = face.reading.state.is_open() && !clock.paused && !clock.remaining.red;
    Some(Hero {
        due: if running {
            at.words.s("due-before", &clock.due)
        } else {
            clock.due.clone()
        },
        used: clock.used.clone(),
        calendar: calendar_words(calendar, at.words),
        timeline: Timeline::of(&face.reading, calendar, happened, label, at),
        clock,
    })
}

/// Returns `日历 蓬江区政务服务中心 第 1 版`.
pub(super) fn calendar_words(
    calendar: &groundbreak_workflow::sla::Calendar,
    words: Words,
) -> String {
    let title = calendar.title();
    words.with(
        "calendar",
        [
            ("title", words.text(&title)),
            ("version", &calendar.version().to_string()),
        ],
    )
}

/// What can be done, by what this visitor can do about it.
struct Acts {
    next: Option<ActView>,
    next_href: Option<String>,
    others: Vec<ActView>,
    locked: Vec<ActView>,
}

/// The next step is an act of the main path: an open one of the visitor's own before one of
/// others, and one that something closes only when nothing else leads on.
fn acts(open: &OpenCase, visitor: &Visitor, app: &App) -> Acts {
    let mut ranked: Vec<(bool, bool, bool, &NextAct)> = open
        .situation
        .acts
        .iter()
        .map(|act| {
            let mine = visitor.holds(act.by.iter().map(|role| role.name.as_str()));
            (act.aside, !act.open, !mine, act)
        })
        .collect();
    // Equal ones stay in the order of the workflow.
    ranked.sort_by_key(|(aside, closed, others, _)| (*aside, *closed, *others));
    let view = |act: &NextAct| ActView::of(act, open, visitor, app);
    let rest = |closed: bool| {
        ranked
            .iter()
            .skip(1)
            .filter(move |(_, is_closed, ..)| *is_closed == closed)
            .map(|(.., act)| view(act))
    };
    let first = ranked.first();
    Acts {
        next_href: first
            .filter(|(_, closed, others, _)| !closed && !others)
            .map(|(.., act)| form_href(&open.situation.number, &act.event)),
        next: first.map(|(.., act)| view(act)),
        others: rest(false).collect(),
        locked: rest(true).collect(),
    }
}

/// The innermost states, as many as fit a line.
pub(super) fn places(situation: &Situation, words: Words) -> Vec<String> {
    const PLACES_MAX: usize = 4;
    let all = situation
        .places
        .iter()
        .map(|place| words.text(&place.title).to_owned());
    let mut places: Vec<String> = all.take(PLACES_MAX).collect();
    let more = situation.places.len().saturating_sub(PLACES_MAX);
    if more > 0 {
        places.push(words.n("places-more", more));
    }
    places
}

fn clocks_summary(situation: &Situation, words: Words) -> String {
    let open = situation
        .clocks
        .iter()
        .filter(|face| face.reading.state.is_open());
    let paused = open
        .clone()
        .filter(|face| face.reading.state == groundbreak_workflow::sla::ClockState::Paused)
        .count();
    let running = open.count() - paused;
    words.numbers(
        "clocks-summary",
        [
            ("running", count(running)),
            ("paused", count(paused)),
            ("ended", count(situation.clocks.len() - running - paused)),
        ],
    )
}

/// Lanes in which something is under way, and those that are folded: where all is done, nothing
/// has begun, or there is no room.
fn lane_views(situation: &Situation, at: &Moment) -> (Vec<LaneView>, Vec<LaneView>) {
    let few = situation.lanes.len() <= LANES_SHOWN;
    let under_way = |lane: &Lane| {
        let here = lane
            .steps
            .iter()
            .position(|step| matches!(step.progress, Progress::Here | Progress::Paused));
        here.is_some_and(|here| here + 1 < lane.steps.len())
    };
    let (mut shown, mut folded) = (Vec::new(), Vec::new());
    for lane in &situation.lanes {
        let room = shown.len() < LANES_SHOWN;
        if few || (room && under_way(lane)) {
            &mut shown
        } else {
            &mut folded
        }
        .push(lane_view(lane, at));
    }
    (shown, folded)
}

fn lane_view(lane: &Lane, at: &Moment) -> LaneView {
    let words = at.words;
    let done = lane
        .steps
        .iter()
        .filter(|step| step.progress == Progress::Done)
        .count();
    LaneView {
        title: words.text(&lane.title).to_owned(),
        count: words.numbers(
            "lane-count",
            [("done", count(done)), ("steps", count(lane.steps.len()))],
        ),
        steps: lane
            .steps
            .iter()
            .map(|step| {
                let (class, icon, key) = match step.progress {
                    Progress::Done => ("done", "ok", "step-done"),
                    Progress::Here => ("here", "dot", "step-here"),
                    Progress::Paused => ("hold", "pause", "step-paused"),
                    Progress::Ahead => ("todo", "ring", "step-ahead"),
                };
                StepView {
                    title: words.text(&step.title).to_owned(),
                    class,
                    icon,
                    word: words.t(key),
                    when: step.entered_at.map(|instant| {
                        let date = at.date(instant);
                        if date == at.date(at.now) {
                            at.time(instant)
                        } else {
                            at.near_day(date)
                        }
                    }),
                }
            })
            .collect(),
    }
}

/// The papers that something waits for that could be done now.
fn missing(situation: &Situation) -> Vec<&str> {
    let needed = situation.acts.iter().flat_map(|act| &act.documents);
    needed
        .filter(|need| !need.present)
        .map(|need| need.name.as_str())
        .collect()
}

fn papers_summary(papers: &[PaperView], words: Words) -> String {
    let in_states = |states: &[PaperState]| {
        let papers = papers.iter();
        count(papers.filter(|paper| states.contains(&paper.state)).count())
    };
    let later = [PaperState::Later, PaperState::Deferred];
    let [missing, there] = [PaperState::Missing, PaperState::There];
    words.numbers(
        "papers-summary",
        [
            ("all", in_states(&[missing, later[0], later[1], there])),
            ("missing", in_states(&[missing])),
            ("later", in_states(&later)),
            ("there", in_states(&[there])),
        ],
    )
}

/// Returns `主要` or `可容缺`.
pub(super) fn class_words(class: DocumentClass, words: Words) -> String {
    words.t(match class {
        DocumentClass::Main => "class-main",
        DocumentClass::Secondary => "class-secondary",
        DocumentClass::Conditional => "class-conditional",
        DocumentClass::Shared => "class-shared",
        DocumentClass::Output => "class-output",
    })
}

fn paper_view(
    app: &App,
    visitor: &Visitor,
    open: &OpenCase,
    paper: &Paper,
    missing: bool,
) -> PaperView {
    let (at, number) = (&open.at, open.situation.number.as_str());
    let words = at.words;
    let newest = paper.versions.last();
    PaperView {
        title: match paper.versions.len() {
            0 | 1 => words.text(&paper.title).to_owned(),
            versions => words.with(
                "paper-version",
                [
                    ("title", words.text(&paper.title)),
                    ("n", &versions.to_string()),
                ],
            ),
        },
        class: class_words(paper.class, words),
        state: match (newest, paper.due_at, missing) {
            (Some(_), ..) => PaperState::There,
            (None, Some(_), _) => PaperState::Deferred,
            (None, None, true) => PaperState::Missing,
            (None, None, false) if paper.needed => PaperState::Later,
            (None, None, false) => PaperState::NotAsked,
        },
        source: match newest {
            Some(version) => {
                format!(
                    "{} {}",
                    app.accounts.name_as_recorded(&version.by, words.language),
                    at.instant(version.at)
                )
            }
            None => paper
                .law
                .as_ref()
                .map(|law| words.text(law).to_owned())
                .unwrap_or_default(),
        },
        digest: newest.map(|version| short_digest(&version.digest)),
        href: paper_href(number, &paper.name),
        due: paper
            .due_at
            .map(|due_at| words.s("paper-may-follow", at.instant(due_at))),
        deferring: Deferring::of(paper, &open.workflow, visitor).map(|deferring| {
            let href = deferral_href(number, &paper.name);
            (href, deferring.title(words))
        }),
    }
}

fn short_digest(digest: &str) -> String {
    match (
        digest.get(..DIGEST_SHOWN),
        digest.get(digest.len().saturating_sub(DIGEST_SHOWN)..),
    ) {
        (Some(first), Some(last)) => format!("{first}…{last}"),
        _ => digest.to_owned(),
    }
}

/// Whom the case waits for: who may act, who owes papers, and what lets a clock stand still.
fn waiting(open: &OpenCase, visitor: &Visitor) -> Vec<Waiting> {
    const WAITING_MAX: usize = 8;
    let words = visitor.look.words;
    let situation = &open.situation;
    let urgent = situation
        .clocks
        .first()
        .filter(|face| face.reading.state.is_open());
    let light = urgent.map_or_else(
        || LightView::none(words),
        |face| LightView::of(&face.reading, words),
    );
    let mut waiting: Vec<Waiting> = Vec::new();
    for face in situation
        .clocks
        .iter()
        .filter(|face| face.reading.state.is_open())
    {
        let paused = face.reading.state == groundbreak_workflow::sla::ClockState::Paused;
        let Some(stretch) = face.reading.stretches.last().filter(|_| paused) else {
            continue;
        };
        let who = stretch.party().text();
        let who = words.text(&who).to_owned();
        if stretch.party() != Party::Office && waiting.iter().all(|one| one.who != who) {
            let what = words.with(
                "waiting-paused",
                [
                    ("clock", words.text(&face.title)),
                    ("since", &open.at.instant(stretch.from)),
                ],
            );
            waiting.push(Waiting {
                who,
                what,
                me: false,
                light: LightView::of(&face.reading, words),
                href: None,
            });
        }
    }
    let mut by_role: Vec<(&str, String, Vec<&str>, &str)> = Vec::new();
    for act in due_acts(situation).filter(|act| act.open) {
        let Some(role) = act
            .by
            .iter()
            .find(|role| visitor.holds([role.name.as_str()]))
            .or(act.by.first())
        else {
            continue;
        };
        match by_role.iter_mut().find(|(name, ..)| *name == role.name) {
            Some((_, _, titles, _)) => titles.push(words.text(&act.title)),
            None => by_role.push((
                &role.name,
                words.text(&role.title).to_owned(),
                vec![words.text(&act.title)],
                &act.event,
            )),
        }
    }
    waiting.extend(by_role.into_iter().map(|(role, who, titles, event)| {
        let me = visitor.holds([role]);
        let more = titles.len().saturating_sub(2);
        let mut what = words.list(titles.into_iter().take(2));
        if more > 0 {
            what = words.with("and-more", [("what", &what), ("n", &more.to_string())]);
        }
        Waiting {
            who,
            what,
            me,
            light: light.clone(),
            href: me.then(|| form_href(&situation.number, event)),
        }
    }));
    let missing = missing(situation);
    let main_missing: Vec<&str> = situation
        .papers
        .iter()
        .filter(|paper| missing.contains(&paper.name.as_str()))
        .map(|paper| words.text(&paper.title))
        .collect();
    if !main_missing.is_empty() && !situation.closed {
        let more = main_missing.len().saturating_sub(2);
        let mut what = words.list(main_missing.into_iter().take(2));
        if more > 0 {
            what = words.with("and-more", [("what", &what), ("n", &more.to_string())]);
        }
        waiting.push(Waiting {
            who: words.t("waiting-applicant"),
            what: words.s("waiting-papers", what),
            me: false,
            light,
            href: None,
        });
    }
    // One's own turn stands first.
    waiting.sort_by_key(|one| !one.me);
    waiting.truncate(WAITING_MAX);
    waiting
}
