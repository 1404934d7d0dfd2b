//! Another snapshot comes into force, or is held back.
//!
//! A snapshot that is whole by its checksum can still be wrong: a mirror was rolled back, a source was cut off, a feed
//! was emptied or poisoned. So it is compared with the one in force ([`advisory::doubts`]), and what raises doubts is
//! held: the last good one stays in force, the reasons are shown, and a person accepts or discards what is held.
//! How many images would flip is known where the images are; the server holds a snapshot for that reason, see
//! `jobs::reevaluate`.
//!
//! What is held does not stand in the way of what comes after it: that is compared with the one in force as well, and
//! takes the place of both. Only a source that goes on saying what is held is left out of what comes after, so that the
//! others go on.

use super::compilation::compile;
use super::import::ImportError;
use super::records::Records;
use super::{ShelfError, file_error, is_name, path_of, point, pointed, write_whole};
use advisory::{Snapshot, SuccessionLimits, doubts};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file that tells of a snapshot that is held back.
const HELD: &str = "held";
/// The file that names the snapshot that a person has accepted.
const ACCEPTED: &str = "accepted";

/// Whether doubts hold a snapshot back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caution {
    /// They do.
    Hold,
    /// A person has looked and accepts them.
    Accept,
}

/// What becomes of what is held when another snapshot comes into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Succession {
    /// It is superseded.
    Supersedes,
    /// It stays held: what comes into force does not say anything about it.
    Beside,
}

/// What became of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// It is in force.
    InForce(String),
    /// It is held back, and what was in force stays.
    Held(Held),
}

/// A snapshot that is held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its content id.
    pub snapshot: String,
    /// What speaks against it, in clauses.
    pub doubts: Vec<String>,
    /// Since when.
    pub at: Timestamp,
}

/// Puts a snapshot file from elsewhere in force, after a look at every byte of it.
///
/// # Errors
/// When it is damaged, or cannot be copied.
pub fn install_file(folder: &Path, file: &Path, caution: Caution) -> Result<Installed, ShelfError> {
    let bytes = std::fs::read(file).map_err(file_error("read", file))?;
    std::fs::create_dir_all(folder).map_err(file_error("created", folder))?;
    let records = Records::open(folder)?;
    let snapshot = Snapshot::from_bytes(bytes)?;
    snapshot.verify()?;
    install(&records, &snapshot, caution, Succession::Supersedes)
}

/// Writes a snapshot under its name, compares it with the one in force, and puts it in force with the records that it was
/// made of, or holds both back. One from elsewhere was verified before.
pub(super) fn install(
    records: &Records,
    snapshot: &Snapshot,
    caution: Caution,
    succession: Succession,
) -> Result<Installed, ShelfError> {
    let folder = records.shelf();
    let name = snapshot.version().to_string();
    let path = path_of(folder, &name);
    if !path.exists() {
        advisory::write_snapshot(&path, snapshot.as_bytes())?;
    }
    let before = pointed(folder)?;
    let doubts = match (&before, caution) {
        (Some(before), Caution::Hold) if *before != name => against(&path_of(folder, before), snapshot),
        _ => Vec::new(),
    };
    if doubts.is_empty() {
        if caution == Caution::Accept {
            write_whole(folder, ACCEPTED, name.as_bytes())?;
        }
        put_in_force(records, &name, succession)?;
        return Ok(Installed::InForce(name));
    }
    let held = Held { snapshot: name, doubts, at: Timestamp::now() };
    records.hold_fresh()?;
    write_held(folder, &held)?;
    Ok(Installed::Held(held))
}

/// What speaks against a snapshot, beside the one in force. One that cannot be opened any more cannot be compared.
fn against(in_force: &Path, successor: &Snapshot) -> Vec<String> {
    let Ok(in_force) = Snapshot::open(in_force) else { return Vec::new() };
    doubts(&in_force, successor, &SuccessionLimits::default()).iter().map(ToString::to_string).collect()
}

