//! The command line of Groundbreak. One file a command, in `commands`; this file reads the
//! arguments, runs the command and tells at the edge what went wrong.

mod amount;
mod archiving;
mod arguments;
mod calendar_files;
mod case_view;
mod chinese;
mod commands;
mod definitions;
mod digit;
mod directory;
mod disagreement;
mod edge;
mod host;
mod journal;
mod language;
mod panic_hook;
mod papers;
mod proof_directory;
mod scenario;
mod screen;
mod shipped;
mod signing;
mod trouble;
mod vector;
mod yaml;
mod year_sheet;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;
use groundbreak_workflow::Language;
// It is linked in the place of the allocator of the C library; docs/performance.md says why.
use mimalloc as _;

use crate::arguments::Arguments;
use crate::screen::Screen;
use crate::trouble::Outcome;

fn main() -> ExitCode {
    panic_hook::install();
    let raw: Vec<OsString> = std::env::args_os().collect();
    let language = language::chosen(&raw, |name| std::env::var(name).ok());
    let matches = arguments::grammar(language).try_get_matches_from(raw);
    match matches.and_then(|mut matches| Arguments::from_arg_matches_mut(&mut matches)) {
        Ok(arguments) => run(arguments, language),
        // Prints help and version to standard output with status 0, mistakes to standard error
        // with status 2.
        Err(error) => error.exit(),
    }
}

fn run(arguments: Arguments, language: Language) -> ExitCode {
    let mut screen = Screen::new(language);
    let outcome = commands::run(arguments.command, &mut screen);
    let flushed = screen.flush().map_err(anyhow::Error::from);
    match outcome.and_then(|outcome| flushed.map(|()| outcome)) {
        Ok(outcome) => outcome.into(),
        Err(error) if trouble::is_broken_pipe(&error) => Outcome::Good.into(),
        Err(error) => {
            let told = trouble::tell(&error);
            trouble::print(&told, language);
            ExitCode::from(told.status)
        }
    }
}
