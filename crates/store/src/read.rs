use uuid::Uuid;

use crate::{Cause, Position};

/// One commit of a case, as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place among all commits of the store.
    pub position: Position,
    /// The case it belongs to.
    pub case: Uuid,
    /// The revision it gave the case; the first is 1, and there are no gaps.
    pub revision: u64,
    /// The command that wrote it.
    pub command: Uuid,
    /// When the command was decided, in milliseconds since 1970 UTC, as the caller said.
    pub recorded_at: i64,
    /// What the caller wrote.
    pub record: Vec<u8>,
}

/// The latest state of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The case.
    pub case: Uuid,
    /// Its revision, which the next append must expect.
    pub revision: u64,
    /// The position of its latest commit.
    pub position: Position,
    /// What the caller wrote as the state, with the last commit that is not [`Snapshot::behind`].
    /// Empty when all of them are.
    pub state: Vec<u8>,
    /// The commits that the state does not have, oldest first. Mostly there are none: a store may
    /// write the journal at once and states later, and then has older states after a crash.
    pub behind: Vec<Record>,
}

/// What a command did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Applied {
    /// The case it wrote to.
    pub case: Uuid,
    /// The revision it gave the case.
    pub revision: u64,
    /// Its place among all commits of the store.
    pub position: Position,
}

/// A timer that is open. They are ordered by instant, then case, then id, so that every node
/// and every replay fires them in the same order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DueTimer {
    /// When it falls due, in milliseconds since 1970 UTC.
    pub due_at: i64,
    /// The case it belongs to.
    pub case: Uuid,
    /// Its name within the case.
    pub id: String,
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The question itself is over a bound of [`crate::limits`].
    #[error("the query names {size} {what}, and at most {max} are allowed")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        size: usize,
        /// How many are allowed.
        max: usize,
    },
    /// What is stored does not agree with its checksum, or cannot be what was written.
    #[error("the store is damaged at {place}")]
    Damaged {
        /// Which stored thing is damaged.
        place: String,
    },
    /// The store does not answer now.
    #[error("the store is unavailable")]
    Unavailable {
        /// What went wrong below.
        #[source]
        source: Cause,
    },
}
