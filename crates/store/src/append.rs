use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use uuid::Uuid;

use crate::limits::{
    RECORD_BYTES_MAX, STATE_BYTES_MAX, TERM_NAME_BYTES_MAX, TERM_TEXT_BYTES_MAX, TERMS_MAX,
    TIMER_ID_BYTES_MAX, TIMERS_MAX,
};
use crate::{Applied, Cause, Position};

/// Everything one command writes. It is written together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The case that is written to.
    pub case: Uuid,
    /// The revision the command was decided on. 0 means that the case must not exist yet.
    pub expected_revision: u64,
    /// The id of the command, unique in the whole store. It is kept with the record, so that
    /// an unknown outcome can be settled and a command sent twice is applied once.
    pub command: Uuid,
    /// When the command was decided, in milliseconds since 1970 UTC. Kept, never interpreted.
    pub recorded_at: i64,
    /// What is added to the journal.
    pub record: Vec<u8>,
    /// The whole state of the case after this command.
    pub state: Vec<u8>,
    /// The whole set of open timers after this command; what is not named here is gone.
    pub timers: Vec<Timer>,
    /// The whole set of index terms after this command; what is not named here is gone.
    pub terms: Vec<Term>,
}

impl Append {
    /// Checks the sizes and the shape that every backend demands.
    ///
    /// A backend calls this before anything else; a caller need not.
    ///
    /// # Errors
    ///
    /// [`AppendError::TooLarge`] when a part is over its bound in [`crate::limits`];
    /// [`AppendError::Malformed`] when a timer id occurs twice or a text holds a NUL character,
    /// which not every backend can keep.
    pub fn check(&self) -> Result<(), AppendError> {
        fits(Part::Record, self.record.len(), RECORD_BYTES_MAX)?;
        fits(Part::State, self.state.len(), STATE_BYTES_MAX)?;
        fits(Part::Timers, self.timers.len(), TIMERS_MAX)?;
        fits(Part::Terms, self.terms.len(), TERMS_MAX)?;
        let mut ids = HashSet::with_capacity(self.timers.len());
        for timer in &self.timers {
            text_fits(Part::TimerId, &timer.id, TIMER_ID_BYTES_MAX)?;
            if !ids.insert(timer.id.as_str()) {
                return Err(AppendError::Malformed {
                    part: Part::TimerId,
                    fault: Fault::Repeated,
                });
            }
        }
        for term in &self.terms {
            text_fits(Part::TermName, &term.name, TERM_NAME_BYTES_MAX)?;
            if let TermValue::Text(text) = &term.value {
                text_fits(Part::TermText, text, TERM_TEXT_BYTES_MAX)?;
            }
        }
        Ok(())
    }
}

fn fits(part: Part, size: usize, max: usize) -> Result<(), AppendError> {
    if size > max {
        return Err(AppendError::TooLarge { part, size, max });
    }
    Ok(())
}

fn text_fits(part: Part, text: &str, max: usize) -> Result<(), AppendError> {
    fits(part, text.len(), max)?;
    if text.contains('\0') {
        return Err(AppendError::Malformed {
            part,
            fault: Fault::Nul,
        });
    }
    Ok(())
}

/// An instant at which the engine wants to come back to a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer {
    /// The name of the timer, unique within its case.
    pub id: String,
    /// When it falls due, in milliseconds since 1970 UTC.
    pub due_at: i64,
}

/// One thing a case can be found by. A case may have several values under one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// What the value says about the case, for instance `stage`.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: TermValue,
}

impl Term {
    /// Returns a term with a text.
    pub fn text(name: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: TermValue::Text(text.into()),
        }
    }

    /// Returns a term with a number, which ranges and orders can use.
    pub fn integer(name: impl Into<Cow<'static, str>>, integer: i64) -> Self {
        Self {
            name: name.into(),
            value: TermValue::Integer(integer),
        }
    }
}

/// The value of a term. A text and a number are never equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermValue {
    /// Compared byte by byte, for equality alone.
    Text(String),
    /// Compared as a number; the kind for instants, amounts and counts.
    Integer(i64),
}

impl From<&str> for TermValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for TermValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for TermValue {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

/// A [`Timer`] that stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerRef<'a> {
    /// As [`Timer::id`].
    pub id: &'a str,
    /// As [`Timer::due_at`].
    pub due_at: i64,
}

impl<'a> From<&'a Timer> for TimerRef<'a> {
    fn from(timer: &'a Timer) -> Self {
        Self {
            id: &timer.id,
            due_at: timer.due_at,
        }
    }
}

