//! Measures this program on this machine. `case`, `timers`, `open` and `replay` are what is measured;
//! the other files are what it is measured with.

mod case;
mod closed_loop;
mod connection;
mod figures;
mod filling;
mod lapsing_case;
mod limit;
mod open;
mod process;
mod replay;
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
    /// Open and verify a data directory of many cases, and tell how much memory that takes
    Open(open::Arguments),
    /// Fold every case of a data directory from its journal, beside reading the same from a plain file
    Replay(replay::Arguments),
}

pub(crate) async fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Case(arguments) => case::run(&arguments, screen).await,
        Command::Timers(arguments) => timers::run(&arguments, screen).await,
        Command::Open(arguments) => open::run(&arguments, screen).await,
        Command::Replay(arguments) => replay::run(&arguments, screen).await,
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
