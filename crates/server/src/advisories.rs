//! The shelf: the snapshot of advisories in force, and how another one takes its place.
//!
//! A snapshot is a file named by its content, written once and never changed.
//! A small file beside it, `current`, names the one in force; putting another in force is one rename.
//! So a reader sees the old or the new one and nothing between, and the last good one stays until the new one is
//! complete and verified.

mod import;

pub use import::{Imported, Progress, import};

use crate::api::view::{AdvisoriesView, EcosystemView};
use advisory::{Snapshot, SnapshotError};
use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file that names the snapshot in force.
const CURRENT: &str = "current";

/// Why the shelf cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// A file could not be read or written.
    #[error("{path} could not be {action}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A snapshot is damaged or of another version.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Nothing is in force.
    #[error("no advisories are loaded; `lazaretto advisories import PATH...` loads them")]
    Empty,
    /// The file that names the snapshot says nonsense.
    #[error("{0} names no snapshot; import the advisories again")]
    Pointer(PathBuf),
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ShelfError {
    let path = path.to_owned();
    move |source| ShelfError::File { action, path, source }
}

/// The advisories in force.
pub struct Shelf {
    folder: PathBuf,
    current: ArcSwapOption<Snapshot>,
}

impl Shelf {
    /// Opens what is in force in this folder; nothing, if nothing was imported yet.
    ///
    /// # Errors
    /// When the snapshot in force cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, ShelfError> {
        let shelf = Self { folder: folder.to_owned(), current: ArcSwapOption::empty() };
        shelf.refresh()?;
        Ok(shelf)
    }

    /// The snapshot in force.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// Takes up what another process put in force. Says whether something changed.
    ///
    /// # Errors
    /// When the new snapshot cannot be opened; the old one stays in force.
    pub fn refresh(&self) -> Result<bool, ShelfError> {
        let Some(name) = pointed(&self.folder)? else { return Ok(false) };
        if self.current().is_some_and(|snapshot| snapshot.version().to_string() == name) {
            return Ok(false);
        }
        let snapshot = Snapshot::open(&path_of(&self.folder, &name))?;
        self.current.store(Some(Arc::new(snapshot)));
        Ok(true)
    }

    /// Copies the snapshot in force to a new file. Returns its size in bytes.
    ///
    /// # Errors
    /// When there is none, or the file exists or cannot be written.
    pub fn export(&self, file: &Path) -> Result<u64, ShelfError> {
        let name = pointed(&self.folder)?.ok_or(ShelfError::Empty)?;
        let source = path_of(&self.folder, &name);
        let mut from = std::fs::File::open(&source).map_err(file_error("read", &source))?;
        let mut to = std::fs::File::create_new(file).map_err(file_error("created", file))?;
        std::io::copy(&mut from, &mut to)
            .and_then(|size| to.sync_all().map(|()| size))
            .map_err(file_error("written", file))
    }
}

/// The name in `current`: 64 hexadecimal digits, so that it can never lead out of the folder.
fn pointed(folder: &Path) -> Result<Option<String>, ShelfError> {
    let path = folder.join(CURRENT);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error("read", &path)(error)),
    };
    let name = text.trim();
    let valid = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if valid { Ok(Some(name.to_owned())) } else { Err(ShelfError::Pointer(path)) }
}

fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.snapshot"))
}

/// Puts a snapshot file from elsewhere in force, after a look at every byte of it.
///
/// # Errors
/// When it is damaged, or cannot be copied.
pub fn install_file(folder: &Path, file: &Path) -> Result<String, ShelfError> {
    let bytes = std::fs::read(file).map_err(file_error("read", file))?;
    install(folder, bytes)
}

/// Writes a snapshot under its name, verifies it, and puts it in force. Older files are removed.
fn install(folder: &Path, bytes: Vec<u8>) -> Result<String, ShelfError> {
    std::fs::create_dir_all(folder).map_err(file_error("created", folder))?;
    let snapshot = Snapshot::from_bytes(bytes.clone())?;
    snapshot.verify()?;
    let name = snapshot.version().to_string();
    let path = path_of(folder, &name);
    if !path.exists() {
        advisory::write_snapshot(&path, &bytes)?;
    }
    let before = pointed(folder).unwrap_or(None);
    point(folder, &name)?;
    // A process that has the old file mapped keeps it; only the name goes.
    if let Some(before) = before.filter(|before| *before != name) {
        let _ = std::fs::remove_file(path_of(folder, &before));
    }
    Ok(name)
}

/// Makes `current` name a snapshot: whole or not at all, also through a loss of power.
fn point(folder: &Path, name: &str) -> Result<(), ShelfError> {
    let (path, partial) = (folder.join(CURRENT), folder.join("current.partial"));
    let write = || {
        let mut file = std::fs::File::create(&partial)?;
        writeln!(file, "{name}")?;
        file.sync_all()?;
        std::fs::rename(&partial, &path)?;
        std::fs::File::open(folder)?.sync_all()
    };
    write().map_err(file_error("written", &path))
}

/// The packages that two snapshot files judge differently, by ecosystem and name.
///
/// # Errors
/// When one of them cannot be opened.
pub fn differences(older: &Path, newer: &Path) -> Result<Vec<(String, String)>, ShelfError> {
    let (older, newer) = (Snapshot::open(older)?, Snapshot::open(newer)?);
    let changed = advisory::changed_packages(&older, &newer);
    Ok(changed.into_iter().map(|(ecosystem, name)| (ecosystem.to_string(), name)).collect())
}

/// What is in force, for programs.
pub fn view(snapshot: &Snapshot) -> AdvisoriesView {
    AdvisoriesView {
        snapshot: Some(snapshot.version().to_string()),
        created_at: Some(snapshot.created_at()),
        advisories: u64::try_from(snapshot.counts().advisories).unwrap_or(u64::MAX),
        ecosystems: snapshot
            .ecosystems()
            .map(|(name, coverage)| EcosystemView {
                name: name.to_owned(),
                packages: coverage.packages.into(),
            })
            .collect(),
    }
}

/// What is in force, in a sentence for people, with its age.
pub fn in_words(snapshot: Option<&Snapshot>, now: Timestamp) -> String {
    let Some(snapshot) = snapshot else {
        return "No advisories are loaded, so that nothing can be called healthy: \
                `lazaretto advisories import PATH...` loads them."
            .into();
    };
    let age = now.duration_since(snapshot.created_at()).as_hours();
    let age = if age < 48 { format!("{age} hours") } else { format!("{} days", age / 24) };
    format!("{} advisories are in force, compiled {age} ago.", snapshot.counts().advisories)
}
