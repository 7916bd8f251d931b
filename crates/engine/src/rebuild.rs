//! A store is made anew from its journal and its metadata.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use groundbreak_store::{Append, AppendError, Appended, Position, Put, Record, Store};
use groundbreak_workflow::{Case, CaseId, CommitDigest, decode_case, encode_case};

use crate::definitions::{LoadError, PREFIX, Published};
use crate::runtime::read_record;
use crate::submit::{kept_terms, kept_timers};
use crate::{CaseFault, Failure, OpenError};

/// The most appends under way, and the most bytes of them: fewer than any store has room for.
const APPENDS_AT_ONCE: usize = 512;
const BYTES_AT_ONCE: usize = 16 << 20;

/// The most cases that are held as they are folded so far, and the most bytes of their states. Any
/// other comes from the store that is filled when its next record does.
const CASES_HELD: usize = 4_096;
const STATE_BYTES_HELD: usize = 64 << 20;

/// What was made anew.
#[derive(Debug)]
pub struct Rebuilt {
    /// How many records were written.
    pub records: u64,
    /// How many cases they belong to.
    pub cases: u64,
    /// How many metadata entries were written.
    pub entries: u64,
    /// Cases that do not go on, each with its first fault. Their journals were written whole; the
    /// engine answers for them as it did before, and no list or timer has them.
    pub damaged: Vec<DamagedCase>,
}

/// A case whose journal does not fold, or whose workflow is not there.
#[derive(Debug)]
pub struct DamagedCase {
    /// The case.
    pub case: CaseId,
    /// What is wrong with it.
    pub fault: CaseFault,
}

/// Why a store was not made anew. What was written so far is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError<E: std::error::Error + 'static> {
    /// The store that is to be filled holds something.
    #[error("the store to be filled is not empty")]
    NotEmpty,
    /// What it is made from could not be read.
    #[error(transparent)]
    Source(E),
    /// A definition cannot be used by this version of the program.
    #[error(transparent)]
    Definition(OpenError),
    /// A record does not follow the one of its case that was read before, or the store put it
    /// somewhere else than behind the others.
    #[error("revision {revision} of case {case} is out of order")]
    Order {
        /// The case.
        case: CaseId,
        /// The revision.
        revision: u64,
    },
    /// The store does not go along.
    #[error(transparent)]
    Failed(Failure),
}

/// Fills an empty store from metadata entries and from all records of another, in the order they
/// were committed. What the store keeps beside the records (states, timers, terms) is computed
/// from them, as when they were decided.
///
/// The order of the records is kept; their positions may be other ones. `progress` is told the
/// number of records that are durable, every thousand or so and in the end. In memory are the few thousand
/// cases that were folded last, at most 64 MiB of states or one case that is larger; each damaged case
/// with its fault; and what the store itself keeps there.
///
/// # Errors
///
/// See [`RebuildError`]. A case that cannot go on is no error: see [`Rebuilt::damaged`].
pub async fn rebuild<E: std::error::Error + Send + 'static>(
    store: &dyn Store,
    entries: Vec<(String, Vec<u8>)>,
    records: impl Iterator<Item = Result<Record, E>>,
    mut progress: impl FnMut(u64),
) -> Result<Rebuilt, RebuildError<E>> {
    let failed = |failure: Failure| RebuildError::Failed(failure);
    let head = store.head().await.map_err(|error| failed(error.into()))?;
    let keys = store.list_metadata("", "", 1).await;
    if head > Position::START || !keys.map_err(|error| failed(error.into()))?.is_empty() {
        return Err(RebuildError::NotEmpty);
    }
    let mut published = Published::default();
    let mut kept = 0;
    for (key, value) in entries {
        if key.starts_with(PREFIX) {
            published
                .add(&key, &value)
                .map_err(|error: LoadError| RebuildError::Definition(error.into()))?;
        }
        store
            .put_metadata(&key, value, Put::Replace)
            .await
            .map_err(|source| {
                failed(Failure::StoreUnavailable {
                    source: source.into(),
                })
            })?;
        kept += 1;
    }
    let mut folding = Folding {
        store,
        published,
        held: Held::default(),
        damaged: HashMap::new(),
        begun: 0,
        cases: 0,
    };
    let mut writing = Writing {
        store,
        under_way: FuturesOrdered::new(),
        bytes: 0,
        last: Position::START,
        written: 0,
    };
    let mut told = 0;
    for record in records {
        let record = record.map_err(RebuildError::Source)?;
        let append = folding.append(record, writing.written).await?;
        writing.begin(append).await?;
        if writing.written >= told + 1_000 {
            told = writing.written;
            progress(told);
        }
    }
    while !writing.under_way.is_empty() {
        writing.end_one().await?;
    }
    progress(writing.written);
    let mut damaged: Vec<DamagedCase> = folding
        .damaged
        .into_iter()
        .map(|(case, (_, fault))| DamagedCase { case, fault })
        .collect();
    damaged.sort_by_key(|damaged| damaged.case);
    Ok(Rebuilt {
        records: writing.written,
        cases: folding.cases,
        entries: kept,
        damaged,
    })
}

/// The cases as far as their records were read.
struct Folding<'a> {
    store: &'a dyn Store,
    published: Published,
    held: Held,
    /// By case: the revision of its last record, and its first fault.
    damaged: HashMap<CaseId, (u64, CaseFault)>,
    /// How many records were read.
    begun: u64,
    cases: u64,
}

/// The cases that were folded last.
#[derive(Default)]
struct Held {
    /// By case: the number of its last record, and the bytes of its state.
    cases: HashMap<CaseId, (u64, usize, Box<Case>)>,
    by_number: BTreeMap<u64, CaseId>,
    bytes: usize,
}

