//! Turnaround, attainment and where the time went, computed from folded cases.
//!
//! What measures cannot write: nothing here touches an engine or a store. Every figure carries
//! the rows it was computed from, and percentiles are actual cases (nearest rank), never
//! interpolated or averaged.

mod percentile;
mod turnaround;

pub use percentile::Percentiles;
pub use turnaround::{
    Attainment, ClockTurnaround, CycleRow, StageTurnaround, Turnaround, turnaround,
};
