use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Algorithm, Hash, SigningKey, Verifier, key};

/// The line of a checkpoint that says which digest its tree is made with, when it is not SHA-256.
const DIGEST_LINE: &str = "digest ";

/// How a tree stood: its size and root, and whose tree it is.
///
/// # Source
///
/// C2SP tlog-checkpoint, in a C2SP signed-note with Ed25519.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose tree it is: the name of the key that signs it.
    pub origin: String,
    /// How many records there were.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The digest. A tree of SM3 says so in an extension line, `digest sm3`.
    pub algorithm: Algorithm,
}

/// Why a text is not a checkpoint that a key has signed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It is not of the form of a signed checkpoint.
    #[error("line {line} is not {wanted}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        wanted: &'static str,
    },
    /// It has no signature by the key.
    #[error("there is no signature by {name}")]
    NotSigned {
        /// The name of the key that should have signed.
        name: String,
    },
    /// The signature by the key is not one of this text.
    #[error("the signature by {name} is not one of this text")]
    WrongSignature {
        /// The name of the key.
        name: String,
    },
}

impl Checkpoint {
    /// Returns the text of the checkpoint, signed.
    pub fn sign(&self, key: &SigningKey) -> String {
        let text = self.text();
        let verifier = key.verifier();
        let mut signature = verifier.id().to_vec();
        signature.extend(key.sign(text.as_bytes()));
        format!(
            "{text}\n\u{2014} {} {}\n",
            verifier.name(),
            STANDARD.encode(signature)
        )
    }

    /// Reads a checkpoint that must be signed by this key, and be of the tree of that name.
    ///
    /// Signatures by other keys may stand beside it and are not looked at.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`], by what is wrong.
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, CheckpointError> {
        let (text, signatures) = split(note)?;
        let checkpoint = Self::parse(text)?;
        let name = || verifier.name().to_owned();
        let ours = signatures
            .iter()
            .find(|signature| signature.name == verifier.name() && signature.id == verifier.id());
        let Some(ours) = ours else {
            return Err(CheckpointError::NotSigned { name: name() });
        };
        let fits = match <&[u8; 64]>::try_from(ours.bytes.as_slice()) {
            Ok(signature) => verifier.accepts(text.as_bytes(), signature),
            Err(_) => false,
        };
        if !fits {
            return Err(CheckpointError::WrongSignature { name: name() });
        }
        if checkpoint.origin != verifier.name() {
            return Err(CheckpointError::NotSigned { name: name() });
        }
        Ok(checkpoint)
    }

    fn text(&self) -> String {
        let Self {
            origin, size, root, ..
        } = self;
        let mut text = format!("{origin}\n{size}\n{root}\n");
        if self.algorithm != Algorithm::Sha256 {
            text = format!("{text}{DIGEST_LINE}{}\n", self.algorithm.name());
        }
        text
    }

    /// Reads the text above the signatures, which ends with a newline.
    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|line| !line.is_empty());
        let origin = origin.ok_or_else(|| malformed(1, "an origin"))?;
        let size = lines.next().and_then(number);
        let size = size.ok_or_else(|| malformed(2, "a number of records"))?;
        let root = lines.next().and_then(|line| line.parse().ok());
        let root = root.ok_or_else(|| malformed(3, "a root in base64"))?;
        let mut algorithm = Algorithm::Sha256;
        for (line, extension) in (4..).zip(lines) {
            if extension.is_empty() {
                return Err(malformed(line, "an extension"));
            }
            // Other extensions are for other readers.
            if let Some(name) = extension.strip_prefix(DIGEST_LINE) {
                if name != Algorithm::Sm3.name() {
                    return Err(malformed(line, "a digest that is known"));
                }
                algorithm = Algorithm::Sm3;
            }
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            algorithm,
        })
    }
}

struct SignatureLine<'a> {
    name: &'a str,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// Takes a signed note apart: the text with its last newline, and the signatures.
fn split(note: &str) -> Result<(&str, Vec<SignatureLine<'_>>), CheckpointError> {
    let control = |line: &str| line.contains(|letter: char| letter < ' ' || letter == '\u{7f}');
    for (number, line) in (1..).zip(note.split('\n')) {
        if control(line) {
            return Err(malformed(number, "text without control characters"));
        }
    }
    let end = note.lines().count();
    let unsigned = || malformed(end, "a signature");
    if !note.ends_with('\n') {
        return Err(unsigned());
    }
    let blank = note.rfind("\n\n").ok_or_else(unsigned)?;
    let (text, rest) = note.split_at(blank + 1);
    let first = text.lines().count() + 2;
    let mut signatures = Vec::new();
    for (number, line) in (first..).zip(rest.trim_start_matches('\n').lines()) {
        let signature = signature(line).ok_or_else(|| malformed(number, "a signature"))?;
        signatures.push(signature);
    }
    if signatures.is_empty() {
        return Err(unsigned());
    }
    Ok((text, signatures))
}

fn signature(line: &str) -> Option<SignatureLine<'_>> {
    let (name, base64) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = STANDARD.decode(base64).ok()?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    (key::is_name(name) && !bytes.is_empty()).then(|| SignatureLine {
        name,
        id: *id,
        bytes: bytes.to_vec(),
    })
}

/// Reads a number that is written as it should: no sign, no zero before it.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn malformed(line: usize, wanted: &'static str) -> CheckpointError {
    CheckpointError::Malformed { line, wanted }
}
