use groundbreak_store::Append;
use uuid::Uuid;

use crate::value::write_index;

/// What one command writes, as the writer takes it.
///
/// Timers and terms are bytes already: a dozen texts that one thread makes and another drops cost
/// more than to write them one behind the other.
#[derive(Debug)]
pub(crate) struct Appending {
    pub(crate) case: Uuid,
    pub(crate) expected_revision: u64,
    pub(crate) command: Uuid,
    pub(crate) recorded_at: i64,
    pub(crate) record: Vec<u8>,
    /// Kept in memory for a while, so without room to grow.
    pub(crate) state: Box<[u8]>,
    pub(crate) index: Box<[u8]>,
}

impl Appending {
    /// Returns how many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        self.record.len() + self.state.len() + self.index.len()
    }
}

impl From<Append> for Appending {
    fn from(append: Append) -> Self {
        Self {
            case: append.case,
            expected_revision: append.expected_revision,
            command: append.command,
            recorded_at: append.recorded_at,
            record: append.record,
            state: append.state.into_boxed_slice(),
            index: write_index(&append.timers, &append.terms).into_boxed_slice(),
        }
    }
}
