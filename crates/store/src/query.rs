use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::limits::{CONDITION_VALUES_MAX, CONDITIONS_MAX};
use crate::{ReadError, TermValue};

/// A question to the index: which cases have these terms, in which order.
///
/// Every condition must hold. Without any, all cases answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What must hold, all of it.
    pub conditions: Vec<Condition>,
    /// A stretch of numbers that some value of a term must lie in.
    pub span: Option<Span>,
    /// The order of the answer. Without one, by case id.
    pub order: Option<Order>,
    /// Where the answer before this one ended: its [`Page::next`].
    pub after: Option<Cursor>,
    /// The most cases to return; more than [`crate::limits::PAGE_ITEMS_MAX`] are never returned.
    /// With 0 only the total is counted.
    pub limit: usize,
}

impl Query {
    /// Returns the question for all cases, at most `limit` at a time.
    #[must_use]
    pub fn all(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Demands that the case has this value under this name.
    #[must_use]
    pub fn with(self, name: impl Into<String>, value: impl Into<TermValue>) -> Self {
        self.with_any(name, [value.into()])
    }

    /// Demands that the case has at least one of these values under this name. No value at all
    /// is a condition that nothing meets.
    #[must_use]
    pub fn with_any(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = TermValue>,
    ) -> Self {
        self.conditions.push(Condition {
            name: name.into(),
            any_of: values.into_iter().collect(),
        });
        self
    }

    /// Demands that a number of this term lies in `from..until`; an end that is `None` is open.
    #[must_use]
    pub fn within(
        mut self,
        name: impl Into<String>,
        from: Option<i64>,
        until: Option<i64>,
    ) -> Self {
        self.span = Some(Span {
            name: name.into(),
            from,
            until,
        });
        self
    }

    /// Asks for this order.
    #[must_use]
    pub fn ordered_by(mut self, name: impl Into<String>, direction: Direction) -> Self {
        self.order = Some(Order {
            name: name.into(),
            direction,
        });
        self
    }

    /// Continues after a page.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// Checks the bounds that every backend demands.
    ///
    /// A backend calls this before anything else; a caller need not.
    ///
    /// # Errors
    ///
    /// [`ReadError::TooLarge`] over [`CONDITIONS_MAX`] or [`CONDITION_VALUES_MAX`].
    pub fn check(&self) -> Result<(), ReadError> {
        if self.conditions.len() > CONDITIONS_MAX {
            return Err(ReadError::TooLarge {
                what: "conditions",
                size: self.conditions.len(),
                max: CONDITIONS_MAX,
            });
        }
        for condition in &self.conditions {
            if condition.any_of.len() > CONDITION_VALUES_MAX {
                return Err(ReadError::TooLarge {
                    what: "values in one condition",
                    size: condition.any_of.len(),
                    max: CONDITION_VALUES_MAX,
                });
            }
        }
        Ok(())
    }
}

/// A demand that a case has one of some values under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The name of the term.
    pub name: String,
    /// The values, of which the case must have at least one.
    pub any_of: Vec<TermValue>,
}

/// A stretch of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The name of the term.
    pub name: String,
    /// The least number that lies in it; open when `None`.
    pub from: Option<i64>,
    /// The least number beyond it; open when `None`.
    pub until: Option<i64>,
}

impl Span {
    /// Returns whether this number lies in the stretch.
    #[must_use]
    pub fn contains(&self, integer: i64) -> bool {
        self.from.is_none_or(|from| from <= integer)
            && self.until.is_none_or(|until| integer < until)
    }
}

/// The order of an answer.
///
/// A case with several numbers under the name counts with the one that comes first. Cases
/// without any come last, in both directions. Equal ones are ordered by case id, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The name of the term.
    pub name: String,
    /// Smallest first or largest first.
    pub direction: Direction,
}

/// Smallest first or largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// One answer of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The cases, in order.
    pub hits: Vec<Hit>,
    /// How many cases meet the query on all pages together.
    pub total: u64,
    /// Where the next page begins; `None` when this is the last one.
    pub next: Option<Cursor>,
}

/// A case that meets a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hit {
    /// The case.
    pub case: Uuid,
    /// Its revision when it was found.
    pub revision: u64,
    /// The number it was ordered by; `None` without an order, or when the case has none.
    pub key: Option<i64>,
}

/// Where a page ended: the last case on it and the number it was ordered by.
///
/// A cursor is a place in the order, not a picture of the index: a case whose number changes
/// while somebody turns pages may be seen twice or not at all. It has a text form for links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The number the last case was ordered by.
    pub key: Option<i64>,
    /// The last case.
    pub case: Uuid,
}

impl From<Hit> for Cursor {
    fn from(hit: Hit) -> Self {
        Self {
            key: hit.key,
            case: hit.case,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = self.key {
            write!(f, "{key}")?;
        }
        write!(f, "~{}", self.case.simple())
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    /// Reads what `Display` wrote.
    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (key, case) = text.split_once('~').ok_or(CursorError)?;
        Ok(Self {
            key: match key {
                "" => None,
                key => Some(key.parse().map_err(|_| CursorError)?),
            },
            case: Uuid::try_parse(case).map_err(|_| CursorError)?,
        })
    }
}

/// The text is not a cursor that a page gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor that an earlier page gave out")]
pub struct CursorError;
