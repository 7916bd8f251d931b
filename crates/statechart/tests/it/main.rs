//! The semantics of statecharts, rule by rule.

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
mod scion;
mod sketch;
mod waits;
