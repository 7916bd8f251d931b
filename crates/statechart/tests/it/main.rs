//! The semantics of statecharts, rule by rule.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test would"
)]

mod allocations;
mod bounds;
mod done;
mod events;
mod faults;
mod growing;
mod history;
mod order;
mod preemption;
mod random;
mod reference;
mod replay;
mod sketch;
mod standard_case;
mod waits;
