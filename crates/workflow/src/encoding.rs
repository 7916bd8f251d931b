//! The stored form of commits and cases: one byte that names the form, then CBOR (RFC 8949).
//!
//! This is the only place that knows an older form.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Case, Commit};

/// The form written today.
const FORM: u8 = 1;

/// Why stored bytes could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is nothing to read.
    #[error("the record is empty")]
    Empty,
    /// A newer version of this program wrote it.
    #[error(
        "the record has form {found}, and this program reads forms up to {supported}; use a newer version of it"
    )]
    FutureForm {
        /// The form found.
        found: u8,
        /// The newest form this program reads.
        supported: u8,
    },
    /// The bytes are damaged.
    #[error("the record is damaged")]
    Damaged {
        /// What the reader stumbled over.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Returns the stored form of a commit. It would be empty for one that has no such form, and who stores it
/// must not store nothing.
pub fn encode_commit(commit: &Commit) -> Vec<u8> {
    encode(commit, 512)
}

/// Reads a stored commit.
///
/// # Errors
///
/// [`DecodeError`].
pub fn decode_commit(bytes: &[u8]) -> Result<Commit, DecodeError> {
    decode(bytes)
}

/// Returns the stored form of a case.
pub fn encode_case(case: &Case) -> Vec<u8> {
    encode(case, 1_024)
}

/// Reads a stored case. On any error the journal tells the same, by folding it.
///
/// # Errors
///
/// [`DecodeError`].
pub fn decode_case(bytes: &[u8]) -> Result<Case, DecodeError> {
    decode(bytes)
}

/// `usual` is the length that most come to.
fn encode<T: Serialize>(value: &T, usual: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(usual);
    bytes.push(FORM);
    let mut serializer = minicbor_serde::Serializer::new(&mut bytes);
    // Writing to memory does not fail, and these types hold nothing that CBOR cannot.
    match value.serialize(&mut serializer) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::Empty),
        Some((&FORM, cbor)) => {
            minicbor_serde::from_slice(cbor).map_err(|error| DecodeError::Damaged {
                source: Box::new(error),
            })
        }
        Some((&found, _)) => Err(DecodeError::FutureForm {
            found,
            supported: FORM,
        }),
    }
}
