//! Definitions that were written for another system.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use groundbreak_scxml::{Document, Documents, Machine};
use groundbreak_workflow::Library;

use crate::definitions::{DefinitionFile, DefinitionKind};
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

mod scxml;

/// What can be turned into a workflow definition.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Turn the control structure of an SCXML document into a workflow definition; what cannot be
    /// carried over is listed, place by place
    Scxml(ScxmlArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak import scxml door.scxml > door.yaml")]
pub(crate) struct ScxmlArguments {
    /// The document to turn
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the workflow; the document's or the file's if nothing is said
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    let Command::Scxml(arguments) = command;
    let text = super::scxml::read(&arguments.file)?;
    // A script that lies elsewhere would not be carried over anyway, but is missed all the same.
    let document = Document::read(&text, &Documents::new())
        .and_then(|document| Machine::of(&document, &text).map(|_| document));
    let document = match document {
        Ok(document) => document,
        Err(faults) => {
            return super::scxml::refuse(&arguments.file, text, &faults, Format::Human, screen);
        }
    };
    let stem = arguments
        .file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = arguments.workflow.or(document.name.clone()).unwrap_or(stem);
    let carried = scxml::carry(&document, &text, &name);
    screen.line(carried.yaml.trim_end())?;
    for left in &carried.left {
        let words = left.what.get(screen.language());
        eprintln!("{}:{}: {words}", arguments.file.display(), left.line);
    }
    let faults = faults_of(&carried.yaml)?;
    if faults > 0 {
        eprintln!(
            "{}",
            screen.word(
                "转出的定义还不能通过 groundbreak check，请保存后检查。",
                "The definition does not pass `groundbreak check` yet: save it, and check it."
            )
        );
    }
    Ok(if carried.left.is_empty() && faults == 0 {
        Outcome::Good
    } else {
        Outcome::Finding
    })
}

/// Returns how many faults a definition has.
fn faults_of(yaml: &str) -> Result<usize> {
    let mut library = Library::new();
    for file in DefinitionFile::shipped() {
        if file.kind == DefinitionKind::Calendar {
            library.add_calendar(&file.text)?;
        }
    }
    Ok(match library.add_workflow(yaml) {
        Ok(_) => 0,
        Err(groundbreak_workflow::LibraryError::Faults(faults)) => faults.len(),
        Err(_) => 1,
    })
}
