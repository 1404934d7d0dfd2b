//! From feed files to a snapshot in force.
//!
//! Feeds are foreign bytes: each file is parsed by a jailed worker, and what comes out is kept as records, a file for
//! each source. Importing a source again replaces its records; other sources stay.
//! The snapshot is compiled from the records of all sources.
//!
//! What a person names, and what was read before, must be readable, or nothing changes. Only a file that a folder
//! happens to hold, and that never was a source, is left out with its reason.

use super::{ShelfError, file_error, install};
use crate::inspect::{InspectError, Inspector, document_frame};
use advisory::wire::{WireError, WireLimits, read_records};
use advisory::{CompileError, Compiler, SourceReport};
use jiff::Timestamp;
use sandbox::Input;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// What the names of files end with that a folder is searched for, beside its loose `.json` documents.
const SOURCE_ENDINGS: [&str; 9] = [".json", ".zip", ".gz", ".bz2", ".xz", ".zst", ".csv", ".jsonl", "-list"];
/// Loose documents of a folder travel to one worker in batches of this many.
const BATCH: usize = 20_000;
/// A worker's last words are short.
const LAST_WORDS: u64 = 64 * 1024;

/// What an import came to.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The snapshot that is in force now.
    pub snapshot: String,
    /// Advisories in it.
    pub advisories: u64,
    /// Sources that were read.
    pub sources: usize,
    /// Sources with skipped records: name, how many, and the first reason.
    pub skipped: Vec<(String, u64, String)>,
    /// Files in the folders that are no sources: name, and why they could not be read.
    pub left_out: Vec<(String, String)>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Sources in all.
    pub sources: u64,
    /// Sources that were read.
    pub done: u64,
}

/// Why an import changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The shelf cannot be used.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// A source could not be read.
    #[error("{name} was not read, and nothing was changed: {why}")]
    Source {
        /// The source.
        name: String,
        /// Why.
        why: String,
    },
    /// There is nothing to import.
    #[error("there is no file in {0} that could hold advisories ({endings})", endings = SOURCE_ENDINGS.join(", "))]
    Nothing(String),
    /// The records do not fit in a snapshot.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Kept records are damaged.
    #[error("the kept records {path} are damaged; import their source again")]
    Records {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: WireError,
    },
}

/// One source of an import.
struct Source {
    path: PathBuf,
    content: Content,
    /// A person named the very file, so it must be a source.
    named: bool,
}

/// What a source consists of.
enum Content {
    /// A file of its own: a zip export, a secdb, a list.
    File,
    /// The loose documents of a folder.
    Documents(Vec<PathBuf>),
}

impl Source {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Where its records are kept.
    fn records(&self, folder: &Path) -> PathBuf {
        let hash = Sha256::digest(self.name().as_bytes());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        folder.join(format!("{hex}.records"))
    }
}

/// The first line of a file of records.
#[derive(Serialize, Deserialize)]
struct Head {
    name: String,
    imported_at: Timestamp,
}

/// Reads feeds in the jail, compiles all records, and puts the snapshot in force.
///
/// # Errors
/// When a source cannot be read at all, or the snapshot cannot be written. Nothing is changed then.
pub fn import(
    shelf: &Path,
    paths: &[PathBuf],
    inspector: &Inspector,
    progress: &dyn Fn(Progress),
) -> Result<Imported, ImportError> {
    let records = shelf.join("records");
    std::fs::create_dir_all(&records).map_err(file_error("created", &records))?;
    let sources = sources(paths)?;
    let total = u64::try_from(sources.len()).unwrap_or(u64::MAX);
    let mut skipped = Vec::new();
    let mut left_out = Vec::new();
    let mut fresh = Vec::new();
    for (done, source) in (0..).zip(&sources) {
        progress(Progress { sources: total, done });
        let (partial, report) = match read_source(&records, source, inspector) {
            Ok(read) => read,
            Err(ImportError::Source { name, why }) if !source.named && !source.records(&records).exists() => {
                left_out.push((name, why));
                continue;
            }
            Err(error) => return Err(error),
        };
        if let Some(first) = report.skips.first() {
            skipped.push((source.name(), report.skipped, format!("{}: {}", first.place, first.why)));
        }
        fresh.push(partial);
    }
    progress(Progress { sources: total, done: total });
    if let (true, Some((name, why))) = (fresh.is_empty(), left_out.first()) {
        return Err(ImportError::Source { name: name.clone(), why: why.clone() });
    }
    // Only now, when every source was read, do the new records take the place of the old ones.
    for partial in &fresh {
        let path = partial.with_extension("");
        std::fs::rename(partial, &path).map_err(file_error("renamed", &path))?;
    }
    let (bytes, advisories) = compile(&records, Timestamp::now())?;
    let snapshot = install(shelf, bytes)?;
    Ok(Imported { snapshot, advisories, sources: fresh.len(), skipped, left_out })
}

/// What a person's paths mean.
fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, ImportError> {
    let mut sources = Vec::new();
    for path in paths {
        let before = sources.len();
        if path.is_dir() {
            folder(path, &mut sources)?;
        } else if path.is_file() {
            sources.push(Source { path: path.clone(), content: Content::File, named: true });
        }
        if sources.len() == before {
            return Err(ImportError::Nothing(path.display().to_string()));
        }
    }
    Ok(sources)
}

