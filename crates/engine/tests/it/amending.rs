//! A newer version of a calendar is published, and open cases follow it.

use std::sync::atomic::Ordering;

use groundbreak_engine::store::Position;
use groundbreak_engine::workflow::sla::Timestamp;
use groundbreak_engine::workflow::{Act, Actor, CaseId, Commit, Entry, Refusal};
use groundbreak_engine::{Engine, ListQuery, PublishError, SubmitError};

use crate::faulty::FaultyStore;
use crate::given::{
    CALENDAR, HOUR, Place, WORKFLOW, after, approver, case, command, comment, fire, fired, open,
    submit, submitted_case,
};
use crate::on_both_stores;

on_both_stores! {
    open_clocks_are_counted_anew_once_and_timers_fire_at_the_new_instant
    what_was_cut_short_is_done_when_the_engine_is_opened
    a_case_that_was_missed_follows_before_its_next_command
    another_node_reads_a_case_that_follows_what_it_does_not_know
}

/// The calendar, with the hall closed from one hour after the start to five hours after it.
fn amended(version: u32) -> String {
    let closed = "exceptions:\n  '2023-03-23': { kind: special, hours: [['00:00', '11:00'], ['15:00', '24:00']] }\n";
    CALENDAR.replace("id: hall\n", &format!("id: hall\nversion: {version}\n")) + closed
}

/// An engine whose clock counts 2 working hours: due 2 h after the start, and 6 h after it by the
/// amended calendar.
async fn begin(place: &Place) -> Engine {
    let engine = open(place.store(), after(0)).await;
    publish_both(&engine).await;
    engine
}

async fn publish_both(engine: &Engine) {
    engine.publish_calendar(CALENDAR).await.unwrap();
    let workflow = WORKFLOW.replace("within 2h", "within 2 working hours");
    let workflow = workflow.replace("    after: [{ delay: 4h, to: overdue }]\n", "");
    let workflow = workflow.replace(
        "    on: { approve: approved }\n  overdue:",
        "    on: { approve: approved }\n    after: [{ delay: 20 days, to: overdue }]\n  overdue:",
    );
    engine.publish_workflow(workflow).await.unwrap();
}

async fn due(engine: &Engine, id: CaseId) -> Option<Timestamp> {
    let situation = engine.situation(id).await.unwrap().unwrap();
    situation.clocks[0].reading.due
}

/// When each recount of a journal says its clock was due before, and is due now.
fn recounts(journal: &[Commit]) -> Vec<(Option<Timestamp>, Option<Timestamp>)> {
    journal
        .iter()
        .flat_map(|commit| &commit.entries)
        .filter_map(|entry| match entry {
            Entry::ClockRecounted {
                due_before, due_at, ..
            } => Some((*due_before, *due_at)),
            _ => None,
        })
        .collect()
}

fn moved() -> [(Option<Timestamp>, Option<Timestamp>); 1] {
    [(Some(after(2 * HOUR)), Some(after(6 * HOUR)))]
}

async fn open_clocks_are_counted_anew_once_and_timers_fire_at_the_new_instant(place: Place) {
    let engine = begin(&place).await;
    let running = submitted_case(&engine).await;
    let not_started = case(&engine).await;
    let closed = submitted_case(&engine).await;
    engine
        .submit(command(&engine, closed, approver(), fire("approve")))
        .await
        .unwrap();
    engine.publish_calendar(amended(2)).await.unwrap();

    assert_eq!(due(&engine, running).await, Some(after(6 * HOUR)));
    let journal = engine.journal(running).await.unwrap();
    assert_eq!(recounts(&journal), moved());
    assert_eq!(journal.last().unwrap().by.id, Actor::CLOCK_ID);
    for (id, length) in [(not_started, 1), (closed, 3)] {
        assert_eq!(engine.journal(id).await.unwrap().len(), length);
    }
    // The same text again changes nothing.
    let head = engine.commits(Position::START, 100).await.unwrap().len();
    engine.publish_calendar(amended(2)).await.unwrap();
    assert_eq!(
        engine.commits(Position::START, 100).await.unwrap().len(),
        head
    );
    // What starts now counts on it.
    submit(&engine, not_started, fire("submit")).await.unwrap();
    assert_eq!(due(&engine, not_started).await, Some(after(6 * HOUR)));

    engine.advance_to(after(7 * HOUR)).await.unwrap();
    for id in [running, not_started] {
        let journal = engine.journal(id).await.unwrap();
        let instants: Vec<_> = fired(&journal)
            .into_iter()
            .map(|(timer, due_at, ..)| (timer, due_at))
            .collect();
        assert_eq!(
            instants,
            [
                ("warn/licence/50%".to_owned(), after(HOUR)),
                ("breach/licence".to_owned(), after(6 * HOUR + 1)),
            ]
        );
    }
    let before = engine.journal(running).await.unwrap();
    engine.shutdown().await.unwrap();

    let engine = place.engine_at(after(8 * HOUR)).await;
    assert_eq!(engine.journal(running).await.unwrap(), before);
    let situation = engine.situation(running).await.unwrap().unwrap();
    assert_eq!(situation.clocks[0].breached, Some(after(6 * HOUR)));
    engine.shutdown().await.unwrap();
}

