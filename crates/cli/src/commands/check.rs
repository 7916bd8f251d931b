use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use groundbreak_workflow::sla::Calendar;
use groundbreak_workflow::{
    Diagnostic, Library, LibraryError, Limits, Severity, Soundness, Text, Workflow,
    compile_district, compile_measures,
};

use crate::calendar_files;
use crate::definitions::{DefinitionFile, DefinitionKind};
use crate::screen::Screen;
use crate::trouble::Outcome;

mod draw;
mod row;
mod sarif;
mod witness;

pub(super) use row::rows;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak check workflows/*.yaml")]
pub(crate) struct Arguments {
    /// Calendars, workflows, measures and registers to check. Without any, those that come with this program
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder of calendars that the definitions may count on, besides the shipped ones
    #[arg(long, value_name = "DIR")]
    calendars: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs: a list of faults.
    Json,
    /// For editors and code hosts: SARIF 2.1.0.
    Sarif,
}

impl From<crate::screen::Format> for Format {
    fn from(format: crate::screen::Format) -> Self {
        match format {
            crate::screen::Format::Human => Self::Human,
            crate::screen::Format::Json => Self::Json,
        }
    }
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let (mut library, files) = if arguments.files.is_empty() {
        let mut files = DefinitionFile::shipped();
        files.extend(DefinitionFile::shipped_measures());
        files.extend(DefinitionFile::shipped_districts());
        (Library::new(), files)
    } else {
        let read = arguments
            .files
            .iter()
            .map(|path| DefinitionFile::read(path));
        (
            calendar_files::with_shipped()?,
            read.collect::<Result<_>>()?,
        )
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
    let counting = [DefinitionKind::Measure, DefinitionKind::District];
    let (counting, workflows): (Vec<_>, Vec<_>) = workflows
        .into_iter()
        .partition(|file| counting.contains(&file.kind));
    for file in workflows {
        if file.kind == DefinitionKind::Block {
            match library.check_block(&file.text) {
                Ok(name) => good.push(Text::new(
                    format!("正确 构件 {name}；其内容在使用处检查"),
                    format!("ok block {name}; what it holds is checked where it is used"),
                )),
                Err(error) => faulty.push((file, faults_of(error))),
            }
            continue;
        }
        if file.kind == DefinitionKind::Exchange {
            match super::export::read_mapping(&file.text) {
                Ok(mapping) => good.push(Text::new(
                    format!("正确 上报对照表 {}；名称在导出时核对", mapping.exchange),
                    format!(
                        "ok exchange mapping {}; its names are checked when it is used",
                        mapping.exchange
                    ),
                )),
                Err(problem) => {
                    faulty.push((file, vec![Diagnostic::new("bad-exchange", 0..0, problem)]));
                }
            }
            continue;
        }
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
    let (right, wrong) = check_counting(&library, counting)?;
    good.extend(right);
    faulty.extend(wrong);
    show(&good, &faulty, arguments.format, screen)
}

/// Checks measures and registers against the workflows that were checked and those that come with
/// this program.
fn check_counting(
    library: &Library,
    asked: Vec<DefinitionFile>,
) -> Result<(Vec<Text>, Vec<Faulty>)> {
    if asked.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut shipped = calendar_files::with_shipped()?;
    for file in DefinitionFile::shipped() {
        if file.kind == DefinitionKind::Workflow {
            shipped.add_workflow(&file.text)?;
        }
    }
    let workflows: Vec<&Workflow> = shipped
        .newest()
        .chain(library.newest())
        .map(Arc::as_ref)
        .collect();
    let (districts, measures): (Vec<_>, Vec<_>) = asked
        .into_iter()
        .partition(|file| file.kind == DefinitionKind::District);
    let (mut good, mut faulty) = check_measures(&workflows, measures)?;
    for file in districts {
        match compile_district(&file.text, workflows.iter().copied()) {
            Ok(district) => good.push(Text::new(
                format!(
                    "正确 登记册 {} v{}：{} 支队伍",
                    district.name,
                    district.version,
                    district.teams.len()
                ),
                format!(
                    "ok register {} v{}: {}",
                    district.name,
                    district.version,
                    counted(district.teams.len(), "team")
                ),
            )),
            Err(faults) => faulty.push((file, faults)),
        }
    }
    Ok((good, faulty))
}

/// Checks measures together with those beside them, which they may name.
fn check_measures(
    workflows: &[&Workflow],
    asked: Vec<DefinitionFile>,
) -> Result<(Vec<Text>, Vec<Faulty>)> {
    let mut files = asked;
    let count = files.len();
    let mut folders: Vec<PathBuf> = Vec::new();
    for file in &files {
        let folder = file.path.parent().unwrap_or(Path::new(""));
        if folder.is_dir() && !folders.iter().any(|known| known == folder) {
            folders.push(folder.to_owned());
        }
    }
    for folder in folders {
        for beside in DefinitionFile::read_measures(&folder)? {
            if !files.iter().any(|file| file.path == beside.path) {
                files.push(beside);
            }
        }
    }
    let sources: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
    let mut faults: BTreeMap<usize, Vec<Diagnostic>> =
        match compile_measures(&sources, workflows.iter().copied()) {
            Ok(_) => BTreeMap::new(),
            Err(faulty) => faulty.into_iter().collect(),
        };
    let (mut good, mut faulty) = (Vec::new(), Vec::new());
    for (index, file) in files.into_iter().enumerate().take(count) {
        match faults.remove(&index) {
            Some(faults) => faulty.push((file, faults)),
            None => {
                let name = file.path.file_stem().unwrap_or_default();
                let name = name.to_string_lossy();
                good.push(Text::new(
                    format!("正确 指标 {name}"),
                    format!("ok measure {name}"),
                ));
            }
        }
    }
    Ok((good, faulty))
}

/// Writes what is in order, and every fault in its place.
pub(super) fn show(
    good: &[Text],
    faulty: &[Faulty],
    format: impl Into<Format>,
    screen: &mut Screen,
) -> Result<Outcome> {
    match format.into() {
        Format::Json => screen.json(&faulty.iter().flat_map(row::rows).collect::<Vec<_>>())?,
        Format::Sarif => screen.json(&sarif::log(faulty, screen.language()))?,
        Format::Human => {
            for text in good {
                screen.say(text)?;
            }
            for (file, faults) in faulty {
                for fault in faults {
                    draw::draw(file, fault, screen)?;
                }
            }
        }
    }
    // A warning is told and prevents nothing.
    let mut all = faulty.iter().flat_map(|(_, faults)| faults);
    Ok(if all.any(|fault| fault.severity == Severity::Error) {
        Outcome::Finding
    } else {
        Outcome::Good
    })
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
