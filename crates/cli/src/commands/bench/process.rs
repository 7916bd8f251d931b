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
