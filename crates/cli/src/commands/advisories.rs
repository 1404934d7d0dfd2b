//! `lazaretto advisories …`: the snapshot that verdicts come from, and how another one takes its place.

mod transport;
mod update;

use crate::exit::Exit;
use crate::output::remark;
use crate::progress::steps;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use server::advisories::{Caution, Installed, Shelf, accept, discard, import, in_words};
use server::inspect::Inspector;
use std::path::{Path, PathBuf};

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
    Update(update::UpdateArguments),
    /// Read advisories from files and folders, and put them in force
    ///
    /// OSV JSON, OSV zip exports, Alpine secdb and the other formats are recognised by their content. A snapshot or
    /// a signed bundle from another site, and `oci:FOLDER[:TAG]` with one, are put in force as they are. A running
    /// server on the same data folder notices, and judges its images again.
    Import {
        /// Files and folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// What the jail must achieve: `required` or `best-effort`
        #[arg(long, env = "LAZARETTO_JAIL", value_name = "LEVEL")]
        jail: Option<String>,
        #[command(flatten)]
        trust: transport::Trust,
        /// Put it in force whatever speaks against it
        #[arg(long)]
        accept: bool,
    },
    /// What is in force, how old it is, and what is held back
    Info {
        /// Advisories older than this cannot call an image healthy
        #[arg(long, env = "LAZARETTO_ADVISORY_AGE_LIMIT_DAYS", value_name = "DAYS", default_value_t = 30)]
        age_limit_days: i64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    Export(transport::ExportArguments),
    /// Put a snapshot or a signed bundle from another site in force
    Install {
        /// A file that `export` wrote, or `oci:FOLDER[:TAG]`
        file: PathBuf,
        #[command(flatten)]
        trust: transport::Trust,
        /// Put it in force whatever speaks against it
        #[arg(long)]
        accept: bool,
    },
    Push(transport::PushArguments),
    Pull(transport::PullArguments),
    /// Make a private key that signs bundles, and print its public half
    Keygen {
        /// The file of the private key; it must not exist
        file: PathBuf,
    },
    /// Put in force what is held back
    Accept,
    /// Throw away what is held back
    Discard,
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
        AdvisoriesCommand::Update(update) => return update::run(&shelf, update, terminal).await,
        AdvisoriesCommand::Import { paths, jail, trust, accept } => {
            return run_import(shelf, paths, jail, trust, caution(accept), terminal).await;
        }
        AdvisoriesCommand::Info { age_limit_days, json } => {
            let age_limit = SignedDuration::from_hours(age_limit_days.saturating_mul(24));
            info(&Shelf::open(&shelf)?, age_limit, json, terminal)?;
        }
        AdvisoriesCommand::Export(export) => transport::export(&shelf, &export)?,
        AdvisoriesCommand::Install { file, trust, accept } => {
            return Ok(tell(&trust.install(&shelf, &file, caution(accept))?, "the snapshot"));
        }
        AdvisoriesCommand::Push(push) => transport::push(&shelf, &push).await?,
        AdvisoriesCommand::Pull(pull) => {
            let installed = transport::pull(&shelf, &pull, caution(pull.is_accepted()), terminal).await?;
            return Ok(tell(&installed, "the snapshot"));
        }
        AdvisoriesCommand::Keygen { file } => {
            let key = server::advisories::make_key(&file)?;
            remark(&format!("the private key is in {}; whoever has it is trusted", file.display()));
            say!("{key}");
        }
        AdvisoriesCommand::Accept => say!("the snapshot {} is in force", accept(&shelf)?),
        AdvisoriesCommand::Discard => say!("the snapshot {} is gone", discard(&shelf)?),
        AdvisoriesCommand::Diff { older, newer } => {
            for (ecosystem, name) in server::advisories::differences(&older, &newer)? {
                say!("{}\t{}", clean(&ecosystem), clean(&name));
            }
        }
    }
    Ok(Exit::Done)
}

fn caution(accept: bool) -> Caution {
    if accept { Caution::Accept } else { Caution::Hold }
}

