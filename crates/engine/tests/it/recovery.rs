//! What is there after a restart.

use std::sync::atomic::Ordering;

use groundbreak_engine::store::{Put, Record};
use groundbreak_engine::workflow::{Case, FoldError, decode_case, encode_case};
use groundbreak_engine::{CaseFault, Failure, ListQuery, SubmitError};

use crate::faulty::FaultyStore;
use crate::given::{
    HOUR, Place, START, after, approver, case, command, comment, fire, open, submit, submitted_case,
};
use crate::on_both_stores;

on_both_stores! {
    after_a_restart_everything_is_there
    a_case_whose_state_is_garbage_is_folded_from_its_journal
    a_case_whose_journal_is_garbage_too_is_not_written_to_and_others_are
}

async fn after_a_restart_everything_is_there(place: Place) {
    let engine = place.engine().await;
    let open = submitted_case(&engine).await;
    let closed = submitted_case(&engine).await;
    engine
        .submit(command(&engine, closed, approver(), fire("approve")))
        .await
        .unwrap();
    let mut before = Vec::new();
    for id in [open, closed] {
        before.push((
            engine.case(id).await.unwrap(),
            engine.journal(id).await.unwrap(),
        ));
    }
    let listed = engine.list(&ListQuery::all(10)).await.unwrap();
    engine.shutdown().await.unwrap();

    let engine = place.engine_at(after(HOUR / 2)).await;
    for (id, (case, journal)) in [open, closed].into_iter().zip(before) {
        assert_eq!(engine.case(id).await.unwrap(), case);
        assert_eq!(engine.journal(id).await.unwrap(), journal);
        let number = &case.unwrap().number;
        assert_eq!(engine.find_number(number).await.unwrap(), Some(id));
    }
    assert_eq!(engine.list(&ListQuery::all(10)).await.unwrap(), listed);
    assert_eq!(engine.workflows().len(), 1);
    assert_eq!(engine.calendars().len(), 1);
    let next = submit(&engine, open, comment("goes on")).await.unwrap();
    assert_eq!(next.commit.revision, 3);
    engine.shutdown().await.unwrap();
}

async fn a_case_whose_state_is_garbage_is_folded_from_its_journal(place: Place) {
    let engine = place.engine().await;
    let id = submitted_case(&engine).await;
    let before = engine.case(id).await.unwrap();
    engine.shutdown().await.unwrap();

    let store = FaultyStore::on(place.store());
    store.garble_states();
    let engine = open(store.clone(), after(1)).await;
    assert_eq!(engine.case(id).await.unwrap(), before);
    let committed = submit(&engine, id, comment("goes on")).await.unwrap();
    assert_eq!(committed.commit.revision, 3);
    assert!(store.loads.load(Ordering::SeqCst) > 0);
    let journal = engine.journal(id).await.unwrap();
    assert_eq!(
        Case::fold(&journal).unwrap().as_ref(),
        Some(&*committed.case)
    );
    engine.shutdown().await.unwrap();

    // The state written meanwhile is whole again.
    let engine = place.engine_at(after(2)).await;
    assert_eq!(engine.case(id).await.unwrap().unwrap(), committed.case);
    engine.shutdown().await.unwrap();
}

