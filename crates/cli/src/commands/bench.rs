//! Measures this program on this machine. Cases and timers are what is measured; the other files are
//! what they are measured with.

mod case;
mod closed_loop;
mod connection;
mod figures;
mod lapsing_case;
mod limit;
mod process;
mod standard_case;
mod timers;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use tempfile::TempDir;

use crate::screen::Screen;
use crate::trouble::{Outcome, Trouble};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Carry out standard cases from many clients at once, beside the limit of the disk
    Case(case::Arguments),
    /// Let many timers fall due at one instant, among many more that wait
    Timers(timers::Arguments),
}

pub(crate) async fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Case(arguments) => case::run(&arguments, screen).await,
        Command::Timers(arguments) => timers::run(&arguments, screen).await,
    }
}

/// Makes the directory that is measured on and thrown away: in `parent`, or where the machine keeps
/// what is temporary.
fn temporary(parent: Option<&PathBuf>) -> Result<TempDir> {
    let parent = parent.cloned().unwrap_or_else(std::env::temp_dir);
    let made = TempDir::with_prefix_in("groundbreak-bench-", &parent);
    Ok(made.map_err(|source| Trouble::Unwritable {
        path: parent,
        source,
    })?)
}
