use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::{Args, ValueEnum};
use groundbreak_draw::{Marks, View, mermaid, svg};
use groundbreak_engine::{Engine, EngineOptions};
use groundbreak_scxml::Labels;
use groundbreak_workflow::sla::Budget;
use groundbreak_workflow::{Language, LibraryError, Refusal, Text, Workflow};

use super::case::{find, finish};
use crate::calendar_files;
use crate::definitions::{DefinitionFile, DefinitionKind};
use crate::directory;
use crate::screen::Screen;
use crate::trouble::{Outcome, Trouble};

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak draw company-registration --out chart.svg")]
pub(crate) struct Arguments {
    /// A definition, or the name of a workflow that comes with this program
    #[arg(
        value_name = "FILE|NAME",
        required_unless_present = "case",
        conflicts_with = "case"
    )]
    workflow: Option<String>,
    /// How the picture is written
    #[arg(long, value_enum, default_value_t)]
    format: DrawFormat,
    /// How many levels of states are opened. Without it, as many as fit one page
    #[arg(long, value_name = "LEVELS", value_parser = clap::value_parser!(u8).range(1..))]
    depth: Option<u8>,
    /// Draw one state alone, with what is inside it
    #[arg(long, value_name = "STATE")]
    only: Option<String>,
    /// Number of a case: shows where it is
    #[arg(long, value_name = "NUMBER", requires = "data")]
    case: Option<String>,
    /// Data directory that holds the case
    #[arg(long, value_name = "DIR", requires = "case")]
    data: Option<PathBuf>,
    /// Folder of calendars that the definition may count on, besides the shipped ones
    #[arg(long, value_name = "DIR", conflicts_with = "case")]
    calendars: Option<PathBuf>,
    /// File to write. Without it, standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Arguments {
    /// Whether a part of the chart is asked for, or a case.
    fn is_partial(&self) -> bool {
        self.depth.is_some() || self.only.is_some() || self.case.is_some()
    }
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum DrawFormat {
    /// A picture that stands alone.
    #[default]
    Svg,
    /// Text for tools that draw by themselves.
    Mermaid,
    /// The whole statechart in the language of the W3C, for programs.
    Scxml,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    match (&arguments.case, &arguments.data) {
        (Some(number), Some(data)) => of_case(arguments, number, data, screen).await,
        _ => {
            let workflow = definition(arguments)?;
            draw(arguments, &workflow, None, screen)
        }
    }
}

async fn of_case(
    arguments: &Arguments,
    number: &str,
    data: &std::path::Path,
    screen: &mut Screen,
) -> Result<Outcome> {
    let engine = Engine::open(directory::open(data)?, EngineOptions::default()).await?;
    let outcome = async {
        let case = find(&engine, number).await?;
        let workflow = engine.workflow(&case.workflow, Some(case.version))?;
        let missing = || Refusal::CaseNotFound {
            case: number.to_owned(),
        };
        let situation = engine.situation(case.id).await?.ok_or_else(missing)?;
        let marks = Marks::of(&case, &situation);
        draw(arguments, &workflow, Some(&marks), screen)
    }
    .await;
    finish(&engine, outcome).await
}

fn draw(
    arguments: &Arguments,
    workflow: &Workflow,
    marks: Option<&Marks>,
    screen: &mut Screen,
) -> Result<Outcome> {
    let view = View {
        language: screen.language(),
        depth: arguments.depth.map(usize::from),
        only: arguments.only.as_deref(),
        marks,
    };
    let picture = match arguments.format {
        DrawFormat::Svg => svg(workflow, &view).map_err(Trouble::NotDrawn)?,
        DrawFormat::Mermaid => mermaid(workflow, &view).map_err(Trouble::NotDrawn)?,
        DrawFormat::Scxml if arguments.is_partial() => {
            return Err(Trouble::BadArgument {
                argument: "--format".to_owned(),
                problem: Text::new(
                    "scxml 总是写出整个状态图，请去掉 --depth、--only 和 --case。",
                    "scxml is always the whole chart: take --depth, --only and --case away.",
                ),
            }
            .into());
        }
        DrawFormat::Scxml => scxml(workflow, screen.language())?,
    };
    match &arguments.out {
        Some(path) => std::fs::write(path, picture).map_err(|source| Trouble::Unwritable {
            path: path.clone(),
            source,
        })?,
        None => screen.line(picture.trim_end())?,
    }
    Ok(Outcome::Good)
}

/// Writes the chart as a document. Conditions stand as they do in the definition, but for the one
/// that asks for a state, which has a name of its own there. Waits in office hours or days have no
/// length in a document.
fn scxml(workflow: &Workflow, language: Language) -> Result<String> {
    let labels = Labels {
        name: &workflow.name,
        guard: &|guard| Some(workflow.condition(guard)?.replace("at(", "In(")),
        delay: &|delay| match workflow.wait(delay)? {
            Budget::Elapsed { ms } => Some(format!("{ms}ms")),
            _ => None,
        },
        title: &|state| Some(workflow.state_title(state).get(language).to_owned()),
    };
    Ok(groundbreak_scxml::write(workflow.chart(), &labels)?)
}

/// Returns the workflow of a file, or the shipped one of this name.
fn definition(arguments: &Arguments) -> Result<Arc<Workflow>> {
    let asked = arguments.workflow.as_deref().unwrap_or_default();
    let mut library = calendar_files::with_shipped()?;
    if let Some(folder) = &arguments.calendars {
        let mut calendars = DefinitionFile::read_all(folder)?;
        calendars.retain(|file| file.kind == DefinitionKind::Calendar);
        let (_, faulty) = super::check::check_calendars(&mut library, calendars);
        if let Some((file, _)) = faulty.into_iter().next() {
            return Err(Trouble::FaultyCalendar { path: file.path }.into());
        }
    }
    let named = DefinitionFile::shipped().into_iter().find(|file| {
        file.kind == DefinitionKind::Workflow
            && file.path.file_stem().is_some_and(|stem| stem == asked)
    });
    let file = match named {
        Some(file) => file,
        None => DefinitionFile::read(std::path::Path::new(asked))?,
    };
    match library.add_workflow(&file.text) {
        Ok(workflow) => Ok(workflow),
        Err(LibraryError::Faults(_)) => Err(Trouble::FaultyDefinition { path: file.path }.into()),
        Err(error) => Err(error.into()),
    }
}
