//! How an engine ends.

use std::time::Duration;

use groundbreak_engine::{Engine, EngineOptions, ListQuery};

use crate::faulty::FaultyStore;
use crate::given::{CALENDAR, Place, START, case, clerk, command, comment, open, publish, submit};
use crate::on_both_stores;

on_both_stores! {
    after_shutting_down_nothing_is_taken_and_the_data_can_be_opened_again
}

async fn after_shutting_down_nothing_is_taken_and_the_data_can_be_opened_again(place: Place) {
    let engine = place.engine().await;
    let id = case(&engine).await;
    engine.shutdown().await.unwrap();
    let codes = [
        submit(&engine, id, comment("x")).await.unwrap_err().code(),
        engine.case(id).await.unwrap_err().code(),
        engine.list(&ListQuery::all(1)).await.unwrap_err().code(),
        engine.publish_calendar(CALENDAR).await.unwrap_err().code(),
        engine.advance_to(START).await.unwrap_err().code(),
    ];
    assert_eq!(codes, ["engine-closed"; 5]);
    engine.shutdown().await.unwrap();
    let again = place.engine_at(START).await;
    assert_eq!(again.journal(id).await.unwrap().len(), 1);
    again.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_under_way_are_finished_first() {
    let store = FaultyStore::on(Place::memory().store());
    let engine = open(store.clone(), START).await;
    publish(&engine).await;
    let id = case(&engine).await;
    let held = store.appending.write().await;
    let remark = command(&engine, id, clerk(), comment("under way"));
    let submitting = tokio::spawn({
        let engine = engine.clone();
        async move { engine.submit(remark).await }
    });
    tokio::time::sleep(Duration::from_millis(30)).await;
    let mut closing = tokio::spawn({
        let engine = engine.clone();
        async move { engine.shutdown().await }
    });
    let early = tokio::time::timeout(Duration::from_millis(50), &mut closing).await;
    assert!(early.is_err(), "the store was closed under a command");
    drop(held);
    assert_eq!(submitting.await.unwrap().unwrap().commit.revision, 2);
    closing.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_engine_that_is_dropped_lets_go_of_its_store() {
    let store = FaultyStore::on(Place::memory().store());
    let engine = Engine::open(store.clone(), EngineOptions::default())
        .await
        .unwrap();
    let watched = std::sync::Arc::downgrade(&store);
    drop(store);
    drop(engine);
    for _ in 0..100 {
        if watched.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the timer task keeps the store alive");
}
