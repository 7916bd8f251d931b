use crate::Cause;
use crate::append::{Fault, Part};
use crate::limits::{METADATA_KEY_BYTES_MAX, METADATA_VALUE_BYTES_MAX};

/// What happens to a metadata entry that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Put {
    /// It is replaced.
    Replace,
    /// It stays, and the put is refused with [`PutError::Exists`]. For what never changes once
    /// it is written, such as the text of a workflow version.
    Create,
}

/// Why a metadata entry was not acknowledged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// The key is taken, and [`Put::Create`] was asked for. Nothing was written.
    #[error("there is already an entry with this key")]
    Exists,
    /// The key or the value is over its bound. Nothing was written.
    #[error("{part} has a size of {size} bytes, and at most {max} are stored")]
    TooLarge {
        /// Which part.
        part: Part,
        /// Its bytes.
        size: usize,
        /// The bound.
        max: usize,
    },
    /// The key cannot be stored as it is. Nothing was written.
    #[error("{part} cannot be stored: {fault}")]
    Malformed {
        /// Which part.
        part: Part,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The store has too much waiting. Nothing was written; try again later.
    #[error("the store has too many writes waiting")]
    Overloaded,
    /// The store did not do it. The same put may be tried again.
    #[error("the store is unavailable, and nothing was written")]
    Unavailable {
        /// What went wrong below.
        #[source]
        source: Cause,
    },
    /// The store cannot say whether it is durable. Read the key, on a store that was opened
    /// again if this one stays unavailable.
    #[error("it is unknown whether the entry was written")]
    Unknown {
        /// What went wrong below.
        #[source]
        source: Cause,
    },
}

impl PutError {
    /// Checks the sizes and the shape that every backend demands of an entry.
    ///
    /// A backend calls this before anything else; a caller need not.
    ///
    /// # Errors
    ///
    /// [`PutError::TooLarge`] over a bound of [`crate::limits`]; [`PutError::Malformed`] when the
    /// key is empty or holds a NUL character.
    pub fn check(key: &str, value: &[u8]) -> Result<(), Self> {
        if key.len() > METADATA_KEY_BYTES_MAX {
            return Err(Self::TooLarge {
                part: Part::MetadataKey,
                size: key.len(),
                max: METADATA_KEY_BYTES_MAX,
            });
        }
        if value.len() > METADATA_VALUE_BYTES_MAX {
            return Err(Self::TooLarge {
                part: Part::MetadataValue,
                size: value.len(),
                max: METADATA_VALUE_BYTES_MAX,
            });
        }
        let fault = match key {
            "" => Fault::Empty,
            key if key.contains('\0') => Fault::Nul,
            _ => return Ok(()),
        };
        Err(Self::Malformed {
            part: Part::MetadataKey,
            fault,
        })
    }
}
