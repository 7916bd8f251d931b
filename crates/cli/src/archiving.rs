//! The backup that a server writes while it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use groundbreak_archive::{Archive, ArchiveError};
use groundbreak_store::Store;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

/// The name and version that manifests give.
pub(crate) const PROGRAM: &str = concat!("groundbreak ", env!("CARGO_PKG_VERSION"));

/// How long after one look for something new the next one comes.
const INTERVAL: Duration = Duration::from_secs(1);
/// The same, after the archive could not be written.
const INTERVAL_FAILED: Duration = Duration::from_secs(10);

/// A task that follows the journal of a store, on a thread of its own: it waits for the disk.
pub(crate) struct Archiving {
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Archiving {
    /// Backs up everything there is, and then what comes. A directory that cannot be written to
    /// now is an error; one that cannot be later is logged, and tried again.
    pub(crate) async fn start(
        path: PathBuf,
        store: Arc<dyn Store>,
        accounts: PathBuf,
    ) -> Result<Self> {
        let (stopping, mut stopped) = watch::channel(false);
        let handle = Handle::current();
        let first = {
            let (path, store, accounts) = (path.clone(), Arc::clone(&store), accounts.clone());
            let handle = handle.clone();
            spawn_blocking(move || {
                let mut archive = Archive::open(path, PROGRAM)?;
                handle.block_on(follow(&mut archive, store.as_ref(), &accounts))?;
                Ok::<_, ArchiveError>(archive)
            })
        };
        let archive = first.await.context("the archive was not begun")??;
        let task = spawn_blocking(move || {
            handle.block_on(async move {
                let mut archive = Some(archive);
                loop {
                    let wait = if archive.is_some() { INTERVAL } else { INTERVAL_FAILED };
                    let ending = tokio::time::timeout(wait, stopped.wait_for(|stop| *stop))
                        .await
                        .is_ok();
                    let failing = archive.is_none();
                    let followed = match archive.take() {
                        Some(archive) => Ok(archive),
                        None => Archive::open(&path, PROGRAM),
                    };
                    let followed = match followed {
                        Ok(mut archive) => follow(&mut archive, store.as_ref(), &accounts)
                            .await
                            .map(|()| archive),
                        Err(error) => Err(error),
                    };
                    match followed {
                        Ok(whole) => {
                            if failing {
                                tracing::warn!(path = %path.display(), "the archive is whole again");
                            }
                            archive = Some(whole);
                        }
                        Err(error) => {
                            let cause = std::error::Error::source(&error).map(ToString::to_string);
                            tracing::error!(code = error.code(), %error, ?cause, "the archive stands still");
                        }
                    }
                    if ending {
                        return;
                    }
                }
            });
        });
        Ok(Self { stopping, task })
    }

    /// Archives what there is by now, and ends.
    pub(crate) async fn end(self) {
        self.stopping.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the archive was not ended in order");
        }
    }
}

async fn follow(
    archive: &mut Archive,
    store: &dyn Store,
    accounts: &Path,
) -> Result<(), ArchiveError> {
    // They are put in place in one step. Without a file what was kept before stays.
    if let Ok(bytes) = fs::read(accounts) {
        archive.keep_accounts(bytes);
    }
    archive.follow(store).await.map(|_| ())
}
