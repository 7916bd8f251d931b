//! Definitions: a text that was published never changes.

use groundbreak_engine::store::Put;
use groundbreak_engine::workflow::LibraryError;
use groundbreak_engine::{Engine, OpenError, PublishError, SimulatedTime};

use crate::given::{
    CALENDAR, Place, START, WORKFLOW, after, case, fire, open, options, publish, submit,
};
use crate::on_both_stores;

on_both_stores! {
    the_same_text_again_changes_nothing
    another_text_under_a_taken_version_is_refused
    a_running_case_stays_on_its_version
    a_calendar_loads_after_the_one_it_inherits_from
}

async fn definitions(place: &Place) -> usize {
    let store = place.store();
    let count = store
        .list_metadata("definition/", "", 100)
        .await
        .unwrap()
        .len();
    store.close().await.unwrap();
    count
}

async fn the_same_text_again_changes_nothing(place: Place) {
    let engine = place.engine().await;
    publish(&engine).await;
    engine.shutdown().await.unwrap();
    let engine = place.engine_at(after(1)).await;
    publish(&engine).await;
    engine.shutdown().await.unwrap();
    assert_eq!(definitions(&place).await, 2);
}

async fn another_text_under_a_taken_version_is_refused(place: Place) {
    let engine = place.engine().await;
    let workflow = WORKFLOW.replace("delay: 4h", "delay: 5h");
    let calendar = CALENDAR.replace("mon: [['00:00', '24:00']]", "mon: [['08:30', '12:00']]");
    for restarted in [false, true] {
        let engine = if restarted {
            engine.shutdown().await.unwrap();
            place.engine_at(after(1)).await
        } else {
            engine.clone()
        };
        let refused = [
            engine.publish_workflow(&*workflow).await.map(|_| ()),
            engine.publish_calendar(&*calendar).await.map(|_| ()),
        ];
        for refused in refused {
            let error = refused.unwrap_err();
            assert!(
                matches!(
                    &error,
                    PublishError::Library(LibraryError::VersionTaken { version: 1, .. })
                ),
                "{error:?}"
            );
            assert_eq!(error.code(), "version-taken");
        }
        if restarted {
            engine.shutdown().await.unwrap();
        }
    }
    assert_eq!(definitions(&place).await, 2);
}

async fn a_running_case_stays_on_its_version(place: Place) {
    let engine = place.engine().await;
    let old = case(&engine).await;
    // In version 2 nobody submits: a case goes straight to approval.
    let second = WORKFLOW
        .replace("version: 1", "version: 2")
        .replace("on: { submit: submitted }", "on: { submit: overdue }");
    let second = second.replace("start: entering submitted", "start: entering overdue");
    let second = second.replace("  submitted:\n    title: { zh: 已受理, en: Submitted }\n    on: { approve: approved }\n    after: [{ delay: 4h, to: overdue }]\n", "");
    engine.publish_workflow(second).await.unwrap();
    let new = case(&engine).await;
    engine.shutdown().await.unwrap();

    let engine = place.engine_at(after(1)).await;
    for (id, version, state) in [(old, 1, "submitted"), (new, 2, "overdue")] {
        let case = submit(&engine, id, fire("submit")).await.unwrap().case;
        assert_eq!((case.version, case.is_in(state)), (version, true));
    }
    assert_eq!(engine.workflows()[0].version, 2);
    assert_eq!(engine.workflow("registration", Some(1)).unwrap().version, 1);
    engine.shutdown().await.unwrap();
}

async fn a_calendar_loads_after_the_one_it_inherits_from(place: Place) {
    let engine = place.engine().await;
    // By name it would come before its parent.
    let annex = "id: annex\ninherits: hall\ntz: Asia/Shanghai\nweekly: { sun: [] }\n";
    engine.publish_calendar(annex).await.unwrap();
    let on_annex = WORKFLOW
        .replace("workflow: registration", "workflow: annexed")
        .replace("calendar: hall", "calendar: annex");
    engine.publish_workflow(on_annex).await.unwrap();
    engine.shutdown().await.unwrap();

    let engine = place.engine_at(after(1)).await;
    assert_eq!(engine.calendars().len(), 2);
    let workflow = engine.workflow("annexed", None).unwrap();
    assert_eq!(workflow.calendar.id(), "annex");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_text_with_faults_is_refused_with_all_of_them_and_not_kept() {
    let place = Place::memory();
    let engine = open(place.store(), START).await;
    engine.publish_calendar(CALENDAR).await.unwrap();
    let faulty = WORKFLOW
        .replace("by: [approver]", "by: [aprover]")
        .replace("to: overdue", "to: ovredue");
    match engine.publish_workflow(faulty).await {
        Err(PublishError::Library(LibraryError::Faults(faults))) => {
            assert!(faults.len() >= 2, "{faults:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(definitions(&place).await, 1);
}

#[tokio::test]
async fn what_another_node_publishes_is_found_when_it_is_needed() {
    let store = Place::memory().store();
    let here = open(store.clone(), START).await;
    let there = open(store, START).await;
    publish(&there).await;
    assert!(here.workflows().is_empty());
    case(&here).await;
    assert_eq!(here.workflows().len(), 1);

    // Both number their publications; neither overwrites the other's.
    let second = WORKFLOW.replace("version: 1", "version: 2");
    there.publish_workflow(second).await.unwrap();
    let third = WORKFLOW.replace("version: 1", "version: 3");
    here.publish_workflow(third).await.unwrap();
    assert!(here.workflow("registration", Some(2)).is_ok());
}

#[tokio::test]
async fn a_published_text_that_cannot_be_read_keeps_the_engine_from_starting() {
    for damage in [
        &b"workflow\nworkflow: x\nnot in this version: 1\n"[..],
        b"\xff",
    ] {
        let place = Place::memory();
        let store = place.store();
        let key = "definition/0000000001";
        store
            .put_metadata(key, damage.to_vec(), Put::Create)
            .await
            .unwrap();
        match Engine::open(store, options(SimulatedTime::new(START))).await {
            Err(error @ OpenError::Definition { .. }) => {
                assert_eq!(error.code(), "definition-unusable");
                assert!(error.text().zh.contains(key));
            }
            other => panic!("{other:?}"),
        }
    }
}
