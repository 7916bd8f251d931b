//! Timers: once each, at their time, whatever happens to the engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use groundbreak_engine::workflow::sla::Timestamp;
use groundbreak_engine::workflow::{CaseId, Entry};
use groundbreak_engine::{
    AdvanceError, Engine, EngineOptions, SimulatedTime, SubmitError, SystemTime, TimeSource,
};

use crate::faulty::FaultyStore;
use crate::given::{
    HOUR, Place, START, after, case, comment, fire, fired, open, publish, submit, submitted_case,
};
use crate::on_both_stores;

on_both_stores! {
    a_timer_due_while_the_engine_was_down_fires_once_and_is_marked_late
    as_time_passes_each_timer_fires_when_it_is_due
    two_nodes_fire_a_timer_once
    a_clock_that_steps_back_an_hour_fires_nothing_twice_and_turns_no_journal_back
}

async fn a_timer_due_while_the_engine_was_down_fires_once_and_is_marked_late(place: Place) {
    let engine = place.engine().await;
    let id = submitted_case(&engine).await;
    engine.shutdown().await.unwrap();

    let engine = place.engine_at(after(3 * HOUR)).await;
    let journal = engine.journal(id).await.unwrap();
    assert_eq!(
        fired(&journal),
        [
            (
                "warn/licence/50%".into(),
                after(HOUR),
                after(3 * HOUR),
                Some(2 * HOUR)
            ),
            (
                "breach/licence".into(),
                after(2 * HOUR + 1),
                after(3 * HOUR),
                Some(HOUR - 1)
            ),
        ]
    );
    // What a late timer sets off happened when it was due, and was recorded when it fired.
    assert_eq!(journal[2].effective_at, after(HOUR));
    engine.shutdown().await.unwrap();

    let engine = place.engine_at(after(3 * HOUR + 1)).await;
    assert_eq!(engine.journal(id).await.unwrap(), journal);
    engine.shutdown().await.unwrap();
}

async fn as_time_passes_each_timer_fires_when_it_is_due(place: Place) {
    let engine = place.engine().await;
    let first = submitted_case(&engine).await;
    engine.advance_to(after(HOUR / 2)).await.unwrap();
    let second = submitted_case(&engine).await;
    let advanced = engine.advance_to(after(24 * HOUR)).await.unwrap();
    assert_eq!((advanced.fired, advanced.skipped.len()), (6, 0));
    assert_eq!(engine.now(), after(24 * HOUR));

    for (id, start) in [(first, 0), (second, HOUR / 2)] {
        let journal = engine.journal(id).await.unwrap();
        let due: Vec<Timestamp> = [HOUR, 2 * HOUR + 1, 4 * HOUR]
            .map(|delay| after(start + delay))
            .into();
        let fired = fired(&journal);
        let found: Vec<Timestamp> = fired.iter().map(|(_, due_at, ..)| *due_at).collect();
        assert_eq!(found, due);
        assert!(
            fired
                .iter()
                .all(|(_, due_at, recorded_at, late)| due_at == recorded_at && late.is_none()),
            "{fired:?}"
        );
        assert!(engine.case(id).await.unwrap().unwrap().is_in("overdue"));
    }
    // Across cases too, the journal of the whole store follows the time.
    let all = engine
        .commits(groundbreak_engine::store::Position::START, 1_000)
        .await
        .unwrap();
    assert!(all.is_sorted_by_key(|recorded| recorded.commit.recorded_at));
    engine.shutdown().await.unwrap();
}

async fn two_nodes_fire_a_timer_once(place: Place) {
    let store = place.store();
    let here = open(store.clone(), START).await;
    publish(&here).await;
    let id = submitted_case(&here).await;
    let there = open(store, START).await;
    // Both have the case in memory, and come to its timers at the same time.
    submit(&there, id, comment("there")).await.unwrap();
    let (one, other) = tokio::join!(
        here.advance_to(after(5 * HOUR)),
        there.advance_to(after(5 * HOUR)),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.fired + other.fired, 3);
    let journal = here.journal(id).await.unwrap();
    assert_eq!(fired(&journal).len(), 3);
    here.shutdown().await.unwrap();
}