/// A [`Term`] that stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermRef<'a> {
    /// As [`Term::name`].
    pub name: &'a str,
    /// As [`Term::value`].
    pub value: TermValueRef<'a>,
}

/// A [`TermValue`] that stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermValueRef<'a> {
    /// As [`TermValue::Text`].
    Text(&'a str),
    /// As [`TermValue::Integer`].
    Integer(i64),
}

impl<'a> From<&'a Term> for TermRef<'a> {
    fn from(term: &'a Term) -> Self {
        Self {
            name: &term.name,
            value: match &term.value {
                TermValue::Text(text) => TermValueRef::Text(text),
                TermValue::Integer(integer) => TermValueRef::Integer(*integer),
            },
        }
    }
}

/// Where a durable append ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Appended {
    /// The revision of the case after the append: the expected one plus one.
    pub revision: u64,
    /// Its place among all commits of the store.
    pub position: Position,
}

/// Why an append was not acknowledged. [`AppendError::outcome`] says what that means.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Another command was first. Load, decide and append again.
    #[error("case {case} is at revision {actual}, not {expected}")]
    RevisionConflict {
        /// The case.
        case: Uuid,
        /// The revision the append was decided on.
        expected: u64,
        /// The revision the case has; 0 when it does not exist.
        actual: u64,
    },
    /// A command with this id was applied before, to this case or to another. Nothing was
    /// written now. This is found before a conflict of revisions, so a command that is sent
    /// again after it succeeded gets this answer.
    #[error("command {command} was applied before, at revision {revision} of case {case}", revision = applied.revision, case = applied.case)]
    DuplicateCommand {
        /// The command.
        command: Uuid,
        /// What it did the first time.
        applied: Applied,
    },
    /// A part is over its bound. The same append will never be accepted.
    #[error("{part} has a size of {size}, and at most {max} is stored")]
    TooLarge {
        /// Which part.
        part: Part,
        /// How large it is: bytes, or the number of items.
        size: usize,
        /// The bound, in the same unit.
        max: usize,
    },
    /// A part cannot be stored as it is. The same append will never be accepted.
    #[error("{part} cannot be stored: {fault}")]
    Malformed {
        /// Which part.
        part: Part,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The store has more appends waiting than it takes. Try the same append again, later.
    #[error("the store has too many appends waiting")]
    Overloaded,
    /// The store did not do it. The same append may be tried again as it is.
    #[error("the store is unavailable, and nothing was written")]
    Unavailable {
        /// What went wrong below.
        #[source]
        source: Cause,
    },
    /// The store cannot say whether it is durable. Ask [`crate::Store::find_command`], on a
    /// store that was opened again if this one stays unavailable.
    #[error("it is unknown whether the append was written")]
    Unknown {
        /// What went wrong below.
        #[source]
        source: Cause,
    },
}

impl AppendError {
    /// Returns which of the three kinds of failure this is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::RevisionConflict { .. }
            | Self::DuplicateCommand { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. } => Outcome::Refused,
            Self::Overloaded | Self::Unavailable { .. } => Outcome::NotDone,
            Self::Unknown { .. } => Outcome::Unknown,
        }
    }
}

/// The three kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing was written, and the same append would be refused again.
    Refused,
    /// Nothing was written, and the same append may succeed later.
    NotDone,
    /// It may have been written. Only [`crate::Store::find_command`] settles it.
    Unknown,
}

/// A part of what is written, named in errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The bytes of the record.
    Record,
    /// The bytes of the state.
    State,
    /// The number of timers.
    Timers,
    /// The id of a timer.
    TimerId,
    /// The number of terms.
    Terms,
    /// The name of a term.
    TermName,
    /// The text of a term.
    TermText,
    /// The key of a metadata entry.
    MetadataKey,
    /// The value of a metadata entry.
    MetadataValue,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Record => "the record",
            Self::State => "the state",
            Self::Timers => "the set of timers",
            Self::TimerId => "a timer id",
            Self::Terms => "the set of terms",
            Self::TermName => "the name of a term",
            Self::TermText => "the text of a term",
            Self::MetadataKey => "the metadata key",
            Self::MetadataValue => "the metadata value",
        })
    }
}

/// Why a part cannot be stored as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// It occurs twice where it must be unique.
    Repeated,
    /// It holds a NUL character.
    Nul,
    /// It is empty.
    Empty,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repeated => "it occurs twice",
            Self::Nul => "it holds a NUL character",
            Self::Empty => "it is empty",
        })
    }
}
