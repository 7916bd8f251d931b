//! A case is carried over to another version. What the engine does with it stands in its own tests.

use std::sync::{Arc, LazyLock};

use groundbreak_workflow::sla::{PauseReason, Timestamp};
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Commit, Data, DecideError, Decision, Entry,
    Library, Mapping, MigrateError, Migration, MigrationOrder, Refusal, Workflow, decide,
    decode_case, decode_commit, encode_case, encode_commit,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::decide::{data, instant};
use crate::{HALL, PERMIT};

fn publish(texts: &[&str]) -> Vec<Arc<Workflow>> {
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    let workflows = texts.iter().map(|text| library.add_workflow(text).unwrap());
    workflows.collect()
}

fn give(
    workflow: &Workflow,
    case: Option<&Case>,
    actor: Actor,
    act: Act,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let command = Command {
        id: CommandId(Uuid::from_u128(1)),
        case: CaseId(Uuid::from_u128(7)),
        actor,
        seen_revision: None,
        effective_at: None,
        act,
    };
    decide(workflow, case, &command, now).map_err(|error| match error {
        DecideError::Refused(refusal) => refusal,
        DecideError::Stuck(stuck) => panic!("{stuck}"),
    })
}

fn opened(workflow: &Workflow, facts: Data) -> Decision {
    let act = Act::Open {
        workflow: workflow.name.clone(),
        version: None,
        title: "x".into(),
        data: facts,
    };
    let clerk = Actor::new("c1", "Clerk", "clerk");
    give(workflow, None, clerk, act, instant("09:00")).unwrap()
}

fn order() -> MigrationOrder {
    MigrationOrder::new(Actor::new("wang", "王", "operator"), "new rules").unwrap()
}

fn carried(migration: &Migration, case: &Case, now: Timestamp) -> Result<Decision, MigrateError> {
    migration.decide(case, &order(), CommandId(Uuid::from_u128(2)), now)
}

fn carry(from: &str, to: &str, states: &[(&str, &str)], events: &[&str]) -> Decision {
    let workflows = publish(&[from, to]);
    let mapping = Mapping {
        states: states
            .iter()
            .map(|(old, new)| ((*old).into(), (*new).into()))
            .collect(),
        ..Mapping::default()
    };
    let migration = Migration::new(
        vec![Arc::clone(&workflows[0])],
        Arc::clone(&workflows[1]),
        mapping,
    )
    .unwrap();
    let mut case = opened(&workflows[0], Data::new()).case;
    let mut now = instant("09:00");
    for event in events {
        now = now.saturating_add_millis(60_000);
        let act = Act::Fire {
            event: (*event).into(),
            data: Data::new(),
            note: None,
        };
        let clerk = Actor::new("c1", "Clerk", "clerk");
        case = give(&workflows[0], Some(&case), clerk, act, now)
            .unwrap()
            .case;
    }
    carried(&migration, &case, instant("10:00")).unwrap()
}

const TWO: &str = "
workflow: two
version: 1
title: { zh: 二, en: Two }
calendar: hall
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events: { go: { title: { zh: 走, en: Go }, by: [clerk] } }
states:
  first: { title: { zh: 一, en: First }, on: { go: second } }
  second: { title: { zh: 二, en: Second }, on: { go: end } }
  end: { title: { zh: 完, en: End }, final: true }
";

#[test]
fn two_states_can_change_places() {
    let second = TWO
        .replace("version: 1", "version: 2")
        .replace("first:", "other:")
        .replace("second", "first")
        .replace("other:", "second:");
    let names = [("first", "second"), ("second", "first")];
    let case = carry(TWO, &second, &names, &["go"]).case;
    assert_eq!(case.active, ["first"]);
    assert_eq!(case.entered_at("second"), Some(instant("09:00")));
    assert_eq!(case.entered_at("first"), Some(instant("09:01")));
    assert_eq!(case.stays["second"][0].to, Some(instant("09:01")));
}

#[test]
fn states_that_become_one_have_one_history() {
    let second = "
workflow: two
version: 2
title: { zh: 二, en: Two }
calendar: hall
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events: { go: { title: { zh: 走, en: Go }, by: [clerk] } }
states:
  first: { title: { zh: 一, en: First }, on: { go: end } }
  end: { title: { zh: 完, en: End }, final: true }
";
    let case = carry(TWO, second, &[("second", "first")], &["go"]).case;
    assert_eq!(case.active, ["first"]);
    let stays: Vec<_> = case.stays["first"]
        .iter()
        .map(|stay| (stay.from, stay.to))
        .collect();
    assert_eq!(
        stays,
        [
            (instant("09:00"), Some(instant("09:01"))),
            (instant("09:01"), None)
        ]
    );
    assert!(!case.stays.contains_key("second"));
}

