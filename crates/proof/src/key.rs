use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest, Sha256};

/// The byte that says Ed25519 in keys of signed notes.
const ED25519: u8 = 1;

/// Why a text is not a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The name is empty, or has a space, a control character or a plus sign.
    #[error("the name of a key is not empty and has neither spaces nor a plus sign")]
    Name,
    /// A verifier is not of the form `NAME+ID+KEY`.
    #[error("a verifier has the form NAME+ID+KEY")]
    Form,
    /// The id of a verifier does not belong to its name and key: it was copied wrongly.
    #[error("the id of the verifier does not belong to its name and key")]
    Id,
    /// It is no Ed25519 key.
    #[error("not an Ed25519 key")]
    Key,
}

/// The secret that signs checkpoints, and the name it signs under.
///
/// It is never shown: `Debug` gives the verifier, and the secret is overwritten when it is dropped.
pub struct SigningKey {
    verifier: Verifier,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Makes a key of 32 random bytes.
    ///
    /// # Errors
    ///
    /// [`KeyError::Name`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::of(name, ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Reads a key from PKCS #8 in PEM, as [`SigningKey::to_pem`] and `openssl genpkey` write it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Name`], [`KeyError::Key`].
    pub fn from_pem(name: &str, pem: &str) -> Result<Self, KeyError> {
        let secret = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map_err(|_| KeyError::Key)?;
        Self::of(name, secret)
    }

    /// Returns the secret as PKCS #8 in PEM. Whoever has it can sign.
    ///
    /// # Errors
    ///
    /// [`KeyError::Key`] when it cannot be encoded.
    pub fn to_pem(&self) -> Result<impl AsRef<str> + use<>, KeyError> {
        struct Pem<T>(T);
        impl<T: std::ops::Deref<Target = String>> AsRef<str> for Pem<T> {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        let pem = self.secret.to_pkcs8_pem(LineEnding::LF);
        pem.map(Pem).map_err(|_| KeyError::Key)
    }

    /// Returns what others check its signatures with.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }

    fn of(name: &str, secret: ed25519_dalek::SigningKey) -> Result<Self, KeyError> {
        let verifier = Verifier::of(name, secret.verifying_key())?;
        Ok(Self { verifier, secret })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.verifier).finish()
    }
}

/// What signatures of a key are checked with. Public; written as `NAME+ID+KEY`.
///
/// # Source
///
/// C2SP signed-note, "Verifier keys"; Go's `golang.org/x/mod/sumdb/note` reads the same text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl Verifier {
    /// Returns the name the key signs under.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn id(&self) -> [u8; 4] {
        self.id
    }

    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        // Strict: a signature has one spelling, so that a flipped bit in it shows.
        let signature = Signature::from_bytes(signature);
        self.key.verify_strict(message, &signature).is_ok()
    }

    fn of(name: &str, key: VerifyingKey) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        let mut digest = Sha256::new();
        digest.update(name.as_bytes());
        digest.update([b'\n', ED25519]);
        digest.update(key.as_bytes());
        let mut id = [0; 4];
        for (to, from) in id.iter_mut().zip(digest.finalize()) {
            *to = from;
        }
        let name = name.to_owned();
        Ok(Self { name, id, key })
    }
}

/// Tells whether a key may have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let bad = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '+';
    !name.is_empty() && !name.contains(bad)
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend(self.key.as_bytes());
        let (name, id) = (&self.name, u32::from_be_bytes(self.id));
        write!(f, "{name}+{id:08x}+{}", STANDARD.encode(key))
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // The base64 of the key may have plus signs of its own.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let key = STANDARD.decode(key).map_err(|_| KeyError::Key)?;
        let Some((&ED25519, key)) = key.split_first() else {
            return Err(KeyError::Key);
        };
        let key = key.try_into().map_err(|_| KeyError::Key)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| KeyError::Key)?;
        let verifier = Self::of(name, key)?;
        if format!("{:08x}", u32::from_be_bytes(verifier.id)) != id {
            return Err(KeyError::Id);
        }
        Ok(verifier)
    }
}
