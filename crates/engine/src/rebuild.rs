//! A store is made anew from its journal and its metadata.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use groundbreak_store::{Append, AppendError, Appended, Position, Put, Record, Store};
use groundbreak_workflow::{Case, CaseId, CommitDigest, encode_case};

use crate::definitions::{LoadError, PREFIX, Published};
use crate::runtime::read_record;
use crate::submit::{kept_terms, kept_timers};
use crate::{CaseFault, Failure, OpenError};

/// The most appends under way, and the most bytes of them: fewer than any store has room for.
const APPENDS_AT_ONCE: usize = 512;
const BYTES_AT_ONCE: usize = 16 << 20;

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
/// number of records that are durable, every thousand or so and in the end. Every case is in memory meanwhile.
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
        published,
        cases: HashMap::new(),
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
        let append = folding
            .append(record)
            .map_err(|record| RebuildError::Order {
                case: CaseId(record.case),
                revision: record.revision,
            })?;
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
    let cases = u64::try_from(folding.cases.len()).unwrap_or(u64::MAX);
    let mut damaged: Vec<DamagedCase> = folding
        .cases
        .into_iter()
        .filter_map(|(case, (_, folded))| match folded {
            Folded::Whole(_) => None,
            Folded::Damaged(fault) => Some(DamagedCase { case, fault }),
        })
        .collect();
    damaged.sort_by_key(|damaged| damaged.case);
    Ok(Rebuilt {
        records: writing.written,
        cases,
        entries: kept,
        damaged,
    })
}

/// The cases as far as their records were read.
struct Folding {
    published: Published,
    /// By case: the revision of its last record, and what it folds to.
    cases: HashMap<CaseId, (u64, Folded)>,
}

enum Folded {
    Whole(Box<Case>),
    Damaged(CaseFault),
}

impl Folding {
    /// Returns what is to be written with a record, or the record when one before it is missing.
    fn append(&mut self, record: Record) -> Result<Append, Record> {
        let case = CaseId(record.case);
        let before = self.cases.remove(&case);
        let revision = before.as_ref().map_or(0, |(revision, _)| *revision);
        if record.revision != revision + 1 {
            return Err(record);
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
        let folded = match before.map(|(_, folded)| folded) {
            Some(Folded::Damaged(fault)) => Folded::Damaged(fault),
            Some(Folded::Whole(case)) => self.fold(Some(case), &record, &mut append),
            None => self.fold(None, &record, &mut append),
        };
        self.cases.insert(case, (record.revision, folded));
        append.record = record.record;
        Ok(append)
    }

    /// Folds a record into its case, and puts what the store keeps of the case beside it.
    fn fold(&self, before: Option<Box<Case>>, record: &Record, append: &mut Append) -> Folded {
        let digest = CommitDigest::of(&record.record);
        let folded = read_record(record).and_then(|commit| match before {
            Some(mut case) => {
                case.apply(&commit, digest)?;
                Ok(case)
            }
            None => Ok(Box::new(Case::open(&commit, digest)?)),
        });
        let folded = folded.and_then(|case| {
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
            append.timers = kept_timers(&timers);
            append.terms = kept_terms(&terms);
            Ok(case)
        });
        match folded {
            Ok(case) => Folded::Whole(case),
            Err(fault) => Folded::Damaged(fault),
        }
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
