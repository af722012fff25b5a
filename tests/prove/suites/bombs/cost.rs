//! What something costs, from /proc.

use anyhow::Context;
use std::fs;
use std::time::Duration;

pub struct Cost {
    /// Of the processor, by this thread.
    pub time: Duration,
    /// By how much the process was at its largest larger than before.
    pub kib: u64,
}

pub fn of<T>(what: impl FnOnce() -> T) -> anyhow::Result<(T, Cost)> {
    // Makes the process's largest size its present one.
    fs::write("/proc/self/clear_refs", "5")?;
    let (size, time) = (size("VmRSS:")?, time()?);
    let done = what();
    let cost = Cost {
        time: self::time()?.saturating_sub(time),
        kib: self::size("VmHWM:")?.saturating_sub(size),
    };
    Ok((done, cost))
}

fn time() -> anyhow::Result<Duration> {
    let all = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = all.split_whitespace().next().context("schedstat is empty")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

fn size(which: &str) -> anyhow::Result<u64> {
    let all = fs::read_to_string("/proc/self/status")?;
    let line = all
        .lines()
        .find_map(|line| line.strip_prefix(which))
        .context("no size")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
