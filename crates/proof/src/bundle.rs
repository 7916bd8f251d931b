use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{
    Algorithm, Checkpoint, CheckpointError, Frontier, Hash, KeyError, SigningKey, Verifier,
};

const FORMAT: &str = "groundbreak-bundle-1";

/// The first line of a bundle.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    digest: Algorithm,
    verifier: String,
}

/// A line for each record.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaf {
    index: u64,
    leaf: Hash,
    record: String,
}

/// The last line of a bundle.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    checkpoint: String,
}

/// Writes a bundle: all records of a store in the order they were committed, and a signed
/// checkpoint over them. A bundle is JSON lines; this gives the lines.
#[derive(Debug)]
pub struct BundleWriter<'a> {
    key: &'a SigningKey,
    algorithm: Algorithm,
    frontier: Frontier,
}

impl<'a> BundleWriter<'a> {
    /// Begins a bundle, and returns its first line.
    pub fn begin(key: &'a SigningKey, algorithm: Algorithm) -> (Self, String) {
        let header = Header {
            format: FORMAT.to_owned(),
            digest: algorithm,
            verifier: key.verifier().to_string(),
        };
        let writer = Self {
            key,
            algorithm,
            frontier: Frontier::new(algorithm),
        };
        (writer, line(&header))
    }

    /// Returns the line of the next record.
    pub fn record(&mut self, record: &[u8]) -> String {
        let hash = self.algorithm.leaf(record);
        let leaf = Leaf {
            index: self.frontier.size(),
            leaf: hash,
            record: STANDARD.encode(record),
        };
        self.frontier.push(hash);
        line(&leaf)
    }

    /// Returns the checkpoint over all records so far, and the last line.
    pub fn end(self) -> (Checkpoint, String) {
        let checkpoint = Checkpoint {
            origin: self.key.verifier().name().to_owned(),
            size: self.frontier.size(),
            root: self.frontier.root(),
            algorithm: self.algorithm,
        };
        let end = End {
            checkpoint: checkpoint.sign(self.key),
        };
        (checkpoint, line(&end))
    }
}

/// Checks a bundle line by line, and stops at the first thing that does not agree.
///
/// A line has one spelling: one that means the same and is written otherwise is not what was
/// exported. So no byte of a bundle can change unseen.
#[derive(Debug)]
pub struct BundleReader {
    expected: Option<Verifier>,
    verifier: Option<Verifier>,
    frontier: Frontier,
    algorithm: Algorithm,
    checkpoint: Option<Checkpoint>,
}

/// A place in a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first line.
    Header,
    /// The record with this index; the first is 0, and stands in line 2.
    Record(u64),
    /// The last line.
    Checkpoint,
    /// Behind the last line.
    End,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("line 1, the header"),
            Self::Record(index) => write!(f, "line {}, record {index}", index.saturating_add(2)),
            Self::Checkpoint => f.write_str("the last line, the checkpoint"),
            Self::End => f.write_str("the end"),
        }
    }
}

/// The first thing in a bundle that does not agree.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct BundleError {
    /// Where it is.
    pub place: Place,
    /// What it is.
    #[source]
    pub fault: BundleFault,
}

/// What does not agree in a bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleFault {
    /// The line is not written as an export writes it.
    #[error("the line is not as an export writes it")]
    Line,
    /// The verifier in the header is none.
    #[error(transparent)]
    Verifier(#[from] KeyError),
    /// The bundle is signed by another key than the one that was asked for.
    #[error("the bundle names another key than the one asked for")]
    OtherKey,
    /// The record has another index than its place.
    #[error("record {found} stands here")]
    Index {
        /// The index found.
        found: u64,
    },
    /// The record is not the one whose hash stands beside it.
    #[error("the record and the hash beside it do not agree")]
    Leaf,
    /// The checkpoint is not one that the key has signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is of another number of records.
    #[error("the checkpoint is of {signed} records, and {found} are here")]
    Size {
        /// How many were signed.
        signed: u64,
        /// How many there are.
        found: u64,
    },
    /// The checkpoint has another root, or another digest, than the records.
    #[error("the records do not have the root that was signed")]
    Root,
    /// The bundle ends before its checkpoint.
    #[error("the bundle ends without a checkpoint")]
    CutOff,
    /// There is more behind the checkpoint.
    #[error("there is more behind the checkpoint")]
    More,
}

