//! The semantics of statecharts, rule by rule.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test would"
)]

mod bounds;
mod done;
mod events;
mod faults;
mod history;
mod order;
mod preemption;
mod random;
mod reference;
mod replay;
mod sketch;
mod waits;
