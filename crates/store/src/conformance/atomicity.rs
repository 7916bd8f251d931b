use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::given::{append, case};
use super::{Breach, Factory, Verdict, equal, holds, opened};
use crate::{DueTimer, Query, Record, Store, Term};

pub(super) async fn an_append_writes_record_state_timers_and_terms(
    factory: &dyn Factory,
) -> Verdict {
    let store = opened(factory).await?;
    let written = append(case(7), 0)
        .with_timers(&[("remind", -5)])
        .with_terms([Term::text("stage", "受理"), Term::integer("due", 12)]);
    let appended = store.append(written.clone()).await?;

    let record = Record {
        position: appended.position,
        case: case(7),
        revision: 1,
        command: written.command,
        recorded_at: written.recorded_at,
        record: written.record,
    };
    equal(
        "the journal",
        store.journal(case(7), 0, 9).await?,
        vec![record.clone()],
    )?;
    equal(
        "the order of commits",
        store.read_all(crate::Position::START, 9).await?,
        vec![record],
    )?;
    equal("the head", store.head().await?, appended.position)?;
    let snapshot = store.load(case(7)).await?;
    equal(
        "the state",
        snapshot.map(|snapshot| snapshot.state),
        Some(written.state),
    )?;
    equal(
        "the timers",
        store.due_timers(0, None, 9).await?,
        vec![DueTimer {
            due_at: -5,
            case: case(7),
            id: "remind".to_owned(),
        }],
    )?;
    let query = Query::all(9)
        .with("stage", "受理")
        .within("due", Some(12), Some(13));
    let page = store.query(&query).await?;
    equal("the number of hits", page.total, 1)?;
    equal(
        "the hit",
        page.hits.first().map(|hit| (hit.case, hit.revision)),
        Some((case(7), 1)),
    )
}

pub(super) async fn a_reader_never_sees_half_an_append(factory: &dyn Factory) -> Verdict {
    let store = opened(factory).await?;
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let store = Arc::clone(&store);
        let done = Arc::clone(&done);
        tokio::spawn(async move {
            let mut before = 0;
            let mut rounds = 0;
            while rounds == 0 || !done.load(Ordering::Acquire) {
                before = read_whole(&*store, before).await?;
                rounds += 1;
                tokio::task::yield_now().await;
            }
            Ok::<(), Breach>(())
        })
    };
    for revision in 0..120 {
        let timer = format!("timer {:06}", revision + 1);
        let mut next = append(case(1), revision)
            .with_timers(&[(&timer, 1)])
            .with_terms([Term::integer("revision", revision as i64 + 1)]);
        // Longer than a page of most backends, so that it is stored in pieces.
        next.state = vec![revision as u8; 9000 + revision as usize];
        store.append(next).await?;
    }
    done.store(true, Ordering::Release);
    reader.await?
}

/// Reads the four parts one after the other. Each part must agree in itself, and none may be
/// older than what was seen before it.
async fn read_whole(store: &dyn Store, before: u64) -> Result<u64, Breach> {
    let Some(snapshot) = store.load(case(1)).await? else {
        holds("a case that was seen stays", before == 0)?;
        return Ok(0);
    };
    let revision = snapshot.revision;
    holds("revisions do not go back", revision >= before)?;
    let last = revision - 1;
    let state = vec![last as u8; 9000 + last as usize];
    holds("the state is of its revision", snapshot.state == state)?;

    let journal = store.journal(case(1), last, 1).await?;
    holds(
        "a state is seen only with its record",
        journal.first().is_some_and(|record| {
            record.revision == revision && record.position == snapshot.position
        }),
    )?;
    let timers = store.due_timers(1, None, 9).await?;
    let [timer] = timers.as_slice() else {
        return Err(Breach(format!("one timer is open, not {timers:?}")));
    };
    let number = timer.id.trim_start_matches("timer ").parse::<u64>()?;
    holds("timers are not older than the state", number >= revision)?;
    let page = store
        .query(&Query::all(9).within("revision", Some(revision as i64), None))
        .await?;
    equal("the number of cases with the term", page.total, 1)?;
    Ok(revision)
}
