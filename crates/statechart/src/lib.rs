//! Statecharts with the semantics of W3C SCXML, as pure functions.
//!
//! A [`Chart`] is compiled from a [`StateSpec`]. It turns a [`Configuration`] and an [`Event`]
//! into the next configuration and a [`Step`] that tells how it came about. A [`Host`] gives
//! guards and actions their meaning. Nothing here reads a clock, a file, the network, the
//! environment or a random source, and there is no XML.
//!
//! ```
//! use groundbreak_statechart::{
//!     Chart, Configuration, Event, PassiveHost, StateKind, StateSpec, TransitionSpec, Trigger,
//! };
//!
//! let on = |event: &str, target: &str| {
//!     TransitionSpec::new(Trigger::Event(vec![event.into()]), vec![target.into()])
//! };
//! let chart = Chart::compile(StateSpec::new("case", StateKind::Compound).with_children(vec![
//!     StateSpec::new("submitted", StateKind::Atomic).with_transition(on("accept", "accepted")),
//!     StateSpec::new("accepted", StateKind::Final),
//! ]))
//! .map_err(|faults| format!("{faults:?}"))?;
//!
//! let (before, _) = chart.start(&mut PassiveHost)?;
//! let (after, step) = chart.step(&before, Event::Named("accept"), &mut PassiveHost)?;
//! assert!(after.is_done(&chart));
//!
//! // A step that was stored leads to the same place again, without asking any guard.
//! assert_eq!(before.apply(&chart, &step)?, after);
//!
//! // A configuration is stored by the names of its states.
//! let names: Vec<&str> = after.names(&chart).collect();
//! assert_eq!(Configuration::from_names(&chart, &names, &[])?, after);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where this differs from appendix D of the Recommendation, on purpose:
//!
//! - The root may have transitions. They are internal: the root is never exited.
//! - The end of a wait is not an event with a name; only [`Trigger::After`] answers to it.
//! - The domain of a transition is worked out once, and nothing outside it is entered. The
//!   algorithm could lose or enter twice a state when a history is the target.
//! - `done.state` is raised for every parallel state that becomes done, however deeply parallel
//!   states are nested in one another.
//! - A step that does not come to rest is an error.

mod chart;
mod compile;
mod configuration;
mod domain;
mod effect;
mod entry;
mod event;
mod fault;
mod host;
mod id;
mod plan;
mod selection;
mod spec;
mod state_set;
mod step;
mod stepper;

pub use chart::{Chart, Transition};
pub use compile::{DEPTH_MAX, NAME_BYTES_MAX, STATES_MAX, TARGETS_MAX, TRANSITIONS_MAX};
pub use configuration::{Configuration, ConfigurationError, ReplayError};
pub use effect::Effect;
pub use event::Event;
pub use fault::{ChartFault, HistoryProblem};
pub use host::{CurrentEvent, Host, PassiveHost, Raised, View};
pub use id::{ActionId, DelayId, GuardId, PayloadId, StateId, TransitionId};
pub use spec::{HistoryDepth, StateKind, StateSpec, TransitionSpec, Trigger};
pub use step::{Cause, Microstep, Step};
pub use stepper::{CHANGES_MAX, MICROSTEPS_MAX, StepError, Stepper};