#[test]
fn a_state_that_was_divided_begins_where_it_begins() {
    let second = TWO.replace("version: 1", "version: 2").replace(
        "  second: { title: { zh: 二, en: Second }, on: { go: end } }",
        "  second: { title: { zh: 二, en: Second }, on: { go: end }, states: { desk: { title: { zh: 台, en: Desk }, on: { go: back } }, back: { title: { zh: 后, en: Back } } } }",
    );
    let decision = carry(TWO, &second, &[], &["go"]);
    assert_eq!(decision.case.active, ["second", "desk"]);
    assert_eq!(decision.case.entered_at("second"), Some(instant("09:01")));
    assert_eq!(decision.case.entered_at("desk"), Some(instant("10:00")));
}

#[test]
fn what_the_new_version_lets_happen_by_itself_happens_in_the_same_commit() {
    let second = TWO
        .replace("version: 1", "version: 2")
        .replace("second, en: Second", "二, en: Second")
        .replace(
            "en: Second }, on: { go: end } }",
            "en: Second }, on: { go: end }, always: end }",
        );
    let decision = carry(TWO, &second, &[], &["go"]);
    assert!(decision.case.is_in("end") && decision.timers.is_empty());
    let kinds: Vec<bool> = decision
        .commit
        .entries
        .iter()
        .map(|entry| matches!(entry, Entry::Migrated(_)))
        .collect();
    assert_eq!(kinds, [true, false]);
}

