mod digit;

use anyhow::Result;
use clap::Subcommand;

use crate::screen::Screen;
use crate::trouble::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a definition of a DIGIT workflow configuration, and say what is unsound in it
    Digit(digit::Arguments),
}

pub(crate) fn run(command: &Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Digit(arguments) => digit::run(arguments, screen),
    }
}
