//! Proof that nothing was lost or forged, for somebody who does not trust this program.
//!
//! All records of a store, in the order they were committed, are the leaves of a Merkle tree as
//! RFC 6962 has it. The root, signed, is a [`Checkpoint`]: it cannot be signed for two different
//! pasts without that being provable. A [`Receipt`] proves that one record is among those of a
//! checkpoint; [`tree::verify_consistency`] that a later tree only added to an earlier one; a
//! [`BundleReader`] checks all records of an exported file.
//!
//! Nothing here reads a file, a clock or a random source: bytes go in, and verdicts come out.
//!
//! ```
//! use groundbreak_proof::{Algorithm, Frontier};
//!
//! let mut frontier = Frontier::new(Algorithm::Sha256);
//! frontier.push(Algorithm::Sha256.leaf(b"first record"));
//! frontier.push(Algorithm::Sha256.leaf(b"second record"));
//! assert_eq!(frontier.size(), 2);
//! ```

mod bundle;
mod checkpoint;
mod key;
mod leaf;
mod receipt;
pub mod tree;

pub use bundle::{BundleError, BundleFault, BundleReader, BundleWriter, Place};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use key::{KeyError, SigningKey, Verifier};
pub use leaf::{Algorithm, Hash, HashError};
pub use receipt::{Receipt, ReceiptError};
pub use tree::{Frontier, RangeRoots};
