//! The `policy-echo` program: everything is in the library's `cli`.

use std::process::ExitCode;

/// See `Cargo.toml` for why.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    policy_echo::cli::run(std::env::args_os())
}
