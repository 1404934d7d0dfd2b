//! The records of all sources: a file for each, from which snapshots are compiled.
//!
//! | ending | holds |
//! |---|---|
//! | `.records` | what the snapshot in force was made of |
//! | `.records.fresh` | what was read a moment ago and belongs to no snapshot yet |
//! | `.records.held` | what a snapshot that is held back was made of |
//! | `.records.before` | what `.records` was before the snapshot in force; empty if there was none |
//! | `.confirmed` | when the source last said that it is what it was |
//!
//! Whoever changes them holds the lock, so that an import and an update of the server never mix.

use super::{ShelfError, file_error, write_whole};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

const RECORDS: &str = "records";
const FRESH: &str = "records.fresh";
const HELD: &str = "records.held";
const BEFORE: &str = "records.before";
const CONFIRMED: &str = "confirmed";
/// The file of the shelf that is there while records are ahead of the snapshot in force.
const AHEAD: &str = "ahead";

/// The records, locked.
pub(super) struct Records {
    shelf: PathBuf,
    folder: PathBuf,
    _lock: File,
}

impl Records {
    /// Takes the lock; waits for whoever has it.
    pub(super) fn open(shelf: &Path) -> Result<Self, ShelfError> {
        let folder = shelf.join("records");
        std::fs::create_dir_all(&folder).map_err(file_error("created", &folder))?;
        let path = shelf.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.and_then(|file| file.lock().map(|()| file)).map_err(file_error("locked", &path))?;
        let records = Self { shelf: shelf.to_owned(), folder, _lock: lock };
        // What a run that was interrupted left behind belongs to nothing.
        for path in records.with_ending(FRESH)? {
            std::fs::remove_file(&path).map_err(file_error("removed", &path))?;
        }
        Ok(records)
    }

    /// The folder of the shelf.
    pub(super) fn shelf(&self) -> &Path {
        &self.shelf
    }

    /// The file of what a source said, whether it is there or not. It may be looked at without the lock.
    pub(super) fn path(shelf: &Path, source: &str) -> PathBuf {
        shelf.join("records").join(format!("{}.{RECORDS}", hash(source)))
    }

    /// The file for what a source says now. Sources are kept apart by the hash of their names: a name is anybody's.
    pub(super) fn fresh(&self, source: &str) -> PathBuf {
        self.folder.join(format!("{}.{FRESH}", hash(source)))
    }

    /// Notes that a source said that it is what it was.
    pub(super) fn confirm(&self, source: &str, at: Timestamp) -> Result<(), ShelfError> {
        write_whole(&self.folder, &format!("{}.{CONFIRMED}", hash(source)), at.to_string().as_bytes())
    }

    /// When a source last said that it is what it was. What cannot be read was never said.
    pub(super) fn confirmed(&self, source: &str) -> Option<Timestamp> {
        let path = self.folder.join(format!("{}.{CONFIRMED}", hash(source)));
        std::fs::read_to_string(path).ok()?.parse().ok()
    }

    /// The file of what a source said, if there is one.
    pub(super) fn kept(&self, source: &str) -> Option<PathBuf> {
        Some(other(&self.fresh(source), RECORDS)).filter(|path| path.exists())
    }

    /// What a snapshot is to be compiled from: for each source what is fresh, else what is kept.
    pub(super) fn to_compile(&self) -> Result<Vec<PathBuf>, ShelfError> {
        let fresh = self.with_ending(FRESH)?;
        let mut paths = self.with_ending(RECORDS)?;
        paths.retain(|path| !fresh.contains(&other(path, FRESH)));
        paths.extend(fresh);
        paths.sort();
        Ok(paths)
    }

    /// What is fresh.
    pub(super) fn fresh_ones(&self) -> Result<Vec<PathBuf>, ShelfError> {
        self.with_ending(FRESH)
    }

    /// What is kept.
    pub(super) fn kept_ones(&self) -> Result<Vec<PathBuf>, ShelfError> {
        self.with_ending(RECORDS)
    }

    /// Whether what is kept may be newer than the snapshot in force, because the power failed between the two.
    pub(super) fn is_ahead(&self) -> bool {
        self.shelf.join(AHEAD).exists()
    }

    /// Says that what is kept goes ahead of the snapshot in force.
    pub(super) fn go_ahead(&self) -> Result<(), ShelfError> {
        let path = self.shelf.join(AHEAD);
        let file = File::create(&path).and_then(|file| file.sync_all());
        file.map_err(file_error("created", &path))
    }

