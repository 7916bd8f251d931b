use super::given::{append, bytes, case, command};
use super::sizes::SIZES;
use super::{Breach, Factory, Verdict, equal, holds, opened};
use crate::{AppendError, Outcome, Position, Put, PutError, Query, ReadError, Store, Term};

pub(super) async fn everything_is_there_after_reopening(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    for revision in 0..3 {
        for number in 0..10 {
            let timer = format!("timer {revision}");
            let terms = [
                Term::text("stage", format!("stage {revision}")),
                Term::integer("due", number as i64),
            ];
            let append = append(case(number), revision)
                .with_timers(&[(&timer, 100 - number as i64)])
                .with_terms(terms);
            store.append(append).await?;
        }
    }
    store.put_metadata("kept", vec![1, 2], Put::Replace).await?;
    store.put_metadata("gone", vec![3], Put::Replace).await?;
    store.remove_metadata("gone").await?;

    let before = picture(&*store).await?;
    store.close().await?;
    drop(store);
    let store = opened(factory).await?;
    equal("what is read", picture(&*store).await?, before.clone())?;

    // And it goes on where it ended.
    let head = store.head().await?;
    let appended = store.append(append(case(4), 3)).await?;
    equal("the revision", appended.revision, 4)?;
    holds("positions go on", appended.position > head)?;
    let again = store.append(append(case(4), 2)).await;
    holds(
        "a command of the time before is known",
        matches!(again, Err(AppendError::DuplicateCommand { .. })),
    )
}

async fn picture(store: &dyn Store) -> Result<String, Breach> {
    let mut journals = Vec::new();
    for number in 0..10 {
        journals.push((
            store.load(case(number)).await?,
            store.journal(case(number), 0, 9).await?,
            store.find_command(command(case(number), 2)).await?,
        ));
    }
    let rest = (
        store.read_all(Position::START, 99).await?,
        store.head().await?,
        store.due_timers(i64::MAX, None, 99).await?,
        store.next_due().await?,
        store
            .query(
                &Query::all(99)
                    .with("stage", "stage 2")
                    .within("due", Some(2), Some(7)),
            )
            .await?,
        store
            .query(&Query::all(99).with("stage", "stage 1"))
            .await?,
        store.list_metadata("", "", 99).await?,
        store.metadata("kept").await?,
        store.metadata("gone").await?,
    );
    Ok(format!("{journals:#?}\n{rest:#?}"))
}

pub(super) async fn large_values_are_there_after_reopening(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    for (number, size) in SIZES.into_iter().enumerate() {
        let mut sized = append(case(number as u128), 0);
        sized.record = bytes(size, 3);
        sized.state = bytes(size, 4);
        store.append(sized).await?;
    }
    store
        .put_metadata("large", bytes(100_000, 5), Put::Create)
        .await?;
    store.close().await?;
    drop(store);
    let store = opened(factory).await?;
    for (number, size) in SIZES.into_iter().enumerate() {
        let journal = store.journal(case(number as u128), 0, 9).await?;
        let snapshot = store.load(case(number as u128)).await?;
        holds(
            &format!("a record and a state of {size} bytes are there"),
            journal.len() == 1
                && journal[0].record == bytes(size, 3)
                && snapshot.is_some_and(|snapshot| snapshot.state == bytes(size, 4)),
        )?;
    }
    holds(
        "a large entry is there",
        store.metadata("large").await? == Some(bytes(100_000, 5)),
    )
}

pub(super) async fn a_closed_store_refuses_and_closes_twice(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    store.append(append(case(1), 0)).await?;
    store.close().await?;
    store.close().await?;
    match store.append(append(case(1), 1)).await {
        Err(err @ AppendError::Unavailable { .. }) => {
            equal("the outcome", err.outcome(), Outcome::NotDone)?;
        }
        other => return Err(Breach(format!("an append to a closed store is {other:?}"))),
    }
    match store.put_metadata("a", vec![], Put::Replace).await {
        Err(PutError::Unavailable { .. }) => {}
        other => return Err(Breach(format!("a put to a closed store is {other:?}"))),
    }
    match store.load(case(1)).await {
        Err(ReadError::Unavailable { .. }) => {}
        other => return Err(Breach(format!("a load from a closed store is {other:?}"))),
    }
    match store.query(&Query::all(1)).await {
        Err(ReadError::Unavailable { .. }) => Ok(()),
        other => Err(Breach(format!("a query to a closed store is {other:?}"))),
    }
}
