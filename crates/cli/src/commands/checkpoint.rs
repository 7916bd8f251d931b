use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use groundbreak_proof::{Algorithm, Checkpoint, Hash, SigningKey, tree};
use groundbreak_store::{Record, Store};
use groundbreak_workflow::Text;
use serde::Serialize;

use super::sign::{Signed, sign};
use crate::definitions::read_text;
use crate::directory;
use crate::disagreement::Disagreement;
use crate::edge::Signer;
use crate::proof_directory::{BYTES_MAX, ProofDirectory, open_checkpoint};
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak checkpoint --data data --origin hall.example.gov/cases"
)]
pub(crate) struct Arguments {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Name to sign under, given the first time; without it, one with a random number
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// Digest of the tree, given the first time; SHA-256 without it
    #[arg(long, value_enum)]
    digest: Option<DigestName>,
    /// An earlier checkpoint: prove that the records only grew since, too
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The digest of a tree.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DigestName {
    /// SHA-256.
    Sha256,
    /// SM3, the Chinese national digest.
    Sm3,
}

#[derive(Serialize)]
struct Shown {
    size: u64,
    root: Hash,
    digest: &'static str,
    checkpoint: String,
    verifier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Since>,
}

#[derive(Serialize)]
struct Since {
    size: u64,
    root: Hash,
    consistency: Vec<Hash>,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let store = directory::open(&arguments.data)?;
    let key = ProofDirectory::of(&arguments.data).key(arguments.origin.as_deref())?;
    let digest = arguments.digest.map(|digest| match digest {
        DigestName::Sha256 => Algorithm::Sha256,
        DigestName::Sm3 => Algorithm::Sm3,
    });
    let store = store.as_ref();
    let earlier = match &arguments.since {
        Some(path) => {
            let text = read_text(path, BYTES_MAX)?;
            Some((path, open_checkpoint(path, &text, key.verifier())?))
        }
        None => None,
    };
    let (checkpoint, note, since) = match earlier {
        None => {
            let mut signer = Signer::open(&arguments.data, key.verifier(), digest)?;
            if let Some(said) = signer.resume(store).await? {
                eprintln!("{}", screen.yellow(said.get(screen.language())));
            }
            let (checkpoint, note) = signer.sign(&key)?;
            (checkpoint, note, None)
        }
        Some((path, old)) => {
            let (signed, since) = since(store, &arguments.data, &key, digest, path, &old).await?;
            (signed.checkpoint, signed.note, Some(since))
        }
    };
    store.close().await?;
    match arguments.format {
        // The text as it is, so that it can be kept, sent on and checked.
        Format::Human => screen.line(note.trim_end())?,
        Format::Json => screen.json(&Shown {
            size: checkpoint.size,
            root: checkpoint.root,
            digest: checkpoint.algorithm.name(),
            checkpoint: note,
            verifier: key.verifier().to_string(),
            since,
        })?,
    }
    Ok(Outcome::Good)
}

/// Signs a checkpoint, and proves that the records only grew since an earlier one. The proof needs
/// nodes of the whole tree, so all records are read.
async fn since(
    store: &dyn Store,
    data: &Path,
    key: &SigningKey,
    digest: Option<Algorithm>,
    path: &Path,
    old: &Checkpoint,
) -> Result<(Signed, Since)> {
    let around = |index, _: &Record| index == old.size || index + 1 == old.size;
    let signed = sign(store, data, key, digest, around).await?;
    let grown = || {
        let place = path.display().to_string();
        Disagreement::new(
            Text::new(place.clone(), place),
            Text::new(
                "现有的记录不是由那时的记录增加而来",
                "the records of now did not grow from those of then",
            ),
        )
    };
    let checkpoint = &signed.checkpoint;
    let ranges = tree::consistency(old.size, checkpoint.size).ok_or_else(grown)?;
    let consistency = signed.nodes.roots(ranges).ok_or_else(grown)?;
    let (before, now) = ((old.size, old.root), (checkpoint.size, checkpoint.root));
    if !tree::verify_consistency(checkpoint.algorithm, before, now, &consistency) {
        return Err(grown().into());
    }
    let since = Since {
        size: old.size,
        root: old.root,
        consistency,
    };
    Ok((signed, since))
}
