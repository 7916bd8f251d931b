//! One command, and many.

use std::sync::atomic::Ordering;
use std::time::Duration;

use groundbreak_engine::workflow::{
    Act, Actor, CaseId, CommandId, Data, Entry, GeneralAct, Refusal, Value,
};
use groundbreak_engine::{Engine, SimulatedTime, SubmitError};

use uuid::Uuid;

use crate::faulty::FaultyStore;
use crate::given::{
    HOUR, Place, START, after, approver, case, clerk, command, comment, fire, fired, open, opening,
    options, publish, submit, submitted_case,
};
use crate::on_both_stores;

on_both_stores! {
    a_command_sent_twice_is_carried_out_once
    a_repeated_command_is_answered_as_it_was_then
    a_fact_that_is_kept_in_another_spelling_is_the_same_when_it_comes_again
    a_command_id_used_for_something_else_is_refused
    a_command_id_sent_again_with_other_content_is_refused
    a_number_never_comes_to_mean_another_case
    an_id_that_the_engine_gives_is_refused_from_outside
    a_stale_revision_is_refused
    commands_on_one_case_at_the_same_time_all_succeed_in_order
    two_nodes_writing_to_one_case_lose_nothing
}

async fn a_command_sent_twice_is_carried_out_once(place: Place) {
    let engine = place.engine().await;
    let id = case(&engine).await;
    let submitting = command(&engine, id, clerk(), fire("submit"));
    let first = engine.submit(submitting.clone()).await.unwrap();
    assert!(!first.repeated);

    // The event leads nowhere from where the case is now, so only its id can tell.
    let second = engine.submit(submitting.clone()).await.unwrap();
    assert!(second.repeated);
    assert_eq!(second.commit, first.commit);
    assert_eq!(second.case, first.case);
    assert_eq!(second.position, first.position);
    assert_eq!(engine.journal(id).await.unwrap().len(), 2);

    engine.shutdown().await.unwrap();
    let engine = place.engine_at(after(1)).await;
    let third = engine.submit(submitting).await.unwrap();
    assert!(third.repeated);
    assert_eq!(third.commit, first.commit);
    engine.shutdown().await.unwrap();
}

async fn a_repeated_command_is_answered_as_it_was_then(place: Place) {
    let engine = place.engine().await;
    let id = engine.new_case_id();
    let opening = command(&engine, id, clerk(), opening());
    let first = engine.submit(opening.clone()).await.unwrap();
    submit(&engine, id, fire("submit")).await.unwrap();
    // A remark is allowed again and again, so here it is the store that finds the repetition.
    let remark = command(&engine, id, clerk(), comment("called back"));
    let remarked = engine.submit(remark.clone()).await.unwrap();
    submit(&engine, id, comment("more")).await.unwrap();

    let again = engine.submit(opening).await.unwrap();
    assert!(again.repeated);
    assert_eq!((again.commit, again.case), (first.commit, first.case));
    let again = engine.submit(remark).await.unwrap();
    assert!(again.repeated);
    assert_eq!((again.commit, again.case), (remarked.commit, remarked.case));
    assert_eq!(engine.journal(id).await.unwrap().len(), 4);
    engine.shutdown().await.unwrap();
}

