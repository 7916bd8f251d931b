//! What a process took of the machine, as Linux tells it in `/proc`; 0 where it does not.

use std::fs;

/// Clock ticks a second, which Linux counts the time of processes in.
const TICKS_PER_SECOND: f64 = 100.0;

/// Returns the memory of this process that is resident, in MiB.
pub(super) fn resident_mib() -> f64 {
    of_status("VmRSS:")
}

/// Returns the most memory of this process that was ever resident, in MiB.
pub(super) fn peak_mib() -> f64 {
    of_status("VmHWM:")
}

fn of_status(field: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|rest| rest.trim().split(' ').next()?.parse::<f64>().ok());
    (kib.unwrap_or(0.0) / 1024.0).round()
}

/// Returns the processor time of all threads of this process, in seconds, to a hundredth.
pub(super) fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program stands in brackets and may hold anything.
    let Some((_, fields)) = stat.rsplit_once(") ") else {
        return 0.0;
    };
    let times = fields.split(' ').skip(11).take(2);
    let ticks: f64 = times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}
