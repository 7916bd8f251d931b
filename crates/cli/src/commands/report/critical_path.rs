use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use groundbreak_audit::shortest_stays;
use groundbreak_workflow::{Case, CriticalPath, Text, Workflow};
use serde::Serialize;

use super::Selection;
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak report critical-path --data data --workflow land-to-groundbreaking"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The quickest way through a clock of a workflow, as programs read it.
#[derive(Serialize)]
struct Row {
    workflow: String,
    version: u32,
    /// How many cases were measured.
    cases: usize,
    budget: Text,
    /// [`CriticalPath::at_least`] in words.
    quickest: Text,
    #[serde(flatten)]
    path: CriticalPath,
}

pub(super) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let (engine, mut cases) = super::open(&arguments.selection).await?;
    cases.sort_by(|(one, _), (other, _)| {
        (&one.name, one.version).cmp(&(&other.name, other.version))
    });
    let same = |one: &(Arc<Workflow>, Arc<Case>), other: &(Arc<Workflow>, Arc<Case>)| {
        one.0.name == other.0.name && one.0.version == other.0.version
    };
    let groups: Vec<_> = cases.chunk_by(same).collect();
    engine.shutdown().await?;
    match arguments.format {
        Format::Json => {
            let rows: Vec<Row> = groups.iter().flat_map(|group| rows(group)).collect();
            screen.json(&rows)?;
        }
        Format::Human => {
            for group in groups {
                show(group, screen)?;
            }
        }
    }
    Ok(Outcome::Good)
}

fn rows(group: &[(Arc<Workflow>, Arc<Case>)]) -> Vec<Row> {
    let Some((workflow, _)) = group.first() else {
        return Vec::new();
    };
    let measured = shortest_stays(group.iter().map(|(_, case)| case.as_ref()));
    let paths = workflow.critical_paths(&measured).into_iter();
    paths
        .filter_map(|path| {
            let goal = workflow.clocks.get(&path.clock)?.policy.goal;
            Some(Row {
                workflow: workflow.name.clone(),
                version: workflow.version,
                cases: group.len(),
                budget: goal.text(),
                quickest: goal.budget().with_amount(path.at_least).text(),
                path,
            })
        })
        .collect()
}

fn show(group: &[(Arc<Workflow>, Arc<Case>)], screen: &mut Screen) -> Result<()> {
    let Some((workflow, _)) = group.first() else {
        return Ok(());
    };
    let language = screen.language();
    screen.say(&Text::new(
        format!(
            "{} v{}：{} 件办件",
            workflow.title.zh,
            workflow.version,
            group.len()
        ),
        format!(
            "{} v{}, cases: {}",
            workflow.title.en,
            workflow.version,
            group.len()
        ),
    ))?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let heads = [
        ("时限", "clock"),
        ("要求", "budget"),
        ("最快", "quickest"),
        ("时间花在", "where the time goes"),
    ];
    table.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for row in rows(group) {
        let Some(clock) = workflow.clocks.get(&row.path.clock) else {
            continue;
        };
        let unit = clock.policy.goal.budget();
        let steps: Vec<String> = row
            .path
            .steps
            .iter()
            .map(|step| {
                let title = workflow.state_title(&step.state);
                let takes = unit.with_amount(step.takes).text();
                format!("{} {}", title.get(language), takes.get(language))
            })
            .collect();
        table.add_row([
            clock.title.get(language).to_owned(),
            row.budget.get(language).to_owned(),
            row.quickest.get(language).to_owned(),
            steps.join(" → "),
        ]);
    }
    Ok(screen.line(table)?)
}
