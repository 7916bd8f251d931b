use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    Append, AppendError, Appended, Applied, Cause, DueTimer, Page, Position, Put, PutError, Query,
    ReadError, Record, Snapshot,
};

/// A journal store.
///
/// What is read is durable: no method shows an append before a crash could no longer undo it.
/// A caller reads its own writes: what was acknowledged is in every answer that is asked for
/// afterwards.
///
/// Lists end when an answer is empty. An answer shorter than the limit is not the end, because
/// [`crate::limits`] bounds every answer.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Writes one command. It is durable when this returns `Ok`.
    ///
    /// Dropping the future does not take the append back.
    ///
    /// # Errors
    ///
    /// Checked in this order: [`AppendError::TooLarge`] and [`AppendError::Malformed`], then
    /// [`AppendError::DuplicateCommand`], then [`AppendError::RevisionConflict`]. The others say
    /// what became of an append that was fit to be written; see [`AppendError::outcome`].
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Returns the latest state of a case, or `None` when there is no such case.
    ///
    /// # Errors
    ///
    /// [`ReadError::Damaged`], [`ReadError::Unavailable`].
    async fn load(&self, case: Uuid) -> Result<Option<Snapshot>, ReadError>;

    /// Returns the latest states of several cases, in any order; a case that is not there has none.
    ///
    /// # Errors
    ///
    /// As for [`Store::load`], when it cannot read one of them.
    async fn load_many(&self, cases: &[Uuid]) -> Result<Vec<Snapshot>, ReadError> {
        let mut found = Vec::new();
        for case in cases {
            found.extend(self.load(*case).await?);
        }
        Ok(found)
    }

    /// Returns the records of a case above a revision, ascending. Empty when there are none.
    ///
    /// # Errors
    ///
    /// [`ReadError::Damaged`], [`ReadError::Unavailable`].
    async fn journal(
        &self,
        case: Uuid,
        after_revision: u64,
        limit: usize,
    ) -> Result<Vec<Record>, ReadError>;

    /// Returns the records of all cases above a position, in the order they were committed.
    ///
    /// # Errors
    ///
    /// [`ReadError::Damaged`], [`ReadError::Unavailable`].
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError>;

    /// Returns the position of the latest commit; [`Position::START`] when there is none.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unavailable`].
    async fn head(&self) -> Result<Position, ReadError>;

    /// Returns the timers that are due at `until` (milliseconds since 1970 UTC) or before, by
    /// instant, then case, then id.
    ///
    /// `after` continues behind a timer of an earlier answer, whether or not it is still open,
    /// so that timers that cannot be fired do not hide the others.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unavailable`].
    async fn due_timers(
        &self,
        until: i64,
        after: Option<&DueTimer>,
        limit: usize,
    ) -> Result<Vec<DueTimer>, ReadError>;

    /// Returns the instant of the earliest open timer, or `None` when no timer is open.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unavailable`].
    async fn next_due(&self) -> Result<Option<i64>, ReadError>;

    /// Returns one page of the cases that meet a query, and how many meet it in all.
    ///
    /// # Errors
    ///
    /// [`ReadError::TooLarge`] when the query is over a bound, [`ReadError::Unavailable`].
    async fn query(&self, query: &Query) -> Result<Page, ReadError>;

    /// Returns what a command did, or `None` when it was never applied.
    ///
    /// On a store that answered [`AppendError::Unknown`] and was opened again, `None` means that
    /// the command was not done and will not be.
    ///
    /// # Errors
    ///
    /// [`ReadError::Damaged`], [`ReadError::Unavailable`].
    async fn find_command(&self, command: Uuid) -> Result<Option<Applied>, ReadError>;

    /// Returns the value under a metadata key, or `None`.
    ///
    /// # Errors
    ///
    /// [`ReadError::Damaged`], [`ReadError::Unavailable`].
    async fn metadata(&self, key: &str) -> Result<Option<Vec<u8>>, ReadError>;

    /// Writes a metadata entry. It is durable when this returns `Ok`.
    ///
    /// Metadata is for what belongs to no case: texts of workflows, calendars, users. It is not
    /// part of the journal.
    ///
    /// # Errors
    ///
    /// [`PutError::Exists`] when the key is taken and `put` is [`Put::Create`];
    /// [`PutError::TooLarge`] and [`PutError::Malformed`] when the entry cannot be stored; the
    /// others as for an append.
    async fn put_metadata(&self, key: &str, value: Vec<u8>, put: Put) -> Result<(), PutError>;

    /// Removes a metadata entry; one that is not there is no error. Durable when it returns `Ok`.
    ///
    /// # Errors
    ///
    /// As for [`Store::put_metadata`], except [`PutError::Exists`].
    async fn remove_metadata(&self, key: &str) -> Result<(), PutError>;

    /// Returns the metadata keys that begin with `prefix` and come after `after`, ascending by
    /// bytes. The empty text is before every key.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unavailable`].
    async fn list_metadata(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, ReadError>;

    /// Finishes what is waiting, and lets go of the data so that it can be opened again.
    ///
    /// Afterwards every other method fails as unavailable. Closing twice is no error.
    ///
    /// # Errors
    ///
    /// [`CloseError::Unclean`] when the store could not be put away as it should; what was
    /// acknowledged is durable nevertheless.
    async fn close(&self) -> Result<(), CloseError>;
}

/// Why a store was not closed as it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// Something failed on the way. What was acknowledged is durable nevertheless.
    #[error("the store was not closed cleanly")]
    Unclean {
        /// What went wrong below.
        #[source]
        source: Cause,
    },
}
