use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use groundbreak_scxml::{Document, Documents, Machine};

use super::{carry, faults, tell};
use crate::commands::scxml::{read, refuse};
use crate::definitions::{DefinitionFile, DefinitionKind};
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak import scxml door.scxml > door.yaml")]
pub(crate) struct Arguments {
    /// The document to turn
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the workflow; the document's or the file's if nothing is said
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
}

pub(super) fn run(arguments: Arguments, screen: &mut Screen) -> Result<Outcome> {
    let text = read(&arguments.file)?;
    // A script that lies elsewhere would not be carried over anyway, but is missed all the same.
    let document = Document::read(&text, &Documents::new())
        .and_then(|document| Machine::of(&document, &text).map(|_| document));
    let document = match document {
        Ok(document) => document,
        Err(faults) => return refuse(&arguments.file, text, &faults, Format::Human, screen),
    };
    let stem = arguments.file.file_stem().unwrap_or_default();
    let stem = stem.to_string_lossy().into_owned();
    let name = arguments.workflow.or(document.name.clone()).unwrap_or(stem);
    let carried = carry::carry(&document, &text, &name);
    screen.line(carried.yaml.trim_end())?;
    for left in &carried.left {
        let words = left.what.get(screen.language());
        eprintln!("{}:{}: {words}", arguments.file.display(), left.line);
    }
    let path = PathBuf::from("(definition)");
    let definition = DefinitionFile::alone(path, DefinitionKind::Workflow, carried.yaml);
    let found = faults(&definition)?;
    let good = carried.left.is_empty() && found.is_empty();
    tell(&(definition, found), screen);
    Ok(if good {
        Outcome::Good
    } else {
        Outcome::Finding
    })
}
