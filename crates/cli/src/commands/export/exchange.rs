use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use groundbreak_audit::{
    ChangeRow, Exchange, ExchangeCase, ExchangeFinding, ExchangeMapping, MatterRow, ProjectRow,
};
use groundbreak_engine::{Engine, EngineOptions, ListOrder, ListQuery};
use groundbreak_workflow::Text;
use serde::Serialize;

use crate::definitions::read_text;
use crate::directory;
use crate::screen::{Format, Screen};
use crate::shipped;
use crate::trouble::{Outcome, Trouble};

/// Cases read at once.
const PAGE: usize = 500;
/// The largest mapping read, in bytes.
const MAPPING_LENGTH_MAX: u64 = 1 << 20;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak export exchange --data data --to exchange")]
pub(crate) struct Arguments {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How the workflows are reported. Without it, as the shipped mapping says
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Folder to write into, a file a table; those that are there are replaced. Without it, nothing
    /// is written and the rows are only checked
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// How the tables are written
    #[arg(long, value_enum, default_value_t)]
    rows: Rows,
    /// Write them even when there are findings
    #[arg(long, requires = "to")]
    despite_findings: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How tables are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Rows {
    /// CSV by RFC 4180, UTF-8, a line of names first.
    #[default]
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// What came of it, as programs read it.
#[derive(Serialize)]
struct Report<'a> {
    projects: usize,
    matters: usize,
    changes: usize,
    without_project: &'a [String],
    findings: &'a [ExchangeFinding],
    written: &'a [PathBuf],
}

/// Reads a mapping.
///
/// # Errors
///
/// What is wrong with it.
pub(in super::super) fn read_mapping(text: &str) -> Result<ExchangeMapping, Text> {
    serde_saphyr::from_str(text).map_err(|error| {
        let said = error.to_string();
        Text::new(
            format!("{said}。请照自带的 workflows/exchange/pengjiang.yaml 改正。"),
            format!("{said}. Correct it after the shipped workflows/exchange/pengjiang.yaml."),
        )
    })
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let (path, text) = match &arguments.mapping {
        Some(path) => (path.clone(), read_text(path, MAPPING_LENGTH_MAX)?),
        None => (
            PathBuf::from(shipped::EXCHANGE.path),
            shipped::EXCHANGE.text.to_owned(),
        ),
    };
    let mapping = read_mapping(&text).map_err(|problem| Trouble::BadExchange { path, problem })?;
    let engine = Engine::open(directory::open(&arguments.data)?, EngineOptions::default()).await?;
    let names = mapping.projects.iter().map(|it| &it.workflow);
    let mut newest = Vec::new();
    for name in names.chain(mapping.matters.iter().map(|it| &it.workflow)) {
        // What is not published here has no cases.
        newest.extend(engine.workflow(name, None).ok());
    }
    let mut findings = mapping.findings(|name| {
        let mut published = newest.iter().map(Arc::as_ref);
        published.find(|workflow| workflow.name == name)
    });
    let exchange = rows(&engine, &mapping).await?;
    engine.shutdown().await?;
    findings.extend(exchange.findings());
    let written = match &arguments.to {
        Some(folder) if findings.is_empty() || arguments.despite_findings => {
            write(folder, arguments.rows, &exchange)?
        }
        _ => Vec::new(),
    };
    match arguments.format {
        Format::Json => screen.json(&Report {
            projects: exchange.projects.len(),
            matters: exchange.matters.len(),
            changes: exchange.changes.len(),
            without_project: &exchange.without_project,
            findings: &findings,
            written: &written,
        })?,
        Format::Human => show(&exchange, &findings, &written, screen)?,
    }
    Ok(if findings.is_empty() {
        Outcome::Good
    } else {
        Outcome::Finding
    })
}

async fn rows(engine: &Engine, mapping: &ExchangeMapping) -> Result<Exchange> {
    let mut query = ListQuery {
        order: ListOrder::Oldest,
        ..ListQuery::all(PAGE)
    };
    let mapped = |name: &str| {
        mapping.projects.iter().any(|it| it.workflow == name)
            || mapping.matters.iter().any(|it| it.workflow == name)
    };
    let mut read = Vec::new();
    loop {
        let page = engine.list(&query).await?;
        for id in page.cases {
            let Some(case) = engine.case(id).await? else {
                continue;
            };
            if mapped(&case.workflow) {
                let journal = engine.journal(id).await?;
                let versions = engine.versions(&case, &journal)?;
                read.push((case, journal, versions));
            }
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    Ok(mapping.rows(read.iter().map(|(case, journal, versions)| {
        let journal = journal
            .iter()
            .map(|commit| (versions.at(commit.revision).as_ref(), commit));
        ExchangeCase {
            case,
            journal: journal.collect(),
        }
    })))
}

/// Writes the three tables, each in one piece.
fn write(folder: &Path, rows: Rows, exchange: &Exchange) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder).map_err(|source| Trouble::Unwritable {
        path: folder.to_owned(),
        source,
    })?;
    let cells = exchange.projects.iter().map(ProjectRow::cells).collect();
    let projects = table(rows, ProjectRow::FIELDS, cells, &exchange.projects)?;
    let cells = exchange.matters.iter().map(MatterRow::cells).collect();
    let matters = table(rows, MatterRow::FIELDS, cells, &exchange.matters)?;
    let cells = exchange.changes.iter().map(ChangeRow::cells).collect();
    let changes = table(rows, ChangeRow::FIELDS, cells, &exchange.changes)?;
    let extension = match rows {
        Rows::Csv => "csv",
        Rows::Jsonl => "jsonl",
    };
    let mut written = Vec::new();
    for (name, text) in [
        (ProjectRow::TABLE, projects),
        (MatterRow::TABLE, matters),
        (ChangeRow::TABLE, changes),
    ] {
        let path = folder.join(name).with_extension(extension);
        let unwritable = |source| Trouble::Unwritable {
            path: path.clone(),
            source,
        };
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
        file.write_all(text.as_bytes()).map_err(unwritable)?;
        file.as_file().sync_all().map_err(unwritable)?;
        file.persist(&path)
            .map_err(|error| unwritable(error.error))?;
        written.push(path);
    }
    Ok(written)
}

/// Returns the text of a table.
fn table<T: Serialize>(
    rows: Rows,
    fields: &[&str],
    cells: Vec<Vec<String>>,
    values: &[T],
) -> Result<String> {
    let mut text = String::new();
    match rows {
        Rows::Csv => {
            let names = fields.iter().map(|field| (*field).to_owned()).collect();
            for line in std::iter::once(names).chain(cells) {
                let line: Vec<String> = line.iter().map(|cell| quoted(cell)).collect();
                text.push_str(&line.join(","));
                text.push_str("\r\n");
            }
        }
        Rows::Jsonl => {
            for value in values {
                text.push_str(&serde_json::to_string(value)?);
                text.push('\n');
            }
        }
    }
    Ok(text)
}

/// Returns a cell of CSV, in quotes where it needs them.
fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn show(
    exchange: &Exchange,
    findings: &[ExchangeFinding],
    written: &[PathBuf],
    screen: &mut Screen,
) -> Result<()> {
    let (projects, matters) = (exchange.projects.len(), exchange.matters.len());
    let changes = exchange.changes.len();
    screen.say(&Text::new(
        format!("项目 {projects} 个，事项办理 {matters} 件，状态变化 {changes} 条"),
        format!("{projects} projects, {matters} matters, {changes} status changes"),
    ))?;
    if !exchange.without_project.is_empty() {
        let left_out = exchange.without_project.len();
        screen.say(&Text::new(
            format!("另有 {left_out} 件不属于任何项目，不上报"),
            format!("{left_out} more belong to no project and are not reported"),
        ))?;
    }
    for finding in findings {
        let place = format!("{} {} {}", finding.table, finding.row, finding.field);
        let code = screen.red(finding.code);
        let message = finding.message.get(screen.language()).to_owned();
        screen.line(format!("{code} {} {message}", place.trim_start()))?;
    }
    for path in written {
        screen.line(path.display())?;
    }
    if written.is_empty() && !findings.is_empty() {
        screen.say(&Text::new(
            format!(
                "{} 处问题，没有写出文件。请逐条改正后再导出。",
                findings.len()
            ),
            format!(
                "{} findings; nothing was written. Correct them and export again.",
                findings.len()
            ),
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_csv_asks_for_it() {
        let rows = [
            ("示例", "示例"),
            ("a,b", "\"a,b\""),
            ("说\"可\"", "\"说\"\"可\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("", ""),
        ];
        for (cell, written) in rows {
            assert_eq!(quoted(cell), written);
        }
    }

    #[test]
    fn the_shipped_mapping_is_read() {
        let mapping = read_mapping(shipped::EXCHANGE.text).unwrap();
        assert_eq!(mapping.division, "440703");
        assert!(read_mapping("exchange: x\n").is_err());
    }
}
