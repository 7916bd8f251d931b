use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use sm3::Sm3;

/// The digest a tree is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// SHA-256 (FIPS 180-4), which RFC 6962 asks for and every outside verifier knows.
    #[default]
    Sha256,
    /// SM3 (GB/T 32905-2016), the Chinese national digest, of the same length.
    Sm3,
}

impl Algorithm {
    /// Returns the name of the digest, as checkpoints and files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sm3 => "sm3",
        }
    }

    /// Returns the hash of a leaf. A leaf is the bytes of a record exactly as the store keeps them.
    ///
    /// # Source
    ///
    /// RFC 6962, section 2.1: the hash of a zero byte and the leaf.
    pub fn leaf(self, record: &[u8]) -> Hash {
        self.hash(&[&[0], record])
    }

    /// Returns the hash of an inner node. RFC 6962, section 2.1.
    pub fn node(self, left: Hash, right: Hash) -> Hash {
        self.hash(&[&[1], &left.0, &right.0])
    }

    /// Returns the root of a tree without leaves. RFC 6962, section 2.1.
    pub(crate) fn empty(self) -> Hash {
        self.hash(&[])
    }

    fn hash(self, parts: &[&[u8]]) -> Hash {
        match self {
            Self::Sha256 => digest::<Sha256>(parts),
            Self::Sm3 => digest::<Sm3>(parts),
        }
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Hash {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    let mut hash = [0; 32];
    // Both digests have 32 bytes.
    for (to, from) in hash.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    Hash(hash)
}

/// A hash of 32 bytes: of a leaf, of an inner node, of a whole tree. Written in base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

/// A text is not the base64 of 32 bytes.
#[derive(Debug, thiserror::Error)]
#[error("not the base64 of 32 bytes")]
pub struct HashError;

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let bytes = STANDARD.decode(text).map_err(|_| HashError)?;
        bytes.try_into().map(Self).map_err(|_| HashError)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
