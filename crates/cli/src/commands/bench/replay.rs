use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use groundbreak_store::{Query, Store};
use groundbreak_workflow::{CommitDigest, Text};
use serde::Serialize;
use uuid::Uuid;

use super::figures::{Report, Row, progress, ratio};
use super::open::Filled;
use super::temporary;
use crate::commands::folding::{Folding, commit};
use crate::commands::sign::each_record;
use crate::directory;
use crate::disagreement::of_store;
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

/// How many cases, and how many records of one, are asked for at once.
const AT_ONCE: usize = 1000;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak bench replay --cases 100000 --in /var/lib/groundbreak/many"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    filled: Filled,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Figures {
    cases: u64,
    commits: u64,
    entries: u64,
    commits_per_second: u64,
    entries_per_second: u64,
    limit_entries_per_second: u64,
    ratio_to_limit: f64,
}

impl Row for Figures {
    const BENCH: &'static str = "replay";

    fn columns(screen: &Screen) -> Vec<&str> {
        vec![
            screen.word("办件", "cases"),
            screen.word("提交", "commits"),
            screen.word("条目", "entries"),
            screen.word("提交/秒", "commits/s"),
            screen.word("条目/秒", "entries/s"),
            screen.word("普通文件，条目/秒", "plain file, entries/s"),
            screen.word("比值", "ratio"),
        ]
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.cases.to_string(),
            self.commits.to_string(),
            self.entries.to_string(),
            self.commits_per_second.to_string(),
            self.entries_per_second.to_string(),
            self.limit_entries_per_second.to_string(),
            format!("{:.3}", self.ratio_to_limit),
        ]
    }
}

/// How much was gone through.
#[derive(Default)]
struct Counted {
    cases: u64,
    commits: u64,
    entries: u64,
}

pub(super) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let folder = temporary(None)?;
    let data = arguments.filled.fill(folder.path(), screen).await?;
    let store = directory::open(&data)?;
    let plain = folder.path().join("records");
    let mut file = BufWriter::new(File::create_new(&plain)?);
    each_record(store.as_ref(), |record| {
        file.write_all(&(record.record.len() as u32).to_be_bytes())?;
        Ok(file.write_all(&record.record)?)
    })
    .await?;
    file.flush()?;
    drop(file);
    progress(screen, "重演……", "Replaying…");
    let begun = Instant::now();
    let folded = fold_all(store.as_ref()).await?;
    let seconds = begun.elapsed().as_secs_f64();
    store.close().await?;
    let begun = Instant::now();
    let read = read_all(&plain)?;
    let limit_seconds = begun.elapsed().as_secs_f64();
    let rate = |count: u64, seconds: f64| (count as f64 / seconds.max(1e-9)).round() as u64;
    let entries_per_second = rate(folded.entries, seconds);
    let limit = rate(read.entries, limit_seconds);
    let mut report = Report::begin::<Figures>(arguments.format, screen);
    let row = Figures {
        cases: folded.cases,
        commits: folded.commits,
        entries: folded.entries,
        commits_per_second: rate(folded.commits, seconds),
        entries_per_second,
        limit_entries_per_second: limit,
        ratio_to_limit: ratio(entries_per_second, limit),
    };
    report.add(&row, screen)?;
    report.end(screen)?;
    Ok(Outcome::Good)
}

/// Folds every case from its journal, one after the other.
async fn fold_all(store: &dyn Store) -> Result<Counted> {
    let mut counted = Counted::default();
    let mut query = Query::all(AT_ONCE);
    loop {
        let page = store.query(&query).await?;
        for hit in &page.hits {
            fold(store, hit.case, &mut counted).await?;
        }
        let Some(next) = page.next else {
            return Ok(counted);
        };
        query.after = Some(next);
    }
}

async fn fold(store: &dyn Store, case: Uuid, counted: &mut Counted) -> Result<()> {
    let mut folding = Folding::default();
    let mut after = 0;
    loop {
        let records = store
            .journal(case, after, AT_ONCE)
            .await
            .map_err(of_store)?;
        for record in &records {
            let told = |problem: Text| anyhow::anyhow!("{}", problem.en);
            let commit = commit(&record.record).map_err(told)?;
            folding
                .add(&commit, CommitDigest::of(&record.record))
                .map_err(told)?;
            counted.commits += 1;
            counted.entries += commit.entries.len() as u64;
            after = record.revision;
        }
        if records.is_empty() {
            break;
        }
    }
    counted.cases += u64::from(folding.case().is_some());
    Ok(())
}

/// Reads the same records from the plain file, in their order, and decodes them.
fn read_all(path: &Path) -> Result<Counted> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut left = file.get_ref().metadata()?.len();
    let mut counted = Counted::default();
    let mut bytes = Vec::new();
    while left > 0 {
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        bytes.resize(length as usize, 0);
        file.read_exact(&mut bytes)?;
        let commit = commit(&bytes);
        let commit = commit.map_err(|problem| anyhow::anyhow!("{}", problem.en))?;
        counted.commits += 1;
        counted.entries += commit.entries.len() as u64;
        left = left.saturating_sub(4 + u64::from(length));
    }
    Ok(counted)
}