    /// Says that the snapshot in force has what is kept.
    pub(super) fn catch_up(&self) -> Result<(), ShelfError> {
        let path = self.shelf.join(AHEAD);
        std::fs::remove_file(&path).map_err(file_error("removed", &path))
    }

    /// What is fresh takes its place.
    pub(super) fn commit_fresh(&self) -> Result<(), ShelfError> {
        let fresh = self.with_ending(FRESH)?;
        if fresh.is_empty() {
            return Ok(());
        }
        for path in self.with_ending(BEFORE)? {
            std::fs::remove_file(&path).map_err(file_error("removed", &path))?;
        }
        for path in fresh {
            let kept = other(&path, RECORDS);
            let before = other(&path, BEFORE);
            if kept.exists() {
                rename(&kept, &before)?;
            } else {
                File::create(&before).map_err(file_error("created", &before))?;
            }
            rename(&path, &kept)?;
        }
        Ok(())
    }

    /// What is fresh is held back.
    pub(super) fn hold_fresh(&self) -> Result<(), ShelfError> {
        self.discard_held()?;
        self.with_ending(FRESH)?.iter().try_for_each(|path| rename(path, &other(path, HELD)))
    }

    /// What was committed last is held back, and what was before is back in its place.
    pub(super) fn hold_committed(&self) -> Result<(), ShelfError> {
        self.discard_held()?;
        for before in self.with_ending(BEFORE)? {
            let kept = other(&before, RECORDS);
            rename(&kept, &other(&kept, HELD))?;
            let was_nothing = before.metadata().is_ok_and(|metadata| metadata.len() == 0);
            if was_nothing {
                std::fs::remove_file(&before).map_err(file_error("removed", &before))?;
            } else {
                rename(&before, &kept)?;
            }
        }
        Ok(())
    }

    /// What is held becomes fresh. Whether anything was.
    pub(super) fn release_held(&self) -> Result<bool, ShelfError> {
        let held = self.with_ending(HELD)?;
        held.iter().try_for_each(|path| rename(path, &other(path, FRESH)))?;
        Ok(!held.is_empty())
    }

    /// What is held is thrown away.
    pub(super) fn discard_held(&self) -> Result<(), ShelfError> {
        let held = self.with_ending(HELD)?;
        held.iter().try_for_each(|path| std::fs::remove_file(path).map_err(file_error("removed", path)))
    }

    /// What is held, in the names of its sources that their hashes are.
    fn held_sources(&self) -> Result<BTreeSet<String>, ShelfError> {
        Ok(self.with_ending(HELD)?.iter().map(|path| stem(path).to_owned()).collect())
    }

    /// Whether all that is held came from some sources. False if nothing is held, or it did not come from sources.
    pub(super) fn are_held_of(&self, sources: &[&str]) -> Result<bool, ShelfError> {
        let (held, sources) = (self.held_sources()?, sources.iter().map(|source| hash(source)));
        Ok(!held.is_empty() && held.is_subset(&sources.collect()))
    }

    /// Leaves out of what is fresh what is held already, if all that is held was read again and says the same. Whether that
    /// is so.
    pub(super) fn leave_out_what_is_held(&self) -> Result<bool, ShelfError> {
        let held = self.with_ending(HELD)?;
        for path in &held {
            if !say_the_same(path, &other(path, FRESH))? {
                return Ok(false);
            }
        }
        for path in held.iter().map(|path| other(path, FRESH)) {
            std::fs::remove_file(&path).map_err(file_error("removed", &path))?;
        }
        Ok(!held.is_empty())
    }

    /// Forgets how the sources of what is held can be asked for changes only: they are asked for all of it the next time.
    pub(super) fn forget_validators_of_held(&self) -> Result<(), ShelfError> {
        for source in self.held_sources()? {
            for path in validators(&self.shelf, source.get(..VALIDATORS).unwrap_or(&source)) {
                let _ = std::fs::remove_file(path);
            }
        }
        Ok(())
    }

    fn with_ending(&self, ending: &str) -> Result<Vec<PathBuf>, ShelfError> {
        let listed = std::fs::read_dir(&self.folder).map_err(file_error("listed", &self.folder))?;
        let mut paths = Vec::new();
        for entry in listed {
            let entry = entry.map_err(file_error("listed", &self.folder))?;
            let name = entry.file_name();
            if name.to_str().and_then(|name| name.split_once('.')).is_some_and(|(_, rest)| rest == ending) {
                paths.push(entry.path());
            }
        }
        paths.sort();
        Ok(paths)
    }
}

