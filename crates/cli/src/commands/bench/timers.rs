use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use groundbreak_engine::{Engine, EngineOptions, TimeSource};
use groundbreak_store::{Position, Store};
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{Entry, decode_commit};
use serde::Serialize;

use super::case::{Clerk, Desk};
use super::closed_loop::run as run_client;
use super::figures::{Report, Row, Times, ms, per_second, progress};
use super::lapsing_case::{self, DUE};
use super::process::{Memory, processor_time};
use super::{standard_case, temporary};
use crate::directory;
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

/// How long the engine runs, with its clients, before the timers fall due.
const WARM_UP: Duration = Duration::from_secs(3);

/// How long is waited for the last timer.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked how far everything is durable.
const SAMPLED_EVERY: Duration = Duration::from_micros(500);

/// The records read at once.
const RECORDS_AT_ONCE: usize = 1_000;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak bench timers --pending 1000000 --due 10000 --directory /var/lib/groundbreak"
)]
pub(crate) struct Arguments {
    /// How many cases wait with a timer, 1 to 10000000
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pending: u64,
    /// How many of these timers fall due at one instant
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    due: u64,
    /// How many clients give commands to other cases meanwhile, 0 to 1024
    #[arg(long, value_name = "NUMBER", default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(0..=1024))]
    clients: u32,
    /// Folder on the disk to measure; what is made in it is removed again
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Only fill this data directory: what the measuring process has a process of its own do
    #[arg(long, value_name = "DATA", hide = true)]
    fill: Option<PathBuf>,
}

#[derive(Serialize)]
struct Figures {
    pending: u64,
    due: u64,
    clients: u32,
    filled_per_second: u64,
    open_seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    first_thousand_p99_ms: f64,
    commands: usize,
    command_p50_ms: f64,
    command_p99_ms: f64,
    /// Of this process from the due instant to the last timer, commands included, for each timer.
    processor_us_a_timer: Option<f64>,
    resident_before_mib: Option<u64>,
    resident_after_mib: Option<u64>,
    resident_peak_mib: Option<u64>,
}

impl Row for Figures {
    const BENCH: &'static str = "timers";

    fn columns(screen: &Screen) -> Vec<&str> {
        vec![
            screen.word("等待/到期", "pending/due"),
            screen.word("填充/秒", "filled/s"),
            screen.word("打开 s", "open s"),
            screen.word("迟延 p50 ms", "late p50 ms"),
            "p99 ms",
            screen.word("最大 ms", "max ms"),
            screen.word("前一千 p99 ms", "first thousand p99 ms"),
            screen.word("同时的命令 p50/p99 ms", "commands meanwhile p50/p99 ms"),
            screen.word("每个定时器处理器 µs", "processor µs a timer"),
            screen.word("内存 前/后/峰值 MiB", "memory before/after/peak MiB"),
        ]
    }

    fn cells(&self) -> Vec<String> {
        let or_dash = |mib: Option<u64>| mib.map_or("-".to_owned(), |mib| mib.to_string());
        vec![
            format!("{}/{}", self.pending, self.due),
            self.filled_per_second.to_string(),
            format!("{:.2}", self.open_seconds),
            format!("{:.1}", self.p50_ms),
            format!("{:.1}", self.p99_ms),
            format!("{:.1}", self.max_ms),
            format!("{:.1}", self.first_thousand_p99_ms),
            if self.commands == 0 {
                "-".to_owned()
            } else {
                format!("{:.1}/{:.1}", self.command_p50_ms, self.command_p99_ms)
            },
            self.processor_us_a_timer
                .map_or("-".to_owned(), |micros| format!("{micros:.1}")),
            format!(
                "{}/{}/{}",
                or_dash(self.resident_before_mib),
                or_dash(self.resident_after_mib),
                or_dash(self.resident_peak_mib)
            ),
        ]
    }
}

pub(super) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let (pending, due) = (arguments.pending, arguments.due.min(arguments.pending));
    if let Some(data) = &arguments.fill {
        lapsing_case::fill(data, pending, due).await?;
        return Ok(Outcome::Good);
    }
    let folder = temporary(arguments.directory.as_ref())?;
    let data = folder.path().join("data");
    progress(
        screen,
        &format!("{pending} 个办件……"),
        &format!("{pending} cases…"),
    );
    let begun = Instant::now();
    fill_by_another(&data, pending, due)?;
    let filled_per_second = per_second(pending, begun.elapsed());

    progress(
        screen,
        "打开，等待到期……",
        "opening, and waiting for the timers…",
    );
    let begun = Instant::now();
    let store = directory::open(&data)?;
    let open_seconds = begun.elapsed().as_secs_f64();
    let fired = fire(&store, arguments.clients).await?;
    ensure!(
        fired.late.len() as u64 == due,
        "{} of {due} timers fired",
        fired.late.len()
    );
    let first_thousand = fired.late.first(1_000);
    let row = Figures {
        pending,
        due,
        clients: arguments.clients,
        filled_per_second,
        open_seconds: (open_seconds * 1e3).round() / 1e3,
        p50_ms: fired.late.ms(50),
        p99_ms: fired.late.ms(99),
        max_ms: fired.late.ms(100),
        first_thousand_p99_ms: first_thousand.ms(99),
        commands: fired.commands.len(),
        command_p50_ms: fired.commands.ms(50),
        command_p99_ms: fired.commands.ms(99),
        processor_us_a_timer: fired
            .processor
            .map(|time| (ms(time) * 1e4 / due as f64).round() / 10.0),
        resident_before_mib: fired.before.map(|memory| memory.resident_mib),
        resident_after_mib: fired.after.map(|memory| memory.resident_mib),
        resident_peak_mib: fired.after.map(|memory| memory.peak_mib),
    };
    let mut report = Report::begin::<Figures>(arguments.format, screen);
    report.add(&row, screen)?;
    report.end(screen)?;
    Ok(Outcome::Good)
}

