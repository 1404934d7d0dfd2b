//! `lazaretto man`: the manual, made from the same words as the help.

use crate::exit::Exit;
use anyhow::{Context, Result};
use clap::{Args, CommandFactory};
use std::path::PathBuf;

/// Print the manual page, or write one for each command
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Write lazaretto.1 and a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &ManArguments) -> Result<Exit> {
    let command = crate::CommandLine::command();
    match &arguments.output {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
            clap_mangen::generate_to(command, folder)
                .with_context(|| format!("the pages cannot be written to {}", folder.display()))?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            crate::say!("{}", String::from_utf8_lossy(&page).trim_end());
        }
    }
    Ok(Exit::Done)
}
