//! Signing how the records of a data directory stand, again and again, and reading only those that
//! are new: the file `edge` in `proof/` keeps the right edge of the tree.
//!
//! Nothing in that file is believed. It lies one record behind the checkpoint that it belongs to, so
//! the last record that was signed is read again, and the tree must then have the root that was
//! signed. That shows the position to be right, too. When it does not, all records are read anew,
//! and what they come to is what counts.

use std::path::Path;

use anyhow::Result;
use groundbreak_proof::{Algorithm, Checkpoint, Frontier, Hash, SigningKey, Verifier};
use groundbreak_store::{Position, Record, Store};
use groundbreak_workflow::Text;
use serde::{Deserialize, Serialize};

use crate::commands::sign::{PAGE, Tree};
use crate::disagreement::{Disagreement, of_store};
use crate::proof_directory::{ProofDirectory, open_checkpoint};
use crate::trouble::Trouble;

const FORMAT: &str = "groundbreak-edge-1";

/// A tree over the first records, and where the last of them lies.
#[derive(Clone)]
struct Edge {
    position: Position,
    frontier: Frontier,
}

/// An edge as its file has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    /// Of the last record in the tree; 0 when there is none.
    position: u64,
    size: u64,
    /// The roots of the full subtrees, the largest first. The digest is that of the checkpoint.
    roots: Vec<Hash>,
}

impl Edge {
    /// The tree without records.
    fn start(algorithm: Algorithm) -> Self {
        Self {
            position: Position::START,
            frontier: Frontier::new(algorithm),
        }
    }

    fn write(&self) -> Result<String> {
        let written = Written {
            format: FORMAT.to_owned(),
            position: self.position.number(),
            size: self.frontier.size(),
            roots: self.frontier.roots().to_vec(),
        };
        Ok(serde_json::to_string(&written)? + "\n")
    }

    /// Reads an edge that lies before the end of the checkpoint.
    fn read(text: &str, signed: &Checkpoint) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        if written.format != FORMAT || written.size >= signed.size {
            return None;
        }
        Some(Self {
            position: Position::new(written.position),
            frontier: Frontier::resume(signed.algorithm, written.size, written.roots)?,
        })
    }
}

/// Signs checkpoints of a data directory, each over what was signed before and what is new.
pub(crate) struct Signer {
    directory: ProofDirectory,
    algorithm: Algorithm,
    /// The last checkpoint.
    signed: Option<Checkpoint>,
    /// All records that were read.
    tree: Tree,
    /// The position of the last of them.
    position: Position,
    /// The same without the last one.
    edge: Edge,
}

