//! One program for all targets: `POLICY_ECHO_FUZZ` names the one to run, the rest of the command line is libFuzzer's.
//!
//! `scripts/fuzz.sh` builds it with coverage counters in our own code, seeds a corpus and runs a target.
#![no_main]

mod targets;

use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("POLICY_ECHO_FUZZ").unwrap_or_default();
    let known = targets::ALL.iter().find(|(known, _)| *known == name);
    let Some((_, run)) = known else {
        let names: Vec<_> = targets::ALL.iter().map(|(name, _)| *name).collect();
        panic!("set POLICY_ECHO_FUZZ to one of {}", names.join(", "));
    };
    *run
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
