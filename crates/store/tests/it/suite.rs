//! The suite must notice a store that breaks the contract. Each row is a store with one fault,
//! and the rules that tell of it.

use std::sync::Arc;

use async_trait::async_trait;
use groundbreak_store::conformance::{self, Factory};
use groundbreak_store::{
    Append, AppendError, Appended, Applied, Cause, CloseError, DueTimer, MemoryStore, Page,
    Position, Put, PutError, Query, ReadError, Record, Snapshot, Store,
};
use uuid::Uuid;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    ForgetsCommands,
    IgnoresTheRevision,
    LosesTimers,
    LosesOneTerm,
    CutsLongStates,
    SkipsRecordsInTheFeed,
    AnswersWithoutBound,
    TimersAMillisecondLate,
    CountsOnlyThePage,
    CreatesTwice,
    ForgetsAtClosing,
    WorksAfterClosing,
}

struct Faulty {
    store: MemoryStore,
    fault: Fault,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

struct FaultyFactory {
    first: MemoryStore,
    fault: Fault,
}

#[async_trait]
impl Factory for FaultyFactory {
    async fn open(&self) -> Result<Arc<dyn Store>, Cause> {
        let store = if self.fault == Fault::ForgetsAtClosing {
            MemoryStore::new()
        } else {
            self.first.reopen()
        };
        Ok(Arc::new(Faulty {
            store,
            fault: self.fault,
        }))
    }
}

#[async_trait]
impl Store for Faulty {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        if self.has(Fault::ForgetsCommands) {
            append.command = Uuid::new_v4();
        }
        if self.has(Fault::IgnoresTheRevision) {
            let snapshot = self.store.load(append.case).await.ok().flatten();
            append.expected_revision = snapshot.map_or(0, |snapshot| snapshot.revision);
        }
        if self.has(Fault::LosesTimers) {
            append.timers.clear();
        }
        if self.has(Fault::LosesOneTerm) {
            append.terms.pop();
        }
        if self.has(Fault::CutsLongStates) {
            append.state.truncate(4096);
        }
        self.store.append(append).await
    }

    async fn load(&self, case: Uuid) -> Result<Option<Snapshot>, ReadError> {
        self.store.load(case).await
    }

    async fn journal(
        &self,
        case: Uuid,
        after_revision: u64,
        limit: usize,
    ) -> Result<Vec<Record>, ReadError> {
        let mut records = self.store.journal(case, after_revision, limit).await?;
        while self.has(Fault::AnswersWithoutBound) && records.len() < limit {
            let last = records.last().map_or(after_revision, |last| last.revision);
            let more = self.store.journal(case, last, limit).await?;
            if more.is_empty() {
                break;
            }
            records.extend(more);
        }
        Ok(records)
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        let mut records = self.store.read_all(after, limit).await?;
        if self.has(Fault::SkipsRecordsInTheFeed) {
            records.retain(|record| record.position.number() % 5 != 3);
        }
        Ok(records)
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.store.head().await
    }

    async fn due_timers(
        &self,
        until: i64,
        after: Option<&DueTimer>,
        limit: usize,
    ) -> Result<Vec<DueTimer>, ReadError> {
        let late = i64::from(self.has(Fault::TimersAMillisecondLate));
        self.store.due_timers(until - late, after, limit).await
    }

    async fn next_due(&self) -> Result<Option<i64>, ReadError> {
        self.store.next_due().await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        let mut page = self.store.query(query).await?;
        if self.has(Fault::CountsOnlyThePage) {
            page.total = page.hits.len() as u64;
        }
        Ok(page)
    }

    async fn find_command(&self, command: Uuid) -> Result<Option<Applied>, ReadError> {
        self.store.find_command(command).await
    }

    async fn metadata(&self, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.store.metadata(key).await
    }

    async fn put_metadata(&self, key: &str, value: Vec<u8>, put: Put) -> Result<(), PutError> {
        let put = if self.has(Fault::CreatesTwice) {
            Put::Replace
        } else {
            put
        };
        self.store.put_metadata(key, value, put).await
    }

    async fn remove_metadata(&self, key: &str) -> Result<(), PutError> {
        self.store.remove_metadata(key).await
    }

    async fn list_metadata(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, ReadError> {
        self.store.list_metadata(prefix, after, limit).await
    }

    async fn close(&self) -> Result<(), CloseError> {
        if self.has(Fault::WorksAfterClosing) {
            return Ok(());
        }
        self.store.close().await
    }
}

/// Runs the suite on a store with a fault, and checks that it names at least these rules.
async fn check(fault: Fault, wanted: &[&str]) {
    let broken = conformance::run(|| FaultyFactory {
        first: MemoryStore::new(),
        fault,
    })
    .await;
    let rules: Vec<&str> = broken.iter().map(|broken| broken.rule).collect();
    if fault == Fault::None {
        assert!(rules.is_empty(), "{broken:?}");
    }
    for rule in wanted {
        assert!(
            rules.contains(rule),
            "{fault:?} was not told by {rule}: {rules:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_a_store_is_told_by_the_rule_it_breaks() {
    let rows: [(Fault, &[&str]); 13] = [
        (Fault::None, &[]),
        (
            Fault::ForgetsCommands,
            &["a_command_id_is_unique_in_the_whole_store"],
        ),
        (
            Fault::IgnoresTheRevision,
            &[
                "a_stale_revision_is_refused_and_writes_nothing",
                "a_case_that_exists_is_not_created_again",
            ],
        ),
        (
            Fault::LosesTimers,
            &["an_append_writes_record_state_timers_and_terms"],
        ),
        (
            Fault::LosesOneTerm,
            &["an_append_writes_record_state_timers_and_terms"],
        ),
        (
            Fault::CutsLongStates,
            &["records_and_states_of_every_size_come_back"],
        ),
        (
            Fault::SkipsRecordsInTheFeed,
            &["positions_grow_and_read_all_returns_the_order_of_commits"],
        ),
        (
            Fault::AnswersWithoutBound,
            &["a_large_answer_ends_early_but_never_empty"],
        ),
        (
            Fault::TimersAMillisecondLate,
            &["timers_come_by_instant_then_case_then_id"],
        ),
        (
            Fault::CountsOnlyThePage,
            &["pages_together_hold_every_case_once"],
        ),
        (Fault::CreatesTwice, &["an_entry_is_created_once"]),
        (
            Fault::ForgetsAtClosing,
            &["everything_is_there_after_reopening"],
        ),
        (
            Fault::WorksAfterClosing,
            &["a_closed_store_refuses_and_closes_twice"],
        ),
    ];
    for (fault, wanted) in rows {
        check(fault, wanted).await;
    }
}
