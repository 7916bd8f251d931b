//! The checkpoints that a server signs while it runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use groundbreak_proof::SigningKey;
use groundbreak_store::Store;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::disagreement::Disagreement;
use crate::edge::Signer;
use crate::proof_directory::ProofDirectory;
use crate::trouble;

/// How long after one look for new records the next one comes.
const INTERVAL: Duration = Duration::from_secs(5);

/// A task that signs how the records of a store stand, on a thread of its own: it waits for the disk.
pub(crate) struct Signing {
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Signing {
    /// Signs now, and whenever there is more; does nothing where no key was made.
    ///
    /// A key that cannot be used is an error. What fails later is logged and tried again, except
    /// that nothing more is signed when the records are not those that were signed before.
    pub(crate) fn start(data: PathBuf, store: Arc<dyn Store>) -> Result<Option<Self>> {
        let Some(key) = ProofDirectory::of(&data).key_if_any()? else {
            return Ok(None);
        };
        let (stopping, stopped) = watch::channel(false);
        let handle = Handle::current();
        let task =
            spawn_blocking(move || handle.block_on(follow(&data, store.as_ref(), &key, stopped)));
        Ok(Some(Self { stopping, task }))
    }

    /// Signs what there is by now, and ends.
    pub(crate) async fn end(self) {
        self.stopping.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the signing of checkpoints was not ended in order");
        }
    }
}

async fn follow(
    data: &Path,
    store: &dyn Store,
    key: &SigningKey,
    mut stopped: watch::Receiver<bool>,
) {
    let mut signer = None;
    let mut failing = false;
    let mut ending = false;
    loop {
        // Reading everything anew may take long, and the next start does it just as well.
        let signed = if signer.is_none() && !ending {
            tokio::select! {
                signed = sign(&mut signer, data, store, key) => signed,
                _ = stopped.wait_for(|stop| *stop) => return,
            }
        } else {
            sign(&mut signer, data, store, key).await
        };
        match signed {
            Ok(()) => {
                if failing {
                    tracing::warn!("checkpoints are signed again");
                }
                failing = false;
            }
            Err(error) => {
                let told = trouble::tell(&error);
                let (code, text, causes) = (told.code, told.text.en, told.causes);
                if error.is::<Disagreement>() {
                    tracing::error!(
                        code,
                        "{text}. No checkpoint is signed any more: keep a copy of the data directory, and see what `groundbreak verify` says"
                    );
                    return;
                }
                if !failing {
                    tracing::error!(code, ?causes, "no checkpoint was signed: {text}");
                }
                failing = true;
            }
        }
        if ending {
            return;
        }
        // Also when nobody is left who could say so.
        ending = tokio::time::timeout(INTERVAL, stopped.wait_for(|stop| *stop))
            .await
            .is_ok();
    }
}

/// Signs when there is more than was signed.
async fn sign(
    signer: &mut Option<Signer>,
    data: &Path,
    store: &dyn Store,
    key: &SigningKey,
) -> Result<()> {
    let signer = match signer {
        Some(signer) => {
            signer.read_new(store, |_, _, _| {}).await?;
            signer
        }
        None => {
            let mut fresh = Signer::open(data, key.verifier(), None)?;
            if let Some(said) = fresh.resume(store).await? {
                tracing::warn!("{}", said.en);
            }
            signer.insert(fresh)
        }
    };
    if signer.has_new() {
        signer.sign(key)?;
    }
    Ok(())
}
