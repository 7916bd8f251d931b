use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use uuid::Uuid;

use crate::limits::{PAGE_BYTES_MAX, PAGE_ITEMS_MAX};
use crate::{
    Append, AppendError, Appended, Applied, Cause, CloseError, DueTimer, Index, Page, Position,
    Put, PutError, Query, ReadError, Record, Snapshot, Store,
};

/// A store that keeps everything in memory, for tests and for embedders that need no disk.
///
/// Durable means here: as long as a handle on the memory lives. [`MemoryStore::reopen`] gives
/// another handle, as a restarted process would open its directory again.
#[derive(Debug, Default)]
pub struct MemoryStore {
    memory: Arc<Mutex<Memory>>,
    closed: AtomicBool,
}

#[derive(Debug, Default)]
struct Memory {
    // The record at position n is at n - 1.
    records: Vec<Record>,
    cases: HashMap<Uuid, Case>,
    commands: HashMap<Uuid, Applied>,
    metadata: BTreeMap<String, Vec<u8>>,
    index: Index,
}

#[derive(Debug)]
struct Case {
    state: Vec<u8>,
    // Where the records of the case are, by revision less one.
    positions: Vec<Position>,
}

impl MemoryStore {
    /// Returns a store without cases.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns another handle on the same memory. It is open, whether or not this one is.
    #[must_use]
    pub fn reopen(&self) -> Self {
        Self {
            memory: Arc::clone(&self.memory),
            closed: AtomicBool::new(false),
        }
    }

    fn memory(&self) -> Result<MutexGuard<'_, Memory>, Cause> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Cause::from("the store was closed"));
        }
        // A thread that panicked half way may have left half an append behind.
        self.memory
            .lock()
            .map_err(|_| Cause::from("an earlier append panicked"))
    }

    fn read(&self) -> Result<MutexGuard<'_, Memory>, ReadError> {
        self.memory()
            .map_err(|source| ReadError::Unavailable { source })
    }
}

impl Memory {
    fn append(&mut self, append: Append) -> Result<Appended, AppendError> {
        if let Some(applied) = self.commands.get(&append.command) {
            return Err(AppendError::DuplicateCommand {
                command: append.command,
                applied: *applied,
            });
        }
        let actual = self
            .cases
            .get(&append.case)
            .map_or(0, |case| case.positions.len() as u64);
        if actual != append.expected_revision {
            return Err(AppendError::RevisionConflict {
                case: append.case,
                expected: append.expected_revision,
                actual,
            });
        }
        let position = Position::new(self.records.len() as u64 + 1);
        let revision = actual + 1;
        self.records.push(Record {
            position,
            case: append.case,
            revision,
            command: append.command,
            recorded_at: append.recorded_at,
            record: append.record,
        });
        let case = self.cases.entry(append.case).or_insert_with(|| Case {
            state: Vec::new(),
            positions: Vec::new(),
        });
        case.state = append.state;
        case.positions.push(position);
        self.commands.insert(
            append.command,
            Applied {
                case: append.case,
                revision,
                position,
            },
        );
        self.index
            .put(append.case, revision, &append.timers, &append.terms);
        Ok(Appended { revision, position })
    }

    fn records<'a>(
        &'a self,
        positions: impl Iterator<Item = Position> + 'a,
        limit: usize,
    ) -> Vec<Record> {
        let mut bytes = 0;
        let mut answer = Vec::new();
        for position in positions.take(limit.min(PAGE_ITEMS_MAX)) {
            let place = usize::try_from(position.number()).unwrap_or(usize::MAX);
            let Some(record) = place.checked_sub(1).and_then(|at| self.records.get(at)) else {
                break;
            };
            bytes += record.record.len();
            answer.push(record.clone());
            if bytes >= PAGE_BYTES_MAX {
                break;
            }
        }
        answer
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        self.memory()
            .map_err(|source| AppendError::Unavailable { source })?
            .append(append)
    }

    async fn load(&self, case: Uuid) -> Result<Option<Snapshot>, ReadError> {
        let memory = self.read()?;
        Ok(memory.cases.get(&case).and_then(|known| {
            Some(Snapshot {
                case,
                revision: known.positions.len() as u64,
                position: *known.positions.last()?,
                state: known.state.clone(),
                behind: Vec::new(),
            })
        }))
    }

    async fn journal(
        &self,
        case: Uuid,
        after_revision: u64,
        limit: usize,
    ) -> Result<Vec<Record>, ReadError> {
        let memory = self.read()?;
        let Some(known) = memory.cases.get(&case) else {
            return Ok(Vec::new());
        };
        let skipped = usize::try_from(after_revision).unwrap_or(usize::MAX);
        Ok(memory.records(known.positions.iter().copied().skip(skipped), limit))
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        let memory = self.read()?;
        let last = memory.records.len() as u64;
        let first = after.number().saturating_add(1);
        Ok(memory.records((first..=last).map(Position::new), limit))
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(Position::new(self.read()?.records.len() as u64))
    }

    async fn due_timers(
        &self,
        until: i64,
        after: Option<&DueTimer>,
        limit: usize,
    ) -> Result<Vec<DueTimer>, ReadError> {
        Ok(self.read()?.index.due_timers(until, after, limit))
    }

    async fn next_due(&self) -> Result<Option<i64>, ReadError> {
        Ok(self.read()?.index.next_due())
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        query.check()?;
        Ok(self.read()?.index.query(query))
    }

    async fn find_command(&self, command: Uuid) -> Result<Option<Applied>, ReadError> {
        Ok(self.read()?.commands.get(&command).copied())
    }

    async fn metadata(&self, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.read()?.metadata.get(key).cloned())
    }

    async fn put_metadata(&self, key: &str, value: Vec<u8>, put: Put) -> Result<(), PutError> {
        PutError::check(key, &value)?;
        let mut memory = self
            .memory()
            .map_err(|source| PutError::Unavailable { source })?;
        if put == Put::Create && memory.metadata.contains_key(key) {
            return Err(PutError::Exists);
        }
        memory.metadata.insert(key.to_owned(), value);
        Ok(())
    }

    async fn remove_metadata(&self, key: &str) -> Result<(), PutError> {
        PutError::check(key, &[])?;
        self.memory()
            .map_err(|source| PutError::Unavailable { source })?
            .metadata
            .remove(key);
        Ok(())
    }

    async fn list_metadata(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, ReadError> {
        let memory = self.read()?;
        // The prefix itself may be a key, so it is included when the list begins there.
        let start = if after < prefix {
            Bound::Included(prefix)
        } else {
            Bound::Excluded(after)
        };
        Ok(memory
            .metadata
            .range::<str, _>((start, Bound::Unbounded))
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(prefix))
            .take(limit.min(PAGE_ITEMS_MAX))
            .cloned()
            .collect())
    }

    async fn close(&self) -> Result<(), CloseError> {
        self.closed.store(true, Ordering::Release);
        Ok(())
    }
}
