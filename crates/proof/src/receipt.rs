use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::{Checkpoint, CheckpointError, Hash, Verifier, tree};

/// What was accepted, and the proof that it stands in the tree of a checkpoint. It is checked
/// without the data it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// `groundbreak-receipt-1`.
    pub format: String,
    /// The case. It stands in the record too, as do the revision and the time; whoever can read
    /// records compares them.
    pub case: String,
    /// The revision the record gave the case.
    pub revision: u64,
    /// When it was written down, in milliseconds since 1970 UTC.
    pub recorded_at: i64,
    /// The record as the store keeps it, in base64.
    pub record: String,
    /// Its place in the tree; the first is 0.
    pub index: u64,
    /// The roots that lead from the record to the root of the checkpoint.
    pub inclusion: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// What the signature can be checked with. Whoever doubts the receipt takes it from elsewhere.
    pub verifier: String,
}

/// Why a receipt proves nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// It is no receipt this program can read.
    #[error("not a receipt of the form {}", Receipt::FORMAT)]
    Format,
    /// The record is not in base64.
    #[error("the record is not in base64")]
    Record,
    /// The checkpoint is not one that the key has signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The proof does not lead from the record at this index to the root of the checkpoint.
    #[error("the proof does not lead from the record to the root of the checkpoint")]
    Inclusion,
}

impl Receipt {
    /// What a receipt of this form says of itself.
    pub const FORMAT: &str = "groundbreak-receipt-1";

    /// Returns the record as a receipt carries it.
    pub fn encode(record: &[u8]) -> String {
        STANDARD.encode(record)
    }

    /// Checks the receipt, and returns its checkpoint and the record that is proven.
    ///
    /// That the case, revision and time beside the record are those in it is left to whoever
    /// knows the form of records.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`], by the first thing that does not agree.
    pub fn verify(&self, verifier: &Verifier) -> Result<(Checkpoint, Vec<u8>), ReceiptError> {
        if self.format != Self::FORMAT {
            return Err(ReceiptError::Format);
        }
        let record = STANDARD.decode(&self.record);
        let record = record.map_err(|_| ReceiptError::Record)?;
        let checkpoint = Checkpoint::open(&self.checkpoint, verifier)?;
        let algorithm = checkpoint.algorithm;
        let proven = tree::verify_inclusion(
            algorithm,
            algorithm.leaf(&record),
            self.index,
            checkpoint.size,
            &self.inclusion,
            checkpoint.root,
        );
        if proven {
            Ok((checkpoint, record))
        } else {
            Err(ReceiptError::Inclusion)
        }
    }
}
