//! Definitions that were written for another system.

mod carry;
mod digit;
mod scxml;

use anyhow::Result;
use clap::Subcommand;
use groundbreak_workflow::{Diagnostic, LibraryError, Limits};

use super::check::Faulty;
use crate::calendar_files;
use crate::definitions::DefinitionFile;
use crate::screen::Screen;
use crate::trouble::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a definition of a DIGIT workflow configuration, and say what is unsound in it
    Digit(digit::Arguments),
    /// Turn the control structure of an SCXML document into a workflow definition; what cannot be
    /// carried over is listed, place by place
    Scxml(scxml::Arguments),
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Digit(arguments) => digit::run(&arguments, screen),
        Command::Scxml(arguments) => scxml::run(arguments, screen),
    }
}

/// Finds what is wrong with a definition, as `check` does.
fn faults(definition: &DefinitionFile) -> Result<Vec<Diagnostic>> {
    let mut library = calendar_files::with_shipped()?;
    match library.add_workflow(&definition.text) {
        Ok(workflow) => Ok(workflow.soundness(&Limits::default()).findings),
        Err(LibraryError::Faults(faults)) => Ok(faults),
        Err(error) => Err(error.into()),
    }
}

/// Says in a line each what is unsound and what to do, on standard error: the definition has
/// standard output for itself.
fn tell((file, findings): &Faulty, screen: &Screen) {
    let language = screen.language();
    for finding in findings {
        let place = finding.place(&file.text);
        let help = finding.help.as_ref().map_or("", |help| help.get(language));
        eprintln!(
            "{}:{}:{} {}: {} {help}",
            file.path.display(),
            place.line,
            place.column,
            finding.code,
            finding.message.get(language),
        );
    }
}
