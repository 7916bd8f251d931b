//! Lists, situations, and what subscribers are told.

use groundbreak_engine::store::Position;
use groundbreak_engine::{CaseStatus, Changed, ListOrder, ListQuery};

use crate::given::{
    HOUR, Place, START, after, approver, case, command, comment, fire, submit, submitted_case,
};
use crate::on_both_stores;

on_both_stores! {
    cases_are_listed_by_what_they_need_and_how_urgent_they_are
    pages_hold_every_case_once
    all_commits_can_be_read_in_order
}

async fn cases_are_listed_by_what_they_need_and_how_urgent_they_are(place: Place) {
    let engine = place.engine().await;
    let consulting = case(&engine).await;
    let early = submitted_case(&engine).await;
    engine.advance_to(after(HOUR / 2)).await.unwrap();
    let late = submitted_case(&engine).await;
    let closed = submitted_case(&engine).await;
    engine
        .submit(command(&engine, closed, approver(), fire("approve")))
        .await
        .unwrap();

    let all = ListQuery::all(10);
    let with = |change: &dyn Fn(&mut ListQuery)| {
        let mut query = all.clone();
        change(&mut query);
        query
    };
    let rows = [
        (
            "open ones, the most urgent first",
            with(&|query| query.status = Some(CaseStatus::Open)),
            vec![early, late, consulting],
        ),
        (
            "closed ones",
            with(&|query| query.status = Some(CaseStatus::Closed)),
            vec![closed],
        ),
        (
            "those an approver may act on next",
            with(&|query| query.roles = vec!["approver".into()]),
            vec![early, late],
        ),
        (
            "those one of two roles may act on next",
            with(&|query| query.roles = vec!["approver".into(), "clerk".into()]),
            vec![early, late, consulting],
        ),
        (
            "those in a state",
            with(&|query| query.state = Some("consulting".into())),
            vec![consulting],
        ),
        (
            "those due before an instant",
            with(&|query| query.due_before = Some(after(2 * HOUR + 1))),
            vec![early],
        ),
        (
            "the oldest first",
            with(&|query| query.order = ListOrder::Oldest),
            vec![consulting, early, late, closed],
        ),
        (
            "those of another workflow",
            with(&|query| query.workflow = Some("other".into())),
            vec![],
        ),
    ];
    for (what, query, expected) in rows {
        let page = engine.list(&query).await.unwrap();
        assert_eq!(page.cases, expected, "{what}");
        assert_eq!(page.total, expected.len() as u64, "{what}");
    }
    let newest = with(&|query| query.order = ListOrder::Newest);
    let newest = engine.list(&newest).await.unwrap().cases;
    // Opened at the same instant, these are ordered by id, as in every order.
    assert_eq!(newest, [late, closed, consulting, early]);
    engine.shutdown().await.unwrap();
}

async fn pages_hold_every_case_once(place: Place) {
    let engine = place.engine().await;
    let mut opened = Vec::new();
    for _ in 0..7 {
        opened.push(case(&engine).await);
    }
    assert!(
        opened.is_sorted(),
        "ids of one instant sort as they were made"
    );
    let mut query = ListQuery::all(3);
    query.order = ListOrder::Oldest;
    let mut found = Vec::new();
    loop {
        let page = engine.list(&query).await.unwrap();
        assert_eq!(page.total, 7);
        found.extend(page.cases);
        match page.next {
            Some(next) => query.after = Some(next.to_string().parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(found, opened);
    let counted = engine.list(&ListQuery::all(0)).await.unwrap();
    assert_eq!((counted.cases.len(), counted.total), (0, 7));
    engine.shutdown().await.unwrap();
}

async fn all_commits_can_be_read_in_order(place: Place) {
    let engine = place.engine().await;
    let (one, other) = (submitted_case(&engine).await, case(&engine).await);
    submit(&engine, one, comment("last")).await.unwrap();
    let mut found = Vec::new();
    let mut after = Position::START;
    loop {
        let page = engine.commits(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.position;
        found.extend(
            page.into_iter()
                .map(|recorded| (recorded.commit.case, recorded.commit.revision)),
        );
    }
    assert_eq!(found, [(one, 1), (one, 2), (other, 1), (one, 3)]);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn subscribers_are_told_of_every_commit_timers_included() {
    let engine = Place::memory().engine().await;
    let mut changes = engine.subscribe();
    let id = submitted_case(&engine).await;
    engine.advance_to(after(HOUR)).await.unwrap();
    for revision in 1..=3 {
        let Changed {
            case,
            revision: told,
            position,
        } = changes.recv().await.unwrap();
        assert_eq!((case, told, position.number()), (id, revision, revision));
    }
}

#[tokio::test]
async fn a_situation_says_how_the_clock_stands_now() {
    let engine = Place::memory().engine().await;
    let id = submitted_case(&engine).await;
    engine.advance_to(after(HOUR / 2)).await.unwrap();
    let situation = engine.situation(id).await.unwrap().unwrap();
    assert_eq!(situation.revision, 2);
    assert_eq!(situation.clocks[0].reading.due, Some(after(2 * HOUR)));
    assert_eq!(situation.clocks[0].reading.wall_ms, HOUR / 2);
    assert_eq!(engine.now(), after(HOUR / 2));
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let engine = Place::memory().engine().await;
    let id = engine.new_case_id();
    assert!(engine.case(id).await.unwrap().is_none());
    assert!(engine.situation(id).await.unwrap().is_none());
    assert!(engine.journal(id).await.unwrap().is_empty());
    assert!(
        engine
            .find_number("20230323-AAAAAA")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn ids_carry_the_time_of_the_engine() {
    let engine = Place::memory().engine().await;
    let first = engine.new_case_id();
    engine.advance_to(after(1)).await.unwrap();
    let second = engine.new_case_id();
    assert!(first < second);
    let (seconds, nanos) = first.0.get_timestamp().unwrap().to_unix();
    let millis = seconds * 1_000 + u64::from(nanos) / 1_000_000;
    assert_eq!(i64::try_from(millis).unwrap(), START.as_millis());
    assert!(engine.new_command_id() < engine.new_command_id());
}
