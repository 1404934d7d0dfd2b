//! Which package versions have to be matched again.

use super::judging::Standings;
use crate::judge::query;
use advisory::{Snapshot, changed_packages};
use inventory::Ecosystem;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashSet};
use store::{PackageVersion, PackageVersionId, SnapshotVersion};

/// What has to be done, ascending by number.
#[derive(Default)]
pub(super) struct Plan {
    /// To be matched.
    pub(super) to_match: Vec<PackageVersionId>,
    /// Matched already by a run that did not come to its end: their images may not have been judged.
    pub(super) judged_before: Vec<PackageVersionId>,
    /// Of these the two snapshots say the same.
    pub(super) same: Vec<PackageVersionId>,
    /// The new snapshot speaks of other ecosystems, or nobody knows of which the old one spoke: every verdict may
    /// be another one.
    pub(super) covers_otherwise: bool,
}

impl Plan {
    /// Compares what is recorded with what the snapshots say. With which others package versions may have been matched
    /// that count as the one before, says `alike`. What a source said before `oldest` counts no more.
    pub(super) fn new(
        standings: &Standings,
        version: &SnapshotVersion,
        after: &Snapshot,
        before: Option<&Snapshot>,
        alike: &[SnapshotVersion],
        oldest: Timestamp,
    ) -> Self {
        let mut plan = Self {
            to_match: Vec::new(),
            judged_before: Vec::new(),
            same: Vec::new(),
            covers_otherwise: true,
        };
        let difference = before.map(|before| Difference::of(before, after, oldest));
        if let Some(difference) = &difference {
            plan.covers_otherwise = difference.covers_otherwise();
        }
        let from = before.map(|before| before.version().to_string());
        let is_alike =
            |matched: &SnapshotVersion| Some(&matched.0) == from.as_ref() || alike.contains(matched);
        for (id, package, matched) in standings.recorded() {
            let differs = difference.as_ref().is_none_or(|difference| difference.concerns(package));
            match matched {
                Some(matched) if matched == version && differs => plan.judged_before.push(id),
                Some(matched) if matched == version => {}
                Some(matched) if !differs && is_alike(matched) => plan.same.push(id),
                Some(_) | None => plan.to_match.push(id),
            }
        }
        plan
    }
}

/// What two snapshots say differently.
pub(super) struct Difference {
    packages: HashSet<(Ecosystem, String)>,
    /// Ecosystems of which only one of them speaks, or speaks lately enough.
    coverage: BTreeSet<Ecosystem>,
}

impl Difference {
    /// Compares two snapshots. What a source said before `oldest` counts no more.
    pub(super) fn of(before: &Snapshot, after: &Snapshot, oldest: Timestamp) -> Self {
        let covered = |snapshot: &Snapshot| -> BTreeSet<Ecosystem> {
            let names = snapshot.ecosystems().map(|(name, _)| Ecosystem::new(name));
            names.filter(|ecosystem| snapshot.as_of(ecosystem) >= oldest).collect()
        };
        let coverage = covered(before).symmetric_difference(&covered(after)).cloned().collect();
        Self { packages: changed_packages(before, after).into_iter().collect(), coverage }
    }

    /// Whether one of them speaks of an ecosystem of which the other does not.
    pub(super) fn covers_otherwise(&self) -> bool {
        !self.coverage.is_empty()
    }

    /// The names of the packages of which they say something else.
    pub(super) fn names(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.packages.iter().map(|(_, name)| name).collect();
        names.into_iter().cloned().collect()
    }

    /// Whether it is about a package.
    pub(super) fn concerns(&self, package: &PackageVersion) -> bool {
        let Some(query) = query(package) else { return false };
        // Whether a package is left to the distribution that installed it depends on whether anybody speaks for that.
        let owner = package.owner.as_ref().is_some_and(|owner| {
            owner.ecosystem.products().iter().any(|product| self.coverage.contains(product))
        });
        let products = query.ecosystem.products();
        let is_changed = |name: &str| {
            products.iter().any(|product| self.packages.contains(&(product.clone(), name.to_owned())))
        };
        owner || query.names().any(|name| is_changed(&name))
    }
}
