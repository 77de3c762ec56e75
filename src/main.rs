//! The `policy-echo` program: everything is in the library's `cli`.

use std::process::ExitCode;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    policy_echo::allocator::begin();
    policy_echo::cli::run(std::env::args_os())
}
