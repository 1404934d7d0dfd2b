//! What two snapshots say differently: the packages that have to be judged again.

use super::Snapshot;
use super::entry::package_names;
use super::layout::{Row, Section, View};
use inventory::Ecosystem;
use std::collections::BTreeSet;

/// The packages about which the two snapshots do not say the same: entries, identifiers, texts, ratings, known
/// exploitation. Dates of change and the daily predictions of exploitation are not looked at.
///
/// Both lists of packages are sorted by the hashes of their names, so that this is one walk through both.
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
    let (before, after) = (before.view(), after.view());
    let mut changed = BTreeSet::new();
    let (mut old, mut new) = (Group::first(&before), Group::first(&after));
    while !old.is_empty() || !new.is_empty() {
        let hash = old.hash.min(new.hash);
        let (here, there) = (old.having(hash), new.having(hash));
        add_differing(&before, here, &after, there, &mut changed);
        add_differing(&after, there, &before, here, &mut changed);
        if old.hash == hash {
            old.advance(&before);
        }
        if new.hash == hash {
            new.advance(&after);
        }
    }
    changed
}

/// The packages of a snapshot that share a hash: nearly always one.
struct Group<'s> {
    /// The hash; above all others at the end.
    hash: u64,
    rows: Vec<Row<'s>>,
    next: usize,
}

impl<'s> Group<'s> {
    fn first(view: &View<'s>) -> Self {
        let mut group = Self { hash: 0, rows: Vec::new(), next: 0 };
        group.advance(view);
        group
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows, if they have this hash.
    fn having(&self, hash: u64) -> &[Row<'s>] {
        if self.hash == hash { &self.rows } else { &[] }
    }

    fn advance(&mut self, view: &View<'s>) {
        self.rows.clear();
        self.hash = u64::MAX;
        while self.next < view.count(Section::Packages) {
            let row = view.row(Section::Packages, self.next);
            if !self.rows.is_empty() && row.u64(0) != self.hash {
                return;
            }
            self.hash = row.u64(0);
            self.rows.push(row);
            self.next += 1;
        }
    }
}

/// Adds those of `these` rows that are missing or different among `those`.
fn add_differing(
    this: &View<'_>,
    these: &[Row<'_>],
    that: &View<'_>,
    those: &[Row<'_>],
    changed: &mut BTreeSet<(Ecosystem, String)>,
) {
    for row in these {
        let named = package_names(this, *row);
        let same = those
            .iter()
            .any(|other| row.fingerprint(8) == other.fingerprint(8) && package_names(that, *other) == named);
        if !same {
            changed.insert((Ecosystem::new(named.0), named.1.to_owned()));
        }
    }
}
