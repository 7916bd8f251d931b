use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use groundbreak_proof::{Algorithm, Verifier};
use groundbreak_store::{Record, Snapshot, Store};
use groundbreak_store_sled::VerifyError;
use groundbreak_workflow::{CommitDigest, Text, decode_case, encode_case};

use super::Counts;
use crate::commands::folding::{Folding, commit};
use crate::commands::sign::Tree;
use crate::definitions::read_text;
use crate::directory;
use crate::disagreement::{Disagreement, of_store, record_place};
use crate::proof_directory::{BYTES_MAX, ProofDirectory, open_checkpoint};
use crate::trouble::Trouble;

/// Checks a whole data directory: the store by its own checksums and chain, every record as the
/// commit the store says it is, every case as the fold of its journal, and the tree over all
/// records with the checkpoint.
///
/// The bytes are read once for all of that, on all cores, and no case is held beyond its turn.
pub(in crate::commands) async fn check(
    data: &Path,
    key: Option<Verifier>,
    checkpoint: Option<&Path>,
) -> Result<Counts> {
    let store = directory::open_sled(data)?;
    let directory = ProofDirectory::of(data);
    let asked_for = key.is_some();
    let verifier = match key {
        Some(key) => Some(key),
        None => directory.verifier()?,
    };
    let note = match checkpoint {
        Some(path) => Some((path.to_owned(), read_text(path, BYTES_MAX)?)),
        None => directory
            .checkpoint()?
            .map(|note| (directory.checkpoint_path(), note)),
    };
    let signed = match (&note, &verifier) {
        (Some((path, note)), Some(verifier)) => Some(open_checkpoint(path, note, verifier)?),
        (Some((path, _)), None) => {
            return Err(Trouble::BadKey {
                path: path.clone(),
                problem: Text::new(
                    "旁边没有文件 verifier，无从核对签名；请用 --key 给出公钥",
                    "there is no file `verifier` to check its signature with; give one with --key",
                ),
            }
            .into());
        }
        (None, _) => None,
    };
    let algorithm = signed
        .as_ref()
        .map_or(Algorithm::Sha256, |signed| signed.algorithm);
    let mut counts = Counts {
        digest: algorithm.name(),
        signed: signed.as_ref().map(|signed| signed.size),
        signed_by: signed.as_ref().map(|signed| signed.origin.clone()),
        asked_for,
        ..Counts::default()
    };
    let tree = Arc::new(Mutex::new(Tree::new(algorithm, signed)));
    let entries = Arc::new(AtomicU64::new(0));
    let pushed = Arc::clone(&tree);
    let record = move |record: &[u8]| {
        let mut tree = pushed.lock().unwrap_or_else(PoisonError::into_inner);
        tree.push(algorithm.leaf(record))
    };
    let counted = Arc::clone(&entries);
    let case = move |state: &Snapshot, journal: &mut dyn Iterator<Item = Record>| {
        let entries = fold(state, journal)?;
        counted.fetch_add(entries, Ordering::Relaxed);
        Ok(())
    };
    let verified = store.verify_with(record, case).await;
    let verified = verified.map_err(|error| match error {
        VerifyError::Read(error) => of_store(error),
        VerifyError::Found(found) => found,
    })?;
    {
        let tree = tree.lock().unwrap_or_else(PoisonError::into_inner);
        tree.end()?;
        counts.root = Some(tree.root());
    }
    counts.records = verified.records;
    counts.cases = verified.cases;
    counts.entries = entries.load(Ordering::Relaxed);
    store.close().await?;
    Ok(counts)
}

/// Folds the journal of a case, and compares what it comes to with the stored state. Returns how many
/// entries it has.
fn fold(state: &Snapshot, journal: &mut dyn Iterator<Item = Record>) -> Result<u64> {
    let mut folding = Folding::default();
    let mut entries = 0;
    // The state may not have the last commits.
    let has = state.revision - state.behind.len() as u64;
    let mut agrees = has == 0 && state.state.is_empty();
    for record in journal {
        let differs = |problem| {
            let place = record_place(record.position, record.case, record.revision);
            Disagreement::new(place, problem)
        };
        let commit = commit(&record.record).map_err(differs)?;
        let says = (
            commit.case.0,
            commit.revision,
            commit.command.0,
            commit.recorded_at.as_millis(),
        );
        let stands = (
            record.case,
            record.revision,
            record.command,
            record.recorded_at,
        );
        if says != stands {
            return Err(differs(Text::new(
                "其中写的办件、版次、命令或时间与存储不符",
                "the case, revision, command or time in it are not those of the store",
            ))
            .into());
        }
        folding
            .add(&commit, CommitDigest::of(&record.record))
            .map_err(differs)?;
        entries += commit.entries.len() as u64;
        if commit.revision == has {
            // Nearly every state was written in today's form. An older one says the same in other bytes.
            agrees = folding.case().is_some_and(|case| {
                encode_case(case) == state.state
                    || decode_case(&state.state).is_ok_and(|stored| case.is_stored_as(&stored))
            });
        }
    }
    if agrees {
        return Ok(entries);
    }
    let case = state.case;
    Err(Disagreement::new(
        Text::new(
            format!("办件 {case} 的状态"),
            format!("the state of case {case}"),
        ),
        Text::new("不是其流水的结果", "it is not what its journal comes to"),
    )
    .into())
}
