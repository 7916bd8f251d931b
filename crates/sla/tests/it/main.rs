//! The rules of calendars and clocks, one test a rule.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot read its own input has failed"
)]

mod admission;
mod calendars;
mod figures;
mod goals;
mod ics;
mod laws;
mod life;
mod oracle;
mod shipped;
mod suites;
mod time_tables;
mod vectors;
