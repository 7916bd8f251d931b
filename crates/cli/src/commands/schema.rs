use anyhow::Result;
use clap::Args;
use groundbreak_workflow::definition_schema;

use crate::screen::Screen;
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak schema > workflow.schema.json")]
pub(crate) struct Arguments {}

pub(crate) fn run(screen: &mut Screen) -> Result<Outcome> {
    screen.json(&definition_schema())?;
    Ok(Outcome::Good)
}
