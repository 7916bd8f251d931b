use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use groundbreak_audit::{Figure, figure};
use groundbreak_engine::{Engine, EngineOptions};
use groundbreak_workflow::{Case, Measures, Text, Workflow, nearest};

use super::current_cases;
use crate::definitions::{self, DefinitionFile};
use crate::directory;
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak report measures planned-amount --data data")]
pub(crate) struct Arguments {
    /// The measures to compute, with the lists behind them. Without any, all of them, the figures alone
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Folder of measures. Without it, those that come with this program
    #[arg(long, value_name = "DIR")]
    measures: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let files = match &arguments.measures {
        Some(folder) => DefinitionFile::read_measures(folder)?,
        None => DefinitionFile::shipped_measures(),
    };
    let engine = Engine::open(directory::open(&arguments.data)?, EngineOptions::default()).await?;
    let measures = definitions::measures(&files, &engine.workflows())?;
    let names = chosen(&measures, &arguments.names)?;
    let counted = counted(&engine, &measures, &names, &arguments.data).await?;
    engine.shutdown().await?;
    let rows = counted
        .iter()
        .map(|(workflow, case)| (workflow.as_ref(), case.as_ref()));
    let figures: Vec<Figure> = names
        .iter()
        .filter_map(|name| figure(&measures, name, rows.clone()))
        .collect();
    match arguments.format {
        Format::Json => screen.json(&figures)?,
        Format::Human if arguments.names.is_empty() => show_all(&figures, screen)?,
        Format::Human => {
            for figure in &figures {
                show(figure, screen)?;
            }
        }
    }
    let sound = figures.iter().all(|figure| figure.findings.is_empty());
    Ok(if sound {
        Outcome::Good
    } else {
        Outcome::Finding
    })
}

/// The names that were asked for, all if none were.
fn chosen(measures: &Measures, asked: &[String]) -> Result<Vec<String>, Trouble> {
    if asked.is_empty() {
        return Ok(measures.keys().cloned().collect());
    }
    if let Some(unknown) = asked.iter().find(|name| !measures.contains_key(*name)) {
        let known = measures.keys().map(String::as_str);
        let problem = match nearest(unknown, known.clone()) {
            Some(meant) => Text::new(
                format!("没有指标“{unknown}”。是否指“{meant}”？"),
                format!("there is no measure \"{unknown}\". Did you mean \"{meant}\"?"),
            ),
            None => {
                let known: Vec<&str> = known.collect();
                Text::new(
                    format!("没有指标“{unknown}”。已有的为：{}。", known.join("、")),
                    format!(
                        "there is no measure \"{unknown}\". There are: {}.",
                        known.join(", ")
                    ),
                )
            }
        };
        return Err(Trouble::BadArgument {
            argument: "NAME".to_owned(),
            problem,
        });
    }
    Ok(asked.to_vec())
}

/// Reads the cases of every workflow that the measures are about, each once, as it is now.
async fn counted(
    engine: &Engine,
    measures: &Measures,
    names: &[String],
    data: &Path,
) -> Result<Vec<(Arc<Workflow>, Arc<Case>)>> {
    let workflows: BTreeSet<&str> = names
        .iter()
        .filter_map(|name| measures.get(name))
        .map(|measure| measure.population.workflow.as_str())
        .collect();
    let mut counted = Vec::new();
    for workflow in workflows {
        counted.extend(current_cases(engine, data, workflow).await?);
    }
    Ok(counted)
}

fn show_all(figures: &[Figure], screen: &mut Screen) -> Result<()> {
    let language = screen.language();
    let heads = [
        ("指标", "measure"),
        ("数字", "figure"),
        ("截至", "as of"),
        ("名称", "title"),
    ];
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for figure in figures {
        table.add_row([
            figure.measure.clone(),
            figure.said.get(language).to_owned(),
            figure.population.cut_off.clone(),
            figure.title.get(language).to_owned(),
        ]);
    }
    screen.line(table)?;
    for figure in figures {
        findings(figure, screen)?;
    }
    Ok(())
}

fn show(figure: &Figure, screen: &mut Screen) -> Result<()> {
    let language = screen.language();
    screen.line(format!(
        "{}: {}",
        figure.title.get(language),
        figure.said.get(language)
    ))?;
    screen.say(&figure.because)?;
    screen.line(format!(
        "{}{}",
        screen.word("口径：", "Calibre: "),
        figure.calibre.get(language)
    ))?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let heads = [
        ("办件", "case"),
        ("名称", "title"),
        ("进入", "since"),
        ("金额或用时", "amount or time"),
    ];
    table.set_header(heads.map(|(zh, en)| screen.word(zh, en).to_owned()));
    for row in &figure.rows {
        let said = row.said();
        let said = said.map_or_else(String::new, |said| said.get(language).to_owned());
        table.add_row([
            row.number.clone(),
            row.title.clone(),
            row.since.to_string(),
            said,
        ]);
    }
    screen.line(table)?;
    for case in &figure.left_out {
        screen.line(format!(
            "{} {} {}: {}",
            screen.word("未计入", "left out"),
            case.number,
            case.title,
            case.why.get(language)
        ))?;
    }
    findings(figure, screen)
}

fn findings(figure: &Figure, screen: &mut Screen) -> Result<()> {
    let language = screen.language();
    for finding in &figure.findings {
        let head = format!("{} [{}]", figure.measure, finding.code);
        let line = format!(
            "{} {} {}",
            screen.red(&head),
            finding.message.get(language),
            finding.help.get(language)
        );
        screen.line(line)?;
    }
    Ok(())
}
