//! One file a command.

mod backup;
mod bench;
mod bundle;
mod calendar;
pub(crate) mod case;
pub(crate) mod check;
mod checkpoint;
mod clock;
mod demo;
mod doctor;
mod draw;
mod export;
mod folding;
mod import;
mod migrate;
mod nodes;
mod receipt;
mod replay;
mod report;
mod restore;
mod schema;
mod scxml;
mod serve;
pub(crate) mod sign;
mod user;
mod verify;
mod version;

use anyhow::{Context, Result};
use clap::Subcommand;
use tokio::runtime::Runtime;

use crate::screen::Screen;
use crate::trouble::Outcome;

/// What the program can be asked to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try it: a desk with example data, thrown away when you stop it
    Demo(demo::Arguments),
    /// Serve the desk and the HTTP API from a data directory
    Serve(serve::Arguments),
    /// Back up a data directory that no server has open; on top of an earlier backup, what is new
    Backup(backup::Arguments),
    /// Make a data directory from a backup
    Restore(restore::Arguments),
    /// Say what is wrong with a data directory and what to do; changes nothing
    Doctor(doctor::Arguments),
    /// Manage who may sign in
    #[command(subcommand)]
    User(user::Command),
    /// Check calendars, workflows, measures and registers, and show every fault in its place
    Check(check::Arguments),
    /// Print the JSON Schema of workflow definitions, for editors
    Schema(schema::Arguments),
    /// Make definitions of what other programs work with
    #[command(subcommand)]
    Import(import::Command),
    /// Draw a workflow as a picture, or show where a case is in it
    Draw(draw::Arguments),
    /// Play scenario files through the real engine on simulated time, and check what they expect
    Replay(replay::Arguments),
    /// Work on the cases of a data directory that no server has open
    #[command(subcommand)]
    Case(case::Command),
    /// Move the open cases of a data directory to another version of their workflow
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Compute figures over the cases of a data directory
    #[command(subcommand)]
    Report(report::Command),
    /// Write what other systems read
    #[command(subcommand)]
    Export(export::Command),
    /// Check that nothing was lost or changed: a data directory, a bundle or a receipt
    Verify(verify::Arguments),
    /// Sign how the records of a data directory stand, for others to keep
    Checkpoint(checkpoint::Arguments),
    /// Prove that something was recorded, in a file that is checked without the data
    Receipt(receipt::Arguments),
    /// Write all records with a signed checkpoint into one file, for an auditor
    Bundle(bundle::Arguments),
    /// Compute disputed clocks anew from what happened to them, without any case
    Clock(clock::Arguments),
    /// Look at a working calendar, check it, and count on it
    #[command(subcommand)]
    Calendar(calendar::Command),
    /// Run documents in SCXML, the statechart language of the W3C
    #[command(subcommand)]
    Scxml(scxml::Command),
    /// Measure this program on this machine
    #[command(subcommand)]
    Bench(bench::Command),
    /// Print the versions of this program, its time zone data and its formats
    Version(version::Arguments),
}

/// Runs a command.
pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Demo(arguments) => runtime()?.block_on(demo::run(arguments, screen)),
        Command::Serve(arguments) => runtime()?.block_on(serve::run(arguments, screen)),
        Command::Backup(arguments) => runtime()?.block_on(backup::run(&arguments, screen)),
        Command::Restore(arguments) => runtime()?.block_on(restore::run(&arguments, screen)),
        Command::Doctor(arguments) => runtime()?.block_on(doctor::run(&arguments, screen)),
        Command::User(command) => user::run(command, screen),
        Command::Check(arguments) => check::run(&arguments, screen),
        Command::Schema(_) => schema::run(screen),
        Command::Draw(arguments) => runtime()?.block_on(draw::run(&arguments, screen)),
        Command::Replay(arguments) => runtime()?.block_on(replay::run(&arguments, screen)),
        Command::Case(command) => runtime()?.block_on(case::run(command, screen)),
        Command::Migrate(command) => runtime()?.block_on(migrate::run(command, screen)),
        Command::Report(command) => runtime()?.block_on(report::run(command, screen)),
        Command::Export(command) => runtime()?.block_on(export::run(command, screen)),
        Command::Verify(arguments) => runtime()?.block_on(verify::run(&arguments, screen)),
        Command::Checkpoint(arguments) => runtime()?.block_on(checkpoint::run(&arguments, screen)),
        Command::Receipt(arguments) => runtime()?.block_on(receipt::run(&arguments, screen)),
        Command::Bundle(arguments) => runtime()?.block_on(bundle::run(&arguments, screen)),
        Command::Clock(arguments) => clock::run(&arguments, screen),
        Command::Calendar(command) => calendar::run(command, screen),
        Command::Scxml(command) => scxml::run(command, screen),
        Command::Bench(command) => runtime()?.block_on(bench::run(command, screen)),
        Command::Import(command) => import::run(command, screen),
        Command::Version(arguments) => version::run(&arguments, screen),
    }
}

fn runtime() -> Result<Runtime> {
    Runtime::new().context("the threads of the program could not be started")
}
