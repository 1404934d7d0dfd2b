//! `lazaretto completions SHELL`: the script that teaches a shell our words.

use crate::exit::Exit;
use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print the completion script of a shell
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &CompletionsArguments) -> Result<Exit> {
    let mut command = crate::CommandLine::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "lazaretto", &mut script);
    crate::say!("{}", String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Done)
}
