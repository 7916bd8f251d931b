use std::fmt::{self, Write};

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// SHA-256 of a commit as it is stored: what the next commit of its case names it by.
///
/// It is of the very bytes of the record, and never of a commit that was read and written again.
/// Shown as 64 lower-case hexadecimal digits, in JSON too; in a record it is 32 bytes.
///
/// # Source
///
/// FIPS 180-4.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommitDigest([u8; 32]);

impl CommitDigest {
    /// Returns the digest of a record, as [`crate::encode_commit`] made it or a store returned it.
    #[must_use]
    pub fn of(record: &[u8]) -> Self {
        Self(Sha256::digest(record).into())
    }
}

impl fmt::Display for CommitDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CommitDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitDigest({self})")
    }
}

impl Serialize for CommitDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let mut hex = String::with_capacity(64);
            // Writing to memory does not fail.
            let _ = write!(hex, "{self}");
            serializer.serialize_str(&hex)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for CommitDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Form)
        } else {
            deserializer.deserialize_bytes(Form)
        }
    }
}

/// Reads the two forms.
struct Form;

impl Visitor<'_> for Form {
    type Value = CommitDigest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SHA-256 digest: 32 bytes, or 64 lower-case hexadecimal digits")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<CommitDigest, E> {
        let digest = bytes.try_into();
        digest
            .map(CommitDigest)
            .map_err(|_| E::invalid_length(bytes.len(), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<CommitDigest, E> {
        let nibble = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text
            .as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
                _ => None,
            })
            .collect();
        match bytes {
            Some(bytes) => self.visit_bytes(&bytes),
            None => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }
}
