//! `lazaretto`: the one binary.
//!
//! It is the server, the client of a server, and, re-executed in the jail, the reader of foreign bytes.
//! Whether this process is a jailed worker is decided first, before anything else runs: a worker has one
//! thread, no environment and no way out.

mod client;
mod commands;
mod exit;
mod jailed;
mod output;
mod progress;
mod report;
mod stopping;
mod target;
mod terminal;

use clap::Parser;
use std::process::ExitCode;
use terminal::Terminal;

/// A private container registry in which every push is inspected
#[derive(Debug, Parser)]
#[command(name = "lazaretto", version, propagate_version = true, max_term_width = 110)]
struct CommandLine {
    /// Draw no progress and say only what was asked for
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    if let Some(code) = jailed::run_if_worker() {
        return code;
    }
    let line = CommandLine::parse();
    let terminal = Terminal::detect(line.quiet);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return output::failure(&anyhow::Error::new(error).context("no thread could be started"));
        }
    };
    let result = runtime.block_on(line.command.run(terminal));
    // A blocking read of a terminal or a worker must not keep a finished command alive.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    match result {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => output::failure(&error),
    }
}
