//! The command line: one file a command. Results go to standard output, everything else to standard error.

mod answer;
mod compare;
mod config;
mod exit_code;
mod from_response;
mod healthcheck;
mod input;
mod keys;
mod manifest;
mod output;
mod progress;
mod serve;
mod server;
mod settings;
mod trace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit_code::{CommandError, Exit};

/// Compares policy documents: what a resolution echoes of a directive, what it changes, what it leaves out.
#[derive(Debug, Parser)]
#[command(version, about, after_help = exit_code::HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the gRPC server until SIGTERM or SIGINT
    Serve(Box<serve::Serve>),
    /// Compares two documents
    Compare(Box<compare::Compare>),
    /// Checks and prints the settings of the server
    Config(config::ConfigCommand),
    /// Traces a directive through the resolutions that answer it
    Trace(Box<trace::Trace>),
    /// Makes keys for callers, and what the server keeps of them
    Keys(keys::Keys),
    /// Asks a running server whether it serves, for container probes
    Healthcheck(healthcheck::Healthcheck),
}

/// Runs the command line with `arguments`, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command_line = match CommandLine::try_parse_from(arguments) {
        Ok(command_line) => command_line,
        Err(error) => {
            // Help and version are asked for and go to standard output; anything else is wrong usage.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            error.print().ok();
            return exit.into();
        }
    };
    std::panic::set_hook(Box::new(output::complain_of_panic));
    let command = move || match command_line.command {
        Command::Serve(serve) => serve.run(),
        Command::Compare(compare) => compare.run(),
        Command::Config(config) => config.run(),
        Command::Trace(trace) => trace.run(),
        Command::Keys(keys) => keys.run(),
        Command::Healthcheck(healthcheck) => healthcheck.run(),
    };
    // The hook has said what there is to say.
    let Ok(done) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(command)) else {
        return Exit::Internal.into();
    };
    match done {
        Ok(()) => Exit::Ok.into(),
        // Who reads our output has closed it, as `head` does: nothing is wrong and nobody listens.
        Err(CommandError::OutputClosed) => Exit::Ok.into(),
        Err(error) => {
            output::complain(&error);
            error.exit().into()
        }
    }
}

/// Runs a future to its end on an async runtime of one thread, for the commands that are clients.
fn block_on<T>(future: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .map_err(|cause| CommandError::Internal(format!("cannot start the async runtime: {cause}")))?
        .block_on(future)
}
