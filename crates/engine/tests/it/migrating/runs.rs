//! Runs that are cut short, or that others work beside.

use std::sync::atomic::Ordering;

use groundbreak_engine::workflow::{Case, Data, Entry, Mapping};

use super::clocks::{LATE, delayed};
use super::{Run, mapping, operator, renamed, simple, to_second};
use crate::faulty::FaultyStore;
use crate::given::{CALENDAR, HOUR, Place, after, clerk, command, comment, fire, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_cut_short_is_ended_by_running_it_again() {
    let run = Run::begin(&simple(1)).await;
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(run.case(Data::new(), "go").await);
    }
    run.engine.publish_workflow(renamed()).await.unwrap();
    run.engine.shutdown().await.unwrap();
    let request = to_second(mapping("review=examination"));

    // The store goes away in the middle.
    let store = FaultyStore::on(run.place.store());
    store.loses_appends_after(17);
    let engine = open(store, after(HOUR)).await;
    let error = engine.migrate(&request, operator(), "x").await.unwrap_err();
    assert_eq!(error.code(), "migration-interrupted", "{error:?}");
    engine.shutdown().await.unwrap();
    drop(engine);

    let engine = run.place.engine_at(after(2 * HOUR)).await;
    let mut moved = 0;
    for id in &ids {
        let case = engine.case(*id).await.unwrap().unwrap();
        let journal = engine.journal(*id).await.unwrap();
        assert_eq!(Case::fold(&journal).unwrap().as_ref(), Some(&*case));
        match case.version {
            1 => assert!(case.is_in("review") && case.revision == 2),
            _ => assert!(case.is_in("examination") && case.revision == 3),
        }
        moved += usize::from(case.version == 2);
    }
    assert_eq!(moved, 17);
    // As a task of its own, as a server would.
    let (rest, again) = (engine.clone(), request.clone());
    let rest = tokio::spawn(async move {
        rest.plan_migration(&again).await.unwrap();
        rest.migrate(&again, operator(), "x").await.unwrap()
    });
    let report = rest.await.unwrap();
    assert_eq!((report.cases.len(), report.is_whole()), (23, true));
    let report = engine.migrate(&request, operator(), "x").await.unwrap();
    assert!(
        report.cases.is_empty(),
        "a third time there is nothing to do"
    );
    for id in &ids {
        assert_eq!(engine.journal(*id).await.unwrap().len(), 3);
    }
    engine.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_that_is_unknown_is_settled_and_a_case_moves_once() {
    let run = Run::begin(&simple(1)).await;
    let id = run.case(Data::new(), "go").await;
    run.engine.publish_workflow(renamed()).await.unwrap();
    run.engine.shutdown().await.unwrap();
    let store = FaultyStore::on(run.place.store());
    let engine = open(store.clone(), after(HOUR)).await;
    store.forgets_appends.store(true, Ordering::SeqCst);
    let request = to_second(mapping("review=examination"));
    let report = engine.migrate(&request, operator(), "x").await.unwrap();
    assert!(report.is_whole() && report.cases.len() == 1);
    assert_eq!(engine.journal(id).await.unwrap().len(), 3);
    engine.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_that_are_worked_on_meanwhile_are_decided_again() {
    let run = Run::begin(&simple(1)).await;
    let mut ids = Vec::new();
    for _ in 0..60 {
        ids.push(run.case(Data::new(), "go").await);
    }
    run.engine.publish_workflow(renamed()).await.unwrap();
    let request = to_second(mapping("review=examination"));
    let (first, second) = (operator(), operator());
    let both = async {
        tokio::join!(
            run.engine.migrate(&request, first, "x"),
            run.engine.migrate(&request, second, "x"),
        )
    };
    let working = async {
        for id in ids.iter().rev() {
            run.give(*id, comment("busy")).await.unwrap();
        }
    };
    let ((one, other), ()) = tokio::join!(both, working);
    assert_eq!(
        one.unwrap().cases.len() + other.unwrap().cases.len(),
        ids.len()
    );
    for id in &ids {
        let entries = run.entries(*id).await;
        let moves = entries
            .iter()
            .filter(|entry| matches!(entry, Entry::Migrated(_)));
        assert_eq!(moves.count(), 1);
        assert!(run.read(*id).await.is_in("examination"));
    }
    run.reopened().await;
}

#[tokio::test]
async fn another_node_reads_a_case_that_moved_to_what_it_does_not_know() {
    let place = Place::memory();
    let here = open(place.store(), after(0)).await;
    here.publish_calendar(CALENDAR).await.unwrap();
    here.publish_workflow(delayed(1, LATE)).await.unwrap();
    let there = open(place.store(), after(0)).await;
    let here = Run {
        place,
        engine: here,
    };
    let id = here.case(Data::new(), "").await;
    assert_eq!(there.case(id).await.unwrap().unwrap().version, 1);
    here.engine
        .publish_workflow(delayed(2, LATE))
        .await
        .unwrap();
    here.migrate(&to_second(Mapping::default())).await;
    let given = command(&there, id, clerk(), fire("go"));
    let committed = there.submit(given).await.unwrap();
    assert_eq!(committed.case.version, 2);
    assert_eq!(committed.commit.revision, 3);
}
