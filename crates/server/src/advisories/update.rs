//! Bringing the advisories up to date from their sources.
//!
//! Each source stands for itself: one that cannot be had, or that is refused, keeps what it said before, and is
//! named with its reason; the others go on. What is new is read in the jail, compiled with everything that is kept, and
//! comes into force if nothing speaks against it.
//!
//! What is known of a source is what is in force. So one that was held and is good again says that nothing has changed,
//! and what was held is gone; and one that goes on saying what is held is read again, and left out of what is compiled.

use super::compilation::compile;
use super::download::{Download, DownloadError, Downloaded, Validators, client, fetch, shown, take};
use super::import::ImportError;
use super::increment::{Changed, Increment, Standing, changed, has_list};
use super::installation::{Caution, Held, Installed, Succession, forget_held, held, install};
use super::reading::{Shape, read_increment, read_source};
use super::records::{Records, short, validators};
use super::sources::{Location, Source, SourceList};
use super::{Shelf, ShelfError, file_error, write_whole};
use crate::inspect::Inspector;
use advisory::Snapshot;
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use sandbox::Input;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A text that names a file is short.
const POINTER_BYTES: u64 = 4096;
/// Where nothing changed for so long, the snapshot is compiled anew all the same: its age says when the sources were
/// last looked at.
const FRESH: SignedDuration = SignedDuration::from_hours(12);

/// How an update goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateProgress {
    /// So many bytes of a source were received.
    Receiving {
        /// The source.
        source: String,
        /// How many bytes.
        received: u64,
        /// Of how many, where the source says so.
        total: Option<u64>,
    },
    /// A source is being read.
    Reading {
        /// The source.
        source: String,
    },
    /// Everything is being compiled.
    Compiling,
}

/// What became of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceOutcome {
    /// It was read.
    Read {
        /// How many records it has.
        records: u64,
        /// How many could not be read, and the first reason.
        skipped: Option<(u64, String)>,
    },
    /// It is what it was before.
    Unchanged,
    /// It says what is held back already, and what it said before is kept.
    Held,
    /// It was not read, for this reason, and what it said before is kept.
    Failed(String),
}

/// What an update came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// What became of each source.
    pub sources: Vec<(String, SourceOutcome)>,
    /// What became of the snapshot; none if nothing changed. Where sources only say what is held already, that.
    pub installed: Option<Installed>,
    /// How many advisories it has.
    pub advisories: u64,
    /// The snapshot that was held before and is held no more, since what came after it is sound.
    pub released: Option<String>,
}

impl Updated {
    /// The sources that were not read, with the reasons.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources.iter().filter_map(|(name, outcome)| match outcome {
            SourceOutcome::Failed(why) => Some((name.as_str(), why.as_str())),
            SourceOutcome::Read { .. } | SourceOutcome::Unchanged | SourceOutcome::Held => None,
        })
    }
}

/// Who is told how an update goes on.
pub type Listener = Arc<dyn Fn(UpdateProgress) + Send + Sync>;

/// A source whose file lies ready, with what tells this state of it from others.
struct Ready {
    source: Source,
    what: What,
}

/// What lies ready of a source.
enum What {
    /// All of it.
    Whole { file: PathBuf, validators: Validators },
    /// What changed.
    Increment(Increment),
}

/// What is known of a source from then on, if its records come into force.
struct Known {
    name: String,
    /// What tells its whole file from others; none where only a part was read.
    validators: Option<Validators>,
    /// How far it is read, where it has a list of changes.
    standing: Option<Standing>,
}

