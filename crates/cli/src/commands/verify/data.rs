use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use groundbreak_proof::{Algorithm, Verifier};
use groundbreak_store::{Position, Record, Snapshot, Store};
use groundbreak_workflow::{Case, Commit, CommitDigest, Text, decode_case, decode_commit};
use uuid::Uuid;

use super::Counts;
use crate::commands::sign::Tree;
use crate::definitions::read_text;
use crate::directory;
use crate::disagreement::{Disagreement, of_fold, of_store, record_place};
use crate::proof_directory::{BYTES_MAX, ProofDirectory, open_checkpoint};
use crate::trouble::Trouble;

/// Records read at once.
const PAGE: usize = 10_000;

/// A case whose journal is going by.
struct Folding {
    case: Option<Case>,
    stored: Snapshot,
}

/// Checks a whole data directory: the store by its own checksums and chain, every record as the
/// commit the store says it is, every case as the fold of its journal, and the tree over all
/// records with the checkpoint.
///
/// A case is held in memory from its first record to its last.
pub(super) async fn check(
    data: &Path,
    key: Option<Verifier>,
    checkpoint: Option<&Path>,
) -> Result<Counts> {
    let store = directory::open_sled(data)?;
    store.verify().await.map_err(of_store)?;
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
    let mut tree = Tree::new(algorithm, signed);
    let mut folding: HashMap<Uuid, Folding> = HashMap::new();
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, PAGE).await.map_err(of_store)?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for record in &page {
            tree.push(algorithm.leaf(&record.record))?;
            if record.revision == 1 {
                let stored = store.load(record.case).await.map_err(of_store)?;
                let stored =
                    stored.ok_or_else(|| differs(record, "没有状态", "its case has no state"))?;
                folding.insert(record.case, Folding { case: None, stored });
            }
            let case = folding.get_mut(&record.case).ok_or_else(|| {
                differs(record, "不接续所属办件", "it does not go on from its case")
            })?;
            fold(&mut case.case, &commit(record)?, record)?;
            if record.revision == case.stored.revision {
                compare(case, record)?;
                folding.remove(&record.case);
                counts.cases += 1;
            }
        }
    }
    if let Some((id, case)) = folding.iter().next() {
        return Err(Disagreement::new(
            Text::new(
                format!("办件 {id} 的状态"),
                format!("the state of case {id}"),
            ),
            Text::new(
                format!("是第 {} 版，流水没有那么多", case.stored.revision),
                format!(
                    "it is of revision {}, and the journal ends before",
                    case.stored.revision
                ),
            ),
        )
        .into());
    }
    tree.end()?;
    counts.records = tree.size();
    counts.root = Some(tree.root());
    store.close().await?;
    Ok(counts)
}

/// Reads a record as the commit that the store says it is.
fn commit(record: &Record) -> Result<Commit> {
    let commit = decode_commit(&record.record).map_err(|error| {
        differs(
            record,
            "不能读作一次提交",
            &format!("it cannot be read as a commit: {error}"),
        )
    })?;
    let says = (
        commit.case.0,
        commit.revision,
        commit.command.0,
        commit.recorded_at.as_millis(),
    );
    if says
        != (
            record.case,
            record.revision,
            record.command,
            record.recorded_at,
        )
    {
        return Err(differs(
            record,
            "其中写的办件、版次、命令或时间与存储不符",
            "the case, revision, command or time in it are not those of the store",
        )
        .into());
    }
    Ok(commit)
}

fn fold(case: &mut Option<Case>, commit: &Commit, record: &Record) -> Result<()> {
    let digest = CommitDigest::of(&record.record);
    let folded = match case {
        Some(case) => case.apply(commit, digest),
        None => Case::open(commit, digest).map(|opened| *case = Some(opened)),
    };
    Ok(folded.map_err(|error| {
        let problem = of_fold(&error);
        differs(record, &problem.zh, &problem.en)
    })?)
}

/// Compares the stored state of a case with the fold of its journal.
fn compare(folding: &Folding, record: &Record) -> Result<()> {
    let stored = decode_case(&folding.stored.state).ok();
    let folded = folding.case.as_ref();
    if folded
        .zip(stored.as_ref())
        .is_some_and(|(folded, stored)| folded.is_stored_as(stored))
    {
        return Ok(());
    }
    let case = record.case;
    Err(Disagreement::new(
        Text::new(
            format!("办件 {case} 的状态"),
            format!("the state of case {case}"),
        ),
        Text::new("不是其流水的结果", "it is not what its journal comes to"),
    )
    .into())
}

fn differs(record: &Record, zh: &str, en: &str) -> Disagreement {
    Disagreement::new(
        record_place(record.position, record.case, record.revision),
        Text::new(zh, en),
    )
}
