use std::sync::Arc;

use super::given::{append, bytes, case};
use super::{Breach, Factory, Verdict, equal, holds, opened};
use crate::Position;
use crate::limits::{PAGE_BYTES_MAX, RECORD_BYTES_MAX};

pub(super) async fn positions_grow_and_read_all_returns_the_order_of_commits(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    let mut written = Vec::new();
    for round in 0..8 {
        for number in [3, 1, 2] {
            let append = append(case(number), round);
            let appended = store.append(append).await?;
            written.push((appended.position, case(number), appended.revision));
        }
    }
    holds(
        "positions grow",
        written.is_sorted_by(|left, right| left.0 < right.0),
    )?;
    let read: Vec<_> = store
        .read_all(Position::START, 100)
        .await?
        .into_iter()
        .map(|record| (record.position, record.case, record.revision))
        .collect();
    equal("the order of commits", read, written)
}

pub(super) async fn a_reader_of_all_records_misses_none_while_others_write(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    let writers: Vec<_> = (0..8)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for revision in 0..25 {
                    store.append(append(case(number), revision)).await?;
                }
                Ok::<(), Breach>(())
            })
        })
        .collect();
    // Follows the store as an outbox does: what it passed by it never reads again.
    let mut seen = Vec::new();
    let mut after = Position::START;
    while seen.len() < 200 {
        let running = writers.iter().any(|writer| !writer.is_finished());
        let records = store.read_all(after, 7).await?;
        if records.is_empty() && !running {
            break;
        }
        for record in records {
            holds("the order of commits grows", record.position > after)?;
            after = record.position;
            seen.push((record.case, record.revision));
        }
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await??;
    }
    seen.sort_unstable();
    let wanted: Vec<_> = (0..8)
        .flat_map(|number| (1..=25).map(move |revision| (case(number), revision)))
        .collect();
    equal("what the reader saw", seen, wanted)
}

pub(super) async fn a_journal_is_ascending_and_continues_behind_a_revision(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    for revision in 0..70 {
        store.append(append(case(1), revision)).await?;
        store.append(append(case(2), revision)).await?;
    }
    for after in 0..=71 {
        for limit in [0, 1, 5, 100] {
            let revisions: Vec<u64> = store
                .journal(case(1), after, limit)
                .await?
                .into_iter()
                .map(|record| record.revision)
                .collect();
            let wanted: Vec<u64> = (after + 1..=70).take(limit).collect();
            equal("the journal", revisions, wanted)?;
        }
    }
    equal(
        "the journal behind the last possible revision",
        store.journal(case(1), u64::MAX, 5).await?,
        vec![],
    )?;
    let record = store.journal(case(2), 41, 1).await?;
    equal(
        "the record",
        record.first().map(|record| record.record.clone()),
        Some(append(case(2), 41).record),
    )
}

pub(super) async fn a_list_ends_with_an_empty_answer(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    for number in 0..30 {
        store.append(append(case(number), 0)).await?;
    }
    let mut after = Position::START;
    let mut seen = 0;
    loop {
        let records = store.read_all(after, 7).await?;
        let Some(last) = records.last() else {
            break;
        };
        after = last.position;
        seen += records.len();
    }
    equal("the number of records", seen, 30)?;
    equal("with no limit", store.read_all(after, 0).await?, vec![])?;
    let beyond = Position::new(u64::MAX);
    equal("beyond all", store.read_all(beyond, 9).await?, vec![])
}

pub(super) async fn a_large_answer_ends_early_but_never_empty(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let many = PAGE_BYTES_MAX / RECORD_BYTES_MAX + 4;
    for revision in 0..many as u64 {
        let mut large = append(case(1), revision);
        large.record = bytes(RECORD_BYTES_MAX, revision);
        store.append(large).await?;
    }
    let mut after = 0;
    loop {
        let records = store.journal(case(1), after, usize::MAX).await?;
        let Some(last) = records.last() else {
            break;
        };
        let size: usize = records.iter().map(|record| record.record.len()).sum();
        holds(
            "an answer is bounded",
            size <= PAGE_BYTES_MAX + RECORD_BYTES_MAX,
        )?;
        holds(
            "an answer continues where the last one ended",
            records.first().map(|record| record.revision) == Some(after + 1),
        )?;
        after = last.revision;
    }
    equal("the last revision", after, many as u64)?;
    let all = store.read_all(Position::START, usize::MAX).await?;
    holds("the feed is bounded too", all.len() < many)
}
