//! The one-time notice (一次性告知书), as it is handed to the applicant.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use groundbreak_engine::CaseVersions;
use groundbreak_workflow::sla::ClockState;
use groundbreak_workflow::{Case, Commit, Entry, LegalEffect, Situation};

use super::page;
use crate::app::{App, OpenCase};
use crate::facts::FactLine;
use crate::frame::Frame;
use crate::problem::Problem;
use crate::visitor::Visitor;
use crate::words::Words;

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    f: Frame,
    w: Words,
    number: String,
    case_title: String,
    workflow_title: String,
    centre: String,
    received: String,
    /// When it was given and by whom; `None` while it is a draft.
    given: Option<(String, String)>,
    /// Until when the office must have answered, while it is a draft.
    answer_by: Vec<String>,
    /// What is to be corrected, as the notice says it.
    asked: Vec<FactLine>,
    /// The papers that were missing when it was given.
    missing: Vec<MissingPaper>,
}

struct MissingPaper {
    title: String,
    law: Option<String>,
}

/// `GET /cases/{number}/notice`: the notice that was given last, with the papers that were missing then; before
/// one was given, what it would say now. Not found where the workflow has no notice.
pub(crate) async fn notice(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let words = visitor.look.words;
    let open = app.open(&number, words).await?;
    if !open.has_notice() {
        return Err(Problem::not_found());
    }
    let commits = app.engine.journal(open.case.id).await?;
    let versions = app.engine.versions(&open.case, &commits)?;
    let last = commits
        .iter()
        .rposition(|commit| gives_notice(commit, &versions));
    let then = last
        .map(|last| as_of(&commits[..=last], &versions))
        .transpose()?;
    let situation = then.as_ref().unwrap_or(&open.situation);
    let given = last.map(|last| &commits[last]);
    let template = NoticePage {
        f: Frame::new(
            &app,
            &visitor.look,
            Some(&visitor.account),
            app.engine.now(),
        ),
        w: words,
        number: situation.number.clone(),
        case_title: situation.title.clone(),
        workflow_title: words.text(&situation.workflow_title).to_owned(),
        centre: words.text(&open.workflow.calendar.title()).to_owned(),
        received: open.at.full_instant(situation.opened_at),
        given: given.map(|commit| {
            let (id, name) = (&commit.by.id, &commit.by.name);
            let by = app.accounts.name_of(id, name, words.language);
            (open.at.full_instant(commit.effective_at), by.to_owned())
        }),
        answer_by: if given.is_some() {
            Vec::new()
        } else {
            answer_by(&open)
        },
        asked: given.map_or_else(Vec::new, |commit| asked(commit, situation, &open)),
        missing: situation
            .papers
            .iter()
            .filter(|paper| paper.missing)
            .map(|paper| MissingPaper {
                title: words.text(&paper.title).to_owned(),
                law: paper.law.as_ref().map(|law| words.text(law).to_owned()),
            })
            .collect(),
    };
    Ok(page(StatusCode::OK, &template))
}

impl OpenCase {
    /// Tells whether the workflow of the case knows a one-time notice.
    pub(crate) fn has_notice(&self) -> bool {
        self.workflow.events.values().any(|event| event.notice)
    }
}

fn gives_notice(commit: &Commit, versions: &CaseVersions) -> bool {
    let events = &versions.at(commit.revision).events;
    commit.entries.iter().any(|entry| match entry {
        Entry::Fired { event, .. } => events.get(event).is_some_and(|event| event.notice),
        _ => false,
    })
}

/// Returns how a case stood behind the last of these commits.
fn as_of(commits: &[Commit], versions: &CaseVersions) -> Result<Situation, Problem> {
    let folded = Case::fold(commits).map_err(|error| Problem::failed(&error))?;
    let case = folded.ok_or_else(Problem::not_found)?;
    let situation = versions
        .at(case.revision)
        .situation(&case, case.effective_at);
    situation.map_err(|stuck| Problem::failed(&stuck))
}

/// Returns the facts that came with a commit.
fn asked(commit: &Commit, situation: &Situation, open: &OpenCase) -> Vec<FactLine> {
    let came = |name: &str| {
        commit.entries.iter().any(|entry| match entry {
            Entry::FactsRecorded { data } => data.contains_key(name),
            _ => false,
        })
    };
    situation
        .facts
        .iter()
        .filter(|fact| came(&fact.name))
        .map(|fact| FactLine::of(fact, &open.at))
        .collect()
}

/// Says until when the office must have answered: the clocks that a law binds and that run.
fn answer_by(open: &OpenCase) -> Vec<String> {
    let words = open.at.words;
    let clocks = open.situation.clocks.iter();
    clocks
        .filter(|face| face.effect == LegalEffect::Statutory)
        .filter(|face| face.reading.state == ClockState::Running)
        .filter_map(|face| {
            let due = open.at.full_instant(face.reading.due?);
            let title = words.text(&face.title);
            Some(words.with("notice-answer-by", [("clock", title), ("due", &due)]))
        })
        .collect()
}
