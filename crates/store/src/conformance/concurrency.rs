use std::sync::Arc;

use super::given::{append, case, command};
use super::{Breach, Factory, Verdict, equal, opened};
use crate::{AppendError, Position, Store};

const WRITERS: u64 = 64;

pub(super) async fn many_writers_of_one_case_lose_no_update(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in 0..3 {
                    add_one(&*store, writer * 100 + number).await?;
                }
                Ok::<(), Breach>(())
            })
        })
        .collect();
    for writer in writers {
        writer.await??;
    }
    let snapshot = store.load(case(1)).await?;
    equal(
        "the revision and the count kept in the state",
        snapshot.map(|snapshot| (snapshot.revision, snapshot.state)),
        Some((3 * WRITERS, (3 * WRITERS).to_string().into_bytes())),
    )?;
    let journal = store.journal(case(1), 0, 1000).await?;
    let revisions: Vec<u64> = journal.iter().map(|record| record.revision).collect();
    equal("the revisions", revisions, (1..=3 * WRITERS).collect())
}

/// Adds one to the number in the state: reads, decides, appends, and begins again when another
/// was first.
async fn add_one(store: &dyn Store, number: u64) -> Verdict {
    loop {
        let (revision, count) = match store.load(case(1)).await? {
            None => (0, 0),
            Some(snapshot) => {
                let count = std::str::from_utf8(&snapshot.state)?.parse::<u64>()?;
                (snapshot.revision, count)
            }
        };
        let mut next = append(case(1), revision);
        next.command = command(case(2), number);
        next.state = (count + 1).to_string().into_bytes();
        match store.append(next).await {
            Ok(_) => return Ok(()),
            Err(AppendError::RevisionConflict { .. } | AppendError::Overloaded) => {}
            Err(other) => return Err(other.into()),
        }
    }
}

pub(super) async fn many_writers_of_many_cases_all_succeed(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let case = case(u128::from(writer));
                for revision in 0..10 {
                    let appended = store.append(append(case, revision)).await?;
                    // A writer reads its own write.
                    let snapshot = store.load(case).await?;
                    equal(
                        "the position",
                        snapshot.map(|snapshot| snapshot.position),
                        Some(appended.position),
                    )?;
                }
                Ok::<(), Breach>(())
            })
        })
        .collect();
    for writer in writers {
        writer.await??;
    }
    let mut all = store.read_all(Position::START, 10_000).await?;
    equal("the number of records", all.len() as u64, 10 * WRITERS)?;
    all.sort_by_key(|record| (record.case, record.revision));
    let wanted = (0..WRITERS).flat_map(|writer| {
        let case = case(u128::from(writer));
        (0..10).map(move |revision| append(case, revision).record)
    });
    equal(
        "the records",
        all.into_iter()
            .map(|record| record.record)
            .collect::<Vec<_>>(),
        wanted.collect(),
    )
}
