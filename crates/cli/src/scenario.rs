//! Scenarios: plain-text files that staff can read and write, played through the real engine on
//! simulated time. `docs/guides/scenarios.md` describes the language.

mod general;
mod line;
mod parse;
mod plan;
mod play;
mod script;
mod stage;
mod token;

pub(crate) use parse::parse;
pub(crate) use plan::{Plan, data, plan};
pub(crate) use play::{Mismatch, Played, play};
pub(crate) use stage::Stage;
pub(crate) use token::{SCENARIO_LENGTH_MAX, ScenarioFault};
