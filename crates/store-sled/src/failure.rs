use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use groundbreak_store::{Cause, ReadError};

use crate::Part;

/// What can go wrong inside the open store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Stored bytes are not what was written.
    #[error("{part} is damaged at {place}")]
    Damaged { part: Part, place: String },
    /// sled or the operating system refused.
    #[error("the database failed")]
    Engine {
        #[source]
        source: Cause,
    },
}

impl Failure {
    pub(crate) fn damaged(part: Part, place: impl Into<String>) -> Self {
        Self::Damaged {
            part,
            place: place.into(),
        }
    }
}

impl From<sled::Error> for Failure {
    fn from(err: sled::Error) -> Self {
        match err {
            sled::Error::Corruption { at, .. } => Self::damaged(
                Part::Pages,
                match at {
                    Some(place) => format!("{place:?} of sled/db"),
                    None => "sled".to_owned(),
                },
            ),
            other => Self::Engine {
                source: Box::new(other),
            },
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(err: std::io::Error) -> Self {
        Self::Engine {
            source: Box::new(err),
        }
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Damaged { part, place } => Self::Damaged {
                place: format!("{part} ({place})"),
            },
            Failure::Engine { source } => Self::Unavailable { source },
        }
    }
}

thread_local! {
    /// Whether this thread is in a call of [`guarded`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Tells whether a panic of the current thread happens inside sled, and ends there.
///
/// sled panics on some damaged files. On a thread of the store such a panic is caught and told as
/// damage; on a thread of sled's own it ends that thread, and whoever waits for it is told by the
/// watchdog. Rust's usual panic hook writes either to standard error nevertheless, as if the
/// program had a fault; a hook of the program can leave it out when this is true.
#[must_use]
pub fn panics_in_sled() -> bool {
    let thread = thread::current();
    let of_sled = thread
        .name()
        .is_some_and(|name| name.starts_with("sled-io-") || name == "log flusher");
    of_sled || GUARDED.get()
}

/// Calls into sled. sled panics on some damaged files where it should return an error, and a
/// panic must not reach a caller.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let outer = GUARDED.replace(true);
    let called = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(outer);
    called.unwrap_or_else(|panic| {
        let told = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        // The whole text of such a panic may hold a page of data, and several lines.
        let told: String = told
            .lines()
            .next()
            .unwrap_or("")
            .chars()
            .take(200)
            .collect();
        Err(Failure::damaged(
            Part::Pages,
            format!("sled panicked: {told}"),
        ))
    })
}