impl Held {
    fn take(&mut self, id: CaseId) -> Option<Box<Case>> {
        let (number, bytes, case) = self.cases.remove(&id)?;
        self.by_number.remove(&number);
        self.bytes -= bytes;
        Some(case)
    }

    /// Lets go of the oldest cases beyond the bounds. Those whose last record is not among the first
    /// `written` cannot be read from the store yet.
    fn put(&mut self, number: u64, bytes: usize, case: Box<Case>, written: u64) {
        self.by_number.insert(number, case.id);
        self.bytes += bytes;
        self.cases.insert(case.id, (number, bytes, case));
        while self.cases.len() > CASES_HELD || self.bytes > STATE_BYTES_HELD {
            match self.by_number.first_key_value() {
                Some((number, id)) if *number <= written => {
                    let id = *id;
                    self.take(id);
                }
                _ => return,
            }
        }
    }
}

impl Folding<'_> {
    /// Returns what is to be written with a record. The first `written` records are durable.
    async fn append<E: std::error::Error + 'static>(
        &mut self,
        record: Record,
        written: u64,
    ) -> Result<Append, RebuildError<E>> {
        let id = CaseId(record.case);
        self.begun += 1;
        let (revision, before) = match self.damaged.get(&id) {
            Some((revision, _)) => (*revision, None),
            None => {
                let before = self.before(id).await.map_err(RebuildError::Failed)?;
                (before.as_ref().map_or(0, |case| case.revision), before)
            }
        };
        if record.revision != revision + 1 {
            return Err(RebuildError::Order {
                case: id,
                revision: record.revision,
            });
        }
        if revision == 0 {
            self.cases += 1;
        }
        let mut append = Append {
            case: record.case,
            expected_revision: revision,
            command: record.command,
            recorded_at: record.recorded_at,
            record: Vec::new(),
            state: Vec::new(),
            timers: Vec::new(),
            terms: Vec::new(),
        };
        if let Some((revision, _)) = self.damaged.get_mut(&id) {
            *revision = record.revision;
        } else {
            match self.fold(before, &record, &mut append) {
                Ok(case) => self.held.put(self.begun, append.state.len(), case, written),
                Err(fault) => {
                    self.damaged.insert(id, (record.revision, fault));
                }
            }
        }
        append.record = record.record;
        Ok(append)
    }

    /// Returns a case that is not damaged as its records so far left it; `None` before its first.
    async fn before(&mut self, id: CaseId) -> Result<Option<Box<Case>>, Failure> {
        if let Some(case) = self.held.take(id) {
            return Ok(Some(case));
        }
        let Some(snapshot) = self.store.load(id.0).await? else {
            return Ok(None);
        };
        let case = decode_case(&snapshot.state).map_err(|source| Failure::CaseDamaged {
            case: id,
            fault: CaseFault::Record {
                revision: snapshot.revision,
                source,
            },
        })?;
        Ok(Some(Box::new(case)))
    }

    /// Folds a record into its case, and puts what the store keeps of the case beside it.
    fn fold(
        &self,
        before: Option<Box<Case>>,
        record: &Record,
        append: &mut Append,
    ) -> Result<Box<Case>, CaseFault> {
        let digest = CommitDigest::of(&record.record);
        let folded = read_record(record).and_then(|commit| match before {
            Some(mut case) => {
                case.apply(&commit, digest)?;
                Ok(case)
            }
            None => Ok(Box::new(Case::open(&commit, digest)?)),
        });
        folded.and_then(|case| {
            let definition = || CaseFault::Definition {
                workflow: case.workflow.clone(),
                version: case.version,
            };
            let library = &self.published.library;
            let workflow = library
                .workflow(&case.workflow, Some(case.version))
                .ok()
                .filter(|workflow| workflow.digest == case.digest)
                .filter(|workflow| workflow.knows_calendars_of(&case))
                .ok_or_else(definition)?;
            let (timers, terms) = workflow.timers_and_terms(&case)?;
            append.state = encode_case(&case);
            append.timers = kept_timers(timers);
            append.terms = kept_terms(terms);
            Ok(case)
        })
    }
}

type UnderWay<'a> =
    Pin<Box<dyn Future<Output = (Result<Appended, AppendError>, usize, CaseId, u64)> + Send + 'a>>;

/// The appends under way. They are handed to the store in order, and answered in order.
struct Writing<'a> {
    store: &'a dyn Store,
    under_way: FuturesOrdered<UnderWay<'a>>,
    bytes: usize,
    last: Position,
    written: u64,
}

impl Writing<'_> {
    async fn begin<E: std::error::Error + 'static>(
        &mut self,
        append: Append,
    ) -> Result<(), RebuildError<E>> {
        let bytes = append.record.len() + append.state.len() + 1_024;
        while self.under_way.len() >= APPENDS_AT_ONCE
            || (!self.under_way.is_empty() && self.bytes + bytes > BYTES_AT_ONCE)
        {
            self.end_one().await?;
        }
        self.bytes += bytes;
        let (store, case) = (self.store, CaseId(append.case));
        let revision = append.expected_revision + 1;
        self.under_way.push_back(Box::pin(async move {
            (store.append(append).await, bytes, case, revision)
        }));
        Ok(())
    }

    /// Waits for the append that was begun first.
    async fn end_one<E: std::error::Error + 'static>(&mut self) -> Result<(), RebuildError<E>> {
        let Some((appended, bytes, case, revision)) = self.under_way.next().await else {
            return Ok(());
        };
        let position = appended
            .map_err(|error| RebuildError::Failed(error.into()))?
            .position;
        // Records that were under way at once are in the order they were begun.
        if position <= self.last {
            return Err(RebuildError::Order { case, revision });
        }
        self.last = position;
        self.bytes -= bytes;
        self.written += 1;
        Ok(())
    }
}