/// Says what became of a snapshot. One that is held is a failure: what was asked for did not happen.
fn tell(installed: &Installed, what: &str) -> Exit {
    match installed {
        Installed::InForce(name) => {
            say!("{what} is in force (snapshot {name})");
            Exit::Done
        }
        Installed::Held(held) => {
            remark(&format!("the snapshot {} is held back, and what was in force stays:", held.snapshot));
            for doubt in &held.doubts {
                remark(&format!("  {}", clean(doubt)));
            }
            remark("look at it, then `lazaretto advisories accept` or `discard`");
            Exit::Failed
        }
    }
}

async fn run_import(
    shelf: PathBuf,
    paths: Vec<PathBuf>,
    jail: Option<String>,
    trust: transport::Trust,
    caution: Caution,
    terminal: Terminal,
) -> Result<Exit> {
    if let [path] = paths.as_slice()
        && transport::is_whole(path)
    {
        return Ok(tell(&trust.install(&shelf, path, caution)?, "the snapshot"));
    }
    if let Some(path) = paths.iter().find(|path| transport::is_whole(path)) {
        bail!("{} is a snapshot of its own; import it alone", path.display());
    }
    let inspector = Inspector::new(server::configured_jail(jail.as_deref())?);
    let work = move || import_with_progress(&shelf, &paths, &inspector, caution, terminal);
    tokio::task::spawn_blocking(work).await.context("the import was interrupted")?
}

fn import_with_progress(
    shelf: &Path,
    paths: &[PathBuf],
    inspector: &Inspector,
    caution: Caution,
    terminal: Terminal,
) -> Result<Exit> {
    let bar = steps(terminal, 0, "reading advisories");
    let imported = import(shelf, paths, inspector, caution, &|progress| {
        bar.set_length(progress.sources);
        bar.set_position(progress.done);
    })?;
    bar.finish_and_clear();
    for (name, why) in &imported.left_out {
        remark(&format!("{} is no source and was left out: {}", clean(name), clean(why)));
    }
    for (name, skipped, reason) in &imported.skipped {
        remark(&format!("{}: {skipped} records were skipped, such as: {}", clean(name), clean(reason)));
    }
    match &imported.installed {
        Installed::InForce(snapshot) => {
            let sources = if imported.sources == 1 { "source" } else { "sources" };
            say!(
                "{} advisories from {} {sources} are in force (snapshot {snapshot})",
                imported.advisories,
                imported.sources
            );
            Ok(Exit::Done)
        }
        held @ Installed::Held(_) => Ok(tell(held, "it")),
    }
}

fn info(shelf: &Shelf, age_limit: SignedDuration, json: bool, terminal: Terminal) -> Result<()> {
    let (now, held) = (Timestamp::now(), shelf.held());
    let snapshot = shelf.current();
    let view = match &snapshot {
        Some(snapshot) => server::advisories::view(snapshot, held.clone(), age_limit, now),
        None => server::advisories::no_view(held.clone()),
    };
    if json {
        say!("{}", serde_json::to_string_pretty(&view)?);
        return Ok(());
    }
    say!("{}", in_words(snapshot.as_deref(), now));
    if view.too_old {
        say!("They are too old: no image can be called healthy until newer ones are in force.");
    }
    if let Some(held) = &held {
        say!("A newer snapshot is held back since {}:", held.at);
        for doubt in &held.doubts {
            say!("  {}", clean(doubt));
        }
        say!("`lazaretto advisories accept` or `discard` decides.");
    }
    if snapshot.is_none() {
        return Ok(());
    }
    let mut table = terminal.table(&["ECOSYSTEM", "PACKAGES"]);
    for ecosystem in &view.ecosystems {
        table.add_row(vec![clean(&ecosystem.name), ecosystem.packages.to_string()]);
    }
    say!("{table}");
    let mut table = terminal.table(&["SOURCE", "RECORDS", "SKIPPED", "NEWEST", "READ"]);
    for source in &view.sources {
        table.add_row(vec![
            clean(&source.name),
            source.advisories.to_string(),
            source.skipped.to_string(),
            source.newest.map_or_else(|| "-".to_owned(), |newest| newest.to_string()),
            source.read_at.map_or_else(|| "-".to_owned(), |read_at| format!("{read_at:.0}")),
        ]);
    }
    say!("{table}");
    Ok(())
}
