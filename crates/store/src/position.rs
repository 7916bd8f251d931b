use std::fmt;

/// A place in the order of all commits of one store.
///
/// The first commit is at 1 and later ones are larger. A backend may leave gaps, but a commit
/// never becomes visible at a position below one that was already read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// The place before the first commit: [`crate::Store::read_all`] from here reads everything.
    pub const START: Self = Self(0);

    /// Returns the position with this number, as [`Position::number`] gave it.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number of this position, to be written down and read again.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
