//! What two snapshots say differently: the packages that have to be judged again.

use super::Snapshot;
use super::entry::{package_names, package_row};
use super::layout::Section;
use inventory::Ecosystem;
use std::collections::BTreeSet;

/// The packages about which the two snapshots do not say the same: entries, identifiers, texts, ratings, known
/// exploitation. Dates of change and the daily predictions of exploitation are not looked at.
///
/// # Examples
///
/// ```
/// use advisory::{Compiler, Snapshot, changed_packages};
/// let empty = Compiler::new().finish(jiff::Timestamp::UNIX_EPOCH).unwrap();
/// let snapshot = Snapshot::from_bytes(empty).unwrap();
/// assert!(changed_packages(&snapshot, &snapshot).is_empty());
/// ```
pub fn changed_packages(before: &Snapshot, after: &Snapshot) -> BTreeSet<(Ecosystem, String)> {
    let mut changed = BTreeSet::new();
    add_differing(before, after, &mut changed);
    add_differing(after, before, &mut changed);
    changed
}

/// Adds the packages of `these` that are missing or different in `those`.
fn add_differing(these: &Snapshot, those: &Snapshot, changed: &mut BTreeSet<(Ecosystem, String)>) {
    let (this, that) = (these.view(), those.view());
    for row in this.rows(Section::Packages) {
        let (ecosystem, name) = package_names(&this, row);
        let same = package_row(&that, ecosystem, name)
            .is_some_and(|other| other.fingerprint(8) == row.fingerprint(8));
        if !same {
            changed.insert((Ecosystem::new(ecosystem), name.to_owned()));
        }
    }
}