async fn a_case_whose_journal_is_garbage_too_is_not_written_to_and_others_are(place: Place) {
    let engine = place.engine().await;
    let damaged = case(&engine).await;
    let healthy = case(&engine).await;
    engine.shutdown().await.unwrap();

    let store = FaultyStore::on(place.store());
    store.garble_states();
    store.garble_records_of(damaged);
    let engine = open(store.clone(), after(1)).await;
    let head = store.below.head().await.unwrap();
    let failed = submit(&engine, damaged, comment("x")).await.unwrap_err();
    assert_eq!(failed.code(), "case-damaged");
    assert!(
        matches!(
            &failed,
            SubmitError::Failed(Failure::CaseDamaged {
                case,
                fault: CaseFault::Record { revision: 1, .. }
            }) if *case == damaged
        ),
        "{failed:?}"
    );
    assert_eq!(
        engine.case(damaged).await.unwrap_err().code(),
        "case-damaged"
    );
    assert_eq!(store.below.head().await.unwrap(), head);
    submit(&engine, healthy, comment("goes on")).await.unwrap();
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_state_of_another_case_or_revision_is_not_believed() {
    let place = Place::memory();
    let engine = place.engine().await;
    let (id, other) = (submitted_case(&engine).await, submitted_case(&engine).await);
    let earlier = place.store().load(id.0).await.unwrap().unwrap().state;
    submit(&engine, id, comment("x")).await.unwrap();
    let anothers = place.store().load(other.0).await.unwrap().unwrap().state;
    let before = engine.case(id).await.unwrap();
    for wrong in [earlier, anothers] {
        let store = FaultyStore::on(place.store());
        store.alter_snapshots(move |snapshot| snapshot.state.clone_from(&wrong));
        let engine = open(store, after(1)).await;
        assert_eq!(engine.case(id).await.unwrap(), before);
    }
}

#[tokio::test]
async fn a_state_stored_before_commits_named_the_ones_before_them_goes_on() {
    let place = Place::memory();
    let engine = place.engine().await;
    let id = submitted_case(&engine).await;
    let newest = engine.case(id).await.unwrap().unwrap().newest;
    engine.shutdown().await.unwrap();

    let store = FaultyStore::on(place.store());
    store.alter_snapshots(|snapshot| {
        let mut case = decode_case(&snapshot.state).unwrap();
        (case.newest, case.chained_from) = (None, None);
        snapshot.state = encode_case(&case);
    });
    let engine = open(store, after(1)).await;
    assert_eq!(engine.case(id).await.unwrap().unwrap().newest, newest);
    let committed = submit(&engine, id, comment("goes on")).await.unwrap();
    assert_eq!(committed.commit.previous, newest);
    Case::fold(&engine.journal(id).await.unwrap()).unwrap();
}

#[tokio::test]
async fn a_journal_with_a_fault_stops_its_case() {
    type Alter = fn(&mut Vec<Record>);
    type Expect = fn(&CaseFault) -> bool;
    let rows: [(&str, Alter, Expect); 4] = [
        (
            "the end is missing",
            |records| records.retain(|record| record.revision < 3),
            |fault| {
                matches!(
                    fault,
                    CaseFault::Short {
                        expected: 3,
                        found: 2
                    }
                )
            },
        ),
        (
            "a record is missing",
            |records| records.retain(|record| record.revision != 2),
            |fault| matches!(fault, CaseFault::Journal(FoldError::Gap { .. })),
        ),
        (
            "a record stands in the place of another",
            |records| {
                if let [first, second, ..] = &mut records[..] {
                    second.record.clone_from(&first.record);
                }
            },
            |fault| matches!(fault, CaseFault::Misplaced { revision: 2 }),
        ),
        (
            "a record was written by a newer program",
            |records| {
                for record in records {
                    record.record = vec![200];
                }
            },
            |fault| matches!(fault, CaseFault::Record { revision: 1, .. }),
        ),
    ];
    for (what, alter, expect) in rows {
        let place = Place::memory();
        let engine = place.engine().await;
        let id = submitted_case(&engine).await;
        submit(&engine, id, comment("x")).await.unwrap();
        let store = FaultyStore::on(place.store());
        store.garble_states();
        store.alter_records(alter);
        let engine = open(store, after(1)).await;
        match engine.case(id).await {
            Err(Failure::CaseDamaged { fault, .. }) => assert!(expect(&fault), "{what}: {fault:?}"),
            other => panic!("{what}: {other:?}"),
        }
        let failed = submit(&engine, id, comment("y")).await.unwrap_err();
        assert_eq!(failed.code(), "case-damaged", "{what}");
    }
}

#[tokio::test]
async fn a_case_whose_workflow_is_gone_or_has_another_text_is_not_written_to() {
    for gone in [true, false] {
        let place = Place::memory();
        let engine = place.engine().await;
        let id = case(&engine).await;
        engine.shutdown().await.unwrap();
        let store = place.store();
        let key = "definition/0000000002";
        if gone {
            store.remove_metadata(key).await.unwrap();
        } else {
            let entry = store.metadata(key).await.unwrap().unwrap();
            let entry = String::from_utf8(entry).unwrap();
            let entry = entry.replace("delay: 4h", "delay: 40h").into_bytes();
            store.put_metadata(key, entry, Put::Replace).await.unwrap();
        }
        let engine = open(store, START).await;
        let failed = submit(&engine, id, comment("x")).await.unwrap_err();
        assert!(
            matches!(
                &failed,
                SubmitError::Failed(Failure::CaseDamaged {
                    fault: CaseFault::Definition { version: 1, .. },
                    ..
                })
            ),
            "{failed:?}"
        );
    }
}
