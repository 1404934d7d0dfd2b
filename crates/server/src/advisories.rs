//! The shelf: the snapshot of advisories in force, and how another one takes its place.
//!
//! A snapshot is a file named by its content, written once and never changed.
//! A small file beside it, `current`, names the one in force; putting another in force is one rename.
//! So a reader sees the old or the new one and nothing between, and the last good one stays until the new one is
//! complete and verified. The one that was in force before stays too: from the difference of the two, images are
//! judged again.
//!
//! Before a snapshot comes into force it is looked at, see [`installation`]. What raises doubts is held until a person
//! accepts it.

mod amendment;
mod artifact;
mod bundle;
mod compilation;
mod download;
mod import;
mod increment;
mod installation;
mod reading;
mod records;
mod sources;
mod update;
mod words;

pub use artifact::{
    ARTIFACT_TYPE, ArtifactError, LAYER_TYPE, bundle_of_artifact, bundle_of_layout, push_artifact,
    write_layout,
};
pub use bundle::{
    BundleError, Key, export_bundle, install_bundle, is_bundle, is_snapshot, make_key, open_bundle,
};
pub use download::{Download, DownloadError, Downloaded, Validators, client, fetch};
pub use import::{ImportError, Imported, Progress, import};
pub use installation::{Caution, Held, Installed, accept, discard, held, install_file};
pub use sources::{PublicSource, SOURCES, Source, SourceList};
pub use update::{Listener, SourceOutcome, UpdateProgress, Updated, keep_updating, update};
pub use words::{age_in_words, in_words, no_view, view};

use advisory::{Snapshot, SnapshotError};
use arc_swap::ArcSwapOption;
use installation::{hold, is_accepted};
use std::fs::File;
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
    #[error("no advisories are loaded; `lazaretto advisories update` or `import PATH...` loads them")]
    Empty,
    /// The file that names the snapshot says nonsense.
    #[error("{0} names no snapshot; import the advisories again")]
    Pointer(PathBuf),
    /// Nothing is held.
    #[error("no snapshot is held back")]
    NothingHeld,
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

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
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

    /// A snapshot that was in force before, while its file is still there.
    pub fn earlier(&self, version: &str) -> Option<Arc<Snapshot>> {
        if let Some(current) = self.current().filter(|current| current.version().to_string() == version) {
            return Some(current);
        }
        is_name(version).then(|| Snapshot::open(&path_of(&self.folder, version)).ok().map(Arc::new)).flatten()
    }

    /// Takes the snapshot in force out of force again, and puts the earlier one back.
    ///
    /// # Errors
    /// When the files cannot be changed; the snapshot stays in force then.
    pub fn hold(&self, version: &str, earlier: &str, doubts: Vec<String>) -> Result<(), ShelfError> {
        hold(&self.folder, version, earlier, doubts)?;
        self.refresh().map(|_| ())
    }

    /// Whether a person has accepted a snapshot, whatever speaks against it.
    pub fn is_accepted(&self, version: &str) -> bool {
        is_accepted(&self.folder, version)
    }

    /// What is held back, if anything is.
    pub fn held(&self) -> Option<Held> {
        held(&self.folder).ok().flatten()
    }

    /// Copies the snapshot in force to a new file. Returns its size in bytes.
    ///
    /// # Errors
    /// When there is none, or the file exists or cannot be written.
    pub fn export(&self, file: &Path) -> Result<u64, ShelfError> {
        let name = pointed(&self.folder)?.ok_or(ShelfError::Empty)?;
        let source = path_of(&self.folder, &name);
        let mut from = File::open(&source).map_err(file_error("read", &source))?;
        let mut to = File::create_new(file).map_err(file_error("created", file))?;
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
    if is_name(name) { Ok(Some(name.to_owned())) } else { Err(ShelfError::Pointer(path)) }
}

fn is_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.snapshot"))
}

/// Makes `current` name a snapshot: whole or not at all, also through a loss of power.
fn point(folder: &Path, name: &str) -> Result<(), ShelfError> {
    write_whole(folder, CURRENT, format!("{name}\n").as_bytes())
}

/// Writes a small file whole or not at all.
fn write_whole(folder: &Path, name: &str, content: &[u8]) -> Result<(), ShelfError> {
    let (path, partial) = (folder.join(name), folder.join(format!("{name}.partial")));
    let write = || {
        let mut file = File::create(&partial)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&partial, &path)?;
        File::open(folder)?.sync_all()
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
