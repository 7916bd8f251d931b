//! The journal store on sled: one machine, one directory, no server.
//!
//! ```no_run
//! use groundbreak_store_sled::{OpenError, SledOptions, SledStore};
//!
//! # fn main() -> Result<(), OpenError> {
//! let store = SledStore::open("data/store", SledOptions::default())?;
//! # Ok(())
//! # }
//! ```
//!
//! # The directory
//!
//! | Path | What it is |
//! |---|---|
//! | `format` | the mark of such a directory, and the version of its layout |
//! | `lock` | locked by the process that has the store open |
//! | `anchor` | what was acknowledged, written outside sled so that a tail that sled lost shows |
//! | `sled/` | one sled tree, with the keys of the module `key` |
//!
//! # What is promised
//!
//! One thread writes. It takes the commands that wait, writes them as one group, flushes
//! sled, calls `fdatasync` on sled's file, and only then shows and acknowledges them: sled's own
//! flush ends before the disk does. The head of a group is written last; an opening removes what
//! stands without one. After an error on that way nothing is known about the
//! group, so its commands are answered as unknown, and the store refuses everything until it is
//! opened again by a new process; a failed sync is never tried again.
//!
//! A record is durable when its command is acknowledged; the state of its case is written later,
//! once for many commands, and after a crash read together with the records it lacks
//! ([`Snapshot::behind`](groundbreak_store::Snapshot::behind)).
//!
//! A second thread watches the first. When a group takes more than 5 s, because the disk or sled
//! does not answer, those who wait are told that the outcome is unknown and everybody else that
//! the store is unavailable, as after an error.
//!
//! Records form a chain of hashes over groups of commits. At opening the chain is checked from
//! where the last opening ended, all states are read, and the end is compared with the anchor.
//! The anchor is written at most every 200 ms and at closing, so a loss of less than that from
//! the very end, by a damaged file and not by a crash, is not noticed.

mod anchor;
mod appending;
mod chain;
mod check;
mod commands;
mod directory;
mod failure;
mod group;
mod key;
mod look;
mod open_error;
mod options;
mod pack;
mod published;
mod reader;
mod recent;
mod recovery;
mod stale;
mod store;
mod unsaved;
mod value;
mod watchdog;
mod writer;
mod writes;

pub use chain::Verified;
pub use check::VerifyError;
pub use failure::panics_in_sled;
pub use look::Look;
pub use open_error::{OpenError, Part, Text};
pub use options::SledOptions;
pub use store::SledStore;
