//! What a walk has found so far, by path, so that a later entry can replace an earlier one.
//!
//! Runtimes unpack in order: of two entries with one path the last stays, and a file in the place of a folder takes
//! away what the folder held. The same happens here, for the few paths of which something was found.

use crate::Limits;
use inventory::{
    Displacement, Footprint, INDEXER_VERSION, LayerInventory, LayerPath, LayerStatistics, Link, Owner,
    Ownership, Package, PackageDatabase, PackageKind, PathNumber, Presence, ReleaseFile, Removal, SkipReason,
    Skipped,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Bound;

/// One thing that was found.
#[derive(Debug)]
pub(crate) enum Finding {
    Database { kind: PackageKind, presence: Presence, packages: Vec<Package> },
    Ownership { kind: PackageKind, owners: Vec<Owner> },
    Release { fields: Vec<(String, String)> },
    Link(Link),
    Displacement,
    Skipped { why: SkipReason, conceals_packages: bool },
}

/// Everything that was found, bounded.
#[derive(Debug)]
pub(crate) struct Findings {
    limits: Limits,
    /// By path and then in the order of the archive.
    found: BTreeMap<LayerPath, Vec<(u64, Finding)>>,
    sequence: u64,
    /// Whiteouts reach only into lower layers, so nothing in this layer takes one back.
    removals: Vec<Removal>,
    packages: usize,
    owned: usize,
    links: usize,
    skipped: usize,
    bytes: usize,
    /// Whether there was no room for all that packages of the distribution own.
    is_ownership_cut: bool,
    /// Where the layer has something that is not a folder.
    footprint: HashSet<u64>,
    /// Whether there was no room for all of that.
    is_footprint_cut: bool,
    /// The numbers of the paths at which something was found, and of the folders above them. It may have some too many.
    occupied: HashSet<u64>,
    /// Limits of the layer that were reached, each named once.
    overflow: BTreeSet<String>,
}

impl Findings {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            found: BTreeMap::new(),
            sequence: 0,
            removals: Vec::new(),
            packages: 0,
            owned: 0,
            is_ownership_cut: false,
            footprint: HashSet::new(),
            is_footprint_cut: false,
            occupied: HashSet::new(),
            links: 0,
            skipped: 0,
            bytes: 0,
            overflow: BTreeSet::new(),
        }
    }

    /// An entry stands at `path` now; what stood there, and below it unless it is a folder, is gone.
    pub(crate) fn replace(&mut self, path: &LayerPath, is_folder: bool) {
        if let Some(gone) = self.found.remove(path) {
            self.uncount(path, &gone);
        }
        if is_folder {
            return;
        }
        while let Some(below) = self.first_below(path) {
            if let Some(gone) = self.found.remove(&below) {
                self.uncount(&below, &gone);
            }
        }
    }

    /// Keeps a finding, or the fact that there was no more room for it.
    pub(crate) fn add(&mut self, path: &LayerPath, finding: Finding) {
        let Limits { packages, links, skipped, inventory_bytes, .. } = self.limits;
        let cost = text_bytes(path, &finding);
        if let Finding::Ownership { owners, .. } = &finding {
            // Without it a package is counted twice and never missed, so it may not take the room of others.
            let (paths, half) = (self.owned.saturating_add(owned(owners)), inventory_bytes >> 1);
            if paths > self.limits.owned_paths || self.bytes.saturating_add(cost) > half {
                self.is_ownership_cut = true;
                return;
            }
            self.owned = paths;
        }
        if !fits(&mut self.bytes, cost, inventory_bytes, "bytes of inventory", &mut self.overflow) {
            return;
        }
        let fits = match &finding {
            Finding::Database { packages: more, .. } => {
                fits(&mut self.packages, weight(more), packages, "packages", &mut self.overflow)
            }
            Finding::Link(_) | Finding::Displacement => {
                fits(&mut self.links, 1, links, "links on watched paths", &mut self.overflow)
            }
            Finding::Skipped { .. } => {
                fits(&mut self.skipped, 1, skipped, "skipped files", &mut self.overflow)
            }
            Finding::Release { .. } | Finding::Ownership { .. } => true,
        };
        // A program can be of two languages at once; it is still one file, and one database.
        if let Finding::Database { packages, presence, .. } = &finding
            && fits
            && self.merge(path, *presence, packages)
        {
            return;
        }
        if fits {
            self.sequence = self.sequence.saturating_add(1);
            self.occupied.extend(PathNumber::of_all(path.as_str()));
            self.found.entry(path.clone()).or_default().push((self.sequence, finding));
        }
    }

    /// Adds packages to a database that the same file has already given.
    fn merge(&mut self, path: &LayerPath, of_more: Presence, more: &[Package]) -> bool {
        for (_, finding) in self.found.get_mut(path).into_iter().flatten() {
            if let Finding::Database { packages, presence, .. } = finding
                && *presence == of_more
            {
                packages.extend_from_slice(more);
                return true;
            }
        }
        false
    }

    /// Notes that what packages of the distribution own was not read completely.
    pub(crate) fn cut_ownership(&mut self) {
        self.is_ownership_cut = true;
    }

    /// Notes that something that is not a folder stands at a path, so that what lower layers have there, or below it, is
    /// gone; or that a folder has taken its place in this layer. Tells whether this layer itself may have had something
    /// there before, so that it has to be replaced.
    ///
    /// Without this a package of a lower layer is listed once too often, and never missed; so it has room of its own, and
    /// reaching its end conceals nothing.
    pub(crate) fn stand(&mut self, path: &str, is_folder: bool) -> bool {
        let number = PathNumber::of(path);
        if is_folder {
            self.footprint.remove(&number);
        } else if self.footprint.len() >= self.limits.footprint {
            self.is_footprint_cut = true;
        } else {
            self.footprint.insert(number);
        }
        self.occupied.contains(&number)
    }

    /// Whether something that is not a folder stands at a path in this layer.
    pub(crate) fn stands(&self, path: &LayerPath) -> bool {
        self.footprint.contains(&PathNumber::of(path.as_str()))
    }

    /// The packages that were found in this file.
    pub(crate) fn databases(&self, path: &LayerPath) -> Vec<(PackageKind, Vec<Package>)> {
        let findings = self.found.get(path).map(Vec::as_slice).unwrap_or_default();
        let mut databases = Vec::new();
        for (_, finding) in findings {
            if let Finding::Database { kind, packages, .. } = finding {
                databases.push((*kind, packages.clone()));
            }
        }
        databases
    }

    /// Keeps a whiteout.
    pub(crate) fn remove(&mut self, removal: Removal) {
        let Limits { removals, inventory_bytes, .. } = self.limits;
        let (Removal::Path(path) | Removal::Opaque(path)) = &removal;
        let cost = path.as_str().len();
        if self.removals.len() >= removals {
            self.overflow.insert(format!("more than {removals} whiteouts"));
        } else if fits(&mut self.bytes, cost, inventory_bytes, "bytes of inventory", &mut self.overflow) {
            self.removals.push(removal);
        }
    }

    /// The inventory, each list in the order of the archive.
    pub(crate) fn into_inventory(self, statistics: LayerStatistics) -> LayerInventory {
        let mut ordered: Vec<(u64, LayerPath, Finding)> = Vec::new();
        for (path, findings) in self.found {
            ordered.extend(findings.into_iter().map(|(sequence, finding)| (sequence, path.clone(), finding)));
        }
        ordered.sort_unstable_by_key(|(sequence, ..)| *sequence);
        let mut inventory = LayerInventory {
            indexer_version: INDEXER_VERSION,
            databases: Vec::new(),
            ownership: Vec::new(),
            release_files: Vec::new(),
            removals: self.removals,
            links: Vec::new(),
            displacements: Vec::new(),
            footprint: self.footprint.into_iter().collect::<Footprint>(),
            skipped: Vec::new(),
            statistics,
        };
        for (_, path, finding) in ordered {
            match finding {
                Finding::Database { kind, presence, packages } => {
                    inventory.databases.push(PackageDatabase { path, kind, presence, packages });
                }
                Finding::Ownership { kind, owners } => {
                    inventory.ownership.push(Ownership { path, kind, owners });
                }
                Finding::Release { fields } => inventory.release_files.push(ReleaseFile { path, fields }),
                Finding::Link(link) => inventory.links.push(link),
                Finding::Displacement => inventory.displacements.push(Displacement { path }),
                Finding::Skipped { why, conceals_packages } => {
                    inventory.skipped.push(Skipped { path, why, conceals_packages });
                }
            }
        }
        // The root stands for the layer as a whole.
        if let Some(root) = LayerPath::from_bytes(b"") {
            let cuts = [
                (self.is_ownership_cut, "not every path that packages of the distribution own was kept"),
                (self.is_footprint_cut, "not every file that may take the place of others was kept"),
            ];
            for (_, why) in cuts.into_iter().filter(|(is_cut, _)| *is_cut) {
                let (path, why) = (root.clone(), SkipReason::Limit(why.to_owned()));
                inventory.skipped.push(Skipped { path, why, conceals_packages: false });
            }
            inventory.skipped.extend(self.overflow.into_iter().map(|limit| Skipped {
                path: root.clone(),
                why: SkipReason::Limit(limit),
                conceals_packages: true,
            }));
        }
        inventory
    }

    fn first_below(&self, path: &LayerPath) -> Option<LayerPath> {
        // The slash is no part of a normalised path's end, so the first key at or after `path/` tells.
        let slash = LayerPath::from_bytes(format!("{path}/\u{0}").as_bytes())?;
        let (first, _) = self.found.range((Bound::Included(slash), Bound::Unbounded)).next()?;
        (first.is_within(path) && first != path).then(|| first.clone())
    }

    fn uncount(&mut self, path: &LayerPath, gone: &[(u64, Finding)]) {
        for (_, finding) in gone {
            self.bytes = self.bytes.saturating_sub(text_bytes(path, finding));
            match finding {
                Finding::Database { packages, .. } => {
                    self.packages = self.packages.saturating_sub(weight(packages));
                }
                Finding::Link(_) | Finding::Displacement => self.links = self.links.saturating_sub(1),
                Finding::Skipped { .. } => self.skipped = self.skipped.saturating_sub(1),
                Finding::Ownership { owners, .. } => self.owned = self.owned.saturating_sub(owned(owners)),
                Finding::Release { .. } => {}
            }
        }
    }
}

