//! What is told of a measurement, and of the machine it was made on.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde::Serialize;

use crate::screen::{Format, Screen};

/// How long single things took.
#[derive(Clone, Debug)]
pub(super) struct Times(Vec<Duration>);

impl Times {
    pub(super) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the shortest `count` of them.
    pub(super) fn first(&self, count: usize) -> Self {
        Self(self.0.iter().take(count).copied().collect())
    }

    /// Returns the time that `percent` of all did not exceed, in milliseconds; 0 when there are none.
    pub(super) fn ms(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().map_or(0.0, ms)
    }
}

/// Returns a time in milliseconds, to the microsecond.
pub(super) fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// Returns how many a second that is, to the whole; 0 when no time passed.
pub(super) fn per_second(count: u64, time: Duration) -> u64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 {
        (count as f64 / seconds).round() as u64
    } else {
        0
    }
}

/// Returns how two rates stand to one another, to a thousandth; 0 when the second is 0.
pub(super) fn ratio(ours: u64, other: u64) -> f64 {
    if other == 0 {
        return 0.0;
    }
    (ours as f64 / other as f64 * 1e3).round() / 1e3
}

/// The machine, as far as it tells, and the version of this program.
#[derive(Clone, Debug, Serialize)]
struct Machine {
    processor: String,
    cores: usize,
    system: String,
    /// How many processes wanted to run, on average over the last minute: those of others too.
    load_1min: Option<f64>,
    version: &'static str,
}

impl Machine {
    fn now() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let processors = read("/proc/cpuinfo");
        let name = processors
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map_or(std::env::consts::ARCH, |(_, name)| name.trim());
        let load = read("/proc/loadavg");
        Self {
            processor: name.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!(
                "{} {}",
                std::env::consts::OS,
                read("/proc/sys/kernel/osrelease").trim()
            ),
            load_1min: load.split(' ').next().and_then(|load| load.parse().ok()),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// A row as programs read it.
#[derive(Serialize)]
struct Line<'a, R> {
    bench: &'static str,
    #[serde(flatten)]
    row: &'a R,
    #[serde(flatten)]
    machine: Machine,
}

/// One row of figures, and how people see it.
pub(super) trait Row: Serialize {
    /// The name of the measurement.
    const BENCH: &'static str;

    /// The names of the columns.
    fn columns(screen: &Screen) -> Vec<&str>;

    /// What stands in them.
    fn cells(&self) -> Vec<String>;
}

/// Rows that are told as they come to programs, and together to people.
pub(super) struct Report {
    format: Format,
    table: Table,
}

impl Report {
    pub(super) fn begin<R: Row>(format: Format, screen: &Screen) -> Self {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_header(R::columns(screen));
        Self { format, table }
    }

    pub(super) fn add<R: Row>(&mut self, row: &R, screen: &mut Screen) -> Result<()> {
        match self.format {
            Format::Human => {
                self.table.add_row(row.cells());
            }
            Format::Json => {
                screen.json_line(&Line {
                    bench: R::BENCH,
                    row,
                    machine: Machine::now(),
                })?;
                screen.flush()?;
            }
        }
        Ok(())
    }

    pub(super) fn end(self, screen: &mut Screen) -> Result<()> {
        if self.format == Format::Human {
            let machine = Machine::now();
            screen.line(&self.table)?;
            let load = machine
                .load_1min
                .map_or_else(|| "-".to_owned(), |load| load.to_string());
            let Machine {
                processor,
                cores,
                system,
                version,
                ..
            } = machine;
            screen.line(format!(
                "{processor} × {cores}, {system}; groundbreak {version}; {} {load}",
                screen.word("一分钟负载", "load of the last minute")
            ))?;
        }
        Ok(())
    }
}

/// Says on a terminal what is being done; a program that reads the answer is not told.
pub(super) fn progress(screen: &Screen, zh: &str, en: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("{}", screen.grey(screen.word(zh, en)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_at_its_nearest_rank() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(times.ms(50), 100.0);
        assert_eq!(times.ms(99), 198.0);
        assert_eq!(times.ms(100), 200.0);
        assert_eq!(Times::new(Vec::new()).ms(99), 0.0);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(per_second(5, Duration::ZERO), 0);
        assert_eq!(ratio(5, 0), 0.0);
        assert_eq!(ratio(1, 4), 0.25);
    }
}
