//! The contract of a journal store: what a backend promises to the engine, and nothing about how.
//!
//! A store keeps, for each case, an append-only journal of opaque records, the latest state as
//! opaque bytes, the set of open timers and the set of index terms. One [`Store::append`] writes
//! all four together or not at all, and returns only when they are durable. A store never
//! interprets a record or a state: only the caller knows what the bytes mean.
//!
//! * [`Store`] is the contract; [`Append`] is what goes in, [`Record`], [`Snapshot`], [`Page`]
//!   and [`DueTimer`] are what comes out.
//! * [`MemoryStore`] is the contract without a disk; [`Index`] is its index, for backends that
//!   keep theirs in memory too.
//! * [`conformance`] is what every backend is held to.
//! * [`limits`] says how large each part may be. Every backend refuses what is larger.
//!
//! A failed append is of one of three kinds, and [`AppendError::outcome`] says which: refused for
//! sure, not done for sure, or unknown. An unknown outcome is settled with
//! [`Store::find_command`], because the command id is stored together with what it wrote.

mod append;
pub mod conformance;
mod contract;
mod index;
pub mod limits;
mod memory;
mod metadata;
mod position;
mod query;
mod read;

pub use append::{
    Append, AppendError, Appended, Fault, Outcome, Part, Term, TermRef, TermValue, TermValueRef,
    Timer, TimerRef,
};
pub use contract::{CloseError, Store};
pub use index::Index;
pub use memory::MemoryStore;
pub use metadata::{Put, PutError};
pub use position::Position;
pub use query::{Condition, Cursor, CursorError, Direction, Hit, Order, Page, Query, Span};
pub use read::{Applied, DueTimer, ReadError, Record, Snapshot};

/// What went wrong below the store, as the backend reported it.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;
