//! Lock files beside what is installed.
//!
//! A lock file says what should be installed: with the tools of development, for every platform, and for as long as
//! nobody ran the package manager, of things that are nowhere in the image. So where the image shows what
//! is installed, the lock file is silent, and nothing is counted twice. It speaks only where it is all there is:
//! a bundle without `node_modules`, a program whose modules were linked into it.
//!
//! It is silent if
//!
//! 1. a package of its kind is installed below its own folder, as `node_modules` and `vendor` are, or
//! 2. at least half of the names in it are installed anywhere in the image, as for Python and Ruby.
//!
//! A lock file at the root of the image has everything below its folder, so for it only the second rule counts.
//! A lock file that is silent is listed among what was skipped, and conceals nothing.

use crate::{InstalledPackage, LayerPath, PackageKind, Presence, SkipReason, Skipped};
use std::collections::{BTreeMap, BTreeSet};

/// Takes the packages of silent lock files away; what was taken is returned, each file with its layer.
pub(super) fn silence(packages: &mut Vec<InstalledPackage>) -> Vec<(usize, Skipped)> {
    let mut locks: BTreeMap<(LayerPath, PackageKind), (usize, BTreeSet<String>)> = BTreeMap::new();
    for installed in packages.iter().filter(|installed| installed.presence == Presence::Locked) {
        let key = (installed.path.clone(), installed.package.kind);
        let (layer, names) = locks.entry(key).or_default();
        *layer = (*layer).max(installed.layer);
        names.insert(installed.package.name.clone());
    }
    if locks.is_empty() {
        return Vec::new();
    }
    let there = There::of(packages);
    let mut silent = BTreeMap::new();
    for ((path, kind), (layer, names)) in locks {
        if there.speaks_for(&path, kind, &names) {
            silent.insert((path, kind), layer);
        }
    }
    packages.retain(|installed| {
        installed.presence == Presence::Installed
            || !silent.contains_key(&(installed.path.clone(), installed.package.kind))
    });
    silent.into_iter().map(|((path, _), layer)| (layer, skipped(path))).collect()
}

fn skipped(path: LayerPath) -> Skipped {
    let why = "a lock file whose packages are installed; what is installed counts".to_owned();
    Skipped { path, why: SkipReason::Unsupported(why), conceals_packages: false }
}

/// What is installed.
struct There {
    /// Names of each kind.
    names: BTreeMap<PackageKind, BTreeSet<String>>,
    /// Paths of each kind, in order.
    paths: BTreeMap<PackageKind, BTreeSet<LayerPath>>,
}

impl There {
    fn of(packages: &[InstalledPackage]) -> Self {
        let mut there = Self { names: BTreeMap::new(), paths: BTreeMap::new() };
        for installed in packages.iter().filter(|installed| installed.presence == Presence::Installed) {
            let kind = installed.package.kind;
            there.names.entry(kind).or_default().insert(installed.package.name.clone());
            there.paths.entry(kind).or_default().insert(installed.path.clone());
        }
        there
    }

    fn speaks_for(&self, lock: &LayerPath, kind: PackageKind, names: &BTreeSet<String>) -> bool {
        let (Some(installed), Some(paths)) = (self.names.get(&kind), self.paths.get(&kind)) else {
            return false;
        };
        let folder = lock.as_str().rsplit_once('/').map(|(folder, _)| folder);
        let below = folder.is_some_and(|folder| {
            let first = format!("{folder}/");
            let mut range =
                paths.range::<str, _>((std::ops::Bound::Included(&*first), std::ops::Bound::Unbounded));
            range.next().is_some_and(|path| path.as_str().starts_with(&first))
        });
        let hits = names.intersection(installed).count();
        below || hits * 2 >= names.len()
    }
}
