//! What the audit computes, against numbers worked by hand and by others.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot read its own input has failed"
)]

mod attainment;
mod control_chart;
mod distribution;
mod exchange;
mod measure;
mod register;
mod suites;
mod vectors;
