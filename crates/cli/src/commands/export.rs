mod exchange;

use anyhow::Result;
use clap::Subcommand;

use crate::screen::Screen;
use crate::trouble::Outcome;

pub(super) use exchange::read_mapping;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Projects, matters and status changes as the national exchange standard for construction
    /// approvals has them, checked before they are written
    Exchange(exchange::Arguments),
}

pub(crate) async fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Exchange(arguments) => exchange::run(&arguments, screen).await,
    }
}