/// The records first: should the power fail between the two, the next compilation has them.
fn put_in_force(records: &Records, name: &str, succession: Succession) -> Result<(), ShelfError> {
    let folder = records.shelf();
    let before = pointed(folder)?;
    records.go_ahead()?;
    records.commit_fresh()?;
    point(folder, name)?;
    records.catch_up()?;
    if succession == Succession::Supersedes {
        forget_held(records)?;
    }
    let held = held(folder)?.map(|held| held.snapshot);
    forget_others(folder, [Some(name), before.as_deref(), held.as_deref()])
}

/// Nothing is held any more, neither the snapshot nor the records that it was made of.
pub(super) fn forget_held(records: &Records) -> Result<(), ShelfError> {
    records.discard_held()?;
    let folder = records.shelf();
    let Some(held) = held(folder)? else { return Ok(()) };
    let path = folder.join(HELD);
    std::fs::remove_file(&path).map_err(file_error("removed", &path))?;
    if pointed(folder)?.as_ref() != Some(&held.snapshot) {
        let _ = std::fs::remove_file(path_of(folder, &held.snapshot));
    }
    Ok(())
}

/// Snapshots that stay beside the one in force and the one before it. The verdicts may still be catching up with one of
/// them, and what comes next is compared with that one.
const LATEST: usize = 2;

/// Removes the snapshots that nobody needs any more. A process that has one mapped keeps it; only the name goes.
fn forget_others(folder: &Path, kept: [Option<&str>; 3]) -> Result<(), ShelfError> {
    let mut others = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(file_error("listed", folder))?.flatten() {
        let path = entry.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let is_snapshot = path.extension().is_some_and(|ending| ending == "snapshot");
        if is_snapshot && stem.is_some_and(is_name) && !kept.contains(&stem) {
            let written = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            others.push((written, path));
        }
    }
    others.sort();
    for (_, path) in others.iter().rev().skip(LATEST) {
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

fn write_held(folder: &Path, held: &Held) -> Result<(), ShelfError> {
    let text =
        serde_json::to_vec(held).map_err(|error| file_error("written", &folder.join(HELD))(error.into()))?;
    write_whole(folder, HELD, &text)
}

/// What is held back.
///
/// # Errors
/// When the note of it cannot be read.
pub fn held(folder: &Path) -> Result<Option<Held>, ShelfError> {
    let path = folder.join(HELD);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error("read", &path)(error)),
    };
    let held: Held =
        serde_json::from_slice(&bytes).map_err(|error| file_error("read", &path)(error.into()))?;
    Ok(is_name(&held.snapshot).then_some(held))
}

/// Puts what is held back in force. Returns the name of the snapshot in force then: where another one came into force
/// since, it is one with what both say.
///
/// # Errors
/// When nothing is held, or it is damaged.
pub fn accept(folder: &Path) -> Result<String, ImportError> {
    let records = Records::open(folder)?;
    let held = held(folder)?.ok_or(ShelfError::NothingHeld)?;
    let snapshot = Snapshot::open(&path_of(folder, &held.snapshot)).map_err(ShelfError::from)?;
    snapshot.verify().map_err(ShelfError::from)?;
    let in_force = pointed(folder)?.and_then(|name| Snapshot::open(&path_of(folder, &name)).ok());
    // Snapshots of one second may have come in either order. Compiled once more, nothing is lost.
    let is_overtaken = in_force.is_some_and(|in_force| in_force.created_at() >= snapshot.created_at());
    let is_of_records = records.release_held()?;
    if is_overtaken && is_of_records {
        let (bytes, _) = compile(&records, Timestamp::now())?;
        let anew = Snapshot::from_bytes(bytes).map_err(ShelfError::from)?;
        return match install(&records, &anew, Caution::Accept, Succession::Supersedes)? {
            Installed::InForce(name) => Ok(name),
            Installed::Held(_) => Err(ShelfError::NothingHeld.into()),
        };
    }
    write_whole(folder, ACCEPTED, held.snapshot.as_bytes())?;
    put_in_force(&records, &held.snapshot, Succession::Supersedes)?;
    Ok(held.snapshot)
}

