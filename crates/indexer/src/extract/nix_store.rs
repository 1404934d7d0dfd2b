//! A Nix store without its database, as images have that Nix builds itself: a path of the store says what it is where a file
//! lies below it.
//!
//! What is listed by the database too is listed once, by the database.

use super::nix::name_and_version;
use super::{Action, Extractor, Placed};
use inventory::PackageKind;

const STORE: &str = "nix/store/";

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Nix store",
    watched: &[],
    claims: |file| file.path.starts_with(STORE),
    magic: &[],
    action: Action::Place(placed),
};

fn placed(path: &str) -> Option<Placed<'_>> {
    let rest = path.strip_prefix(STORE)?;
    let end = STORE.len().checked_add(memchr::memchr(b'/', rest.as_bytes())?)?;
    let folder = path.get(..end)?;
    let (name, version) = name_and_version(folder.as_bytes())?;
    Some(Placed { folder, kind: PackageKind::Nix, name, version })
}
