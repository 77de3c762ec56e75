//! Resident memory of this process, in kilobytes. Linux only; elsewhere zero.

use std::error::Error;

/// What is resident now.
pub(crate) fn resident() -> Result<u64, Box<dyn Error>> {
    line("VmRSS:")
}

/// The most that was resident since the start or the last reset.
pub(crate) fn peak() -> Result<u64, Box<dyn Error>> {
    line("VmHWM:")
}

/// Forgets the peak, where the system allows it.
pub(crate) fn reset_peak() {
    // Where this fails the peak is that of the whole process, which is an upper bound.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn line(name: &str) -> Result<u64, Box<dyn Error>> {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return Ok(0) };
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0 kB");
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}
