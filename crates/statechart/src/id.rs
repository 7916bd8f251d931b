//! The numbers by which a chart, its host and a step refer to things.

/// A state of one [`Chart`](crate::Chart): its position in document order, the root being 0.
///
/// Means nothing to another chart; store names instead. A chart that is handed an id it does not
/// have answers as if it were the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(pub(crate) u16);

impl StateId {
    /// The root, which stands for the chart as a whole. It is never entered, exited or targeted.
    pub const ROOT: Self = Self(0);

    /// Returns the position in document order.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A transition of one [`Chart`](crate::Chart): its position in document order.
///
/// Means nothing to another chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransitionId(pub(crate) u32);

impl TransitionId {
    /// Returns the position in document order.
    #[must_use]
    pub fn index(self) -> usize {
        // A chart has at most TRANSITIONS_MAX transitions, which every supported usize can count.
        self.0 as usize
    }
}

/// A condition. The host gives it its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardId(pub u32);

/// Something to do on entry, on exit or on a transition. The host gives it its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub u32);

/// A wait that begins when its state is entered. The host knows how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DelayId(pub u32);

/// What a raised event carries. The host keeps the data and gives the number its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadId(pub u32);
