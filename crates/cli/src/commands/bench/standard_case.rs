use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use groundbreak_engine::Engine;
use groundbreak_store::{Append, Term, Timer};
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Data, Decision, Library, TermValue, Workflow,
    decide, encode_case, encode_commit,
};
use uuid::Uuid;

use crate::definitions::{self, DefinitionFile, DefinitionKind};
use crate::shipped;

/// The name of the standard case.
pub(super) const STANDARD: &str = "standard-case";

/// Its one role.
pub(super) const ROLE: &str = "clerk";

/// What happens to a standard case after it is opened.
pub(super) const EVENTS: [&str; 8] = [
    "register",
    "accept",
    "assign",
    "legal_ok",
    "technical_ok",
    "decide",
    "sign",
    "close",
];

/// What a case is opened with as its title.
pub(super) const TITLE: &str = "示例办件";

const PATH: &str = "crates/cli/bench/standard-case.yaml";
const TEXT: &str = include_str!("../../../bench/standard-case.yaml");

/// Publishes it, and the calendar it counts on.
pub(super) async fn publish(engine: &Engine) -> Result<()> {
    publish_with(engine, PathBuf::from(PATH), TEXT).await
}

/// Publishes the shipped calendars, and a workflow that counts on one of them.
pub(super) async fn publish_with(engine: &Engine, path: PathBuf, text: &str) -> Result<()> {
    let shipped = DefinitionFile::shipped().into_iter();
    let mut files: Vec<_> = shipped
        .filter(|file| file.kind == DefinitionKind::Calendar)
        .collect();
    let kind = DefinitionKind::Workflow;
    files.push(DefinitionFile::alone(path, kind, text.to_owned()));
    definitions::publish(engine, &files).await
}

/// Returns it as it is without an engine.
pub(super) fn workflow() -> Result<Arc<Workflow>> {
    let mut library = Library::new();
    for calendar in &shipped::CALENDARS {
        library.add_calendar(calendar.text)?;
    }
    library.add_workflow(TEXT)?;
    Ok(Arc::clone(library.workflow(STANDARD, None)?))
}

/// Returns who acts: one person, since nothing here is about people.
pub(super) fn actor() -> Actor {
    Actor::new("example-clerk", "示例·经办人", ROLE)
}

/// Returns the command that opens a case.
pub(super) fn opening(workflow: &str, case: CaseId, command: CommandId) -> Command {
    let act = Act::Open {
        workflow: workflow.to_owned(),
        version: None,
        title: TITLE.to_owned(),
        data: Data::new(),
    };
    by_actor(case, command, act)
}

/// Returns the command that sends an event to a case.
pub(super) fn firing(event: &str, case: CaseId, command: CommandId) -> Command {
    let act = Act::Fire {
        event: event.to_owned(),
        data: Data::new(),
        note: None,
    };
    by_actor(case, command, act)
}

fn by_actor(case: CaseId, command: CommandId, act: Act) -> Command {
    Command {
        id: command,
        case,
        actor: actor(),
        seen_revision: None,
        effective_at: None,
        act,
    }
}

/// Returns what is decided on a new case that is opened at `at` and gets the first `events` of
/// [`EVENTS`] at once.
pub(super) fn decisions(
    workflow: &Workflow,
    events: usize,
    at: Timestamp,
) -> Result<Vec<Decision>> {
    decisions_of(workflow, |_| Uuid::now_v7(), events, at)
}

/// The same, with ids that the caller gives: of the case for 0, and of its commands from 1 on.
pub(super) fn decisions_of(
    workflow: &Workflow,
    id: impl Fn(usize) -> Uuid,
    events: usize,
    at: Timestamp,
) -> Result<Vec<Decision>> {
    let case = CaseId(id(0));
    let command = |number| CommandId(id(number));
    let mut decided: Vec<Decision> = Vec::with_capacity(events + 1);
    decided.push(decide(
        workflow,
        None,
        &opening(&workflow.name, case, command(1)),
        at,
    )?);
    for (number, event) in (2..).zip(EVENTS.iter().take(events)) {
        let before: &Case = &decided.last().context("a case was opened")?.case;
        let firing = firing(event, case, command(number));
        let next = decide(workflow, Some(before), &firing, at)?;
        decided.push(next);
    }
    Ok(decided)
}

/// Returns what is appended for each command of a case from its opening to its end. The case and
/// the command are to be put in.
pub(super) fn appends() -> Result<Vec<Append>> {
    let workflow = workflow()?;
    let decided = decisions(&workflow, EVENTS.len(), Timestamp::EPOCH)?;
    let append = |decision: Decision| Append {
        case: Uuid::nil(),
        expected_revision: decision.commit.revision - 1,
        command: Uuid::nil(),
        recorded_at: decision.commit.recorded_at.as_millis(),
        record: encode_commit(&decision.commit),
        state: encode_case(&decision.case),
        timers: decision.timers.iter().map(timer).collect(),
        terms: decision.terms.into_iter().map(term).collect(),
    };
    Ok(decided.into_iter().map(append).collect())
}

fn timer(timer: &groundbreak_workflow::Timer) -> Timer {
    Timer {
        id: timer.id.clone(),
        due_at: timer.due_at.as_millis(),
    }
}

fn term(term: groundbreak_workflow::Term) -> Term {
    match term.value {
        TermValue::Text(text) => Term::text(term.name, text),
        TermValue::Integer(integer) => Term::integer(term.name, integer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standard_case_is_nine_commits_and_ends_with_its_limit_kept() {
        let workflow = workflow().unwrap();
        let decided = decisions(&workflow, EVENTS.len(), Timestamp::EPOCH).unwrap();
        assert_eq!(decided.len(), 9);
        let timers: Vec<_> = decided.iter().map(|next| next.timers.len()).collect();
        assert_eq!(timers, [0, 0, 1, 1, 1, 1, 1, 1, 0]);
        let last = &decided[8].case;
        assert!(workflow.is_closed(last));
        assert!(last.clocks["answer"].ended && last.clocks["answer"].breached.is_none());
        assert!(decided[4].case.is_in("legal_passed") && !decided[4].case.is_in("reviewed"));
        assert!(decided[5].case.is_in("reviewed"));
    }
}