#[tokio::test]
async fn only_simulated_time_can_be_moved_and_only_forward() {
    let engine = Place::memory().engine().await;
    let back = engine.advance_to(after(-1)).await;
    assert!(
        matches!(back, Err(AdvanceError::Backwards { .. })),
        "{back:?}"
    );
    assert_eq!(engine.now(), START);

    let engine = Engine::open(Place::memory().store(), EngineOptions::default())
        .await
        .unwrap();
    let moved = engine.advance_to(engine.now()).await;
    assert!(
        matches!(moved, Err(AdvanceError::NotSimulated)),
        "{moved:?}"
    );
}

/// The time of a machine that somebody sets.
#[derive(Clone)]
struct MachineTime(Arc<AtomicI64>);

impl TimeSource for MachineTime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl MachineTime {
    fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.as_millis())))
    }

    fn set(&self, to: Timestamp) {
        self.0.store(to.as_millis(), Ordering::SeqCst);
    }

    fn options(&self) -> EngineOptions {
        EngineOptions {
            time: Arc::new(self.clone()),
            ..EngineOptions::default()
        }
    }
}

/// Waits until so many timers of a case were fired, five seconds at most.
async fn wait_for_fired(engine: &Engine, id: CaseId, count: usize) {
    for _ in 0..500 {
        if fired(&engine.journal(id).await.unwrap()).len() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", fired(&engine.journal(id).await.unwrap()));
}

#[tokio::test]
async fn a_timer_fires_by_itself_when_it_is_due() {
    const QUICK: &str = "
workflow: quick
version: 1
title: { zh: 快, en: Quick }
calendar: hall
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events: { end: { title: { zh: 结束, en: End it }, by: [clerk] } }
states:
  waiting:
    title: { zh: 等待, en: Waiting }
    on: { end: ended }
    after: [{ delay: 300ms, to: ended }]
  ended: { title: { zh: 已结束, en: Ended }, final: true }
";
    let engine = Engine::open(Place::memory().store(), EngineOptions::default())
        .await
        .unwrap();
    publish(&engine).await;
    engine.publish_workflow(QUICK).await.unwrap();
    let id = engine.new_case_id();
    let opening = groundbreak_engine::workflow::Act::Open {
        workflow: "quick".into(),
        version: None,
        title: "quick".into(),
        data: Default::default(),
    };
    let opened = submit(&engine, id, opening).await.unwrap();
    wait_for_fired(&engine, id, 1).await;
    let journal = engine.journal(id).await.unwrap();
    let (_, due_at, recorded_at, late) = fired(&journal).remove(0);
    assert_eq!(due_at, opened.commit.recorded_at.saturating_add_millis(300));
    assert!(recorded_at >= due_at, "{recorded_at} is before {due_at}");
    assert_eq!(late, None);
    assert!(SystemTime.now() >= recorded_at);
    engine.shutdown().await.unwrap();
}

async fn a_clock_that_steps_back_an_hour_fires_nothing_twice_and_turns_no_journal_back(
    place: Place,
) {
    let time = MachineTime::at(START);
    let engine = Engine::open(place.store(), time.options()).await.unwrap();
    publish(&engine).await;
    let id = submitted_case(&engine).await;
    time.set(after(HOUR));
    wait_for_fired(&engine, id, 1).await;

    time.set(START);
    let committed = submit(&engine, id, comment("an hour earlier"))
        .await
        .unwrap();
    assert_eq!(committed.commit.recorded_at, after(HOUR));
    // The time is looked at every second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(fired(&engine.journal(id).await.unwrap()).len(), 1);
    // The same hour a second time.
    time.set(after(HOUR + 1));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(fired(&engine.journal(id).await.unwrap()).len(), 1);
    time.set(after(2 * HOUR + 1));
    wait_for_fired(&engine, id, 2).await;
    engine.shutdown().await.unwrap();

    // Started again by a machine whose clock is an hour behind.
    time.set(after(HOUR + 1));
    let engine = Engine::open(place.store(), time.options()).await.unwrap();
    let committed = submit(&engine, id, comment("after a restart"))
        .await
        .unwrap();
    assert_eq!(committed.commit.recorded_at, after(2 * HOUR + 1));
    time.set(after(4 * HOUR));
    wait_for_fired(&engine, id, 3).await;

    let journal = engine.journal(id).await.unwrap();
    assert!(journal.is_sorted_by_key(|commit| commit.recorded_at));
    let due: Vec<Timestamp> = fired(&journal)
        .iter()
        .map(|(_, due_at, ..)| *due_at)
        .collect();
    assert_eq!(due, [HOUR, 2 * HOUR + 1, 4 * HOUR].map(after));
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_step_of_the_machines_time_is_noticed() {
    let time = MachineTime::at(START);
    let engine = Engine::open(Place::memory().store(), time.options())
        .await
        .unwrap();
    publish(&engine).await;
    let id = submitted_case(&engine).await;
    time.set(after(5 * HOUR));
    wait_for_fired(&engine, id, 3).await;
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_case_that_cannot_go_on_holds_up_no_other_and_keeps_nobody_busy() {
    let time = MachineTime::at(START);
    let place = Place::memory();
    let store = FaultyStore::on(place.store());
    let engine = Engine::open(store.clone(), time.options()).await.unwrap();
    publish(&engine).await;
    let damaged = submitted_case(&engine).await;
    let healthy = submitted_case(&engine).await;
    engine.shutdown().await.unwrap();

    let store = FaultyStore::on(place.store());
    store.garble_states();
    store.garble_records_of(damaged);
    time.set(after(HOUR));
    let engine = Engine::open(store.clone(), time.options()).await.unwrap();
    assert_eq!(fired(&engine.journal(healthy).await.unwrap()).len(), 1);
    time.set(after(5 * HOUR));
    wait_for_fired(&engine, healthy, 3).await;

    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = store.asked_for_timers.load(Ordering::SeqCst);
    // At start, at the step of time, and each time the damaged case is tried again.
    assert!(asked < 60, "asked for due timers {asked} times");
    let failed = submit(&engine, damaged, comment("x")).await.unwrap_err();
    assert_eq!(failed.code(), "case-damaged");

    // When the cause is mended, the timers fire.
    store.alter_records(|_| {});
    submit(&engine, damaged, comment("mended")).await.unwrap();
    let journal = engine.journal(damaged).await.unwrap();
    assert_eq!(fired(&journal).len(), 3);
    let last = journal.last().unwrap();
    assert!(
        matches!(last.entries[0], Entry::Commented { .. }),
        "{last:?}"
    );
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn simulated_time_passes_over_a_case_that_cannot_go_on() {
    let place = Place::memory();
    let store = FaultyStore::on(place.store());
    let mut options = crate::given::options(SimulatedTime::new(START));
    options.cases_cached_max = 0;
    let engine = Engine::open(store.clone(), options).await.unwrap();
    publish(&engine).await;
    let damaged = submitted_case(&engine).await;
    let healthy = submitted_case(&engine).await;
    store.garble_states();
    store.garble_records_of(damaged);
    let advanced = engine.advance_to(after(5 * HOUR)).await.unwrap();
    assert_eq!(advanced.fired, 3);
    assert!(advanced.skipped.contains(&damaged) && advanced.skipped.len() == 1);
    assert_eq!(fired(&engine.journal(healthy).await.unwrap()).len(), 3);
    let _ = case(&engine).await;
}

#[tokio::test]
async fn a_case_with_much_to_catch_up_with_does_so_piece_by_piece() {
    const RESTLESS: &str = "
workflow: restless
version: 1
title: { zh: 不停, en: Restless }
calendar: hall
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events: { end: { title: { zh: 结束, en: End it }, by: [clerk] } }
states:
  tick: { title: { zh: 滴, en: Tick }, after: [{ delay: 1s, to: tock }], on: { end: ended } }
  tock: { title: { zh: 答, en: Tock }, after: [{ delay: 1s, to: tick }], on: { end: ended } }
  ended: { title: { zh: 已结束, en: Ended }, final: true }
";
    let time = SimulatedTime::new(START);
    let engine = Engine::open(Place::memory().store(), crate::given::options(time.clone()))
        .await
        .unwrap();
    publish(&engine).await;
    engine.publish_workflow(RESTLESS).await.unwrap();
    let opening = groundbreak_engine::workflow::Act::Open {
        workflow: "restless".into(),
        version: None,
        title: "restless".into(),
        data: Default::default(),
    };
    let restless = engine.new_case_id();
    submit(&engine, restless, opening).await.unwrap();
    let healthy = submitted_case(&engine).await;

    time.set(after(1_200_000));
    let first = submit(&engine, restless, comment("x")).await;
    assert!(matches!(first, Err(SubmitError::Overloaded)), "{first:?}");
    assert_eq!(fired(&engine.journal(restless).await.unwrap()).len(), 1_000);
    submit(&engine, healthy, comment("x")).await.unwrap();
    let second = submit(&engine, restless, comment("x")).await.unwrap();
    // Opened, ticked 1200 times, commented.
    assert_eq!(second.commit.revision, 1_202);
    let advanced = engine.advance_to(after(1_210_000)).await.unwrap();
    assert_eq!((advanced.fired, advanced.skipped.len()), (10, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_being_fired_are_finished_before_the_store_is_closed() {
    let time = MachineTime::at(START);
    let place = Place::memory();
    let store = FaultyStore::on(place.store());
    let engine = Engine::open(store.clone(), time.options()).await.unwrap();
    publish(&engine).await;
    let id = submitted_case(&engine).await;
    let held = store.appending.write().await;
    time.set(after(HOUR));
    // The timer task notices the new time within a second, and is then held up by the store.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let mut closing = tokio::spawn({
        let engine = engine.clone();
        async move { engine.shutdown().await }
    });
    let early = tokio::time::timeout(Duration::from_millis(50), &mut closing).await;
    assert!(early.is_err(), "the store was closed under a timer");
    drop(held);
    closing.await.unwrap().unwrap();
    let again = place.engine_at(after(HOUR)).await;
    let journal = again.journal(id).await.unwrap();
    let late: Vec<Option<i64>> = fired(&journal).into_iter().map(|(.., late)| late).collect();
    assert_eq!(late, [None], "it fired before the restart, and once");
}

/// Opens cases whose clocks run from now on, many at a time.
async fn submitted_cases(engine: &Engine, count: usize) -> Vec<CaseId> {
    let opening = (0..count).map(|_| submitted_case(engine));
    futures::stream::iter(opening)
        .buffered(100)
        .collect::<Vec<_>>()
        .await
}

/// Returns how many timers of these cases were fired, and fails if one was twice.
async fn fired_once(engine: &Engine, cases: &[CaseId]) -> usize {
    let mut count = 0;
    for case in cases {
        let fired = fired(&engine.journal(*case).await.unwrap());
        let mut ids: Vec<_> = fired.iter().map(|(id, ..)| id).collect();
        count += ids.len();
        ids.dedup();
        assert_eq!(ids.len(), fired.len(), "{fired:?}");
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_timers_takes_no_place_of_commands() {
    let time = MachineTime::at(START);
    let place = Place::disk();
    let mut options = time.options();
    options.commands_max = 100;
    let engine = Engine::open(place.store(), options).await.unwrap();
    publish(&engine).await;
    let cases = submitted_cases(&engine, 1_500).await;
    let other = case(&engine).await;
    time.set(after(HOUR));
    let mut commands = 0;
    while fired(&engine.journal(cases[1_499]).await.unwrap()).is_empty() {
        submit(&engine, other, comment("meanwhile")).await.unwrap();
        commands += 1;
    }
    assert!(commands > 0);
    for id in &cases {
        wait_for_fired(&engine, *id, 1).await;
    }
    engine.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_that_cannot_be_fired_in_the_middle_of_a_burst_is_left_alone() {
    let time = MachineTime::at(START);
    let place = Place::memory();
    let engine = Engine::open(place.store(), time.options()).await.unwrap();
    publish(&engine).await;
    let cases = submitted_cases(&engine, 700).await;
    engine.shutdown().await.unwrap();

    let store = FaultyStore::on(place.store());
    let (damaged, faulty) = (cases[300], cases[500]);
    store.garble_records_of(damaged);
    store.alter_snapshots(move |snapshot| {
        if snapshot.case == damaged.0 {
            snapshot.state = b"\x01garbage".to_vec();
        }
    });
    *store.panics_on.lock().unwrap() = Some(faulty);
    let engine = Engine::open(store.clone(), time.options()).await.unwrap();
    time.set(after(HOUR));
    let healthy = cases
        .iter()
        .copied()
        .filter(|id| ![damaged, faulty].contains(id));
    let healthy: Vec<CaseId> = healthy.collect();
    for id in &healthy {
        wait_for_fired(&engine, *id, 1).await;
    }
    assert_eq!(fired_once(&engine, &healthy).await, 698);
    assert_eq!(fired_once(&engine, &[faulty]).await, 0);

    // Each is tried again, and fires when the cause is mended.
    *store.panics_on.lock().unwrap() = None;
    store.alter_records(|_| {});
    store.alter_snapshots(|_| {});
    for id in [damaged, faulty] {
        wait_for_fired(&engine, id, 1).await;
    }
    engine.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_in_the_middle_of_a_burst_finishes_what_has_begun() {
    let time = MachineTime::at(START);
    let place = Place::memory();
    let store = FaultyStore::on(place.store());
    let mut options = time.options();
    options.timers_at_once = 100;
    let engine = Engine::open(store.clone(), options).await.unwrap();
    publish(&engine).await;
    let cases = submitted_cases(&engine, 700).await;
    let held = store.appending.write().await;
    time.set(after(HOUR));
    // The task notices the new time within a second, and is then held up by the store.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let closing = tokio::spawn({
        let engine = engine.clone();
        async move { engine.shutdown().await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(held);
    closing.await.unwrap().unwrap();

    let again = place.engine_at(after(2 * HOUR)).await;
    assert_eq!(fired_once(&again, &cases).await, 700);
    let mut in_time = 0;
    for id in &cases {
        let journal = again.journal(*id).await.unwrap();
        in_time += usize::from(fired(&journal)[0].3.is_none());
    }
    assert_eq!(in_time, 100, "those that had begun, and no others");
}

#[tokio::test]
async fn cases_are_read_before_their_timers_fall_due_and_fire_on_their_newest_revision() {
    let time = MachineTime::at(START);
    let place = Place::memory();
    let engine = Engine::open(place.store(), time.options()).await.unwrap();
    publish(&engine).await;
    let cases = submitted_cases(&engine, 20).await;
    engine.shutdown().await.unwrap();

    let store = FaultyStore::on(place.store());
    let engine = Engine::open(store.clone(), time.options()).await.unwrap();
    let loads = || store.loads.load(Ordering::SeqCst);
    time.set(after(HOUR - 1_000));
    for _ in 0..500 {
        if loads() == 20 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(loads(), 20);
    submit(&engine, cases[7], comment("just before"))
        .await
        .unwrap();
    time.set(after(HOUR));
    for id in &cases {
        wait_for_fired(&engine, *id, 1).await;
    }
    assert_eq!(loads(), 20, "nothing is read twice");
    let case = engine.case(cases[7]).await.unwrap().unwrap();
    assert_eq!(case.revision, 4);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_timer_that_another_node_has_set_is_fired() {
    let place = Place::memory();
    let (one, other) = (place.engine().await, place.engine_at(START).await);
    let id = case(&one).await;
    submit(&other, id, fire("submit")).await.unwrap();
    let advanced = one.advance_to(after(HOUR)).await.unwrap();
    assert_eq!((advanced.fired, advanced.skipped.len()), (1, 0));
}

#[tokio::test]
async fn a_command_does_not_overtake_a_timer_after_the_clock_has_stepped_back() {
    let store = FaultyStore::on(Place::memory().store());
    let time = SimulatedTime::new(START);
    let engine = Engine::open(store.clone(), crate::given::options(time.clone()))
        .await
        .unwrap();
    publish(&engine).await;
    let id = submitted_case(&engine).await;

    // Five hours later three timers are due, and the store goes away after the first.
    time.set(after(5 * HOUR));
    store.loses_appends_after(1);
    submit(&engine, id, comment("lost")).await.unwrap_err();
    store.loses_appends_after(usize::MAX);
    time.set(START);
    submit(&engine, id, comment("kept")).await.unwrap();

    let journal = engine.journal(id).await.unwrap();
    assert_eq!(fired(&journal).len(), 3);
    let last = journal.last().unwrap();
    assert!(matches!(last.entries[0], Entry::Commented { .. }));
    assert_eq!(last.recorded_at, after(5 * HOUR));
}

#[tokio::test]
async fn what_falls_due_while_a_timer_is_written_is_not_overtaken() {
    let store = FaultyStore::on(Place::memory().store());
    let time = SimulatedTime::new(START);
    let engine = Engine::open(store.clone(), crate::given::options(time.clone()))
        .await
        .unwrap();
    publish(&engine).await;
    let id = submitted_case(&engine).await;

    // The warning is being written while the disk hangs for three hours.
    time.set(after(HOUR));
    let hanging = store.appending.write().await;
    let commenting = submit(&engine, id, comment("begun after an hour"));
    let elapsing = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        time.set(after(4 * HOUR));
        drop(hanging);
    };
    let (commented, ()) = tokio::join!(commenting, elapsing);
    commented.unwrap();

    let journal = engine.journal(id).await.unwrap();
    assert_eq!(fired(&journal).len(), 1);
    assert_eq!(journal.last().unwrap().recorded_at, after(HOUR));
}
