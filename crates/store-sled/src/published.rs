use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, RwLock, RwLockReadGuard};

use groundbreak_store::{Cause, Index};
use sled::{Db, Tree};
use tokio::sync::watch;
use uuid::Uuid;

use crate::commands::Commands;
use crate::directory::Directory;
use crate::failure::{Failure, guarded};
use crate::recent::Recent;
use crate::unsaved::Unsaved;
use crate::value::Head;

/// What the writer shares with readers.
#[derive(Debug)]
pub(crate) struct Shared {
    database: RwLock<Option<Database>>,
    published: RwLock<Published>,
    pub(crate) recent: Recent,
    progress: watch::Sender<Progress>,
    /// Whether the writer was given up. Beside the progress, so that whoever waits for an answer
    /// is not woken by every group.
    given_up: watch::Sender<bool>,
}

/// The open database. Dropped in this order: sled first, and the lock of the directory last.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) tree: Tree,
    pub(crate) db: Db,
    pub(crate) directory: Directory,
}

/// What is durable and kept in memory.
#[derive(Debug, Default)]
pub(crate) struct Published {
    pub(crate) index: Index,
    /// The states that are not stored yet. Their records are.
    pub(crate) unsaved: HashMap<Uuid, Arc<Unsaved>>,
    pub(crate) entries: BTreeSet<String>,
    pub(crate) commands: Commands,
    pub(crate) head: Head,
}

/// How far everything is durable, and whether the store is still open.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) stamp: u64,
    pub(crate) over: Option<Arc<str>>,
}

impl Shared {
    pub(crate) fn new(database: Database, published: Published) -> Self {
        let (progress, _) = watch::channel(Progress {
            stamp: published.head.stamp,
            over: None,
        });
        Self {
            database: RwLock::new(Some(database)),
            published: RwLock::new(published),
            recent: Recent::default(),
            progress,
            given_up: watch::Sender::new(false),
        }
    }

    /// Why the store does not work any more, if it does not.
    pub(crate) fn over(&self) -> Option<Cause> {
        let progress = self.progress.borrow();
        progress.over.as_deref().map(Cause::from)
    }

    fn check_open(&self) -> Result<(), Failure> {
        match self.over() {
            Some(source) => Err(Failure::Engine { source }),
            None => Ok(()),
        }
    }

    /// Runs a read on the tree. What it finds may not be durable yet; see [`Shared::durable`].
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Tree) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.check_open()?;
        let database = self.database.read().map_err(|_| poisoned())?;
        match database.as_ref() {
            Some(database) => guarded(|| read(&database.tree)),
            None => Err(Failure::Engine {
                source: Cause::from("the store was closed"),
            }),
        }
    }

    /// Waits until the write with this number is durable.
    pub(crate) async fn durable(&self, stamp: u64) -> Result<(), Failure> {
        self.wait(|progress| progress.stamp >= stamp).await
    }

    /// Waits until something is durable that was not at this head.
    pub(crate) async fn beyond(&self, head: Head) -> Result<(), Failure> {
        self.wait(|progress| progress.stamp > head.stamp).await
    }

    async fn wait(&self, reached: impl Fn(&Progress) -> bool) -> Result<(), Failure> {
        let mut progress = self.progress.subscribe();
        // The sender is in `self`, so waiting cannot fail.
        let _ = progress
            .wait_for(|progress| progress.over.is_some() || reached(progress))
            .await;
        self.check_open()
    }

    pub(crate) fn published(&self) -> Result<RwLockReadGuard<'_, Published>, Failure> {
        self.check_open()?;
        self.published.read().map_err(|_| poisoned())
    }

    /// Shows what was made durable. Only the writer calls this.
    pub(crate) fn publish(
        &self,
        change: impl FnOnce(&mut Published) -> Result<(), Failure>,
    ) -> Result<Head, Failure> {
        let head = {
            let mut published = self.published.write().map_err(|_| poisoned())?;
            change(&mut published)?;
            published.head
        };
        self.progress.send_modify(|progress| {
            progress.stamp = head.stamp;
        });
        Ok(head)
    }

    /// Refuses everything from now on, for this reason. The first reason stays.
    pub(crate) fn end(&self, reason: &str) {
        self.progress.send_modify(|progress| {
            progress.over.get_or_insert_with(|| Arc::from(reason));
        });
    }

    /// Ends, and tells those who wait for an answer of the writer not to wait any more.
    pub(crate) fn give_up(&self, reason: &str) {
        self.end(reason);
        self.given_up.send_replace(true);
    }

    /// Waits until the writer is given up, and returns why.
    pub(crate) async fn given_up(&self) -> Cause {
        let mut given_up = self.given_up.subscribe();
        // The sender is in `self`, so waiting cannot fail.
        let _ = given_up.wait_for(|given_up| *given_up).await;
        self.over()
            .unwrap_or_else(|| Cause::from("the writer was given up"))
    }

    /// Takes the database away, once no read runs on it any more.
    pub(crate) fn take_database(&self) -> Option<Database> {
        match self.database.write() {
            Ok(mut database) => database.take(),
            Err(poisoned) => poisoned.into_inner().take(),
        }
    }
}

fn poisoned() -> Failure {
    Failure::Engine {
        source: Cause::from("a thread of the store panicked"),
    }
}
