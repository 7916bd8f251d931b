//! SCXML documents, rule by rule, and the public suites.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test would"
)]

mod conformance;
mod run;
mod scion;
mod suites;
mod vocabulary;
mod written;
mod wrong;