fn hash(source: &str) -> String {
    Sha256::digest(source.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How a source is called where files are fetched: the beginning of its hash.
pub(super) fn short(source: &str) -> String {
    let mut name = hash(source);
    name.truncate(VALIDATORS);
    name
}

const VALIDATORS: usize = 32;

/// The files of what is known of a source by its short name: what tells its whole file from others, and how far it was
/// read.
pub(super) fn validators(shelf: &Path, source: &str) -> [PathBuf; 2] {
    ["json", "standing.json"].map(|ending| shelf.join("downloads").join(format!("{source}.{ending}")))
}

/// The source of a file.
fn stem(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split_once('.').map_or(name, |(stem, _)| stem)
}

/// The same source with another ending.
fn other(path: &Path, ending: &str) -> PathBuf {
    path.with_file_name(format!("{}.{ending}", stem(path)))
}

/// Whether two files have the same records. The first line says when they were read.
fn say_the_same(one: &Path, other: &Path) -> Result<bool, ShelfError> {
    if !other.exists() {
        return Ok(false);
    }
    let opened = |path: &Path| {
        let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
        file.skip_until(b'\n')?;
        Ok(file)
    };
    let mut one_file = opened(one).map_err(file_error("opened", one))?;
    let mut other_file = opened(other).map_err(file_error("opened", other))?;
    loop {
        let mut mine = Vec::new();
        let read = one_file.by_ref().take(1 << 18).read_to_end(&mut mine);
        read.map_err(file_error("read", one))?;
        let mut others = Vec::new();
        let read = other_file.by_ref().take(1 << 18).read_to_end(&mut others);
        read.map_err(file_error("read", other))?;
        if mine != others {
            return Ok(false);
        }
        if mine.is_empty() {
            return Ok(true);
        }
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), ShelfError> {
    std::fs::rename(from, to).map_err(file_error("renamed", from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, content: &str) {
        std::fs::write(path, content).unwrap();
    }

    fn content(records: &Records) -> Vec<String> {
        let paths = records.with_ending(RECORDS).unwrap();
        paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }

    #[test]
    fn what_is_held_after_its_commit_leaves_what_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(folder.path()).unwrap();
        write(&records.fresh("a"), "a1");
        records.commit_fresh().unwrap();
        write(&records.fresh("a"), "a2");
        write(&records.fresh("b"), "b1");
        assert_eq!(records.to_compile().unwrap().len(), 2);
        records.commit_fresh().unwrap();
        let mut both = content(&records);
        both.sort();
        assert_eq!(both, ["a2", "b1"]);
        records.hold_committed().unwrap();
        assert_eq!(content(&records), ["a1"]);
        records.release_held().unwrap();
        records.commit_fresh().unwrap();
        let mut both = content(&records);
        both.sort();
        assert_eq!(both, ["a2", "b1"]);
    }

    #[test]
    fn what_is_held_before_its_commit_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(folder.path()).unwrap();
        write(&records.fresh("a"), "a1");
        records.commit_fresh().unwrap();
        write(&records.fresh("a"), "a2");
        records.hold_fresh().unwrap();
        assert_eq!(content(&records), ["a1"]);
        assert_eq!(records.to_compile().unwrap().len(), 1);
        records.discard_held().unwrap();
        assert_eq!(records.with_ending(HELD).unwrap(), Vec::<PathBuf>::new());
    }

    #[test]
    fn what_is_held_already_is_told_from_what_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(folder.path()).unwrap();
        let read =
            |source: &str, at: &str, said: &str| write(&records.fresh(source), &format!("{at}\n{said}"));
        assert!(!records.leave_out_what_is_held().unwrap(), "nothing is held");
        read("a", "monday", "bad");
        records.hold_fresh().unwrap();
        assert!(!records.leave_out_what_is_held().unwrap(), "it was not read again");
        read("a", "tuesday", "good");
        assert!(!records.leave_out_what_is_held().unwrap(), "it says something else");
        read("a", "tuesday", "bad");
        read("b", "tuesday", "good");
        assert!(records.leave_out_what_is_held().unwrap());
        assert_eq!(records.fresh_ones().unwrap(), [records.fresh("b")]);
        assert!(records.are_held_of(&["a", "c"]).unwrap());
        assert!(!records.are_held_of(&["b"]).unwrap());
        records.discard_held().unwrap();
        assert!(!records.are_held_of(&["a"]).unwrap());
    }

    #[test]
    fn what_an_interrupted_run_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(folder.path()).unwrap();
        write(&records.fresh("a"), "half");
        drop(records);
        let records = Records::open(folder.path()).unwrap();
        assert_eq!(records.to_compile().unwrap(), Vec::<PathBuf>::new());
    }
}
