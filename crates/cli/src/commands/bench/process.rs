//! What this process takes of the machine, as far as the machine tells: Linux does.

use std::fs;
use std::time::Duration;

/// The memory of this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) resident_mib: u64,
    /// The most it ever was.
    pub(super) peak_mib: u64,
}

impl Memory {
    /// Returns what it is now, or `None` where the machine does not tell.
    pub(super) fn now() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
            Some(kib.div_ceil(1_024))
        };
        Some(Self {
            resident_mib: mib("VmRSS:")?,
            peak_mib: mib("VmHWM:")?,
        })
    }
}

/// Returns how long the threads that run now have been on a processor, or `None` where the machine
/// does not tell.
pub(super) fn processor_time() -> Option<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir("/proc/self/task").ok()? {
        // A thread may end while this is read.
        let Ok(text) = fs::read_to_string(thread.ok()?.path().join("schedstat")) else {
            continue;
        };
        nanos += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanos))
}

/// Returns how long all threads of this process have been on a processor, those that have ended
/// included, in seconds, to a hundredth; 0 where the machine does not tell.
pub(super) fn cpu_seconds() -> f64 {
    /// Clock ticks a second, which Linux counts the time of processes in.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program stands in brackets and may hold anything.
    let Some((_, fields)) = stat.rsplit_once(") ") else {
        return 0.0;
    };
    let times = fields.split(' ').skip(11).take(2);
    let ticks: f64 = times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}
