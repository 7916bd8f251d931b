use groundbreak_sla::Timestamp;

/// An instant at which the engine gives the case a [`crate::Act::Tick`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// When it falls due.
    pub due_at: Timestamp,
    /// Its name, unique in the case: `after/STATE/N`, `warn/CLOCK/TRIGGER`, `breach/CLOCK`.
    pub id: String,
}

/// What a case can be found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// `workflow`, `status` (`open` or `closed`), `number`, `role` (may act next), `state`,
    /// `opened` and `due` (milliseconds; `due` of the most urgent clock that runs).
    pub name: &'static str,
    /// The value.
    pub value: TermValue,
}

/// The value of a [`Term`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermValue {
    /// Compared as a whole.
    Text(String),
    /// Compared, and ordered by.
    Integer(i64),
}
