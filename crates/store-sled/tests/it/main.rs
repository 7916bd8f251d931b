//! The store on sled keeps every rule of the contract, and the promises of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test did not expect ends it"
)]

mod contract;
mod crash;
mod damage;
mod dice;
#[cfg(target_os = "linux")]
mod disk;
mod given;
#[cfg(target_os = "linux")]
mod mount;
mod opening;
#[cfg(target_os = "linux")]
mod power_cut;
mod reading;
#[cfg(target_os = "linux")]
mod recording;
#[cfg(target_os = "linux")]
mod shim;
mod unsaved;
mod upgrade;
mod verifying;
