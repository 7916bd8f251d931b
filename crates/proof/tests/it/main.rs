//! The tree against another implementation, and every byte that is signed against being changed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod bundles;
mod checkpoints;
mod trees;
