//! A store on another one, that fails as it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use groundbreak_engine::store::{
    Append, AppendError, Appended, Applied, CloseError, DueTimer, Page, Position, Put, PutError,
    Query, ReadError, Record, Snapshot, Store,
};
use tokio::sync::RwLock;
use uuid::Uuid;

pub(crate) struct FaultyStore {
    pub(crate) below: Arc<dyn Store>,
    /// States come back as bytes that mean nothing.
    pub(crate) garbles_states: AtomicBool,
    /// Records of this case come back as bytes that mean nothing.
    pub(crate) garbles_records_of: std::sync::Mutex<Option<Uuid>>,
    /// Appends are written, and answered as unknown.
    pub(crate) forgets_appends: AtomicBool,
    /// Appends are not written, and answered as unknown.
    pub(crate) loses_appends: AtomicBool,
    /// Appends panic.
    pub(crate) panics: AtomicBool,
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
            garbles_states: AtomicBool::new(false),
            garbles_records_of: std::sync::Mutex::new(None),
            forgets_appends: AtomicBool::new(false),
            loses_appends: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            appending: RwLock::new(()),
            asked_for_timers: AtomicUsize::new(0),
            loads: AtomicUsize::new(0),
        })
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let _appending = self.appending.read().await;
        let unknown = || AppendError::Unknown {
            source: "the disk went away".into(),
        };
        assert!(!self.panics.load(Ordering::SeqCst), "told to panic");
        if self.loses_appends.load(Ordering::SeqCst) {
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
        if let Some(snapshot) = snapshot.as_mut()
            && self.garbles_states.load(Ordering::SeqCst)
        {
            snapshot.state = b"\x01garbage".to_vec();
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
        if *self.garbles_records_of.lock().unwrap() == Some(case) {
            for record in &mut records {
                record.record = b"\x01garbage".to_vec();
            }
        }
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
