//! Whose files the packages of languages are.
//!
//! A Debian package such as `python3-requests` brings the metadata of a Python distribution with it. Debian mends it
//! under the old version of upstream, so the advisories of Python would speak wrongly of it, and those of Debian
//! speak of it already. The package manager's list of files tells; what it says is believed only if
//!
//! 1. the owner is installed, and
//! 2. the file was not written in a later layer than this version of the owner came in. `pip install` over
//!    the distribution's own package leaves a file at an owned path that no longer is the distribution's.
//!
//! Within one layer an overwritten file cannot be told from the package's own; names of `.dist-info` and `.egg-info`
//! folders have their version in them, so that for Python it is another path.

use super::tree::Tree;
use crate::{InstalledPackage, LayerPath, OwnedBy, PackageKind};
use std::collections::{BTreeMap, BTreeSet};

/// Folders that are links into `usr` in most distributions, while lists of files still have the old path.
const MERGED: &[&str] = &["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Marks the packages whose files belong to packages of the distribution.
pub(super) fn mark(tree: &Tree, packages: &mut [InstalledPackage]) {
    let foreign = packages.iter().filter(|installed| !installed.package.kind.is_os());
    let wanted: BTreeSet<LayerPath> = foreign.map(|installed| installed.path.clone()).collect();
    if wanted.is_empty() {
        return;
    }
    let owners = owners(tree, packages, &wanted);
    for installed in packages.iter_mut().filter(|installed| !installed.package.kind.is_os()) {
        let candidates = owners.get(&installed.path).map(Vec::as_slice).unwrap_or_default();
        installed.owned_by =
            candidates.iter().find(|(_, since)| installed.layer <= *since).map(|(owner, _)| owner.clone());
    }
}

/// The owners of each wanted path that are installed, with the layer of their version.
fn owners(
    tree: &Tree,
    packages: &[InstalledPackage],
    wanted: &BTreeSet<LayerPath>,
) -> BTreeMap<LayerPath, Vec<(OwnedBy, usize)>> {
    // Of several versions or machines of one package the latest counts.
    let mut installed: BTreeMap<(PackageKind, &str), usize> = BTreeMap::new();
    for InstalledPackage { package, layer, .. } in packages.iter().filter(|found| found.package.kind.is_os())
    {
        let since = installed.entry((package.kind, &package.name)).or_default();
        *since = (*since).max(*layer);
    }
    // Following links is dear; the last part of a path stays what it is, so it tells whether it is worth it.
    let names: BTreeSet<&str> = wanted.iter().map(last_part).collect();
    let mut found: BTreeMap<LayerPath, Vec<(OwnedBy, usize)>> = BTreeMap::new();
    for ownership in tree.ownership() {
        for owner in &ownership.owners {
            let Some(since) = installed.get(&(ownership.kind, &owner.package)) else { continue };
            for path in owner.paths.iter().filter(|path| names.contains(last_part(path))) {
                let owner = OwnedBy { kind: ownership.kind, name: owner.package.clone() };
                for place in places(tree, path).into_iter().filter(|place| wanted.contains(place)) {
                    found.entry(place).or_default().push((owner.clone(), *since));
                }
            }
        }
    }
    found
}

fn last_part(path: &LayerPath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or_default()
}

/// Where a path of a list may stand in the image.
fn places(tree: &Tree, path: &LayerPath) -> Vec<LayerPath> {
    let mut places = vec![tree.landing(path)];
    let first = path.as_str().split('/').next().unwrap_or_default();
    if MERGED.contains(&first) {
        places.extend(LayerPath::from_bytes(format!("usr/{path}").as_bytes()));
    }
    places.dedup();
    places
}
