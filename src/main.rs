//! The `policy-echo` program: everything is in the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    policy_echo::cli::run(std::env::args_os())
}
