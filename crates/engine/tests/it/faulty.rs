//! A store on another one, that fails as it is told.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use groundbreak_engine::store::{
    Append, AppendError, Appended, Applied, CloseError, DueTimer, Page, Position, Put, PutError,
    Query, ReadError, Record, Snapshot, Store,
};
use groundbreak_engine::workflow::CaseId;
use tokio::sync::RwLock;
use uuid::Uuid;

type Alters<T> = Box<dyn Fn(&mut T) + Send>;

pub(crate) struct FaultyStore {
    pub(crate) below: Arc<dyn Store>,
    /// What happens to a snapshot on its way out.
    alters_snapshots: Mutex<Alters<Snapshot>>,
    /// What happens to the records of a journal on their way out.
    alters_records: Mutex<Alters<Vec<Record>>>,
    /// Appends are written, and answered as unknown.
    pub(crate) forgets_appends: AtomicBool,
    /// Appends are not written, and answered as unknown.
    pub(crate) loses_appends: AtomicBool,
    /// How many more appends are written; the others are lost, and answered as unknown.
    appends_left: AtomicUsize,
    /// Appends panic.
    pub(crate) panics: AtomicBool,
    /// Appends to this case panic.
    pub(crate) panics_on: Mutex<Option<CaseId>>,
    /// Appends wait while a test holds this for writing.
    pub(crate) appending: RwLock<()>,
    /// How often due timers were asked for.
    pub(crate) asked_for_timers: AtomicUsize,
    /// How often a case was read.
    pub(crate) loads: AtomicUsize,
}

impl FaultyStore {
    /// A store without faults, for now.
    pub(crate) fn on(below: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            below,
            alters_snapshots: Mutex::new(Box::new(|_| {})),
            alters_records: Mutex::new(Box::new(|_| {})),
            forgets_appends: AtomicBool::new(false),
            loses_appends: AtomicBool::new(false),
            appends_left: AtomicUsize::new(usize::MAX),
            panics: AtomicBool::new(false),
            panics_on: Mutex::new(None),
            appending: RwLock::new(()),
            asked_for_timers: AtomicUsize::new(0),
            loads: AtomicUsize::new(0),
        })
    }

    /// From now on, so many appends are written, and no more.
    pub(crate) fn loses_appends_after(&self, appends: usize) {
        self.appends_left.store(appends, Ordering::SeqCst);
    }

    pub(crate) fn alter_snapshots(&self, alter: impl Fn(&mut Snapshot) + Send + 'static) {
        *self.alters_snapshots.lock().unwrap() = Box::new(alter);
    }

    pub(crate) fn alter_records(&self, alter: impl Fn(&mut Vec<Record>) + Send + 'static) {
        *self.alters_records.lock().unwrap() = Box::new(alter);
    }

    /// From now on, states come back as bytes that mean nothing.
    pub(crate) fn garble_states(&self) {
        self.alter_snapshots(|snapshot| snapshot.state = b"\x01garbage".to_vec());
    }

    /// From now on, the records of this case come back as bytes that mean nothing.
    pub(crate) fn garble_records_of(&self, case: CaseId) {
        self.alter_records(move |records| {
            for record in records.iter_mut().filter(|record| record.case == case.0) {
                record.record = b"\x01garbage".to_vec();
            }
        });
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let _appending = self.appending.read().await;
        let unknown = || AppendError::Unknown {
            source: "the disk went away".into(),
        };
        let panics_on = *self.panics_on.lock().unwrap();
        assert!(
            !self.panics.load(Ordering::SeqCst) && panics_on != Some(CaseId(append.case)),
            "told to panic"
        );
        let left = |left: usize| left.checked_sub(1);
        let none_left = self
            .appends_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
            .is_err();
        if none_left || self.loses_appends.load(Ordering::SeqCst) {
            return Err(unknown());
        }
        let appended = self.below.append(append).await?;
        if self.forgets_appends.load(Ordering::SeqCst) {
            return Err(unknown());
        }
        Ok(appended)
    }

    async fn load(&self, case: Uuid) -> Result<Option<Snapshot>, ReadError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let mut snapshot = self.below.load(case).await?;
        if let Some(snapshot) = snapshot.as_mut() {
            self.alters_snapshots.lock().unwrap()(snapshot);
        }
        Ok(snapshot)
    }

    async fn journal(
        &self,
        case: Uuid,
        after_revision: u64,
        limit: usize,
    ) -> Result<Vec<Record>, ReadError> {
        let mut records = self.below.journal(case, after_revision, limit).await?;
        self.alters_records.lock().unwrap()(&mut records);
        Ok(records)
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        self.below.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.below.head().await
    }

    async fn due_timers(
        &self,
        until: i64,
        after: Option<&DueTimer>,
        limit: usize,
    ) -> Result<Vec<DueTimer>, ReadError> {
        self.asked_for_timers.fetch_add(1, Ordering::SeqCst);
        self.below.due_timers(until, after, limit).await
    }

    async fn next_due(&self) -> Result<Option<i64>, ReadError> {
        self.below.next_due().await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        self.below.query(query).await
    }

    async fn find_command(&self, command: Uuid) -> Result<Option<Applied>, ReadError> {
        self.below.find_command(command).await
    }

    async fn metadata(&self, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.below.metadata(key).await
    }

    async fn put_metadata(&self, key: &str, value: Vec<u8>, put: Put) -> Result<(), PutError> {
        self.below.put_metadata(key, value, put).await
    }

    async fn remove_metadata(&self, key: &str) -> Result<(), PutError> {
        self.below.remove_metadata(key).await
    }

    async fn list_metadata(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, ReadError> {
        self.below.list_metadata(prefix, after, limit).await
    }

    async fn close(&self) -> Result<(), CloseError> {
        self.below.close().await
    }
}
