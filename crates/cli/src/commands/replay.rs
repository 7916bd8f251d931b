use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use groundbreak_engine::{SystemTime, TimeSource};
use groundbreak_workflow::{Library, Text};
use serde::Serialize;

use crate::definitions::{self, DefinitionFile, DefinitionKind, read_text};
use crate::scenario::{self, Mismatch, Plan, Played, SCENARIO_LENGTH_MAX, ScenarioFault, Stage};
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak replay tests/scenarios/*.txt")]
pub(crate) struct Arguments {
    /// Scenarios to play, each in a data directory of its own
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Keep the data directories: one a scenario, named after its file, in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Folder of calendars, workflows and blocks laid over the shipped ones; may be repeated, the later over the earlier
    #[arg(long, value_name = "DIR")]
    workflows: Vec<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A scenario as programs read how it went.
#[derive(Serialize)]
struct Row {
    file: String,
    title: String,
    ok: bool,
    lines: usize,
    checks: usize,
    mismatches: Vec<Mismatch>,
    faults: Vec<FaultRow>,
}

#[derive(Serialize)]
struct FaultRow {
    line: usize,
    column: usize,
    message: Text,
}

/// How a scenario went.
enum Report {
    Played(Played),
    Malformed(Vec<ScenarioFault>),
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let files = DefinitionFile::overlaid(&arguments.workflows)?;
    let library = library(&files)?;
    let mut rows = Vec::new();
    let mut outcome = Outcome::Good;
    for path in &arguments.files {
        let text = read_text(path, SCENARIO_LENGTH_MAX)?;
        let (title, report) = replay(
            path,
            &text,
            &files,
            &library,
            arguments.keep.as_deref(),
            screen,
        )
        .await
        .with_context(|| path.display().to_string())?;
        outcome = outcome.worse(match &report {
            Report::Malformed(_) => Outcome::Malformed,
            Report::Played(played) if played.mismatches.is_empty() => Outcome::Good,
            Report::Played(_) => Outcome::Finding,
        });
        if arguments.format == Format::Json {
            rows.push(row(path, title, report));
        } else {
            show(path, &title, &report, screen)?;
        }
    }
    if arguments.format == Format::Json {
        screen.json(&rows)?;
    }
    Ok(outcome)
}

/// Compiles the definitions once, for finding names before anything is played.
fn library(files: &[DefinitionFile]) -> Result<Library> {
    let mut library = Library::new();
    let (mut calendars, workflows): (Vec<_>, Vec<_>) = files
        .iter()
        .partition(|file| file.kind == DefinitionKind::Calendar);
    loop {
        let before = calendars.len();
        // One that inherits has to wait for its parent.
        calendars.retain(|file| library.add_calendar(&file.text).is_err());
        if let Some(file) = calendars.first().filter(|_| calendars.len() == before) {
            return Err(Trouble::FaultyDefinition {
                path: file.path.clone(),
            }
            .into());
        }
        if calendars.is_empty() {
            break;
        }
    }
    for file in workflows {
        library
            .add_workflow(&file.text)
            .with_context(|| Trouble::FaultyDefinition {
                path: file.path.clone(),
            })?;
    }
    Ok(library)
}

async fn replay(
    path: &Path,
    text: &str,
    files: &[DefinitionFile],
    library: &Library,
    keep: Option<&Path>,
    screen: &Screen,
) -> Result<(String, Report)> {
    // What a scenario begins like lies beside it, and nowhere else.
    let beside = |name: &str| {
        let plain = Path::new(name).file_name().is_some_and(|file| file == name);
        plain
            .then(|| read_text(&path.with_file_name(name), SCENARIO_LENGTH_MAX).ok())
            .flatten()
    };
    let script = match scenario::parse(text, &beside) {
        Ok(script) => script,
        Err(faults) => return Ok((String::new(), Report::Malformed(faults))),
    };
    let find = |name: &str, version| library.workflow(name, version).map(Arc::clone);
    let plan = match scenario::plan(&script, find, SystemTime.now()) {
        Ok(plan) => plan,
        Err(faults) => return Ok((script.title, Report::Malformed(faults))),
    };
    let temporary;
    let data = match keep {
        Some(folder) => {
            let data = folder.join(path.file_stem().unwrap_or_default());
            if data.exists() {
                return Err(Trouble::NotEmpty { path: data }.into());
            }
            data
        }
        None => {
            temporary = tempfile::tempdir().context("no temporary directory could be made")?;
            temporary.path().join("data")
        }
    };
    Ok((
        script.title,
        Report::Played(play(&plan, &data, files, screen).await?),
    ))
}

async fn play(
    plan: &Plan,
    data: &Path,
    files: &[DefinitionFile],
    screen: &Screen,
) -> Result<Played> {
    let Some(start) = plan.begins() else {
        return Ok(Played::default());
    };
    let mut stage = Stage::open(data, start).await?;
    definitions::publish(stage.engine(), files).await?;
    let played = scenario::play(std::slice::from_ref(plan), &mut stage, screen.language()).await?;
    stage.close().await?;
    Ok(played.into_iter().next().unwrap_or_default())
}

fn row(path: &Path, title: String, report: Report) -> Row {
    let file = path.display().to_string();
    match report {
        Report::Played(played) => Row {
            file,
            title,
            ok: played.mismatches.is_empty(),
            lines: played.steps,
            checks: played.checks,
            mismatches: played.mismatches,
            faults: Vec::new(),
        },
        Report::Malformed(faults) => Row {
            file,
            title,
            ok: false,
            lines: 0,
            checks: 0,
            mismatches: Vec::new(),
            faults: faults
                .into_iter()
                .map(|fault| FaultRow {
                    line: fault.line,
                    column: fault.column,
                    message: fault.message,
                })
                .collect(),
        },
    }
}

fn show(path: &Path, title: &str, report: &Report, screen: &mut Screen) -> Result<()> {
    let path = path.display();
    match report {
        Report::Malformed(faults) => {
            for fault in faults {
                let message = fault.message.get(screen.language());
                let place = screen.red(&format!("{path}:{}:{}", fault.line, fault.column));
                screen.line(format!("{place} {message}"))?;
            }
        }
        Report::Played(played) if played.mismatches.is_empty() => {
            let counts = screen.word("行", "lines");
            let checks = screen.word("项核对", "checks");
            let good = screen.green(screen.word("通过", "ok"));
            screen.line(format!(
                "{good} {path} ({} {counts}, {} {checks}) {title}",
                played.steps, played.checks
            ))?;
        }
        Report::Played(played) => {
            let bad = screen.red(screen.word("不符", "failed"));
            screen.line(format!("{bad} {path} {title}"))?;
            for mismatch in &played.mismatches {
                screen.line(format!("{path}:{}:{}", mismatch.line, mismatch.column))?;
                for line in &mismatch.expected {
                    screen.line(screen.red(&format!("- {line}")))?;
                }
                for line in &mismatch.actual {
                    screen.line(screen.green(&format!("+ {line}")))?;
                }
            }
        }
    }
    Ok(())
}
