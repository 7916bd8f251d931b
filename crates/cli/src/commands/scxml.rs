//! Documents in SCXML.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use groundbreak_scxml::{DOCUMENT_BYTES_MAX, Documents, Fault, Interpreter, Machine, Turn};
use groundbreak_workflow::{Diagnostic, Text};
use serde_json::{Value, json};

use crate::definitions::{DefinitionFile, DefinitionKind, read_text};
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};

/// A year on the virtual clock.
const YEAR_MS: u64 = 365 * 86_400_000;

/// What can be done with documents.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a document on a virtual clock, with one line of JSON a step
    Run(RunArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak scxml run door.scxml --event open --event close@5000")]
pub(crate) struct RunArguments {
    /// The document to run
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// An event to send, in order; behind `@` the virtual time in milliseconds, or else it is sent at
    /// once. Can be given several times
    #[arg(long = "event", value_name = "NAME[@MS]")]
    events: Vec<String>,
    /// The virtual time at which to stop, in milliseconds; a year if nothing is said
    #[arg(long, value_name = "MS", default_value_t = YEAR_MS, hide_default_value = true)]
    until: u64,
    /// A file that the document names in `src`, by its file name. Can be given several times
    #[arg(long, value_name = "FILE")]
    given: Vec<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    let Command::Run(arguments) = command;
    let events = arguments.events.iter().map(|event| planned(event));
    let events = events.collect::<Result<Vec<_>>>()?;
    let mut documents = Documents::new();
    for path in &arguments.given {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        documents = documents.with(&name, read(path)?);
    }
    let text = read(&arguments.file)?;
    let machine = match Machine::read(&text, &documents) {
        Ok(machine) => machine,
        Err(faults) => return refuse(&arguments.file, text, &faults, arguments.format, screen),
    };
    let mut play = Play {
        interpreter: Interpreter::new(machine, documents),
        format: arguments.format,
        screen,
    };
    play.settle(0)?;
    for (name, at_ms) in events {
        let at_ms = at_ms.unwrap_or(play.interpreter.now_ms());
        if at_ms < play.interpreter.now_ms() {
            return Err(late(&name, at_ms).into());
        }
        if at_ms > arguments.until {
            break;
        }
        play.settle(at_ms)?;
        play.interpreter.wait_until(at_ms);
        play.interpreter.send(&name, None);
        play.settle(at_ms)?;
    }
    play.settle(arguments.until)?;
    Ok(Outcome::Good)
}

/// Reads a document.
pub(super) fn read(path: &Path) -> Result<String> {
    read_text(path, u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX))
}

/// Shows what is wrong with a document.
pub(super) fn refuse(
    path: &Path,
    text: String,
    faults: &[Fault],
    format: Format,
    screen: &mut Screen,
) -> Result<Outcome> {
    let file = DefinitionFile::alone(path.to_owned(), DefinitionKind::Workflow, text);
    let diagnostics = faults.iter().map(diagnostic).collect();
    super::check::show(&[], &[(file, diagnostics)], format, screen)?;
    Ok(Outcome::Malformed)
}

fn diagnostic(fault: &Fault) -> Diagnostic {
    let text = |text: &groundbreak_scxml::Text| Text::new(&text.zh, &text.en);
    let diagnostic = Diagnostic::new(fault.code, fault.span.clone(), text(&fault.message));
    match &fault.help {
        Some(help) => diagnostic.with_help(text(help)),
        None => diagnostic,
    }
}

/// Returns an event and when it is sent.
fn planned(argument: &str) -> Result<(String, Option<u64>)> {
    let (name, at_ms) = match argument.rsplit_once('@') {
        Some((name, at)) => match at.parse() {
            Ok(at_ms) => (name, Some(at_ms)),
            Err(_) => return Err(malformed(argument).into()),
        },
        None => (argument, None),
    };
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(malformed(argument).into());
    }
    Ok((name.to_owned(), at_ms))
}

fn malformed(argument: &str) -> Trouble {
    Trouble::BadArgument {
        argument: "--event".to_owned(),
        problem: Text::new(
            format!("`{argument}` 应为“名称”或“名称@毫秒”，如 `close@5000`。"),
            format!("`{argument}` is to be NAME or NAME@MS, such as `close@5000`."),
        ),
    }
}

fn late(name: &str, at_ms: u64) -> Trouble {
    Trouble::BadArgument {
        argument: "--event".to_owned(),
        problem: Text::new(
            format!("`{name}@{at_ms}` 早于前一个事件。请按时间先后排列。"),
            format!(
                "`{name}@{at_ms}` lies before the event in front of it. Put them in order of time."
            ),
        ),
    }
}

/// A document that runs before somebody's eyes.
struct Play<'a> {
    interpreter: Interpreter,
    format: Format,
    screen: &'a mut Screen,
}

impl Play<'_> {
    /// Takes what is due by a time.
    fn settle(&mut self, until_ms: u64) -> Result<()> {
        while let Some(turn) = self.interpreter.step(until_ms)? {
            let line = self.row(&turn);
            match self.format {
                Format::Json => self.screen.json_line(&line)?,
                Format::Human => self.tell(&turn)?,
            }
        }
        Ok(())
    }

    fn row(&self, turn: &Turn) -> Value {
        let variables = self.interpreter.variables_after(turn);
        let variables = variables
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_json()));
        let mut row = json!({
            "at_ms": turn.at_ms,
            "session": turn.session,
            "event": turn.event,
            "moved": turn.moved,
            "active": self.interpreter.leaves_after(turn),
            "all_active": self.interpreter.active_after(turn),
            "variables": variables.collect::<serde_json::Map<_, _>>(),
            "done": turn.done,
        });
        if !turn.log.is_empty() {
            let lines = turn
                .log
                .iter()
                .map(|line| json!({ "label": line.label, "text": line.text }));
            row["log"] = lines.collect();
        }
        if !turn.complaints.is_empty() {
            let complaints = turn.complaints.iter().map(|it| {
                json!({
                    "event": it.event,
                    "line": it.place.line,
                    "column": it.place.column,
                    "message": { "zh": it.message.zh, "en": it.message.en },
                })
            });
            row["errors"] = complaints.collect();
        }
        row
    }

    fn tell(&mut self, turn: &Turn) -> Result<()> {
        let event = match &turn.event {
            Some(event) => event.as_str(),
            None => self.screen.word("（开始）", "(start)"),
        };
        let states = self.interpreter.leaves_after(turn).join(", ");
        let end = if turn.done {
            self.screen.word("（结束）", " (done)")
        } else {
            ""
        };
        let line = format!(
            "{:>12} {} {event} -> {states}{end}",
            turn.at_ms, turn.session
        );
        self.screen.line(line)?;
        for line in &turn.log {
            self.screen
                .line(format!("{:>12} {} {}", "", line.label, line.text))?;
        }
        for complaint in &turn.complaints {
            let text = self
                .screen
                .word(&complaint.message.zh, &complaint.message.en)
                .to_owned();
            let (line, column) = (complaint.place.line, complaint.place.column);
            let line = format!("{:>12} {}:{line}:{column} {text}", "", complaint.event);
            self.screen.line(self.screen.red(&line))?;
        }
        Ok(())
    }
}
