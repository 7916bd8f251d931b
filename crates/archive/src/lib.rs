//! Backups of a journal store: plain files that rebuild everything, and the way out of any store.
//!
//! [`Archive`] writes a backup, the first time or on top of an earlier one; [`Backup`] checks one
//! and reads it. Both know the contract of a store and no backend.
//!
//! # The directory
//!
//! | File | What it is |
//! |---|---|
//! | `manifest.json` | which files belong to the backup, how long each is, and its hash |
//! | `journal-FIRST.gba` | records in the order they were committed, from position FIRST on |
//! | `metadata-HASH.gba` | the metadata entries: published definitions |
//! | `accounts-HASH.json` | who may sign in, when it was kept |
//! | `lock` | held by the process that writes |
//!
//! What the manifest does not name, or what stands behind the length it gives, is not part of the
//! backup: it is left by a run that was cut short. The manifest is replaced in one step after all
//! else is on the disk, so a backup is whole or as whole as it was before.
//!
//! # A file of frames
//!
//! All numbers are big-endian. A line of text comes first, `groundbreak-archive 1 journal FIRST
//! HASH` or `groundbreak-archive 1 metadata`, with the chain hash the file goes on from in
//! hexadecimal digits; then frames:
//!
//! | Bytes | What |
//! |---|---|
//! | 4 | length of the body |
//! | 4 | CRC-32 (IEEE) of the length and the body |
//! | … | the body |
//! | 32 | chain: SHA-256 of the chain before, the length and the body |
//!
//! The chain begins with 32 zero bytes and goes on from segment to segment; in the metadata it
//! begins anew. The body of a record is its position (8), case (16), revision (8), command (16),
//! `recorded_at` (8, signed), and the record. The body of an entry is the length of its key (4),
//! the key, and the value.
//!
//! The manifest is JSON; its last member is the SHA-256 of its text with that member empty.

mod archive;
mod backup;
mod error;
mod file;
mod frame;
mod manifest;

pub use archive::{Archive, Followed};
pub use backup::{Backup, Checked, Entries, Records};
pub use error::{ArchiveError, Fault, Text};
pub use manifest::{Journal, Kept, Manifest, Segment};
