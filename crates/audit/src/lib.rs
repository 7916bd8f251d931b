//! Turnaround, attainment, where the time went, measures, and the appraisal of teams, computed from folded cases.
//!
//! What measures cannot write: nothing here touches an engine or a store. Every figure carries
//! the rows it was computed from. The percentiles of a report are actual cases (nearest rank),
//! never interpolated or averaged; [`Distribution::linear`] is for comparison with figures that
//! others computed. All of it is exact arithmetic in whole numbers.

mod appraisal;
mod attainment;
mod control_chart;
mod distribution;
mod exchange;
mod fraction;
mod measure;
mod percentile;
mod register;
mod shortest_stays;
mod turnaround;

pub use appraisal::{Appraisal, Credit, TeamStanding, Uncredited, appraisal};
pub use attainment::{Attainment, Counts};
pub use control_chart::ControlChart;
pub use distribution::Distribution;
pub use exchange::{
    ChangeRow, DepartmentMapping, Exchange, ExchangeCase, ExchangeCheck, ExchangeFinding,
    ExchangeMapping, MatterMapping, MatterRow, ProjectMapping, ProjectRow,
};
pub use fraction::Fraction;
pub use measure::{Figure, FigureFinding, FigureRow, LeftOut, figure};
pub use percentile::Percentiles;
pub use register::{
    ChainStanding, LeaderStanding, Project, RegisterStanding, RosterStanding, register,
};
pub use shortest_stays::shortest_stays;
pub use turnaround::{ClockTurnaround, CycleRow, StageTurnaround, Turnaround, turnaround};