#[test]
fn a_chain_that_never_rests_keeps_the_case() {
    let second = TWO
        .replace("version: 1", "version: 2")
        .replace(
            "en: First }, on",
            "en: First }, always: { to: second, if: at(\"first\") }, on",
        )
        .replace(
            "en: Second }, on",
            "en: Second }, always: { to: first, if: at(\"second\") }, on",
        );
    let workflows = publish(&[TWO, &second]);
    let [from, to] = [Arc::clone(&workflows[0]), Arc::clone(&workflows[1])];
    let migration = Migration::new(vec![Arc::clone(&from)], to, Mapping::default()).unwrap();
    let case = opened(&from, Data::new()).case;
    match carried(&migration, &case, instant("10:00")) {
        Err(MigrateError::Kept(obstacles)) => {
            assert_eq!(obstacles[0].code(), "migrate-cannot-run");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_case_that_was_moved_is_none_of_the_same_migration() {
    let second = TWO.replace("version: 1", "version: 2");
    let workflows = publish(&[TWO, &second]);
    let [from, to] = [Arc::clone(&workflows[0]), Arc::clone(&workflows[1])];
    let migration = Migration::new(vec![Arc::clone(&from)], to, Mapping::default()).unwrap();
    let case = opened(&from, Data::new()).case;
    let moved = carried(&migration, &case, instant("10:00")).unwrap().case;
    let again = carried(&migration, &moved, instant("10:00"));
    assert!(matches!(
        again,
        Err(MigrateError::Refused(Refusal::NothingToMigrate {
            version: 2,
            ..
        }))
    ));
}

/// What a case can have now and could not have before is not written where it is not there: the
/// bytes of a journal that knows no migration are as they were, and read as they did.
#[test]
fn a_journal_without_a_migration_is_written_as_it_was() {
    let workflows = publish(&[PERMIT]);
    let mut decision = opened(&workflows[0], data([("applicant", "甲".into())]));
    let reason = PauseReason::named("correction");
    let clock = || "handling".to_owned();
    decision.commit.entries.extend([
        Entry::ClockPaused {
            clock: clock(),
            reason: reason.clone(),
            since: None,
        },
        Entry::ClockResumed {
            clock: clock(),
            reason,
            since: None,
        },
    ]);
    let written = [encode_commit(&decision.commit), encode_case(&decision.case)];
    for bytes in &written {
        let text = String::from_utf8_lossy(bytes);
        assert!(
            !text.contains("since") && !text.contains("former"),
            "{text}"
        );
    }
    assert_eq!(decode_commit(&written[0]).unwrap(), decision.commit);
    assert_eq!(decode_case(&written[1]).unwrap(), decision.case);
}

/// The case with what every commit changes put back.
fn as_it_was(now: &Case, before: &Case) -> Case {
    Case {
        version: before.version,
        digest: before.digest.clone(),
        revision: before.revision,
        effective_at: before.effective_at,
        settled_at: before.settled_at,
        recorded_at: before.recorded_at,
        newest: before.newest,
        chained_from: before.chained_from,
        ..now.clone()
    }
}

/// The way to a version in which every state has another name, and the way back.
fn there_and_back() -> [Migration; 2] {
    let states: Vec<String> = publish(&[PERMIT])[0].states.keys().cloned().collect();
    let mut text = String::new();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    for token in PERMIT
        .replacen("version: 1", "version: 3", 1)
        .split_inclusive(|c| !is_part(c))
    {
        let name = token.trim_end_matches(|c| !is_part(c));
        let known = states.iter().any(|state| state == name);
        text += name;
        text += if known { "_x" } else { "" };
        text += &token[name.len()..];
    }
    let workflows = publish(&[PERMIT, &text]);
    let way = |from: usize, to: usize, line: fn(&String) -> (String, String)| {
        let mapping = Mapping {
            states: states.iter().map(line).collect(),
            ..Mapping::default()
        };
        let from = vec![Arc::clone(&workflows[from])];
        Migration::new(from, Arc::clone(&workflows[to]), mapping).unwrap()
    };
    [
        way(0, 1, |state| (state.clone(), format!("{state}_x"))),
        way(1, 0, |state| (format!("{state}_x"), state.clone())),
    ]
}

proptest! {
    /// Whatever was done before: on a version that differs in nothing but its number, the case
    /// stands as it stood, and its journal folds to it.
    #[test]
    fn a_version_that_changes_nothing_changes_nothing(
        events in prop::collection::vec((0usize..8, 0usize..3, 0i64..90), 1..20),
    ) {
        static WAYS: LazyLock<[Migration; 2]> = LazyLock::new(there_and_back);
        static SAME: LazyLock<Vec<Arc<Workflow>>> = LazyLock::new(|| publish(&[PERMIT, &PERMIT.replacen("version: 1", "version: 2", 1)]));
        let [from, to] = [Arc::clone(&SAME[0]), Arc::clone(&SAME[1])];
        let migration = Migration::new(vec![Arc::clone(&from)], Arc::clone(&to), Mapping::default()).unwrap();
        let first = opened(&from, data([("applicant", "甲公司".into())]));
        let (mut case, mut journal) = (first.case, vec![first.commit]);
        let attach = Act::Attach { document: "form".into(), file_name: "a.pdf".into(), digest: "0a".repeat(32), note: None };
        let decision = give(&from, Some(&case), Actor::new("c1", "Clerk", "clerk"), attach, instant("09:00")).unwrap();
        case = decision.case;
        journal.push(decision.commit);
        let names = ["submit", "ask", "answer", "review", "decide", "survey", "withdraw", "tick"];
        let actors = [("c1", "clerk"), ("r1", "reviewer"), ("a1", "approver")];
        let mut now = instant("09:00");
        for (event, actor, minutes) in events {
            now = now.saturating_add_millis(minutes * 60_000);
            let mut acts = Vec::new();
            // The engine fires what is due first.
            for _ in 0..20 {
                acts.push((Actor::clock(), Act::Tick));
            }
            let facts = if names[event] == "review" { data([("fee", 5.into())]) } else { Data::new() };
            let (id, role) = actors[actor];
            acts.push((Actor::new(id, id, role), Act::Fire { event: names[event].into(), data: facts, note: None }));
            for (actor, act) in acts {
                if let Ok(decision) = give(&from, Some(&case), actor, act, now) {
                    case = decision.case;
                    journal.push(decision.commit);
                }
            }
            if from.is_closed(&case) {
                continue;
            }
            let moved = carried(&migration, &case, now).unwrap();
            let mut with: Vec<Commit> = journal.clone();
            with.push(decode_commit(&encode_commit(&moved.commit)).unwrap());
            let folded = Case::fold(&with).unwrap();
            prop_assert_eq!(folded.as_ref(), Some(&moved.case));
            prop_assert_eq!(moved.commit.entries.len(), 1);
            prop_assert_eq!(&moved.timers, &from.timers(&case).unwrap());
            prop_assert_eq!(&as_it_was(&moved.case, &case), &case);
            let face = |workflow: &Workflow, case: &Case| {
                let situation = workflow.situation(case, now).unwrap();
                let mut face = serde_json::to_value(situation).unwrap();
                for key in ["workflow_version", "revision", "effective_at"] {
                    face.as_object_mut().unwrap().remove(key);
                }
                face
            };
            prop_assert_eq!(face(&to, &moved.case), face(&from, &case));
            // There under other names, and back.
            let there = carried(&WAYS[0], &case, now).unwrap();
            prop_assert_eq!(there.commit.entries.iter().filter(|entry| matches!(entry, Entry::Moved { .. })).count(), 0);
            let due = |timers: &[groundbreak_workflow::Timer]| -> Vec<Timestamp> {
                timers.iter().map(|timer| timer.due_at).collect()
            };
            prop_assert_eq!(due(&there.timers), due(&moved.timers));
            let names: Vec<String> = case.active.iter().map(|state| format!("{state}_x")).collect();
            prop_assert_eq!(&there.case.active, &names);
            let back = carried(&WAYS[1], &there.case, now).unwrap();
            prop_assert_eq!(&as_it_was(&back.case, &case), &case);
            prop_assert_eq!(&back.timers, &moved.timers);
        }
    }
}
