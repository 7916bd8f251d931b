mod appraisal;
mod critical_path;
mod district;
mod measures;
mod register;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::{Args, Subcommand};
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use groundbreak_audit::{ClockTurnaround, Percentiles, Turnaround, turnaround};
use groundbreak_engine::{Engine, EngineOptions, ListOrder, ListQuery};
use groundbreak_workflow::sla::{Timestamp, Used};
use groundbreak_workflow::{Case, Text, Workflow};

use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};
use crate::{amount, directory};

/// Cases read at once.
const PAGE: usize = 500;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// How long cases took, clock by clock and stage by stage
    Turnaround(TurnaroundArguments),
    /// The quickest way through each clock, from the shortest times cases stayed in its states
    CriticalPath(critical_path::Arguments),
    /// Figures as measures define them, each with the list behind it
    Measures(measures::Arguments),
    /// What the teams of a district have attracted of what they pledged, with every point explained
    Appraisal(appraisal::Arguments),
    /// What leaders, industry chains and officials on training have brought, by the register of a district
    Register(register::Arguments),
}

/// Which cases are counted.
#[derive(Debug, Args)]
struct Selection {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Only cases of this workflow
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// Only cases opened on this day or later (2023-03-01), where the workflow is at home
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Only cases opened on this day or earlier
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak report turnaround --data data --from 2023-03-01 --to 2023-03-31"
)]
pub(crate) struct TurnaroundArguments {
    #[command(flatten)]
    selection: Selection,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) async fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Turnaround(arguments) => run_turnaround(&arguments, screen).await,
        Command::CriticalPath(arguments) => critical_path::run(&arguments, screen).await,
        Command::Measures(arguments) => measures::run(&arguments, screen).await,
        Command::Appraisal(arguments) => appraisal::run(&arguments, screen).await,
        Command::Register(arguments) => register::run(&arguments, screen).await,
    }
}

async fn run_turnaround(arguments: &TurnaroundArguments, screen: &mut Screen) -> Result<Outcome> {
    let (engine, cases) = open(&arguments.selection).await?;
    let as_of = engine.now();
    let report = turnaround(
        cases
            .iter()
            .map(|(workflow, case)| (workflow.as_ref(), case.as_ref())),
        as_of,
    )?;
    engine.shutdown().await?;
    match arguments.format {
        Format::Json => screen.json(&report)?,
        Format::Human => show(&report, screen)?,
    }
    Ok(Outcome::Good)
}

/// Dates are compared as text, which orders them only when they are whole.
fn check_date(argument: &str, date: Option<&str>) -> Result<(), Trouble> {
    let Some(date) = date else { return Ok(()) };
    let parts: Vec<&str> = date.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let digits = parts
        .iter()
        .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if lengths == [4, 2, 2] && digits {
        return Ok(());
    }
    Err(Trouble::BadArgument {
        argument: argument.to_owned(),
        problem: Text::new(
            "应为日期，如 2023-03-01。",
            "a date is needed, such as 2023-03-01.",
        ),
    })
}

/// Opens the data directory, and reads the cases that are counted.
async fn open(selection: &Selection) -> Result<(Engine, Vec<(Arc<Workflow>, Arc<Case>)>)> {
    check_date("--from", selection.from.as_deref())?;
    check_date("--to", selection.to.as_deref())?;
    let engine = Engine::open(directory::open(&selection.data)?, EngineOptions::default()).await?;
    if let Some(name) = &selection.workflow {
        engine.workflow(name, None)?;
    }
    let cases = cases(&engine, selection).await?;
    Ok((engine, cases))
}

async fn cases(engine: &Engine, selection: &Selection) -> Result<Vec<(Arc<Workflow>, Arc<Case>)>> {
    let mut query = ListQuery {
        order: ListOrder::Oldest,
        workflow: selection.workflow.clone(),
        ..ListQuery::all(PAGE)
    };
    let mut cases = Vec::new();
    loop {
        let page = engine.list(&query).await?;
        for id in page.cases {
            let Some(case) = engine.case(id).await? else {
                continue;
            };
            let workflow = engine.workflow(&case.workflow, Some(case.version))?;
            let day = day(&workflow, case.opened_at);
            let after = selection.from.as_ref().is_none_or(|from| day >= *from);
            let before = selection.to.as_ref().is_none_or(|to| day <= *to);
            if after && before {
                // A case that was migrated also counts with the versions that had its former clocks.
                let former = engine.former_versions(&case)?;
                cases.extend(former.into_iter().map(|it| (it, Arc::clone(&case))));
                cases.push((workflow, case));
            }
        }
        let Some(next) = page.next else {
            return Ok(cases);
        };
        query.after = Some(next);
    }
}

