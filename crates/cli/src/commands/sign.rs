//! What `checkpoint`, `receipt` and `bundle` have in common: going through all records, and
//! signing how the tree over them stands.

use std::path::Path;

use anyhow::Result;
use groundbreak_proof::{Algorithm, Checkpoint, Frontier, Hash, SigningKey};
use groundbreak_store::{Position, Record, Store};
use groundbreak_workflow::Text;

use super::nodes::Nodes;
use crate::disagreement::{Disagreement, of_store};
use crate::edge::Signer;

/// Records read at once.
pub(crate) const PAGE: usize = 10_000;

/// Goes through all records in the order they were committed.
pub(crate) async fn each_record(
    store: &dyn Store,
    mut visit: impl FnMut(&Record) -> Result<()>,
) -> Result<()> {
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, PAGE).await.map_err(of_store)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.position;
        page.iter().try_for_each(&mut visit)?;
    }
}

/// The tree of a data directory while its records go by, compared with a checkpoint on the way.
pub(crate) struct Tree {
    frontier: Frontier,
    signed: Option<Checkpoint>,
}

impl Tree {
    pub(crate) fn new(algorithm: Algorithm, signed: Option<Checkpoint>) -> Self {
        Self {
            frontier: Frontier::new(algorithm),
            signed,
        }
    }

    /// Goes on from a tree that is not known to be right. Whether it is, [`Tree::push`] and
    /// [`Tree::end`] say when the number of records is that of the checkpoint.
    pub(crate) fn resume(frontier: Frontier, signed: Option<Checkpoint>) -> Self {
        Self { frontier, signed }
    }

    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    pub(crate) fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    pub(crate) fn push(&mut self, leaf: Hash) -> Result<()> {
        self.frontier.push(leaf);
        self.compare()
    }

    /// Ends: there must be at least as many records as were signed.
    pub(crate) fn end(&self) -> Result<()> {
        self.compare()?;
        match &self.signed {
            Some(signed) if signed.size > self.size() => Err(Disagreement::new(
                signed_place(signed),
                Text::new(
                    format!("当时有 {} 条记录，现在只有 {} 条", signed.size, self.size()),
                    format!(
                        "{} records were signed, and there are {}",
                        signed.size,
                        self.size()
                    ),
                ),
            )
            .into()),
            _ => Ok(()),
        }
    }

    fn compare(&self) -> Result<()> {
        match &self.signed {
            Some(signed) if signed.size == self.size() && signed.root != self.root() => {
                Err(Disagreement::new(
                    signed_place(signed),
                    Text::new(
                        format!("前 {} 条记录已不是当时所签的", signed.size),
                        format!(
                            "the first {} records are not those that were signed",
                            signed.size
                        ),
                    ),
                )
                .into())
            }
            _ => Ok(()),
        }
    }
}

fn signed_place(signed: &Checkpoint) -> Text {
    Text::new(
        format!("{} 条记录的检查点", signed.size),
        format!("the checkpoint of {} records", signed.size),
    )
}

/// A checkpoint that was signed, and what proofs to it are made from.
pub(super) struct Signed {
    pub(super) checkpoint: Checkpoint,
    pub(super) note: String,
    pub(super) nodes: Nodes,
}

/// Goes through all records, checks that they begin with those of the last checkpoint, and signs
/// and keeps a checkpoint of them as they stand. `visit` sees every record with its index, and says
/// whether a proof is to be made that begins or ends at it.
pub(super) async fn sign(
    store: &dyn Store,
    data: &Path,
    key: &SigningKey,
    digest: Option<Algorithm>,
    mut visit: impl FnMut(u64, &Record) -> bool,
) -> Result<Signed> {
    let mut signer = Signer::open(data, key.verifier(), digest)?;
    let mut nodes = Nodes::new(signer.algorithm());
    let take = |index, leaf, record: &Record| nodes.push(leaf, visit(index, record));
    signer.read_all(store, take).await?;
    let (checkpoint, note) = signer.sign(key)?;
    Ok(Signed {
        checkpoint,
        note,
        nodes,
    })
}
