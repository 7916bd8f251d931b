use anyhow::Result;
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use groundbreak_audit::{RegisterStanding, register};
use groundbreak_workflow::Text;

use super::appraisal::amount;
use super::district::OfDistrict;
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak report register --data data --until 2023-04-20")]
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
    let standing = register(&district, rows, &arguments.asked.until);
    match arguments.format {
        Format::Json => screen.json(&standing)?,
        Format::Human => show(&standing, screen)?,
    }
    Ok(Outcome::Good)
}

fn show(standing: &RegisterStanding, screen: &mut Screen) -> Result<()> {
    let language = screen.language();
    let (attracted, target) = (amount(standing.attracted), amount(standing.target));
    let until = &standing.appraisal.until;
    screen.say(&Text::new(
        format!(
            "{}：截至 {until} 已引进 {}，目标 {}",
            standing.title.zh, attracted.zh, target.zh
        ),
        format!(
            "{}: {} attracted by {until}, the target is {}",
            standing.title.en, attracted.en, target.en
        ),
    ))?;
    let mut leaders = Table::new();
    leaders.load_style(UTF8_FULL_CONDENSED);
    let heads = [("岗位", "post"), ("项目", "projects"), ("完成", "quota")];
    leaders.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for leader in &standing.leaders {
        let projects = leader.projects.iter().map(|project| {
            let yuan = amount(project.yuan);
            format!("{} {}", project.title, yuan.get(language))
        });
        leaders.add_row([
            leader.leader.title.get(language).to_owned(),
            projects.collect::<Vec<_>>().join("\n"),
            if leader.met {
                screen.word("已完成", "met")
            } else {
                screen.word("未完成", "not met")
            }
            .to_owned(),
        ]);
    }
    screen.line(leaders)?;
    let mut chains = Table::new();
    chains.load_style(UTF8_FULL_CONDENSED);
    let heads = [
        ("产业链", "chain"),
        ("项目", "projects"),
        ("金额", "amount"),
    ];
    chains.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for chain in &standing.chains {
        chains.add_row([
            chain.chain.title.get(language).to_owned(),
            chain.projects.len().to_string(),
            amount(chain.yuan).get(language).to_owned(),
        ]);
    }
    screen.line(chains)?;
    for roster in &standing.rosters {
        let (count, leads) = (roster.roster.count, roster.leads.len());
        let title = roster.roster.title.get(language);
        screen.line(screen.word(
            &format!("{title}：{count} 名，提报线索 {leads} 条"),
            &format!("{title}: {count}, {leads} leads brought"),
        ))?;
    }
    screen.say(&Text::new(
        format!("“走出去”招商{}人次", standing.trips.said.zh),
        format!("{} person-trips", standing.trips.said.en),
    ))?;
    Ok(())
}
