//! `lazaretto advisories import/info/export/diff`: the snapshot that verdicts come from.

use crate::exit::Exit;
use crate::progress::steps;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use server::advisories::{Shelf, import, in_words};
use server::inspect::Inspector;
use std::path::PathBuf;

/// The advisories that verdicts come from
#[derive(Debug, Args)]
pub(crate) struct AdvisoriesArguments {
    /// Where the snapshot is kept
    #[arg(
        long,
        env = "LAZARETTO_DATA",
        value_name = "DIR",
        default_value = "./lazaretto-data",
        global = true
    )]
    data: PathBuf,
    #[command(subcommand)]
    command: AdvisoriesCommand,
}

#[derive(Debug, Subcommand)]
enum AdvisoriesCommand {
    /// Read advisories from files and folders, and put them in force
    ///
    /// OSV JSON, OSV zip exports, Alpine secdb and the other formats are recognised by their content. A running
    /// server on the same data folder notices, and judges its images again.
    Import {
        /// Files and folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// What the jail must achieve: `required` or `best-effort`
        #[arg(long, env = "LAZARETTO_JAIL", value_name = "LEVEL")]
        jail: Option<String>,
    },
    /// What is in force, and how old it is
    Info {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the snapshot to one file, for a site without a network
    Export {
        /// The file; it must not exist
        file: PathBuf,
    },
    /// Put a snapshot from another site in force
    Install {
        /// A file that `export` wrote
        file: PathBuf,
    },
    /// Which packages two snapshots judge differently
    Diff {
        /// The older snapshot
        older: PathBuf,
        /// The newer snapshot
        newer: PathBuf,
    },
}

pub(crate) async fn run(arguments: AdvisoriesArguments, terminal: Terminal) -> Result<Exit> {
    let shelf = arguments.data.join("advisories");
    match arguments.command {
        AdvisoriesCommand::Import { paths, jail } => {
            let inspector = Inspector::new(server::configured_jail(jail.as_deref())?);
            let work = move || import_with_progress(&shelf, &paths, &inspector, terminal);
            tokio::task::spawn_blocking(work).await.context("the import was interrupted")??;
        }
        AdvisoriesCommand::Info { json } => info(&Shelf::open(&shelf)?, json, terminal)?,
        AdvisoriesCommand::Export { file } => {
            let exported = Shelf::open(&shelf)?.export(&file)?;
            say!(
                "wrote {} ({} bytes); `lazaretto advisories install FILE` puts it in force elsewhere",
                file.display(),
                exported
            );
        }
        AdvisoriesCommand::Install { file } => {
            let installed = server::advisories::install_file(&shelf, &file)?;
            say!("the snapshot {installed} is in force");
        }
        AdvisoriesCommand::Diff { older, newer } => {
            for (ecosystem, name) in server::advisories::differences(&older, &newer)? {
                say!("{}\t{}", clean(&ecosystem), clean(&name));
            }
        }
    }
    Ok(Exit::Done)
}

fn import_with_progress(
    shelf: &std::path::Path,
    paths: &[PathBuf],
    inspector: &Inspector,
    terminal: Terminal,
) -> Result<()> {
    let bar = steps(terminal, 0, "reading advisories");
    let imported = import(shelf, paths, inspector, &|progress| {
        bar.set_length(progress.sources);
        bar.set_position(progress.done);
    })?;
    bar.finish_and_clear();
    say!(
        "{} advisories from {} sources are in force (snapshot {})",
        imported.advisories,
        imported.sources,
        imported.snapshot
    );
    for (name, skipped, reason) in &imported.skipped {
        crate::output::remark(&format!(
            "{}: {skipped} records were skipped, such as: {}",
            clean(name),
            clean(reason)
        ));
    }
    for (name, reason) in &imported.left_out {
        crate::output::remark(&format!("{} is no source and was left out: {}", clean(name), clean(reason)));
    }
    Ok(())
}

fn info(shelf: &Shelf, json: bool, terminal: Terminal) -> Result<()> {
    let Some(snapshot) = shelf.current() else {
        say!("{}", in_words(None, Timestamp::now()));
        return Ok(());
    };
    let view = server::advisories::view(&snapshot);
    if json {
        say!("{}", serde_json::to_string_pretty(&view)?);
        return Ok(());
    }
    say!("{}", in_words(Some(&snapshot), Timestamp::now()));
    let mut table = terminal.table(&["ECOSYSTEM", "PACKAGES"]);
    for ecosystem in &view.ecosystems {
        table.add_row(vec![clean(&ecosystem.name), ecosystem.packages.to_string()]);
    }
    say!("{table}");
    Ok(())
}