impl Signer {
    /// Begins where nothing was read. `digest` says with what the first checkpoint is made.
    pub(crate) fn open(
        data: &Path,
        verifier: &Verifier,
        digest: Option<Algorithm>,
    ) -> Result<Self> {
        let directory = ProofDirectory::of(data);
        let signed = match directory.checkpoint()? {
            Some(note) => Some(open_checkpoint(
                &directory.checkpoint_path(),
                &note,
                verifier,
            )?),
            None => None,
        };
        let algorithm = match (&signed, digest) {
            (Some(signed), Some(digest)) if signed.algorithm != digest => {
                return Err(Trouble::BadArgument {
                    argument: "--digest".to_owned(),
                    problem: Text::new(
                        format!("此目录已用 {} 签名。", signed.algorithm.name()),
                        format!(
                            "this directory is signed with {} already.",
                            signed.algorithm.name()
                        ),
                    ),
                }
                .into());
            }
            (Some(signed), _) => signed.algorithm,
            (None, digest) => digest.unwrap_or_default(),
        };
        Ok(Self {
            directory,
            algorithm,
            tree: Tree::new(algorithm, signed.clone()),
            signed,
            position: Position::START,
            edge: Edge::start(algorithm),
        })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Reads the records from the kept edge on, or all of them when it cannot be used; then it says
    /// why. Fails with a [`Disagreement`] when the records do not begin with those that were signed.
    pub(crate) async fn resume(&mut self, store: &dyn Store) -> Result<Option<Text>> {
        let Some(signed) = self.signed.clone().filter(|signed| signed.size > 0) else {
            self.read_all(store, |_, _, _| {}).await?;
            return Ok(None);
        };
        let kept = match self.directory.edge() {
            Ok(None) => Err(Text::new(
                "proof/edge 不在，已重新读取全部记录",
                "proof/edge is not there, and all records were read anew",
            )),
            Ok(Some(text)) => Edge::read(&text, &signed).ok_or_else(unfit),
            Err(_) => Err(unfit()),
        };
        let said = match kept {
            Ok(edge) => {
                self.go_on_from(edge);
                let read = self.read_new(store, |_, _, _| {}).await;
                match read.and_then(|()| self.tree.end()) {
                    Ok(()) => return Ok(None),
                    // Whether it is the edge or the records, only the records can say.
                    Err(error) if error.is::<Disagreement>() => unfit(),
                    Err(error) => return Err(error),
                }
            }
            Err(said) => said,
        };
        self.read_all(store, |_, _, _| {}).await?;
        Ok(Some(said))
    }

    /// Reads all records anew, and shows each with its index and leaf. Fails with a
    /// [`Disagreement`] when they do not begin with those that were signed.
    pub(crate) async fn read_all(
        &mut self,
        store: &dyn Store,
        visit: impl FnMut(u64, Hash, &Record),
    ) -> Result<()> {
        self.go_on_from(Edge::start(self.algorithm));
        self.read_new(store, visit).await?;
        self.tree.end()
    }

    /// Reads the records behind those that were read.
    pub(crate) async fn read_new(
        &mut self,
        store: &dyn Store,
        mut visit: impl FnMut(u64, Hash, &Record),
    ) -> Result<()> {
        loop {
            let page = store
                .read_all(self.position, PAGE)
                .await
                .map_err(of_store)?;
            let Some((last, before)) = page.split_last() else {
                return Ok(());
            };
            let mut take = |tree: &mut Tree, record: &Record| {
                let leaf = self.algorithm.leaf(&record.record);
                visit(tree.size(), leaf, record);
                tree.push(leaf)
            };
            for record in before {
                take(&mut self.tree, record)?;
                self.position = record.position;
            }
            self.edge = Edge {
                position: self.position,
                frontier: self.tree.frontier().clone(),
            };
            take(&mut self.tree, last)?;
            self.position = last.position;
        }
    }

    /// Tells whether there is more than was signed.
    pub(crate) fn has_new(&self) -> bool {
        let signed = self.signed.as_ref();
        signed.is_none_or(|signed| signed.size != self.tree.size())
    }

    /// Signs and keeps a checkpoint of all that was read, and the edge after it: the other way
    /// round, a crash between the two would leave an edge that is ahead of what was signed.
    pub(crate) fn sign(&mut self, key: &SigningKey) -> Result<(Checkpoint, String)> {
        let checkpoint = Checkpoint {
            origin: key.verifier().name().to_owned(),
            size: self.tree.size(),
            root: self.tree.root(),
            algorithm: self.algorithm,
        };
        let note = checkpoint.sign(key);
        self.directory.keep(&note)?;
        self.directory.keep_edge(&self.edge.write()?)?;
        self.signed = Some(checkpoint.clone());
        Ok((checkpoint, note))
    }

    fn go_on_from(&mut self, edge: Edge) {
        self.tree = Tree::resume(edge.frontier.clone(), self.signed.clone());
        self.position = edge.position;
        self.edge = edge;
    }
}

fn unfit() -> Text {
    Text::new(
        "proof/edge 与所签的检查点不符，已重新读取全部记录",
        "proof/edge does not agree with the signed checkpoint, and all records were read anew",
    )
}

#[cfg(test)]
mod tests {
    use groundbreak_store::{Append, MemoryStore};
    use uuid::Uuid;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed("example.test/hall", &[7; 32]).unwrap()
    }

    async fn add(store: &MemoryStore, count: u128) {
        for _ in 0..count {
            let append = Append {
                case: Uuid::new_v4(),
                expected_revision: 0,
                command: Uuid::new_v4(),
                recorded_at: 0,
                record: Uuid::new_v4().as_bytes().to_vec(),
                state: Vec::new(),
                timers: Vec::new(),
                terms: Vec::new(),
            };
            store.append(append).await.unwrap();
        }
    }

    /// The last checkpoint, by reading everything.
    async fn whole(store: &MemoryStore) -> (u64, Hash) {
        let folder = tempfile::tempdir().unwrap();
        let mut signer = Signer::open(folder.path(), key().verifier(), None).unwrap();
        signer.read_all(store, |_, _, _| {}).await.unwrap();
        let (checkpoint, _) = signer.sign(&key()).unwrap();
        (checkpoint.size, checkpoint.root)
    }

    fn open(data: &Path) -> Signer {
        Signer::open(data, key().verifier(), None).unwrap()
    }