impl BundleReader {
    /// Begins to check. With no verifier the signature is checked with the one in the bundle,
    /// which shows damage, but not that the bundle is whose it says it is.
    pub fn new(verifier: Option<Verifier>) -> Self {
        Self {
            expected: verifier,
            verifier: None,
            frontier: Frontier::new(Algorithm::Sha256),
            algorithm: Algorithm::Sha256,
            checkpoint: None,
        }
    }

    /// Tells whether a file that begins with this line means to be a bundle.
    pub fn recognises(line: &[u8]) -> bool {
        line.starts_with(format!("{{\"format\":\"{FORMAT}\"").as_bytes())
    }

    /// Takes the next line, with the newline at its end. Returns the record in it, if it has one.
    ///
    /// # Errors
    ///
    /// [`BundleError`]; nothing after it is to be read.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Vec<u8>>, BundleError> {
        let place = self.place();
        let found = match place {
            Place::Header => self.header(line).map(|()| None),
            Place::End => Err(BundleFault::More),
            Place::Record(_) | Place::Checkpoint => {
                if line.starts_with(b"{\"checkpoint\"") {
                    let place = Place::Checkpoint;
                    let end = self.checkpoint_line(line);
                    end.map_err(|fault| BundleError { place, fault })?;
                    return Ok(None);
                }
                self.record(line).map(Some)
            }
        };
        found.map_err(|fault| BundleError { place, fault })
    }

    /// Returns what was signed, after the last line.
    ///
    /// # Errors
    ///
    /// [`BundleFault::CutOff`].
    pub fn finish(self) -> Result<(Checkpoint, Verifier), BundleError> {
        let place = self.place();
        match (self.checkpoint, self.verifier) {
            (Some(checkpoint), Some(verifier)) => Ok((checkpoint, verifier)),
            _ => Err(BundleError {
                place,
                fault: BundleFault::CutOff,
            }),
        }
    }

    fn place(&self) -> Place {
        match (&self.verifier, &self.checkpoint) {
            (None, _) => Place::Header,
            (Some(_), None) => Place::Record(self.frontier.size()),
            (Some(_), Some(_)) => Place::End,
        }
    }

    fn header(&mut self, line: &[u8]) -> Result<(), BundleFault> {
        let header: Header = read(line)?;
        if header.format != FORMAT {
            return Err(BundleFault::Line);
        }
        let verifier: Verifier = header.verifier.parse()?;
        if self.expected.as_ref().is_some_and(|key| *key != verifier) {
            return Err(BundleFault::OtherKey);
        }
        self.algorithm = header.digest;
        self.frontier = Frontier::new(header.digest);
        self.verifier = Some(verifier);
        Ok(())
    }

    fn record(&mut self, line: &[u8]) -> Result<Vec<u8>, BundleFault> {
        let leaf: Leaf = read(line)?;
        if leaf.index != self.frontier.size() {
            return Err(BundleFault::Index { found: leaf.index });
        }
        let record = STANDARD.decode(&leaf.record);
        let record = record.map_err(|_| BundleFault::Line)?;
        if self.algorithm.leaf(&record) != leaf.leaf {
            return Err(BundleFault::Leaf);
        }
        self.frontier.push(leaf.leaf);
        Ok(record)
    }

    fn checkpoint_line(&mut self, line: &[u8]) -> Result<(), BundleFault> {
        let end: End = read(line)?;
        let Some(verifier) = &self.verifier else {
            return Err(BundleFault::Line);
        };
        let checkpoint = Checkpoint::open(&end.checkpoint, verifier)?;
        let found = self.frontier.size();
        if checkpoint.size != found {
            let signed = checkpoint.size;
            return Err(BundleFault::Size { signed, found });
        }
        if checkpoint.root != self.frontier.root() || checkpoint.algorithm != self.algorithm {
            return Err(BundleFault::Root);
        }
        self.checkpoint = Some(checkpoint);
        Ok(())
    }
}

/// Returns a value as its line.
fn line(value: &impl Serialize) -> String {
    // Texts, numbers and lists in memory always have a JSON form; without it the line would be
    // empty, which no reader accepts.
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}

/// Reads a line that must be spelled as [`line`] spells it.
fn read<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, BundleFault> {
    let value: T = serde_json::from_slice(bytes).map_err(|_| BundleFault::Line)?;
    if line(&value).as_bytes() == bytes {
        Ok(value)
    } else {
        Err(BundleFault::Line)
    }
}