async fn a_fact_that_is_kept_in_another_spelling_is_the_same_when_it_comes_again(place: Place) {
    // Each is kept in capitals; the last character checks the others.
    let spelled = |text: &str| Value::Text(text.into());
    let code = |text: &str| Data::from([("credit_code".into(), spelled(text))]);
    let engine = place.engine().await;
    let id = engine.new_case_id();
    let open = |text: &str| Act::Open {
        workflow: "registration".into(),
        version: None,
        title: "Precision Motors".into(),
        data: code(text),
    };
    let correct = |text: &str| {
        Act::General(GeneralAct::Correct {
            field: "credit_code".into(),
            value: spelled(text),
            reason: "read wrongly".into(),
        })
    };
    let (first, second) = ("91440703MAC000017J", "91440703MAC000025D");
    for (act, given, kept, other) in [
        (
            &open as &dyn Fn(&str) -> Act,
            " 91440703mac000017j",
            first,
            second,
        ),
        (&correct, "91440703mac000025d ", second, first),
    ] {
        let sent = command(&engine, id, clerk(), act(given));
        let done = engine.submit(sent.clone()).await.unwrap();
        assert!(!done.repeated);
        assert_eq!(done.case.data, code(kept));
        for again in [given, kept] {
            let mut command = sent.clone();
            command.act = act(again);
            let answer = engine.submit(command).await.unwrap();
            assert!(answer.repeated);
            assert_eq!(answer.commit, done.commit);
        }
        for reused in [other, "91440703MAC000018J"] {
            let mut command = sent.clone();
            command.act = act(reused);
            let refused = engine.submit(command).await;
            assert!(
                matches!(
                    refused,
                    Err(SubmitError::Refused(Refusal::CommandReused { .. }))
                ),
                "{refused:?}"
            );
        }
    }
    assert_eq!(engine.journal(id).await.unwrap().len(), 2);
    engine.shutdown().await.unwrap();
}

async fn a_command_id_used_for_something_else_is_refused(place: Place) {
    let engine = place.engine().await;
    let (one, other) = (case(&engine).await, case(&engine).await);
    let remark = command(&engine, one, clerk(), comment("called back"));
    engine.submit(remark.clone()).await.unwrap();

    let mut elsewhere = remark.clone();
    elsewhere.case = other;
    let mut otherwise = remark.clone();
    otherwise.act = comment("did not call back");
    let mut by_another = remark.clone();
    by_another.actor = approver();
    for reused in [elsewhere, otherwise, by_another] {
        let refused = engine.submit(reused).await;
        assert!(
            matches!(
                refused,
                Err(SubmitError::Refused(Refusal::CommandReused { .. }))
            ),
            "{refused:?}"
        );
    }
    assert_eq!(engine.journal(other).await.unwrap().len(), 1);
    engine.shutdown().await.unwrap();
}

async fn a_command_id_sent_again_with_other_content_is_refused(place: Place) {
    let engine = place.engine().await;
    let id = engine.new_case_id();
    let first = command(&engine, id, clerk(), opening());
    engine.submit(first.clone()).await.unwrap();
    let mut other_title = first.clone();
    if let Act::Open { title, .. } = &mut other_title.act {
        title.push_str(" two");
    }
    let event = command(&engine, id, clerk(), fire("submit"));
    engine.submit(event.clone()).await.unwrap();
    let mut other_note = event.clone();
    if let Act::Fire { note, .. } = &mut other_note.act {
        *note = Some("another".into());
    }
    let at_first = engine.submit(first).await.unwrap();
    assert!(at_first.repeated);
    for reused in [other_title, other_note] {
        let refused = engine.submit(reused).await;
        assert!(
            matches!(
                refused,
                Err(SubmitError::Refused(Refusal::CommandReused { .. }))
            ),
            "{refused:?}"
        );
    }
    assert_eq!(engine.journal(id).await.unwrap().len(), 2);
    engine.shutdown().await.unwrap();
}

async fn a_number_never_comes_to_mean_another_case(place: Place) {
    let engine = place.engine().await;
    let id = case(&engine).await;
    let number = engine.case(id).await.unwrap().unwrap().number.clone();
    // The last bits of an id, which the number is made from, are the caller's to choose.
    let mut bytes = *id.0.as_bytes();
    bytes[0] ^= 0xff;
    let twin = CaseId(Uuid::from_bytes(bytes));
    let opened = engine
        .submit(command(&engine, twin, clerk(), opening()))
        .await
        .unwrap();
    let longer = &opened.case.number;
    let tail = &number[number.len() - 6..];
    assert!(
        longer.len() == number.len() + 1 && longer.ends_with(tail),
        "{longer} beside {number}"
    );
    assert_eq!(engine.find_number(longer).await.unwrap(), Some(twin));
    assert_eq!(engine.journal(twin).await.unwrap()[0], *opened.commit);
    assert_eq!(engine.find_number(&number).await.unwrap(), Some(id));
    let typed = format!(" {} ", number.to_lowercase());
    assert_eq!(engine.find_number(&typed).await.unwrap(), Some(id));
    engine.shutdown().await.unwrap();
}

