//! `lazaretto advisories update`: from the configured sources.

use super::tell;
use crate::exit::Exit;
use crate::output::remark;
use crate::progress::bytes;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::Result;
use clap::Args;
use server::Overrides;
use server::advisories::{
    Caution, Listener, SOURCES, Source, SourceList, SourceOutcome, UpdateProgress, update,
};
use server::inspect::Inspector;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bring the advisories up to date from their sources
///
/// Only what changed is read, and what was cut off is continued. A source that cannot be had keeps what it said before.
#[derive(Debug, Args)]
pub(crate) struct UpdateArguments {
    /// A TOML file that lists the sources as [[advisory-sources]], or names an `advisory-mirror`
    #[arg(long, env = "LAZARETTO_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// An address or a folder that has the files of the public sources
    #[arg(long, env = "LAZARETTO_ADVISORY_MIRROR", value_name = "URL")]
    mirror: Option<String>,
    /// Only this address or file; may be repeated
    #[arg(long, value_name = "URL")]
    source: Vec<String>,
    /// Put it in force whatever speaks against it
    #[arg(long)]
    accept: bool,
    /// List the sources, and change nothing
    #[arg(long)]
    list: bool,
    /// What the jail must achieve: `required` or `best-effort`
    #[arg(long, env = "LAZARETTO_JAIL", value_name = "LEVEL")]
    jail: Option<String>,
}

pub(super) async fn run(shelf: &Path, arguments: UpdateArguments, terminal: Terminal) -> Result<Exit> {
    let list = sources(&arguments)?;
    if arguments.list {
        for source in &list.sources {
            say!("{}\t{}", clean(&source.name), clean(&source.url));
        }
        for publisher in SOURCES {
            remark(&format!("{}: {}", publisher.name, publisher.purpose));
        }
        return Ok(Exit::Done);
    }
    let inspector = Inspector::new(server::configured_jail(arguments.jail.as_deref())?);
    let caution = if arguments.accept { Caution::Accept } else { Caution::Hold };
    let bar = bytes(terminal, 0, "asking the sources");
    let updated = update(shelf, &list, &inspector, caution, shown_on(bar.clone())).await;
    bar.finish_and_clear();
    let updated = updated?;
    for (name, outcome) in &updated.sources {
        match outcome {
            SourceOutcome::Read { records, skipped } => {
                say!("{}: {records} records", clean(name));
                if let Some((count, first)) = skipped {
                    remark(&format!(
                        "{}: {count} records were skipped, such as: {}",
                        clean(name),
                        clean(first)
                    ));
                }
            }
            SourceOutcome::Unchanged => say!("{}: unchanged", clean(name)),
            SourceOutcome::Held => remark(&format!("{}: it says what is held back already", clean(name))),
            SourceOutcome::Failed(why) => remark(&format!("{}: {}", clean(name), clean(why))),
        }
    }
    if let Some(snapshot) = &updated.released {
        say!("{}, which was held, is held no more: what came after it is sound", clean(snapshot));
    }
    let exit = match &updated.installed {
        Some(installed) => tell(installed, &format!("what {} advisories say", updated.advisories)),
        None => {
            if updated.released.is_none() {
                say!("nothing changed");
            }
            Exit::Done
        }
    };
    let is_held = updated.sources.iter().any(|(_, outcome)| *outcome == SourceOutcome::Held);
    Ok(if is_held || updated.failures().next().is_some() { Exit::Failed } else { exit })
}

fn sources(arguments: &UpdateArguments) -> Result<SourceList> {
    let file = arguments.config.as_deref().map(Overrides::from_file).transpose()?.unwrap_or_default();
    let mirror = arguments.mirror.clone().or(file.advisory_mirror);
    if arguments.source.is_empty() {
        return Ok(SourceList::new(file.advisory_sources, mirror.as_deref()));
    }
    let own = |url: &String| Source { name: url.clone(), url: url.clone(), pointer: false };
    Ok(SourceList::new(Some(arguments.source.iter().map(own).collect()), None))
}

fn shown_on(bar: indicatif::ProgressBar) -> Listener {
    Arc::new(move |progress| match progress {
        UpdateProgress::Receiving { source, received, total } => {
            bar.set_message(clean(&source));
            bar.set_length(total.unwrap_or(received));
            bar.set_position(received);
        }
        UpdateProgress::Reading { source } => bar.set_message(format!("reading {}", clean(&source))),
        UpdateProgress::Compiling => bar.set_message("compiling"),
    })
}