/// Brings the advisories up to date.
///
/// # Errors
/// When the shelf cannot be used. A source that fails is no error: it is among the outcomes.
pub async fn update(
    shelf: &Path,
    list: &SourceList,
    inspector: &Inspector,
    caution: Caution,
    listener: Listener,
) -> Result<Updated, ImportError> {
    let downloads = shelf.join("downloads");
    std::fs::create_dir_all(&downloads).map_err(file_error("created", &downloads))?;
    let client = client().map_err(|error| ImportError::Client(error.to_string()))?;
    let mut outcomes = Vec::new();
    let mut ready = Vec::new();
    for source in &list.sources {
        match get(&client, shelf, &downloads, source, list.most_bytes, &listener).await {
            Ok(Some(got)) => ready.push(got),
            Ok(None) => outcomes.push((source.name.clone(), SourceOutcome::Unchanged)),
            Err(error) => outcomes.push((source.name.clone(), SourceOutcome::Failed(error.to_string()))),
        }
    }
    let (shelf, inspector) = (shelf.to_owned(), inspector.clone());
    let work = move || read_all(&shelf, ready, outcomes, &inspector, caution, &listener);
    tokio::task::spawn_blocking(work).await.map_err(|error| ImportError::Client(error.to_string()))?
}

/// Has the file of a source ready; none if it is what it was before.
async fn get(
    client: &Client,
    shelf: &Path,
    downloads: &Path,
    source: &Source,
    most_bytes: u64,
    listener: &Listener,
) -> Result<Option<Ready>, DownloadError> {
    let file = downloads.join(format!("{}.feed", short(&source.name)));
    // What is known of a source whose records are gone is worth nothing.
    let is_kept = Records::path(shelf, &source.name).exists();
    if let Some(standing) = standing(shelf, source).filter(|_| is_kept && has_list(source)) {
        match changed(client, downloads, &short(&source.name), source, &standing).await? {
            Changed::Nothing => return Ok(None),
            Changed::Some(increment) => {
                return Ok(Some(Ready { source: source.clone(), what: What::Increment(increment) }));
            }
            Changed::Whole => {}
        }
    }
    let known = known(shelf, source).filter(|_| is_kept);
    let location = if source.pointer {
        let target = file.with_extension("pointer");
        let pointer = Download { url: &source.url, target: &target, known: None, most_bytes: POINTER_BYTES };
        get_one(client, &source.location(), &pointer, &|_, _| {}).await?;
        let text = std::fs::read_to_string(&target)
            .map_err(|error| DownloadError::File { path: target.clone(), source: error })?;
        source.pointed(&text).ok_or_else(|| DownloadError::Connection {
            url: shown(&source.url),
            why: "it names no file beside it".to_owned(),
        })?
    } else {
        source.location()
    };
    let url = match &location {
        Location::Remote(url) => url.clone(),
        Location::Local(path) => path.display().to_string(),
    };
    let download = Download { url: &url, target: &file, known: known.as_ref(), most_bytes };
    let name = source.name.clone();
    let tell = |received, total| {
        listener(UpdateProgress::Receiving { source: name.clone(), received, total });
    };
    match get_one(client, &location, &download, &tell).await? {
        Downloaded::NotModified => Ok(None),
        Downloaded::Fetched { validators, .. } => {
            Ok(Some(Ready { source: source.clone(), what: What::Whole { file, validators } }))
        }
    }
}

