//! The program as its users run it: every test starts the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod archive_killed;
mod backup;
mod bench;
mod broken;
mod calendars;
#[cfg(unix)]
mod checkpoints;
mod clocks;
mod crash;
mod digit;
mod disk;
mod doctor;
mod drawing;
mod exchange;
mod ics;
mod measures;
mod messages;
mod migrate;
#[path = "../../../store-sled/tests/it/mount.rs"]
mod mount;
mod program;
#[cfg(unix)]
mod proof;
mod scenarios;
mod scxml;
