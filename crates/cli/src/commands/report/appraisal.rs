use anyhow::Result;
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use groundbreak_audit::{Appraisal, appraisal};
use groundbreak_workflow::{Quantity, Saying, Text};

use super::district::OfDistrict;
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak report appraisal --data data --until 2023-04-20")]
pub(crate) struct Arguments {
    #[command(flatten)]
    asked: OfDistrict,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let Some((district, cases)) = arguments.asked.read().await? else {
        return Ok(Outcome::Good);
    };
    let rows = cases
        .iter()
        .map(|(workflow, case)| (workflow.as_ref(), case.as_ref()));
    let report = appraisal(&district, rows, &arguments.asked.until);
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
            team.points(),
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
                credit.points()
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

pub(super) fn amount(yuan: i64) -> Text {
    Saying::exactly(Quantity::Yuan { yuan })
}
