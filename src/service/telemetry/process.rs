//! What the operating system says of this process, in Prometheus' usual names. Linux only; elsewhere nothing is told.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Ticks of `/proc/self/stat` in a second; the kernel tells user space 100 whatever its own clock is.
const TICKS_IN_A_SECOND: f64 = 100.0;

/// The process, read when it is asked for.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let gauges = [
            ("process_resident_memory_bytes", "Memory in use", status_kib("VmRSS:").map(|kib| kib * 1024)),
            ("process_virtual_memory_bytes", "Memory reserved", status_kib("VmSize:").map(|kib| kib * 1024)),
            ("process_threads", "Threads", status_kib("Threads:")),
            ("process_open_fds", "Open file descriptors", open_descriptors()),
            ("process_max_fds", "Most file descriptors that may be open", most_descriptors()),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                let gauge = ConstGauge::new(value);
                gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
            }
        }
        if let Some(seconds) = processor_seconds() {
            let counter = ConstCounter::new(seconds);
            let descriptor = encoder.encode_descriptor(
                "process_cpu_seconds",
                "Processor time used, in seconds",
                None,
                counter.metric_type(),
            )?;
            counter.encode(descriptor)?;
        }
        Ok(())
    }
}

/// The number behind `key` in `/proc/self/status`.
fn status_kib(key: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}

fn open_descriptors() -> Option<u64> {
    // The listing itself holds one.
    Some((fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1))
}

fn most_descriptors() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?.parse().ok()
}

fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold blanks; behind it, user and system time are the 12th and 13th field.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(ticks as f64 / TICKS_IN_A_SECOND)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_read() {
        assert!(status_kib("VmRSS:").is_some_and(|kib| kib > 1000));
        assert!(status_kib("Threads:").is_some_and(|threads| threads >= 1));
        assert!(open_descriptors().is_some_and(|open| open >= 3));
        assert!(most_descriptors() >= open_descriptors());
        let begun = processor_seconds().expect("a time");
        let mut sum = 0u64;
        while processor_seconds() == Some(begun) {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(processor_seconds() > Some(begun), "time passes with work");
    }
}
