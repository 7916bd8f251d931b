//! Pictures of the shipped workflows, of small ones, and of what should not be drawn.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]
#![allow(clippy::disallowed_methods, reason = "the shipped workflows are files")]

mod given;
mod hostile;
mod mermaid;
mod random;
mod shown;
