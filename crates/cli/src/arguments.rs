use clap::{CommandFactory, Parser};
use groundbreak_workflow::Language;

use crate::chinese;
use crate::commands::Command;
use crate::language::{LanguageName, VARIABLE};

/// Carries a project through everything a government service centre does for it.
#[derive(Debug, Parser)]
#[command(
    name = "groundbreak",
    version,
    max_term_width = 100,
    after_help = "Example: groundbreak demo"
)]
pub(crate) struct Arguments {
    /// Language of help and messages. Without it, Chinese when the terminal's locale is Chinese
    #[arg(long, global = true, value_enum, env = VARIABLE, hide_env_values = true, value_name = "LANGUAGE")]
    pub(crate) lang: Option<LanguageName>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Returns the grammar of the command line, with help in `language`.
pub(crate) fn grammar(language: Language) -> clap::Command {
    let grammar = Arguments::command();
    match language {
        Language::Zh => chinese::translate(grammar),
        Language::En => grammar,
    }
}