    #[tokio::test]
    async fn a_checkpoint_reads_the_last_record_that_was_signed_and_what_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let store = MemoryStore::new();
        for new in [0, 1, 1, 5, 0, 26, 31, 1, 0] {
            add(&store, new).await;
            let mut signer = open(folder.path());
            assert_eq!(signer.resume(&store).await.unwrap(), None);
            let (checkpoint, _) = signer.sign(&key()).unwrap();
            assert_eq!((checkpoint.size, checkpoint.root), whole(&store).await);
            let mut read = 0;
            let mut again = open(folder.path());
            let signed = again.signed.clone().unwrap();
            let text = again.directory.edge().unwrap().unwrap();
            if let Some(edge) = Edge::read(&text, &signed) {
                again.go_on_from(edge);
                again.read_new(&store, |_, _, _| read += 1).await.unwrap();
                again.tree.end().unwrap();
                assert_eq!(read, 1);
            } else {
                assert_eq!(signed.size, 0);
            }
        }
    }

    #[tokio::test]
    async fn an_edge_left_behind_by_a_crash_is_caught_up_with() {
        let folder = tempfile::tempdir().unwrap();
        let store = MemoryStore::new();
        add(&store, 21).await;
        let mut signer = open(folder.path());
        signer.resume(&store).await.unwrap();
        signer.sign(&key()).unwrap();
        let behind = signer.directory.edge().unwrap().unwrap();
        add(&store, 30).await;
        signer.read_new(&store, |_, _, _| {}).await.unwrap();
        assert!(signer.has_new());
        signer.sign(&key()).unwrap();
        assert!(!signer.has_new());
        // As if it had been killed between the two files.
        signer.directory.keep_edge(&behind).unwrap();
        add(&store, 2).await;
        let mut signer = open(folder.path());
        assert_eq!(signer.resume(&store).await.unwrap(), None);
        let (checkpoint, _) = signer.sign(&key()).unwrap();
        assert_eq!((checkpoint.size, checkpoint.root), whole(&store).await);
    }

    #[tokio::test]
    async fn whatever_is_forged_in_an_edge_is_noticed_and_not_signed() {
        let folder = tempfile::tempdir().unwrap();
        let store = MemoryStore::new();
        add(&store, 22).await;
        let mut signer = open(folder.path());
        signer.resume(&store).await.unwrap();
        signer.sign(&key()).unwrap();
        add(&store, 3).await;
        let edge = signer.directory.edge().unwrap().unwrap();
        let written: serde_json::Value = serde_json::from_str(&edge).unwrap();
        let forged = |name: &str, value: serde_json::Value| {
            let mut forged = written.clone();
            assert_ne!(forged[name], value, "{name}");
            forged[name] = value;
            forged.to_string()
        };
        let mut roots = written["roots"].clone();
        roots[1] = roots[0].clone();
        let forgeries = [
            forged("roots", roots),
            forged("roots", serde_json::json!([])),
            forged("position", 20.into()),
            forged("position", 22.into()),
            forged("position", 0.into()),
            forged("position", u64::MAX.into()),
            forged("size", 19.into()),
            forged("size", 22.into()),
            forged("size", u64::MAX.into()),
            forged("format", "groundbreak-edge-2".into()),
            edge[..edge.len() / 2].to_owned(),
            String::new(),
        ];
        let note = signer.directory.checkpoint().unwrap().unwrap();
        for forged in forgeries {
            signer.directory.keep(&note).unwrap();
            signer.directory.keep_edge(&forged).unwrap();
            let mut signer = open(folder.path());
            let said = signer.resume(&store).await.unwrap();
            assert!(
                said.is_some_and(|said| said.en.contains("does not agree")),
                "{forged}"
            );
            let (checkpoint, _) = signer.sign(&key()).unwrap();
            assert_eq!((checkpoint.size, checkpoint.root), whole(&store).await);
        }
    }

    #[tokio::test]
    async fn nothing_is_signed_over_records_that_contradict_what_was_signed() {
        let folder = tempfile::tempdir().unwrap();
        let (store, other) = (MemoryStore::new(), MemoryStore::new());
        add(&store, 9).await;
        let mut signer = open(folder.path());
        signer.resume(&store).await.unwrap();
        signer.sign(&key()).unwrap();
        // Fewer, as many, and more than were signed.
        for more in [4, 5, 6] {
            add(&other, more).await;
            let mut signer = open(folder.path());
            let error = signer.resume(&other).await.unwrap_err();
            assert!(error.is::<Disagreement>(), "{error}");
        }
    }
}
