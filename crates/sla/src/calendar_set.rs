use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;

/// The name of one version of a calendar.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct CalendarRef {
    /// Which calendar.
    pub id: String,
    /// Which version of it.
    pub version: u32,
}

impl CalendarRef {
    /// Names a version of a calendar.
    pub fn new(id: impl Into<String>, version: u32) -> Self {
        Self {
            id: id.into(),
            version,
        }
    }
}

impl fmt::Display for CalendarRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.id, self.version)
    }
}

/// The calendars a clock may be counted by: the one it starts with, and those it may change to.
#[derive(Debug, Clone)]
pub struct CalendarSet {
    initial: Arc<Calendar>,
    others: BTreeMap<CalendarRef, Arc<Calendar>>,
}

impl CalendarSet {
    /// Makes a set from the calendar a clock starts with.
    #[must_use]
    pub fn new(initial: Arc<Calendar>) -> Self {
        Self {
            initial,
            others: BTreeMap::new(),
        }
    }

    /// The same set with one more calendar to change to.
    #[must_use]
    pub fn with(mut self, calendar: Arc<Calendar>) -> Self {
        self.others.insert(calendar.reference().clone(), calendar);
        self
    }

    /// The calendar a clock starts with.
    #[must_use]
    pub fn initial(&self) -> &Arc<Calendar> {
        &self.initial
    }

    /// Finds a calendar by name and version.
    #[must_use]
    pub fn get(&self, reference: &CalendarRef) -> Option<&Arc<Calendar>> {
        if self.initial.reference() == reference {
            return Some(&self.initial);
        }
        self.others.get(reference)
    }
}

impl From<Calendar> for CalendarSet {
    fn from(calendar: Calendar) -> Self {
        Self::new(Arc::new(calendar))
    }
}

impl From<Arc<Calendar>> for CalendarSet {
    fn from(calendar: Arc<Calendar>) -> Self {
        Self::new(calendar)
    }
}