/// Fills a data directory by a process of its own, so that this one takes the memory of a server
/// that was started on it, and has seen nothing of it before.
fn fill_by_another(data: &Path, pending: u64, due: u64) -> Result<()> {
    let program = std::env::current_exe().context("this program does not know where it lies")?;
    let status = Command::new(program)
        .args(["bench", "timers", "--pending", &pending.to_string()])
        .args(["--due", &due.to_string()])
        .arg("--fill")
        .arg(data)
        .stdin(Stdio::null())
        .status()
        .context("the process that fills the directory did not start")?;
    if !status.success() {
        bail!("the process that fills the directory ended with {status}");
    }
    Ok(())
}

/// A time that passes as that of the machine does, and began at another instant.
struct MovedTime {
    began_at: Timestamp,
    began: Instant,
}

impl TimeSource for MovedTime {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.began_at.saturating_add_millis(passed)
    }
}

/// What was seen while timers fired.
struct Fired {
    /// How late each was durable.
    late: Times,
    commands: Times,
    processor: Option<Duration>,
    before: Option<Memory>,
    after: Option<Memory>,
}

/// Runs an engine over the instant the timers fall due, and until the last one is durable.
async fn fire(store: &Arc<dyn Store>, clients: u32) -> Result<Fired> {
    let began = Instant::now();
    let due = began + WARM_UP;
    let warm_up = i64::try_from(WARM_UP.as_millis())?;
    let options = EngineOptions {
        time: Arc::new(MovedTime {
            began_at: DUE.saturating_add_millis(-warm_up),
            began,
        }),
        ..EngineOptions::default()
    };
    let engine = Engine::open(Arc::clone(store), options).await?;
    standard_case::publish(&engine).await?;
    let before = Memory::now();
    let start = store.head().await?;
    let over = Arc::new(AtomicBool::new(false));
    let running: Vec<_> = (0..clients)
        .map(|_| Clerk::new(Desk::Engine(engine.clone())))
        .map(|clerk| tokio::spawn(run_client(clerk, due, Arc::clone(&over))))
        .collect();
    let watching = std::thread::spawn({
        let (store, over) = (Arc::clone(store), Arc::clone(&over));
        let runtime = tokio::runtime::Handle::current();
        move || -> Result<Vec<(Position, Instant)>> {
            let mut seen: Vec<(Position, Instant)> = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let head = runtime.block_on(store.head())?;
                if seen.last().is_none_or(|(last, _)| *last < head) {
                    seen.push((head, Instant::now()));
                }
                std::thread::sleep(SAMPLED_EVERY);
            }
            Ok(seen)
        }
    });

    tokio::time::sleep_until(due.into()).await;
    let processor = processor_time();
    while !store.due_timers(DUE.as_millis(), None, 1).await?.is_empty() && due.elapsed() < PATIENCE
    {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let processor = processor
        .zip(processor_time())
        .map(|(before, after)| after.saturating_sub(before));
    let after = Memory::now();
    // The last group is seen by whoever watches.
    tokio::time::sleep(Duration::from_millis(100)).await;
    over.store(true, Ordering::Relaxed);
    let mut commands = Vec::new();
    for client in running {
        commands.extend(client.await.context("a client ended early")??);
    }
    let seen = tokio::task::spawn_blocking(move || watching.join())
        .await?
        .map_err(|_| anyhow::anyhow!("the watching thread panicked"))??;
    let late = lateness(store.as_ref(), start, &seen, due).await?;
    engine.shutdown().await?;
    Ok(Fired {
        late: Times::new(late),
        commands: Times::new(commands),
        processor,
        before,
        after,
    })
}

/// Returns how late each timer was durable that was due at [`DUE`]: it was so at the latest when the
/// journal was first seen to reach it.
async fn lateness(
    store: &dyn Store,
    start: Position,
    seen: &[(Position, Instant)],
    due: Instant,
) -> Result<Vec<Duration>> {
    let mut late = Vec::new();
    let mut after = start;
    loop {
        let records = store.read_all(after, RECORDS_AT_ONCE).await?;
        let Some(last) = records.last() else {
            return Ok(late);
        };
        after = last.position;
        for record in &records {
            let commit = decode_commit(&record.record)?;
            let fired = commit
                .entries
                .iter()
                .any(|entry| matches!(entry, Entry::TimerFired { due_at, .. } if *due_at == DUE));
            if !fired {
                continue;
            }
            let at = seen.partition_point(|(head, _)| *head < record.position);
            if let Some((_, instant)) = seen.get(at) {
                late.push(instant.saturating_duration_since(due));
            }
        }
    }
}
