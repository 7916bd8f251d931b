use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use groundbreak_audit::{Appraisal, appraisal};
use groundbreak_engine::{Engine, EngineOptions};
use groundbreak_workflow::{Quantity, Saying, Text, compile_district};

use super::{check_date, current_cases};
use crate::definitions::DefinitionFile;
use crate::directory;
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak report appraisal --data data --until 2023-04-20")]
pub(crate) struct Arguments {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The last day that counts (2023-04-20), where the workflow is at home
    #[arg(long, value_name = "DATE")]
    until: String,
    /// The register of the district. Without it, the one that comes with this program
    #[arg(long, value_name = "FILE")]
    district: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    check_date("--until", Some(&arguments.until))?;
    let file = match &arguments.district {
        Some(path) => Some(DefinitionFile::read(path)?),
        None => DefinitionFile::shipped_districts().into_iter().next(),
    };
    let Some(file) = file else {
        return Ok(Outcome::Good);
    };
    let engine = Engine::open(directory::open(&arguments.data)?, EngineOptions::default()).await?;
    let workflows = engine.workflows();
    let district =
        compile_district(&file.text, workflows.iter().map(Arc::as_ref)).map_err(|_| {
            Trouble::FaultyDefinition {
                path: file.path.clone(),
            }
        })?;
    let workflow = &district.appraisal.workflow;
    let cases = current_cases(&engine, &arguments.data, workflow).await?;
    engine.shutdown().await?;
    let rows = cases
        .iter()
        .map(|(workflow, case)| (workflow.as_ref(), case.as_ref()));
    let report = appraisal(&district, rows, &arguments.until);
    match arguments.format {
        Format::Json => screen.json(&report)?,
        Format::Human => show(&report, screen)?,
    }
    Ok(if report.uncredited.is_empty() {
        Outcome::Good
    } else {
        Outcome::Finding
    })
}

fn show(report: &Appraisal, screen: &mut Screen) -> Result<()> {
    let language = screen.language();
    screen.say(&Text::new(
        format!(
            "{} v{}，截至 {}",
            report.rules.zh, report.rules_version, report.until
        ),
        format!(
            "{} v{}, as of {}",
            report.rules.en, report.rules_version, report.until
        ),
    ))?;
    let heads = [
        ("队伍", "team"),
        ("类别", "kind"),
        ("军令状", "pledged"),
        ("已引进", "attracted"),
        ("得分", "points"),
    ];
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for team in &report.teams {
        table.add_row([
            team.team.title.get(language).to_owned(),
            team.team.kind_title.get(language).to_owned(),
            amount(team.team.pledge).get(language).to_owned(),
            amount(team.attracted).get(language).to_owned(),
            points(team.hundredths),
        ]);
    }
    screen.line(table)?;
    for team in &report.teams {
        for credit in &team.projects {
            screen.line(format!(
                "{}  {}  {}  {} = {}",
                team.team.title.get(language),
                credit.number,
                credit.title,
                credit.because.get(language),
                points(credit.hundredths)
            ))?;
        }
    }
    for case in &report.uncredited {
        screen.line(format!(
            "{} {} {}: {}",
            screen.word("未计入", "left out"),
            case.number,
            case.title,
            case.why.get(language)
        ))?;
    }
    Ok(())
}

/// Hundredths of a point as points: 3000 as `30`, 2450 as `24.5`.
fn points(hundredths: i64) -> String {
    let (whole, part) = (hundredths / 100, hundredths % 100);
    match part {
        0 => whole.to_string(),
        part if part % 10 == 0 => format!("{whole}.{}", part / 10),
        part => format!("{whole}.{part:02}"),
    }
}

fn amount(yuan: i64) -> Text {
    Saying::exactly(Quantity::Yuan { yuan })
}