/// The sources of a folder and the folders below it, in the order of their names. Links are not followed.
fn folder(path: &Path, sources: &mut Vec<Source>) -> Result<(), ImportError> {
    let listed = std::fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = listed.map_err(file_error("listed", path))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut loose = Vec::new();
    for entry in entries {
        let kind = entry.file_type().map_err(file_error("listed", path))?;
        let inner = entry.path();
        let ends = |ending: &&str| entry.file_name().to_str().is_some_and(|name| name.ends_with(ending));
        if kind.is_dir() {
            folder(&inner, sources)?;
        } else if kind.is_file() && ends(&".json") {
            loose.push(inner);
        } else if kind.is_file() && SOURCE_ENDINGS.iter().any(ends) {
            sources.push(Source { path: inner, content: Content::File, named: false });
        }
    }
    for (number, batch) in loose.chunks(BATCH).enumerate() {
        let path = if number == 0 { path.to_owned() } else { path.join(format!("batch-{number}")) };
        sources.push(Source { path, content: Content::Documents(batch.to_vec()), named: false });
    }
    Ok(())
}

/// Has one source read in the jail, and keeps its records in a file that nobody looks at yet.
fn read_source(
    records: &Path,
    source: &Source,
    inspector: &Inspector,
) -> Result<(PathBuf, SourceReport), ImportError> {
    let name = source.name();
    let failed = |why: String| ImportError::Source { name: name.clone(), why };
    let partial = source.records(records).with_added_extension("partial");
    let mut file = BufWriter::new(File::create(&partial).map_err(file_error("created", &partial))?);
    let head = Head { name: name.clone(), imported_at: Timestamp::now() };
    let line = serde_json::to_string(&head).map_err(|error| failed(error.to_string()))?;
    writeln!(file, "{line}").map_err(file_error("written", &partial))?;
    let path = &source.path;
    let input = match &source.content {
        Content::File => Input::File(File::open(path).map_err(file_error("opened", path))?),
        Content::Documents(documents) => Input::Stream(Box::new(Documents::new(documents.clone()))),
    };
    let many = matches!(source.content, Content::Documents(_));
    let (read, _) = inspector
        .feed(input, &name, many, |answer| receive(answer, &mut file))
        .map_err(|error: InspectError| failed(error.to_string()))?;
    let report = read.map_err(failed)?;
    file.into_inner()
        .map_err(io::IntoInnerError::into_error)
        .and_then(|file| file.sync_all())
        .map_err(file_error("written", &partial))?;
    Ok((partial, report))
}

/// Reads the worker's stream under its bounds, keeps a copy of it, and listens to the worker's last words.
fn receive(answer: &mut dyn Read, copy: &mut impl Write) -> Result<SourceReport, String> {
    let mut kept = Tee { from: answer, to: copy };
    let report =
        read_records(&mut kept, &WireLimits::default(), &mut |_| {}).map_err(|error| error.to_string())?;
    let mut last = Vec::new();
    answer.take(LAST_WORDS).read_to_end(&mut last).map_err(|error| error.to_string())?;
    let verdict: Result<(), String> = serde_json::from_slice(&last).map_err(|error| error.to_string())?;
    verdict.map(|()| report)
}

/// A reader that writes down what it reads.
struct Tee<'a, R: ?Sized, W> {
    from: &'a mut R,
    to: &'a mut W,
}

impl<R: Read + ?Sized, W: Write> Read for Tee<'_, R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.to.write_all(&buffer[..read])?;
        Ok(read)
    }
}

/// Compiles the records of all sources. Returns the snapshot's bytes and how many advisories it has.
fn compile(records: &Path, now: Timestamp) -> Result<(Vec<u8>, u64), ImportError> {
    let listed = std::fs::read_dir(records).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut paths: Vec<PathBuf> =
        listed.map_err(file_error("listed", records))?.iter().map(std::fs::DirEntry::path).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "records"));
    paths.sort();
    let mut compiler = Compiler::new();
    let mut advisories = 0;
    for path in paths {
        let damaged = |source: WireError| ImportError::Records { path: path.clone(), source };
        let mut file =
            BufReader::with_capacity(1 << 18, File::open(&path).map_err(file_error("opened", &path))?);
        let mut line = String::new();
        file.read_line(&mut line).map_err(file_error("read", &path))?;
        let head: Head = serde_json::from_str(&line).map_err(|error| damaged(error.into()))?;
        compiler.begin_source(head.name);
        let mut refused = None;
        let report = read_records(&mut file, &WireLimits::default(), &mut |record| {
            if refused.is_none() {
                refused = compiler.add(record).err();
            }
        })
        .map_err(damaged)?;
        if let Some(error) = refused {
            return Err(error.into());
        }
        compiler.end_source(&report);
        advisories += report.advisories;
    }
    Ok((compiler.finish(now)?, advisories))
}

/// The loose documents of a folder as one stream: each with its name and its length before it.
struct Documents {
    left: std::vec::IntoIter<PathBuf>,
    current: Option<Box<dyn Read + Send>>,
}

impl Documents {
    fn new(paths: Vec<PathBuf>) -> Self {
        Self { left: paths.into_iter(), current: None }
    }
}

impl Read for Documents {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(current) = &mut self.current {
                let read = current.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
            }
            let Some(path) = self.left.next() else { return Ok(0) };
            let bytes = std::fs::read(&path)?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            self.current = Some(Box::new(io::Cursor::new(document_frame(&name, &bytes))));
        }
    }
}
