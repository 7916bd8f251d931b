use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use groundbreak_store::Query;
use serde::{Deserialize, Serialize};

use super::figures::{Report, Row, progress};
use super::filling::fill;
use super::process::{Memory, cpu_seconds};
use super::temporary;
use crate::commands::verify;
use crate::directory;
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak bench open --cases 1000000 --entries 5000000 --in /var/lib/groundbreak/million"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) filled: Filled,
    /// Take this one step, in this process
    #[arg(long, value_enum, hide = true, requires = "inside")]
    step: Option<Step>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A data directory of many cases.
#[derive(Debug, Args)]
pub(super) struct Filled {
    /// How many cases the directory is filled with
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000,
        value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    cases: u64,
    /// How many entries their journals have together
    #[arg(long, value_name = "NUMBER", default_value_t = 500_000,
        value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    entries: u64,
    /// Data directory to measure, filled first and kept when it is not there; without it, a temporary one
    #[arg(long = "in", value_name = "DIR")]
    pub(super) inside: Option<PathBuf>,
}

impl Filled {
    /// Fills the directory, unless it is there. `temporary` is where it is when none was named.
    pub(super) async fn fill(&self, temporary: &Path, screen: &Screen) -> Result<PathBuf> {
        let data = match &self.inside {
            Some(inside) => inside.clone(),
            None => temporary.join("data"),
        };
        if !data.exists() {
            let cases = self.cases;
            progress(
                screen,
                &format!("填入 {cases} 个办件……"),
                &format!("Filling in {cases} cases…"),
            );
            fill(&data, cases, self.entries).await?;
        }
        Ok(data)
    }
}

/// What is measured, each in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    /// Open it, the first time since it was filled: the records written since the last opening are
    /// checked.
    FirstOpen,
    /// Open it again.
    Open,
    /// Open it and check everything in it.
    Verify,
}

#[derive(Serialize, Deserialize)]
struct Figures {
    step: Step,
    cases: u64,
    commits: u64,
    entries: u64,
    seconds: f64,
    cpu_seconds: f64,
    rss_before_mib: u64,
    rss_after_mib: u64,
    rss_peak_mib: u64,
    disk_mib: f64,
}

impl Figures {
    fn rate(&self, count: u64) -> u64 {
        (count as f64 / self.seconds.max(1e-9)).round() as u64
    }
}

impl Row for Figures {
    const BENCH: &'static str = "open";

    fn columns(screen: &Screen) -> Vec<&str> {
        vec![
            screen.word("步骤", "step"),
            screen.word("办件", "cases"),
            screen.word("提交", "commits"),
            screen.word("条目", "entries"),
            screen.word("秒", "seconds"),
            screen.word("条目/秒", "entries/s"),
            screen.word("处理器秒", "processor seconds"),
            screen.word(
                "内存 MiB：之前、之后、最多",
                "memory MiB: before, after, peak",
            ),
            screen.word("磁盘 MiB", "disk MiB"),
        ]
    }

    fn cells(&self) -> Vec<String> {
        let step = match self.step {
            Step::FirstOpen => "first open",
            Step::Open => "open",
            Step::Verify => "verify",
        };
        vec![
            step.to_owned(),
            self.cases.to_string(),
            self.commits.to_string(),
            self.entries.to_string(),
            format!("{:.2}", self.seconds),
            self.rate(self.entries).to_string(),
            format!("{:.2}", self.cpu_seconds),
            format!(
                "{}, {}, {}",
                self.rss_before_mib, self.rss_after_mib, self.rss_peak_mib
            ),
            self.disk_mib.to_string(),
        ]
    }
}

pub(super) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    if let (Some(step), Some(data)) = (arguments.step, &arguments.filled.inside) {
        screen.json_line(&take(step, data).await?)?;
        return Ok(Outcome::Good);
    }
    let folder = temporary(None)?;
    let data = arguments.filled.fill(folder.path(), screen).await?;
    let mut rows = Vec::new();
    for step in [Step::FirstOpen, Step::Open, Step::Verify] {
        rows.push(in_a_process(step, &data)?);
    }
    // Opening does not count what only verifying reads.
    let counted = rows.last().map(|row| (row.commits, row.entries));
    let (commits, entries) = counted.unwrap_or_default();
    let mut report = Report::begin::<Figures>(arguments.format, screen);
    for mut row in rows {
        (row.commits, row.entries) = (commits, entries);
        report.add(&row, screen)?;
    }
    report.end(screen)?;
    Ok(Outcome::Good)
}

/// Takes a step in a new process, so that its memory is its own.
fn in_a_process(step: Step, data: &Path) -> Result<Figures> {
    let name = step.to_possible_value().context("a step has a name")?;
    let output = Command::new(std::env::current_exe()?)
        .args(["bench", "open", "--step", name.get_name(), "--in"])
        .arg(data)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("{} ended with {}", name.get_name(), output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn take(step: Step, data: &Path) -> Result<Figures> {
    let disk_mib = (bytes(data)? as f64 / 1_048_576.0).round();
    let rss_before_mib = Memory::now().map_or(0, |memory| memory.resident_mib);
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let mut figures = Figures {
        step,
        cases: 0,
        commits: 0,
        entries: 0,
        seconds: 0.0,
        cpu_seconds: 0.0,
        rss_before_mib,
        rss_after_mib: 0,
        rss_peak_mib: 0,
        disk_mib,
    };
    let mut opened = None;
    if step == Step::Verify {
        let counts = verify::data::check(data, None, None).await?;
        (figures.cases, figures.commits, figures.entries) =
            (counts.cases, counts.records, counts.entries);
    } else {
        opened = Some(directory::open(data)?);
    }
    figures.seconds = (begun.elapsed().as_secs_f64() * 1e3).round() / 1e3;
    figures.cpu_seconds = ((cpu_seconds() - cpu) * 1e2).round() / 1e2;
    if let Some(memory) = Memory::now() {
        figures.rss_after_mib = memory.resident_mib;
        figures.rss_peak_mib = memory.peak_mib;
    }
    if let Some(store) = opened {
        figures.cases = store.query(&Query::all(1)).await?.total;
        store.close().await?;
    }
    Ok(figures)
}

/// Returns the bytes of all files in a folder.
fn bytes(folder: &Path) -> std::io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        sum += if found.is_dir() {
            bytes(&entry.path())?
        } else {
            found.len()
        };
    }
    Ok(sum)
}