/// Publishes the amended calendar on a store that then loses what is appended.
async fn publish_and_lose(place: &Place) -> CaseId {
    let store = FaultyStore::on(place.store());
    let engine = open(store.clone(), after(0)).await;
    publish_both(&engine).await;
    let id = submitted_case(&engine).await;
    store.loses_appends.store(true, Ordering::SeqCst);
    let error = engine.publish_calendar(amended(2)).await.unwrap_err();
    assert!(
        matches!(&error, PublishError::Unfollowed { .. }),
        "{error:?}"
    );
    assert_eq!(error.code(), "calendar-not-followed");
    assert!(!error.text().zh.is_empty() && !error.text().en.is_empty());
    engine.shutdown().await.unwrap();
    id
}

async fn what_was_cut_short_is_done_when_the_engine_is_opened(place: Place) {
    let id = publish_and_lose(&place).await;
    // Nothing of the case is due yet: only the opening can have done it.
    let engine = place.engine_at(after(1)).await;
    assert_eq!(recounts(&engine.journal(id).await.unwrap()), moved());
    engine.shutdown().await.unwrap();

    let store = FaultyStore::on(place.store());
    let followed = store.below.list_metadata("followed/", "", 10).await;
    assert_eq!(followed.unwrap(), ["followed/0000000003"]);
    let loads = store.loads.load(Ordering::SeqCst);
    let engine = open(store.clone(), after(2)).await;
    assert_eq!(store.loads.load(Ordering::SeqCst), loads, "it is done once");
    assert_eq!(engine.journal(id).await.unwrap().len(), 3);
    engine.shutdown().await.unwrap();
}

async fn a_case_that_was_missed_follows_before_its_next_command(place: Place) {
    let store = FaultyStore::on(place.store());
    let engine = open(store.clone(), after(0)).await;
    publish_both(&engine).await;
    let (by_command, by_timer) = (submitted_case(&engine).await, submitted_case(&engine).await);
    store.loses_appends.store(true, Ordering::SeqCst);
    engine.publish_calendar(amended(2)).await.unwrap_err();
    store.loses_appends.store(false, Ordering::SeqCst);

    submit(&engine, by_command, comment("x")).await.unwrap();
    let journal = engine.journal(by_command).await.unwrap();
    assert_eq!(recounts(&journal[..3]), moved());
    assert!(matches!(journal[3].entries[..], [Entry::Commented { .. }]));
    let advanced = engine.advance_to(after(3 * HOUR)).await.unwrap();
    assert_eq!((advanced.fired, advanced.skipped.len()), (2, 0));
    let journal = engine.journal(by_timer).await.unwrap();
    assert_eq!(recounts(&journal), moved());

    // Publishing the same text again ends what was cut short.
    engine.publish_calendar(amended(2)).await.unwrap();
    let followed = store.below.list_metadata("followed/", "", 10).await;
    assert_eq!(followed.unwrap().len(), 1);
    engine.shutdown().await.unwrap();
}

async fn another_node_reads_a_case_that_follows_what_it_does_not_know(place: Place) {
    let store = place.store();
    let here = open(store.clone(), after(0)).await;
    publish_both(&here).await;
    let there = open(store, after(0)).await;
    let id = submitted_case(&here).await;
    here.publish_calendar(amended(2)).await.unwrap();
    assert_eq!(due(&there, id).await, Some(after(6 * HOUR)));
    submit(&there, id, comment("x")).await.unwrap();
    assert_eq!(recounts(&there.journal(id).await.unwrap()), moved());
    here.shutdown().await.unwrap();
}

#[tokio::test]
async fn nobody_but_the_engine_makes_a_case_follow() {
    let engine = begin(&Place::memory()).await;
    let id = submitted_case(&engine).await;
    for actor in [approver(), Actor::clock()] {
        let command = command(&engine, id, actor, Act::FollowCalendar);
        let refused = engine.submit(command).await;
        assert!(
            matches!(refused, Err(SubmitError::Refused(Refusal::OnlyTheClock))),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cases_follow_while_others_are_worked_on() {
    let engine = begin(&Place::memory()).await;
    let mut cases = Vec::new();
    for _ in 0..1_000 {
        cases.push(submitted_case(&engine).await);
    }
    let publishing = engine.publish_calendar(amended(2));
    let working = async {
        for id in cases.iter().rev().take(100) {
            submit(&engine, *id, comment("x")).await.unwrap();
            submitted_case(&engine).await;
        }
    };
    let (published, ()) = tokio::join!(publishing, working);
    published.unwrap();
    let all = engine.list(&ListQuery::all(1)).await.unwrap();
    assert_eq!(all.total, 1_100);
    for id in &cases {
        assert_eq!(recounts(&engine.journal(*id).await.unwrap()), moved());
    }
    let opened: Vec<CaseId> = engine
        .commits(Position::START, usize::MAX)
        .await
        .unwrap()
        .into_iter()
        .map(|recorded| recorded.commit.case)
        .collect();
    for id in opened {
        assert_eq!(due(&engine, id).await, Some(after(6 * HOUR)));
    }
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn two_commands_that_need_what_another_node_has_published_both_find_it() {
    let place = Place::memory();
    let one = begin(&place).await;
    let other = place.engine_at(after(0)).await;
    let (first, second) = (submitted_case(&one).await, submitted_case(&one).await);
    one.publish_calendar(amended(2)).await.unwrap();
    // Both find that they lack the calendar; the one that comes second finds nothing new to read.
    let (first, second) = tokio::join!(
        submit(&other, first, comment("first")),
        submit(&other, second, comment("second"))
    );
    first.unwrap();
    second.unwrap();
}
