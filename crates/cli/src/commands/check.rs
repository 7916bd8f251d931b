use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use groundbreak_workflow::sla::Calendar;
use groundbreak_workflow::{
    Diagnostic, Happening, Library, LibraryError, Limits, Severity, Soundness, Text, Witness,
    Workflow,
};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};
use serde::Serialize;

use crate::definitions::{DefinitionFile, DefinitionKind};
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak check workflows/*.yaml")]
pub(crate) struct Arguments {
    /// Definitions to check. Without any, those that come with this program
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder of calendars that the definitions may count on, besides the shipped ones
    #[arg(long, value_name = "DIR")]
    calendars: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A fault as programs read it.
#[derive(Serialize)]
struct FaultRow {
    file: String,
    line: usize,
    column: usize,
    code: &'static str,
    severity: Severity,
    message: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Witness>,
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let mut library = Library::new();
    let files = if arguments.files.is_empty() {
        DefinitionFile::shipped()
    } else {
        for file in DefinitionFile::shipped()
            .iter()
            .filter(|file| file.kind == DefinitionKind::Calendar)
        {
            library.add_calendar(&file.text)?;
        }
        arguments
            .files
            .iter()
            .map(|path| DefinitionFile::read(path))
            .collect::<Result<Vec<_>>>()?
    };
    let mut calendars: Vec<DefinitionFile> = match &arguments.calendars {
        Some(folder) => DefinitionFile::read_all(folder)?,
        None => Vec::new(),
    };
    calendars.retain(|file| file.kind == DefinitionKind::Calendar);
    let (own, workflows): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|file| file.kind == DefinitionKind::Calendar);
    calendars.extend(own);
    let (calendars, mut faulty) = check_calendars(&mut library, calendars);
    let mut good: Vec<Text> = calendars.iter().map(|calendar| praise(calendar)).collect();
    for file in workflows {
        match library.add_workflow(&file.text) {
            Ok(workflow) => {
                let soundness = workflow.soundness(&Limits::default());
                if soundness.errors().next().is_none() {
                    good.push(verdict(&workflow, &soundness));
                }
                if !soundness.findings.is_empty() {
                    faulty.push((file, soundness.findings));
                }
            }
            Err(error) => faulty.push((file, faults_of(error))),
        }
    }
    show(&good, &faulty, arguments.format, screen)
}

/// Writes what is in order, and every fault in its place.
pub(super) fn show(
    good: &[Text],
    faulty: &[Faulty],
    format: Format,
    screen: &mut Screen,
) -> Result<Outcome> {
    if format == Format::Json {
        screen.json(&faulty.iter().flat_map(rows).collect::<Vec<_>>())?;
    } else {
        for text in good {
            screen.say(text)?;
        }
        for (file, faults) in faulty {
            for fault in faults {
                draw(file, fault, screen)?;
            }
        }
    }
    let error = |fault: &Diagnostic| fault.severity == Severity::Error;
    Ok(
        if faulty.iter().any(|(_, faults)| faults.iter().any(error)) {
            Outcome::Finding
        } else {
            Outcome::Good
        },
    )
}

/// Says that a workflow is in order, and what is proven of it.
fn verdict(workflow: &Workflow, soundness: &Soundness) -> Text {
    let proven = soundness.verdict();
    Text::new(
        format!(
            "正确 {} v{}：{} 个状态，{} 个事件，{} 个时限；{}",
            workflow.name,
            workflow.version,
            workflow.states.len(),
            workflow.events.len(),
            workflow.clocks.len(),
            proven.zh
        ),
        format!(
            "ok {} v{}: {}, {}, {}; {}",
            workflow.name,
            workflow.version,
            counted(workflow.states.len(), "state"),
            counted(workflow.events.len(), "event"),
            counted(workflow.clocks.len(), "clock"),
            proven.en
        ),
    )
}

/// Says that a calendar is in order.
pub(super) fn praise(calendar: &Calendar) -> Text {
    Text::new(
        format!("正确 日历 {} v{}", calendar.id(), calendar.version()),
        format!("ok calendar {} v{}", calendar.id(), calendar.version()),
    )
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A file with faults.
pub(crate) type Faulty = (DefinitionFile, Vec<Diagnostic>);

/// Adds calendars, each after the one it inherits from, in whatever order they come. Returns
/// those that were added, and the files that have faults.
pub(crate) fn check_calendars(
    library: &mut Library,
    mut waiting: Vec<DefinitionFile>,
) -> (Vec<Arc<Calendar>>, Vec<Faulty>) {
    let mut good = Vec::new();
    loop {
        let before = waiting.len();
        let mut faulty: Vec<Faulty> = Vec::new();
        for file in std::mem::take(&mut waiting) {
            match library.add_calendar(&file.text) {
                Ok(calendar) => good.push(calendar),
                Err(error) => faulty.push((file, faults_of(error))),
            }
        }
        if faulty.len() == before {
            return (good, faulty);
        }
        waiting = faulty.into_iter().map(|(file, _)| file).collect();
    }
}

fn faults_of(error: LibraryError) -> Vec<Diagnostic> {
    match error {
        LibraryError::Faults(faults) => faults,
        taken @ LibraryError::VersionTaken { .. } => {
            vec![Diagnostic::new("version-taken", 0..0, taken.text())]
        }
    }
}

fn rows((file, faults): &Faulty) -> Vec<FaultRow> {
    faults
        .iter()
        .map(|fault| {
            let place = fault.place(&file.text);
            FaultRow {
                file: file.path.display().to_string(),
                line: place.line,
                column: place.column,
                code: fault.code,
                severity: fault.severity,
                message: fault.message.clone(),
                help: fault.help.clone(),
                witness: fault.witness.clone(),
            }
        })
        .collect()
}

/// Draws a fault: where, what, the text underlined, and what to do.
fn draw(file: &DefinitionFile, fault: &Diagnostic, screen: &mut Screen) -> Result<()> {
    let place = fault.place(&file.text);
    let path = file.path.display().to_string();
    let weight = match fault.severity {
        Severity::Error => "",
        Severity::Warning => screen.word("（提醒）", " (warning)"),
    };
    let heading = format!(
        "{path}:{}:{} {}{weight}",
        place.line, place.column, fault.code
    );
    screen.line(screen.red(&heading))?;
    let drawn = Drawn {
        message: fault.message.get(screen.language()).to_owned(),
        label: label(&file.text, fault),
        source: Source {
            name: path,
            text: file.text.clone(),
        },
    };
    let theme = if screen.colours() {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let mut text = String::new();
    GraphicalReportHandler::new_themed(theme)
        .with_width(100)
        .render_report(&mut text, &drawn)?;
    screen.line(text.trim_end())?;
    if let Some(help) = &fault.help {
        let heading = screen.word("建议：", "help: ");
        screen.line(format!("  {heading}{}", help.get(screen.language())))?;
    }
    if let Some(witness) = &fault.witness {
        tell(witness, screen)?;
    }
    Ok(screen.line("")?)
}

/// Tells the shortest way to where a fault shows.
fn tell(witness: &Witness, screen: &mut Screen) -> Result<()> {
    let heading = screen.word("怎样会到那里：", "how a case comes there:");
    screen.line(format!("  {heading}"))?;
    let opened = screen.word("新接件", "opened");
    screen.line(format!("    {opened} -> {}", witness.opened_in.join(", ")))?;
    for step in &witness.steps {
        let what = match &step.happens {
            Happening::Event(event) => event.clone(),
            Happening::Timer(timer) => format!("{} {timer}", screen.word("到期", "due")),
            Happening::Document => screen.word("收到材料", "a document comes in").to_owned(),
        };
        let assumed: Vec<String> = step
            .assuming
            .iter()
            .map(|(condition, holds)| {
                let not = if *holds {
                    ""
                } else {
                    screen.word("不成立：", "not: ")
                };
                format!("{not}{condition}")
            })
            .collect();
        let assuming = if assumed.is_empty() {
            String::new()
        } else {
            format!(" ({}{})", screen.word("若 ", "if "), assumed.join("; "))
        };
        screen.line(format!(
            "    {what}{assuming} -> {}",
            step.leads_to.join(", ")
        ))?;
    }
    Ok(())
}

/// Returns what is underlined: at least one character, and whole ones.
fn label(text: &str, fault: &Diagnostic) -> LabeledSpan {
    let mut start = fault.span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = fault.span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    LabeledSpan::new(None, start, end - start)
}

/// A fault as miette draws it.
#[derive(Debug)]
struct Drawn {
    message: String,
    label: LabeledSpan,
    source: Source,
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawn {}

impl miette::Diagnostic for Drawn {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

/// A text whose columns are counted in characters. miette counts bytes, which puts a fault behind
/// Chinese text at a column that no editor shows.
#[derive(Debug)]
struct Source {
    name: String,
    text: String,
}

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.text.read_span(span, lines_before, lines_after)?;
        // With lines around it, what is read begins with a line.
        let column = if read.column() == 0 {
            0
        } else {
            self.column(read.span().offset())
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            read.data(),
            *read.span(),
            read.line(),
            column,
            read.line_count(),
        )))
    }
}

impl Source {
    /// Returns how many characters stand before this byte on its line.
    fn column(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or_default();
        before
            .rsplit('\n')
            .next()
            .map_or(0, |line| line.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_characters_are_underlined_wherever_the_span_lies() {
        let text = "名: 企业";
        for (start, end) in [(0, 0), (1, 2), (5, 8), (5, 99), (99, 3)] {
            let span = label(text, &Diagnostic::new("test", start..end, Text::default()));
            let (offset, length) = (span.offset(), span.len());
            assert!(
                text.get(offset..offset + length).is_some(),
                "{start}..{end}"
            );
        }
    }
}