/// A database without packages costs memory too.
fn weight(packages: &[Package]) -> usize {
    packages.len().max(1)
}

fn owned(owners: &[Owner]) -> usize {
    owners.iter().map(|owner| owner.paths.len().max(1)).sum()
}

/// Bytes of text that a finding holds.
fn text_bytes(path: &LayerPath, finding: &Finding) -> usize {
    let text = match finding {
        Finding::Database { packages, .. } => packages.iter().map(package_bytes).sum(),
        Finding::Release { fields } => {
            fields.iter().map(|(key, value)| key.len().saturating_add(value.len())).sum()
        }
        Finding::Ownership { owners, .. } => owners.iter().map(owner_bytes).sum(),
        // A link names its path once more.
        Finding::Link(link) => path.as_str().len().saturating_add(link.target.len()),
        Finding::Skipped {
            why: SkipReason::Limit(why) | SkipReason::Malformed(why) | SkipReason::Unsupported(why),
            ..
        } => why.len(),
        Finding::Displacement => 0_usize,
    };
    text.saturating_add(path.as_str().len())
}

fn owner_bytes(owner: &Owner) -> usize {
    let paths: usize = owner.paths.iter().map(|path| path.as_str().len()).sum();
    owner.package.len().saturating_add(paths)
}

fn package_bytes(package: &Package) -> usize {
    let source =
        package.source.as_ref().map_or(0, |source| source.name.len().saturating_add(source.version.len()));
    let architecture = package.architecture.as_ref().map_or(0, String::len);
    let module = package.module.as_ref().map_or(0, String::len);
    [package.name.len(), package.version.len(), architecture, source, module].iter().sum()
}

fn fits(count: &mut usize, more: usize, limit: usize, what: &str, overflow: &mut BTreeSet<String>) -> bool {
    let sum = count.saturating_add(more);
    if sum > limit {
        overflow.insert(format!("more than {limit} {what}"));
        return false;
    }
    *count = sum;
    true
}