/// Throws away what is held back, with the records that it was made of. Returns its name.
///
/// # Errors
/// When nothing is held.
pub fn discard(folder: &Path) -> Result<String, ShelfError> {
    let records = Records::open(folder)?;
    let held = held(folder)?.ok_or(ShelfError::NothingHeld)?;
    forget_held(&records)?;
    Ok(held.snapshot)
}

/// Takes a snapshot out of force again, and puts the earlier one back.
pub(super) fn hold(
    folder: &Path,
    version: &str,
    earlier: &str,
    doubts: Vec<String>,
) -> Result<(), ShelfError> {
    let records = Records::open(folder)?;
    if pointed(folder)?.as_deref() != Some(version) {
        return Ok(());
    }
    records.hold_committed()?;
    records.forget_validators_of_held()?;
    write_held(folder, &Held { snapshot: version.to_owned(), doubts, at: Timestamp::now() })?;
    point(folder, earlier)
}

/// Whether a person has accepted a snapshot.
pub(super) fn is_accepted(folder: &Path, version: &str) -> bool {
    std::fs::read_to_string(folder.join(ACCEPTED)).is_ok_and(|name| name.trim() == version)
}

#[cfg(test)]
mod tests {
    use super::super::records::{short, validators};
    use super::*;
    use advisory::Compiler;

    #[test]
    fn the_last_snapshots_stay_and_older_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(folder.path()).unwrap();
        let mut names = Vec::new();
        for day in 1..8 {
            let mut compiler = Compiler::new();
            compiler.begin_source("a");
            let bytes = compiler.finish(format!("2026-11-0{day}T00:00:00Z").parse().unwrap()).unwrap();
            let installed = install(
                &records,
                &Snapshot::from_bytes(bytes).unwrap(),
                Caution::Hold,
                Succession::Supersedes,
            )
            .unwrap();
            let Installed::InForce(name) = installed else { panic!("{installed:?}") };
            names.push(name);
        }
        let is_there = |name: &String| path_of(folder.path(), name).exists();
        assert!(names.iter().rev().take(2).all(is_there), "the one in force and the one before");
        assert!(names.iter().filter(|name| is_there(name)).count() <= 2 + LATEST);
        assert!(!is_there(&names[0]));
    }

    #[test]
    fn what_is_held_after_it_was_in_force_is_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = folder.path();
        let records = Records::open(shelf).unwrap();
        let mut names = Vec::new();
        for day in ["01", "02"] {
            std::fs::write(records.fresh("a"), format!("head\n{day}")).unwrap();
            let mut compiler = Compiler::new();
            compiler.begin_source("a");
            let bytes = compiler.finish(format!("2026-11-{day}T00:00:00Z").parse().unwrap()).unwrap();
            let snapshot = Snapshot::from_bytes(bytes).unwrap();
            install(&records, &snapshot, Caution::Hold, Succession::Supersedes).unwrap();
            names.push(snapshot.version().to_string());
        }
        let known = validators(shelf, &short("a"));
        let others = validators(shelf, &short("b"));
        std::fs::create_dir_all(shelf.join("downloads")).unwrap();
        known.iter().chain(&others).for_each(|path| std::fs::write(path, "{}").unwrap());
        drop(records);
        hold(shelf, &names[1], &names[0], vec!["too many".into()]).unwrap();
        assert_eq!(pointed(shelf).unwrap().as_ref(), Some(&names[0]));
        assert!(
            known.iter().all(|path| !path.exists()),
            "what is in force does not say what the source says"
        );
        assert!(others.iter().all(|path| path.exists()));
        assert_eq!(accept(shelf).unwrap(), names[1]);
    }
}
