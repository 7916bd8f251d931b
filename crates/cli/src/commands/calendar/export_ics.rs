use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use groundbreak_engine::{SystemTime, TimeSource};
use groundbreak_workflow::sla::{CalendarSpec, export_ics};

use super::{bad, years};
use crate::calendar_files::{self, Calendars};
use crate::screen::Screen;
use crate::shipped;
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak calendar export-ics pengjiang --years 2026 > pengjiang.ics"
)]
pub(crate) struct Arguments {
    /// Which calendar
    #[arg(value_name = "ID")]
    id: String,
    /// Which years to write: 2026 or 2026..2027. Without it, all
    #[arg(long)]
    years: Option<String>,
    /// Calendars besides the shipped ones: YAML, or JSON with one or a list of them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    calendars: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let years = arguments.years.as_deref().map(years).transpose()?;
    // Says what is wrong with the files, and that each calendar has its parent.
    Calendars::load(&arguments.calendars)?.find(&arguments.id)?;
    let spec = resolved(arguments)?;
    let text = export_ics(&spec, years, SystemTime.now()).map_err(|faults| {
        let fault = faults.first();
        let zh = fault.map_or_else(String::new, |fault| fault.what().zh);
        let en = fault.map_or_else(String::new, |fault| fault.what().en);
        let place = fault.map_or("", |fault| fault.place.as_str());
        bad("ID", format!("{place}：{zh}。"), format!("{place}: {en}."))
    })?;
    screen.line(text.trim_end_matches('\n'))?;
    Ok(Outcome::Good)
}

/// Returns the calendar as its file has it, with what it inherits.
fn resolved(arguments: &Arguments) -> Result<CalendarSpec> {
    let shipped = shipped::CALENDARS.iter().map(|file| file.text.to_owned());
    let files = calendar_files::read(&arguments.calendars)?;
    let mut specs: BTreeMap<String, CalendarSpec> = BTreeMap::new();
    for text in shipped.chain(files.into_iter().map(|file| file.text)) {
        let spec: CalendarSpec = serde_saphyr::from_str(&text)?;
        specs.insert(spec.id.clone(), spec);
    }
    let mut line = Vec::new();
    let mut next = Some(arguments.id.clone());
    while let Some(id) = next {
        // A calendar that was taken already is one that inherits from itself.
        let spec = specs.remove(&id).context("a parent is missing")?;
        next = spec.inherits.clone();
        line.push(spec);
    }
    let nation = line.pop().context("a calendar is missing")?;
    line.into_iter().rev().try_fold(nation, |parent, child| {
        child
            .inherit(&parent)
            .map_err(|error| anyhow::anyhow!("{error}"))
    })
}