/// Reads the cases of a workflow, each once, as it is now.
async fn current_cases(
    engine: &Engine,
    data: &Path,
    workflow: &str,
) -> Result<Vec<(Arc<Workflow>, Arc<Case>)>> {
    let selection = Selection {
        data: data.to_owned(),
        workflow: Some(workflow.to_owned()),
        from: None,
        to: None,
    };
    let mut cases = cases(engine, &selection).await?;
    // One that was migrated also comes with its former versions.
    cases.retain(|(workflow, case)| case.version == workflow.version);
    Ok(cases)
}

fn day(workflow: &Workflow, at: Timestamp) -> String {
    at.in_zone(workflow.calendar.tz())
        .format("%Y-%m-%d")
        .to_string()
}

fn show(report: &Turnaround, screen: &mut Screen) -> Result<()> {
    let language = screen.language();
    screen.say(&Text::new(
        format!("{} 件办件，截至 {}", report.cases, report.as_of),
        format!("{} cases, as of {}", report.cases, report.as_of),
    ))?;
    let heads = [
        ("流程", "workflow"),
        ("时限", "clock"),
        ("要求", "budget"),
        ("达标", "met"),
        ("未达标", "missed"),
        ("在办", "running"),
        ("其中超期", "of them late"),
        ("达标率", "attainment"),
        ("中位", "median"),
        ("90% 在…内", "90% within"),
        ("最长", "longest"),
    ];
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for clock in &report.clocks {
        table.add_row(row(clock, language));
    }
    screen.line(table)?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let heads = [
        ("流程", "workflow"),
        ("环节", "stage"),
        ("现有", "here"),
        ("次数", "times"),
        ("中位", "median"),
        ("90% 在…内", "90% within"),
    ];
    table.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for stage in &report.stages {
        let wall = stage.wall.as_ref();
        table.add_row([
            stage.workflow.clone(),
            stage.title.get(language).to_owned(),
            stage.here.to_string(),
            wall.map_or(0, |wall| wall.n).to_string(),
            time(wall, |wall| wall.p50_ms),
            time(wall, |wall| wall.p90_ms),
        ]);
    }
    Ok(screen.line(table)?)
}

fn row(clock: &ClockTurnaround, language: groundbreak_workflow::Language) -> [String; 11] {
    let wall = clock.wall.as_ref();
    let attainment = &clock.attainment;
    [
        clock.workflow.clone(),
        clock.title.get(language).to_owned(),
        clock.budget.get(language).to_owned(),
        attainment.met.to_string(),
        match (attainment.excused, language) {
            (0, _) => attainment.missed.to_string(),
            (excused, groundbreak_workflow::Language::Zh) => {
                format!("{}（免责 {excused}）", attainment.missed)
            }
            (excused, groundbreak_workflow::Language::En) => {
                format!("{} ({excused} excused)", attainment.missed)
            }
        },
        (attainment.running + attainment.running_late).to_string(),
        attainment.running_late.to_string(),
        attainment
            .closed_bp
            .map_or_else(|| "–".to_owned(), amount::percent),
        time(wall, |wall| wall.p50_ms),
        time(wall, |wall| wall.p90_ms),
        time(wall, |wall| wall.max_ms),
    ]
}

fn time(wall: Option<&Percentiles>, which: impl Fn(&Percentiles) -> i64) -> String {
    wall.map_or_else(
        || "–".to_owned(),
        |wall| amount::show(Used::Ms(which(wall))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_dates_are_compared() {
        for (date, good) in [
            ("2023-03-01", true),
            ("2023-3-1", false),
            ("2023", false),
            ("tomorrow", false),
        ] {
            assert_eq!(check_date("--from", Some(date)).is_ok(), good, "{date}");
        }
    }
}
