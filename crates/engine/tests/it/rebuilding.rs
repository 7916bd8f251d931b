//! A store that is made anew from its records is the same one.

use std::convert::Infallible;

use groundbreak_engine::store::{MemoryStore, Position, Query, Record, Store};
use groundbreak_engine::{CaseFault, RebuildError, rebuild};

use crate::given::{HOUR, Place, after, approver, clerk, command, fire, opening, publish};
use crate::on_both_stores;

type Entries = Vec<(String, Vec<u8>)>;

async fn contents(store: &dyn Store) -> (Entries, Vec<Record>) {
    let mut entries = Vec::new();
    for key in store.list_metadata("", "", 1_000).await.unwrap() {
        let value = store.metadata(&key).await.unwrap().unwrap();
        entries.push((key, value));
    }
    let records = store.read_all(Position::START, 10_000).await.unwrap();
    (entries, records)
}

/// Some cases that were opened, submitted, or approved, with timers that fired and that wait.
async fn fill(place: &Place) {
    let engine = place.engine().await;
    for number in 0..9_u32 {
        let case = engine.new_case_id();
        let give = |actor, act| engine.submit(command(&engine, case, actor, act));
        give(clerk(), opening()).await.unwrap();
        if number % 3 > 0 {
            give(clerk(), fire("submit")).await.unwrap();
        }
        if number % 3 > 1 {
            give(approver(), fire("approve")).await.unwrap();
        }
    }
    engine.shutdown().await.unwrap();
    let engine = place.engine_at(after(HOUR)).await;
    publish(&engine).await;
    let amended = crate::given::CALENDAR.replace("tz:", "version: 2\ntz:");
    engine.publish_calendar(amended).await.unwrap();
    engine.shutdown().await.unwrap();
}

async fn every_state_timer_and_term_is_as_it_was(place: Place) {
    fill(&place).await;
    let store = place.store();
    let (entries, records) = contents(store.as_ref()).await;
    assert!(records.len() > 20);
    let anew = MemoryStore::new();
    let given = records.iter().cloned().map(Ok::<_, Infallible>);
    let rebuilt = rebuild(&anew, entries.clone(), given, |_| {})
        .await
        .unwrap();
    assert_eq!((rebuilt.cases, rebuilt.damaged.len()), (9, 0));

    let (found_entries, mut found) = contents(&anew).await;
    assert_eq!(found_entries, entries);
    for (record, before) in found.iter_mut().zip(&records) {
        record.position = before.position;
    }
    assert_eq!(found, records);
    for record in &records {
        let before = store.load(record.case).await.unwrap().unwrap();
        let now = anew.load(record.case).await.unwrap().unwrap();
        assert_eq!((now.revision, now.state), (before.revision, before.state));
    }
    let timers = store.due_timers(i64::MAX, None, 1_000).await.unwrap();
    assert!(!timers.is_empty());
    assert_eq!(
        anew.due_timers(i64::MAX, None, 1_000).await.unwrap(),
        timers
    );
    for (name, value) in [
        ("state", "submitted"),
        ("status", "closed"),
        ("role", "clerk"),
    ] {
        let query = Query::all(100).with(name, value);
        let before = store.query(&query).await.unwrap();
        assert_eq!(anew.query(&query).await.unwrap(), before, "{name} {value}");
        assert!(before.total > 0, "{name} {value}");
    }
    store.close().await.unwrap();
}

/// More cases than are held at once: those of the beginning go on at the end.
#[tokio::test]
async fn a_case_that_is_not_held_any_more_comes_from_the_store_that_is_filled() {
    let place = Place::memory();
    let engine = place.engine().await;
    publish(&engine).await;
    let mut cases = Vec::new();
    for _ in 0..4_200 {
        let case = engine.new_case_id();
        let opening = command(&engine, case, clerk(), opening());
        engine.submit(opening).await.unwrap();
        cases.push(case);
    }
    for case in cases.iter().take(100) {
        let firing = command(&engine, *case, clerk(), fire("submit"));
        engine.submit(firing).await.unwrap();
    }
    engine.shutdown().await.unwrap();
    let store = place.store();
    let (entries, records) = contents(store.as_ref()).await;
    let anew = MemoryStore::new();
    let given = records.iter().cloned().map(Ok::<_, Infallible>);
    let rebuilt = rebuild(&anew, entries, given, |_| {}).await.unwrap();
    assert_eq!(
        (rebuilt.cases, rebuilt.records, rebuilt.damaged.len()),
        (4_200, 4_300, 0)
    );
    for case in cases {
        let before = store.load(case.0).await.unwrap().unwrap();
        let now = anew.load(case.0).await.unwrap().unwrap();
        assert_eq!((now.revision, now.state), (before.revision, before.state));
    }
}

async fn a_case_that_cannot_go_on_keeps_its_journal_and_the_others_are_whole(place: Place) {
    fill(&place).await;
    let source = place.store();
    let (entries, mut records) = contents(source.as_ref()).await;
    source.close().await.unwrap();
    records[0].record.clear();
    let damaged = records[0].case;
    let anew = MemoryStore::new();
    let given = records.iter().cloned().map(Ok::<_, Infallible>);
    let rebuilt = rebuild(&anew, entries, given, |_| {}).await.unwrap();
    assert_eq!(rebuilt.records, records.len() as u64);
    let [case] = rebuilt.damaged.as_slice() else {
        panic!("{rebuilt:?}")
    };
    assert_eq!(case.case.0, damaged);
    assert!(matches!(case.fault, CaseFault::Record { revision: 1, .. }));
    let journal = anew.journal(damaged, 0, 100).await.unwrap();
    assert_eq!(
        journal.len(),
        records.iter().filter(|it| it.case == damaged).count()
    );
}

async fn a_gap_and_a_store_that_is_not_empty_are_refused(place: Place) {
    fill(&place).await;
    let store = place.store();
    let (entries, mut records) = contents(store.as_ref()).await;
    let given = records.iter().cloned().map(Ok::<_, Infallible>);
    let refused = rebuild(store.as_ref(), entries.clone(), given, |_| {}).await;
    assert!(matches!(refused, Err(RebuildError::NotEmpty)));
    // The first of a case that has two.
    records.remove(1);
    let given = records.iter().cloned().map(Ok::<_, Infallible>);
    let refused = rebuild(&MemoryStore::new(), entries, given, |_| {}).await;
    assert!(matches!(
        refused,
        Err(RebuildError::Order { revision: 2, .. })
    ));
    store.close().await.unwrap();
}

on_both_stores! {
    every_state_timer_and_term_is_as_it_was
    a_case_that_cannot_go_on_keeps_its_journal_and_the_others_are_whole
    a_gap_and_a_store_that_is_not_empty_are_refused
}