async fn get_one(
    client: &Client,
    location: &Location,
    download: &Download<'_>,
    progress: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<Downloaded, DownloadError> {
    match location {
        Location::Remote(_) => fetch(client, download, progress).await,
        Location::Local(path) => take(path, download),
    }
}

/// How far a source was read; none where it has no list, or was never read.
fn standing(shelf: &Path, source: &Source) -> Option<Standing> {
    let [_, standing] = validators(shelf, &short(&source.name));
    serde_json::from_slice(&std::fs::read(standing).ok()?).ok()
}

fn known(shelf: &Path, source: &Source) -> Option<Validators> {
    let [whole, _] = validators(shelf, &short(&source.name));
    serde_json::from_slice(&std::fs::read(whole).ok()?).ok()
}

/// Reads what lies ready, compiles, and puts the snapshot in force.
fn read_all(
    shelf: &Path,
    ready: Vec<Ready>,
    mut outcomes: Vec<(String, SourceOutcome)>,
    inspector: &Inspector,
    caution: Caution,
    listener: &Listener,
) -> Result<Updated, ImportError> {
    let records = Records::open(shelf)?;
    let held_before = held(shelf)?;
    let released =
        |held_now: Option<Held>| held_before.filter(|_| held_now.is_none()).map(|held| held.snapshot);
    confirm(&records, &outcomes)?;
    let mut read = Vec::new();
    for got in ready {
        listener(UpdateProgress::Reading { source: got.source.name.clone() });
        let (outcome, known) = read_one(&records, &got, inspector);
        got.what.remove();
        read.extend(known);
        outcomes.push((got.source.name, outcome));
    }
    let says_what_is_held = records.leave_out_what_is_held()?;
    if says_what_is_held {
        let left_out = |known: &mut Known| !records.fresh(&known.name).exists();
        for known in read.extract_if(.., left_out) {
            let outcome = outcomes.iter_mut().find(|(name, _)| *name == known.name);
            outcome.into_iter().for_each(|(_, outcome)| *outcome = SourceOutcome::Held);
        }
    }
    let failed = outcomes.iter().any(|(_, outcome)| matches!(outcome, SourceOutcome::Failed(_)));
    if read.is_empty() && (failed || !is_stale(shelf)) {
        let released = released(held(shelf)?);
        let held = if says_what_is_held { held(shelf)? } else { None };
        return Ok(Updated {
            sources: outcomes,
            installed: held.map(Installed::Held),
            advisories: 0,
            released,
        });
    }
    listener(UpdateProgress::Compiling);
    let (bytes, advisories) = compile(&records, Timestamp::now())?;
    let snapshot = Snapshot::from_bytes(bytes).map_err(ShelfError::from)?;
    let is_news = !read.is_empty() && !says_what_is_held;
    let succession = if is_news { Succession::Supersedes } else { Succession::Beside };
    let installed = install(&records, &snapshot, caution, succession)?;
    if matches!(installed, Installed::InForce(_)) {
        // Only what is in force is known: what is held is asked for again the next time.
        read.iter().try_for_each(|known| known.keep(shelf))?;
    }
    let released = released(held(shelf)?);
    Ok(Updated { sources: outcomes, installed: Some(installed), advisories, released })
}

/// Notes which sources are what they were. If that is all of those that were held, they are good again, and nothing is
/// held any more.
fn confirm(records: &Records, outcomes: &[(String, SourceOutcome)]) -> Result<(), ImportError> {
    let now = Timestamp::now();
    let unchanged = outcomes.iter().filter(|(_, outcome)| *outcome == SourceOutcome::Unchanged);
    let unchanged: Vec<&str> = unchanged.map(|(name, _)| name.as_str()).collect();
    unchanged.iter().try_for_each(|name| records.confirm(name, now))?;
    if records.are_held_of(&unchanged)? {
        tracing::info!(
            "the sources of the snapshot that was held say again what is in force; it is held no more"
        );
        forget_held(records)?;
    }
    Ok(())
}

impl What {
    /// The records are what is kept; the files would only take room.
    fn remove(&self) {
        let _ = match self {
            Self::Whole { file, .. } => std::fs::remove_file(file),
            Self::Increment(increment) => std::fs::remove_dir_all(&increment.folder),
        };
    }
}

impl Known {
    fn keep(&self, shelf: &Path) -> Result<(), ImportError> {
        let [whole, standing] = validators(shelf, &short(&self.name));
        if let Some(validators) = &self.validators {
            write(&whole, &serde_json::to_vec(validators).unwrap_or_default())?;
        }
        if let Some(known) = &self.standing {
            write(&standing, &serde_json::to_vec(known).unwrap_or_default())?;
        }
        Ok(())
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), ShelfError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    write_whole(path.parent().unwrap_or(path), name, content)
}

/// Reads what lies ready of a source. What is known of it then is returned if it was read.
fn read_one(records: &Records, got: &Ready, inspector: &Inspector) -> (SourceOutcome, Option<Known>) {
    let name = got.source.name.clone();
    let (read, known) = match &got.what {
        What::Whole { file, validators } => {
            let file = match File::open(file) {
                Ok(file) => file,
                Err(error) => return (SourceOutcome::Failed(error.to_string()), None),
            };
            let read = read_source(records, &name, Input::File(file), Shape::One, inspector);
            let newest = read.as_ref().ok().and_then(|read| read.newest).filter(|_| has_list(&got.source));
            let now = Timestamp::now();
            let standing = newest.map(|newest| Standing {
                through: newest.min(now),
                whole_at: now,
                list: Validators::default(),
            });
            (read.map(|read| read.report), Known { name, validators: Some(validators.clone()), standing })
        }
        What::Increment(increment) => {
            let read = read_increment(records, &name, increment, inspector);
            (read, Known { name, validators: None, standing: Some(increment.standing.clone()) })
        }
    };
    match read {
        Ok(report) if report.advisories + report.enrichments == 0 => {
            let _ = std::fs::remove_file(records.fresh(&known.name));
            let why = "there is no advisory in it; what it said before is kept".to_owned();
            (SourceOutcome::Failed(why), None)
        }
        Ok(report) => {
            let skipped =
                report.skips.first().map(|first| (report.skipped, format!("{}: {}", first.place, first.why)));
            let records = report.advisories + report.enrichments;
            (SourceOutcome::Read { records, skipped }, Some(known))
        }
        Err(error) => {
            if let What::Increment(_) = got.what {
                // The next time, the whole export is read.
                let [_, standing] = validators(records.shelf(), &short(&known.name));
                let _ = std::fs::remove_file(standing);
            }
            // It is told with its name.
            let why = if let ImportError::Source { why, .. } = error {
                format!("it was not read, and nothing was changed: {why}")
            } else {
                error.to_string()
            };
            (SourceOutcome::Failed(why), None)
        }
    }
}

/// Whether the sources were last looked at long ago, as far as the snapshot tells.
fn is_stale(shelf: &Path) -> bool {
    let current = Shelf::open(shelf).ok().and_then(|shelf| shelf.current());
    current.is_some_and(|snapshot| Timestamp::now().duration_since(snapshot.created_at()) > FRESH)
}

/// Brings the advisories up to date again and again, until `stop` becomes true.
///
/// The first time is when the snapshot in force is older than the interval, or there is none.
pub async fn keep_updating(
    shelf: Arc<Shelf>,
    list: SourceList,
    inspector: Inspector,
    every: SignedDuration,
    mut stop: watch::Receiver<bool>,
) {
    let mut pause = Duration::from_secs(30);
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
        pause = Duration::from_secs(60);
        let now = Timestamp::now();
        let age = shelf.current().map(|snapshot| now.duration_since(snapshot.created_at()));
        if age.is_some_and(|age| age < every) {
            continue;
        }
        let updating = update(shelf.folder(), &list, &inspector, Caution::Hold, Arc::new(|_| {}));
        let updated = tokio::select! {
            updated = updating => updated,
            _ = stop.wait_for(|stopped| *stopped) => return,
        };
        log(&updated);
        // Whether it went well or not, the sources are asked again only after the interval.
        pause = Duration::try_from(every).unwrap_or(pause).max(pause);
    }
}

fn log(updated: &Result<Updated, ImportError>) {
    match updated {
        Ok(updated) => {
            for (source, why) in updated.failures() {
                tracing::warn!(
                    source,
                    why,
                    "a source of advisories was not read; what it said before is kept"
                );
            }
            match &updated.installed {
                Some(Installed::InForce(snapshot)) => {
                    tracing::info!(
                        snapshot,
                        advisories = updated.advisories,
                        "newer advisories are in force"
                    );
                }
                Some(Installed::Held(held)) => tracing::error!(
                    snapshot = held.snapshot,
                    doubts = held.doubts.join("; "),
                    "newer advisories are held; `lazaretto advisories accept` or `discard` decides"
                ),
                None => tracing::info!("the sources have no newer advisories"),
            }
        }
        Err(error) => tracing::error!(%error, "the advisories could not be brought up to date"),
    }
}
