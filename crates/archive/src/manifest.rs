use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::frame::sha256;
use crate::{ArchiveError, Fault};

/// The layout this release writes.
pub(crate) const FORMAT: u32 = 1;

/// What belongs to a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The layout.
    pub format: u32,
    /// The program that wrote it, and its version.
    pub program: String,
    /// When, in milliseconds since 1970 UTC.
    pub written_at: i64,
    /// The records.
    pub journal: Journal,
    /// The metadata entries.
    pub metadata: Kept,
    /// Who may sign in; `None` when it was never kept here.
    pub accounts: Option<Kept>,
    sha256: String,
}

/// The records of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// How many there are.
    pub count: u64,
    /// The position of the last one; 0 when there is none.
    pub last_position: u64,
    /// The chain hash of the last frame, in hexadecimal digits.
    pub hash: String,
    /// The files, in order.
    pub segments: Vec<Segment>,
}

/// A file of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its name.
    pub file: String,
    /// The position of its first record.
    pub first_position: u64,
    /// The position of its last record.
    pub last_position: u64,
    /// How many records there are.
    pub count: u64,
    /// How many of its bytes belong to the backup.
    pub bytes: u64,
    /// The chain hash of its last frame, in hexadecimal digits.
    pub hash: String,
}

/// Any other file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its name.
    pub file: String,
    /// How many things are in it.
    pub count: u64,
    /// How long it is.
    pub bytes: u64,
    /// The SHA-256 of all its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// What every format has.
#[derive(Deserialize)]
struct Mark {
    format: u32,
}

impl Manifest {
    pub(crate) fn new(
        program: &str,
        written_at: i64,
        journal: Journal,
        metadata: Kept,
        accounts: Option<Kept>,
    ) -> Self {
        Self {
            format: FORMAT,
            program: program.to_owned(),
            written_at,
            journal,
            metadata,
            accounts,
            sha256: String::new(),
        }
    }

    /// Returns the text that is written.
    pub(crate) fn text(&self) -> Result<String, serde_json::Error> {
        let mut manifest = Self {
            sha256: String::new(),
            ..self.clone()
        };
        manifest.sha256 = sha256(serde_json::to_string_pretty(&manifest)?.as_bytes());
        Ok(serde_json::to_string_pretty(&manifest)? + "\n")
    }

    /// Reads a text that was written. Every byte of it counts.
    pub(crate) fn read(directory: &Path, file: &Path, bytes: &[u8]) -> Result<Self, ArchiveError> {
        if let Ok(mark) = serde_json::from_slice::<Mark>(bytes)
            && mark.format > FORMAT
            // A layout to come says so in a text that is whole; a flipped digit does not.
            && serde_json::from_slice::<Self>(bytes).is_err()
        {
            return Err(ArchiveError::FutureFormat {
                path: directory.to_owned(),
                found: mark.format,
                supported: FORMAT,
            });
        }
        let damaged = || ArchiveError::damaged(file, None, Fault::Manifest);
        let manifest: Self = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        let text = manifest.text().map_err(|_| damaged())?;
        // Names lead nowhere else.
        let inside = |name: &str| !name.contains(['/', '\\']) && !name.starts_with('.');
        let named = |kept: &Kept| inside(&kept.file);
        let journal = &manifest.journal;
        let all_inside = journal.segments.iter().all(|segment| inside(&segment.file))
            && named(&manifest.metadata)
            && manifest.accounts.as_ref().is_none_or(named);
        if text.as_bytes() != bytes || manifest.format == 0 || !all_inside {
            return Err(damaged());
        }
        if manifest.format > FORMAT {
            return Err(ArchiveError::FutureFormat {
                path: directory.to_owned(),
                found: manifest.format,
                supported: FORMAT,
            });
        }
        Ok(manifest)
    }
}