async fn an_id_that_the_engine_gives_is_refused_from_outside(place: Place) {
    let engine = place.engine().await;
    let id = case(&engine).await;
    // Whoever knows a case can work out the ids of its timers and effects, and must not use them up.
    let mut remark = command(&engine, id, clerk(), comment("first"));
    remark.id = CommandId::derived(id.0, "effect/1");
    match engine.submit(remark).await {
        Err(SubmitError::Refused(Refusal::CommandReused { .. })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(engine.journal(id).await.unwrap().len(), 1);
    engine.shutdown().await.unwrap();
}

async fn a_stale_revision_is_refused(place: Place) {
    let engine = place.engine().await;
    let id = case(&engine).await;
    submit(&engine, id, comment("one")).await.unwrap();
    let mut remark = command(&engine, id, clerk(), comment("two"));
    remark.seen_revision = Some(1);
    match engine.submit(remark.clone()).await {
        Err(SubmitError::Refused(refusal)) => {
            assert_eq!(refusal, Refusal::StaleRevision { seen: 1, actual: 2 });
        }
        other => panic!("{other:?}"),
    }
    remark.seen_revision = Some(2);
    assert_eq!(engine.submit(remark).await.unwrap().commit.revision, 3);
    engine.shutdown().await.unwrap();
}

async fn commands_on_one_case_at_the_same_time_all_succeed_in_order(place: Place) {
    let engine = place.engine().await;
    let id = case(&engine).await;
    let mut under_way = Vec::new();
    for number in 0..32 {
        let remark = command(&engine, id, clerk(), comment(&format!("remark {number}")));
        let engine = engine.clone();
        under_way.push(tokio::spawn(async move { engine.submit(remark).await }));
    }
    let mut revisions = Vec::new();
    for task in under_way {
        revisions.push(task.await.unwrap().unwrap().commit.revision);
    }
    revisions.sort_unstable();
    assert_eq!(revisions, (2..=33).collect::<Vec<u64>>());
    let journal = engine.journal(id).await.unwrap();
    let folded = groundbreak_engine::workflow::Case::fold(&journal).unwrap();
    let case = engine.case(id).await.unwrap().unwrap();
    assert_eq!(folded.as_ref(), Some(&*case));
    engine.shutdown().await.unwrap();
}

/// Two engines share the handle of one store, as two nodes share a database.
async fn two_nodes_writing_to_one_case_lose_nothing(place: Place) {
    let store = place.store();
    let here = open(store.clone(), START).await;
    publish(&here).await;
    let id = case(&here).await;
    let there = open(store, START).await;
    submit(&there, id, comment("there")).await.unwrap();

    // This node has the case in memory as it was before.
    let mut seen = command(&here, id, clerk(), comment("seen"));
    seen.seen_revision = Some(1);
    let refused = here.submit(seen).await;
    assert!(
        matches!(
            refused,
            Err(SubmitError::Refused(Refusal::StaleRevision {
                seen: 1,
                actual: 2
            }))
        ),
        "{refused:?}"
    );
    submit(&there, id, comment("there again")).await.unwrap();
    let unseen = submit(&here, id, comment("here")).await.unwrap();
    assert_eq!(unseen.commit.revision, 4);
    here.shutdown().await.unwrap();
}

#[tokio::test]
async fn only_the_engine_acts_as_the_clock() {
    let engine = Place::memory().engine().await;
    let id = submitted_case(&engine).await;
    let as_clerk = command(&engine, id, clerk(), Act::Tick);
    let as_clock = command(&engine, id, Actor::clock(), fire("submit"));
    for forged in [as_clerk, as_clock] {
        let refused = engine.submit(forged).await;
        assert!(
            matches!(refused, Err(SubmitError::Refused(Refusal::OnlyTheClock))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_command_on_a_case_that_does_not_exist_is_refused() {
    let engine = Place::memory().engine().await;
    let refused = submit(&engine, engine.new_case_id(), fire("submit")).await;
    assert_eq!(refused.unwrap_err().code(), "case-not-found");
    let unknown = Act::Open {
        workflow: "registratoin".into(),
        version: None,
        title: "x".into(),
        data: Default::default(),
    };
    let refused = submit(&engine, engine.new_case_id(), unknown).await;
    assert_eq!(refused.unwrap_err().code(), "unknown-workflow");
}

#[tokio::test]
async fn what_fell_due_before_a_command_happens_before_it() {
    let time = SimulatedTime::new(START);
    let store = Place::memory().store();
    let engine = Engine::open(store, options(time.clone())).await.unwrap();
    publish(&engine).await;
    let id = submitted_case(&engine).await;
    // Time is set without firing anything, as when the timer task has not come to it yet.
    time.set(after(5 * HOUR));
    engine
        .submit(command(&engine, id, approver(), fire("approve")))
        .await
        .unwrap();
    let journal = engine.journal(id).await.unwrap();
    let fired: Vec<String> = fired(&journal)
        .into_iter()
        .map(|(timer, ..)| timer)
        .collect();
    assert_eq!(fired.len(), 3, "{fired:?}");
    let last = journal.last().unwrap();
    assert!(
        matches!(&last.entries[0], Entry::Fired { event, .. } if event == "approve"),
        "{last:?}"
    );
}

#[tokio::test]
async fn the_journal_of_a_case_does_not_go_back_with_the_time_of_the_machine() {
    let time = SimulatedTime::new(START);
    let engine = Engine::open(Place::memory().store(), options(time.clone()))
        .await
        .unwrap();
    publish(&engine).await;
    let id = case(&engine).await;
    time.set(after(-HOUR));
    let committed = submit(&engine, id, comment("earlier")).await.unwrap();
    assert_eq!(committed.commit.recorded_at, START);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_commands_than_allowed_are_overload_and_leave_nothing() {
    let store = FaultyStore::on(Place::memory().store());
    let mut options = options(SimulatedTime::new(START));
    options.commands_max = 2;
    let engine = Engine::open(store.clone(), options).await.unwrap();
    publish(&engine).await;
    let id = case(&engine).await;

    let held = store.appending.write().await;
    let mut under_way = Vec::new();
    for _ in 0..2 {
        let remark = command(&engine, id, clerk(), comment("waits"));
        let engine = engine.clone();
        under_way.push(tokio::spawn(async move { engine.submit(remark).await }));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let third = command(&engine, id, clerk(), comment("too many"));
    let refused = engine.submit(third.clone()).await;
    assert!(
        matches!(refused, Err(SubmitError::Overloaded)),
        "{refused:?}"
    );

    drop(held);
    for task in under_way {
        task.await.unwrap().unwrap();
    }
    assert!(!engine.submit(third).await.unwrap().repeated);
    assert_eq!(engine.journal(id).await.unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_does_not_stop_its_command() {
    let store = FaultyStore::on(Place::memory().store());
    let engine = open(store.clone(), START).await;
    publish(&engine).await;
    let id = case(&engine).await;
    let held = store.appending.write().await;
    let remark = command(&engine, id, clerk(), comment("goes away"));
    let given_up = tokio::time::timeout(Duration::from_millis(30), engine.submit(remark)).await;
    assert!(given_up.is_err());
    drop(held);
    // It is this case's turn only after the command before.
    let next = submit(&engine, id, comment("next")).await.unwrap();
    assert_eq!(next.commit.revision, 3);
    assert_eq!(next.case, engine.case(id).await.unwrap().unwrap());
}

#[tokio::test]
async fn an_unknown_outcome_that_was_written_is_acknowledged() {
    let store = FaultyStore::on(Place::memory().store());
    let engine = open(store.clone(), START).await;
    publish(&engine).await;
    let id = case(&engine).await;
    store.forgets_appends.store(true, Ordering::SeqCst);
    let committed = submit(&engine, id, comment("written")).await.unwrap();
    assert!(!committed.repeated);
    assert_eq!(committed.commit.revision, 2);
    assert_eq!(engine.case(id).await.unwrap().unwrap().revision, 2);
}

#[tokio::test]
async fn an_unknown_outcome_that_cannot_be_settled_is_said_and_may_be_sent_again() {
    let store = FaultyStore::on(Place::memory().store());
    let engine = open(store.clone(), START).await;
    publish(&engine).await;
    let id = case(&engine).await;
    store.loses_appends.store(true, Ordering::SeqCst);
    let remark = command(&engine, id, clerk(), comment("lost"));
    let unknown = engine.submit(remark.clone()).await;
    assert!(
        matches!(&unknown, Err(SubmitError::Unknown { command, .. }) if *command == remark.id),
        "{unknown:?}"
    );
    store.loses_appends.store(false, Ordering::SeqCst);
    let committed = engine.submit(remark).await.unwrap();
    assert!(!committed.repeated);
    assert_eq!(committed.commit.revision, 2);
}

#[tokio::test]
async fn what_another_node_did_under_the_same_id_is_not_taken_for_ones_own() {
    let below = Place::memory().store();
    let store = FaultyStore::on(below.clone());
    let engine = open(store.clone(), START).await;
    publish(&engine).await;
    let id = case(&engine).await;
    let other = open(below, after(HOUR)).await;
    let remark = command(&engine, id, clerk(), comment("sent to both"));
    store.loses_appends.store(true, Ordering::SeqCst);
    let (here, there) = tokio::join!(engine.submit(remark.clone()), async {
        // Meanwhile it is looked for what became of it here.
        tokio::time::sleep(Duration::from_millis(10)).await;
        other.submit(remark.clone()).await
    });
    let (here, there) = (here.unwrap(), there.unwrap());
    assert!(here.repeated && !there.repeated);
    assert_eq!(here.commit, there.commit);

    store.loses_appends.store(false, Ordering::SeqCst);
    let next = submit(&engine, id, comment("next")).await.unwrap();
    assert_eq!(next.commit.revision, 3);
    store.garble_states();
    let folded = open(store, after(HOUR)).await.case(id).await;
    assert_eq!(folded.unwrap().unwrap(), next.case);
}

#[tokio::test]
async fn a_timer_whose_outcome_is_unknown_leaves_the_command_behind_it_undone() {
    let time = SimulatedTime::new(START);
    let store = FaultyStore::on(Place::memory().store());
    let engine = Engine::open(store.clone(), options(time.clone()))
        .await
        .unwrap();
    publish(&engine).await;
    let id = submitted_case(&engine).await;
    time.set(after(HOUR));
    store.loses_appends.store(true, Ordering::SeqCst);
    let failed = submit(&engine, id, comment("x")).await.unwrap_err();
    assert_eq!(failed.code(), "store-unavailable");
    store.loses_appends.store(false, Ordering::SeqCst);
    submit(&engine, id, comment("x")).await.unwrap();
    let journal = engine.journal(id).await.unwrap();
    assert_eq!((journal.len(), fired(&journal).len()), (4, 1));
}

#[tokio::test]
async fn a_fault_of_the_program_ends_one_command_alone() {
    let store = FaultyStore::on(Place::memory().store());
    let engine = open(store.clone(), START).await;
    publish(&engine).await;
    let id = submitted_case(&engine).await;
    store.panics.store(true, Ordering::SeqCst);
    let remark = command(&engine, id, clerk(), comment("x"));
    let unknown = engine.submit(remark.clone()).await.unwrap_err();
    assert_eq!(unknown.code(), "outcome-unknown");
    let interrupted = engine.advance_to(after(HOUR)).await.unwrap_err();
    assert_eq!(interrupted.code(), "program-fault");

    store.panics.store(false, Ordering::SeqCst);
    assert_eq!(engine.advance_to(after(HOUR)).await.unwrap().fired, 1);
    assert!(!engine.submit(remark).await.unwrap().repeated);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_another_node_has_made_possible_is_not_refused() {
    let place = Place::memory();
    let (one, other) = (place.engine().await, place.engine_at(START).await);
    let id = case(&one).await;
    submit(&other, id, fire("submit")).await.unwrap();
    let approve = command(&one, id, approver(), fire("approve"));
    let committed = one.submit(approve).await.unwrap();
    assert_eq!(committed.commit.revision, 3);
}
