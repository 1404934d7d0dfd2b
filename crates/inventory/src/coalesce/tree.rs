//! The tree of watched paths, and how a layer changes it.

use crate::{
    Footprint, LayerInventory, LayerPath, Link, LinkKind, Ownership, Package, PackageDatabase, PackageKind,
    Presence, ReleaseFile, Removal, SkipReason, Skipped,
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::rc::Rc;

/// How many links are followed on the way to one file, as the Linux kernel does.
pub(super) const HOP_LIMIT: usize = 40;

/// The longest target that a link can have, as for the Linux kernel.
const TARGET_LIMIT: usize = 4096;

/// How many parts of paths are walked for one image.
///
/// 100 000 files of interest in each of ten layers, ten folders deep, need half of it; links made of thousands of
/// parts, with thousands of entries behind them, would need hours.
const PARTS_LIMIT: u64 = 20_000_000;

/// What stands at a watched path.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// A package database.
    Database(Database),
    /// A release file.
    Release(ReleaseFile),
    /// A symbolic link.
    Link {
        /// Its target, as written.
        target: String,
        /// The layer that put it here.
        layer: usize,
    },
    /// Something that is not a folder and is of no interest, or could not be read.
    Other,
}

/// A package database, with the layer since which each package is in it.
#[derive(Debug, Clone)]
pub(super) struct Database {
    /// What kind of database it is.
    pub(super) kind: PackageKind,
    /// How it knows of its packages.
    pub(super) presence: Presence,
    /// Its packages, each with its layer, sorted by name and version. Hard links share one list.
    pub(super) packages: Rc<Vec<(Package, usize)>>,
    /// The layer that wrote it.
    layer: usize,
}

impl Database {
    /// The same under another name. A program is one program however many names it has; a manifest at two places is read as
    /// two installed packages, as it is where both are in one layer.
    fn linked(&self, kind: LinkKind) -> Self {
        let is_one = kind == LinkKind::Hard || self.kind == PackageKind::Binary || self.kind.is_os();
        let packages = if is_one { Rc::clone(&self.packages) } else { Rc::new(self.packages.to_vec()) };
        Self { packages, ..self.clone() }
    }
}

/// A database with packages that a layer took away or emptied.
#[derive(Debug, Clone)]
pub(super) struct Loss {
    /// Where it stood.
    pub(super) path: LayerPath,
    /// What kind of database it was.
    pub(super) kind: PackageKind,
    /// The layer that did it.
    pub(super) layer: usize,
}

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    /// To this path, with no link in it, by way of as many links.
    Path(LayerPath, usize),
    /// In circles, or through more links than [`HOP_LIMIT`].
    Nowhere,
}

/// How much a removal takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The path and all below it.
    Whole,
    /// All below the path.
    Below,
}

/// The watched paths of the layers so far.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: BTreeMap<LayerPath, Node>,
    /// What packages of the distribution own, by the file that says so. It goes when that file goes.
    ownership: BTreeMap<LayerPath, Rc<Ownership>>,
    /// Databases of lower layers that the layer in hand took away or replaced.
    taken: BTreeMap<LayerPath, Database>,
    /// What was not read and may conceal packages, with its layer.
    unread: BTreeMap<LayerPath, Vec<(usize, Skipped)>>,
    losses: Vec<Loss>,
    /// How many parts of paths were walked.
    parts: Cell<u64>,
    is_exhausted: Cell<bool>,
}

impl Tree {
    /// Lays the next layer over the tree.
    pub(super) fn apply(&mut self, layer: usize, inventory: &LayerInventory) {
        self.taken.clear();
        for removal in &inventory.removals {
            match removal {
                Removal::Path(path) => self.remove(&self.landing(path), Extent::Whole),
                Removal::Opaque(path) => self.remove(&self.follow(path), Extent::Below),
            }
        }
        self.step_aside(&inventory.footprint);
        for displacement in &inventory.displacements {
            self.place(&displacement.path, Node::Other);
        }
        for link in inventory.links.iter().filter(|link| link.kind == LinkKind::Symbolic) {
            self.place(&link.path, Node::Link { target: link.target.clone(), layer });
        }
        for file in &inventory.release_files {
            self.place(&file.path, Node::Release(file.clone()));
        }
        for database in &inventory.databases {
            self.place_database(layer, database);
        }
        for ownership in &inventory.ownership {
            let path = self.landing(&ownership.path);
            self.ownership.insert(path, Rc::new(ownership.clone()));
        }
        self.place_hard_links(layer, &inventory.links);
        // Last, because only a later layer can take away what this one did not read.
        self.note_unread(layer, inventory);
        self.note_losses(layer);
    }

    /// What stands at a path, links on the way not followed.
    pub(super) fn get(&self, path: &LayerPath) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// Everything that stands in the tree, by path.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (&LayerPath, &Node)> {
        self.nodes.iter()
    }

    /// What packages of the distribution own, list by list.
    pub(super) fn ownership(&self) -> impl Iterator<Item = &Ownership> {
        self.ownership.values().map(Rc::as_ref)
    }

    /// What was not read and may conceal packages, with its layer.
    pub(super) fn unread(&self) -> impl Iterator<Item = &(usize, Skipped)> {
        self.unread.values().flatten()
    }

    /// Databases that a layer took away or emptied, and that no later layer brought back.
    pub(super) fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Whether the image was made to be followed without end, so that not every link was.
    pub(super) fn is_exhausted(&self) -> bool {
        self.is_exhausted.get()
    }

    /// Ends the layers. The few paths that are asked for now are followed, whatever came before.
    pub(super) fn finish(&self) {
        self.parts.set(0);
    }

    /// Follows every link on a path, the last part included. At the root `..` stays, as it does in a container.
    pub(super) fn resolve(&self, path: &LayerPath) -> Resolved {
        let mut pending: Vec<&str> = path.as_str().split('/').rev().collect();
        let mut here = String::with_capacity(path.as_str().len());
        let mut hops = 0;
        while let Some(part) = pending.pop() {
            self.parts.set(self.parts.get() + 1);
            if self.parts.get() > PARTS_LIMIT {
                self.is_exhausted.set(true);
                return Resolved::Nowhere;
            }
            let parent = here.len();
            match part {
                "" | "." => continue,
                ".." => {
                    here.truncate(here.rfind('/').unwrap_or(0));
                    continue;
                }
                name => {
                    if parent > 0 {
                        here.push('/');
                    }
                    here.push_str(name);
                }
            }
            if let Some(Node::Link { target, .. }) = self.nodes.get(here.as_str()) {
                hops += 1;
                if hops > HOP_LIMIT || target.len() > TARGET_LIMIT {
                    return Resolved::Nowhere;
                }
                here.truncate(if target.starts_with('/') { 0 } else { parent });
                pending.extend(target.split('/').rev());
            }
        }
        LayerPath::from_bytes(here.as_bytes()).map_or(Resolved::Nowhere, |path| Resolved::Path(path, hops))
    }

    /// The highest layer among the links on the way to a path: the one that bent it last.
    pub(super) fn layer_of_links(&self, path: &LayerPath) -> usize {
        let on_the_way = |link: &LayerPath| path.is_within(link);
        let layers = self.nodes.iter().filter_map(|(link, node)| match node {
            Node::Link { layer, .. } if on_the_way(link) => Some(*layer),
            Node::Link { .. } | Node::Database(_) | Node::Release(_) | Node::Other => None,
        });
        layers.max().unwrap_or_default()
    }

    /// Where an entry of a layer goes: links on the way are followed, its own name is not.
    pub(super) fn landing(&self, path: &LayerPath) -> LayerPath {
        let Some((folder, name)) = path.as_str().rsplit_once('/') else {
            return path.clone();
        };
        match LayerPath::from_bytes(folder.as_bytes()).map(|folder| self.resolve(&folder)) {
            Some(Resolved::Path(folder, hops)) if hops > 0 => {
                LayerPath::from_bytes(format!("{folder}/{name}").as_bytes()).unwrap_or_else(|| path.clone())
            }
            Some(Resolved::Path(..) | Resolved::Nowhere) | None => path.clone(),
        }
    }

    /// Where a folder is: all links are followed.
    fn follow(&self, path: &LayerPath) -> LayerPath {
        match self.resolve(path) {
            Resolved::Path(path, _) => path,
            Resolved::Nowhere => path.clone(),
        }
    }

    /// Takes away what lower layers have at and below the files and links of a layer. What the layer itself has there comes
    /// afterwards.
    fn step_aside(&mut self, footprint: &Footprint) {
        if footprint.is_empty() {
            return;
        }
        // An entry below a link of a lower layer goes where the link leads, so a path goes by several names.
        let links: Vec<(&LayerPath, LayerPath)> = self
            .nodes
            .iter()
            .filter(|(_, node)| matches!(node, Node::Link { .. }))
            .filter_map(|(link, _)| match self.resolve(link) {
                Resolved::Path(target, _) => Some((link, target)),
                Resolved::Nowhere => None,
            })
            .collect();
        let paths = self.nodes.keys().chain(self.unread.keys()).chain(self.ownership.keys());
        let mut gone = BTreeSet::new();
        for path in paths {
            gone.extend(footprint.on_the_way(path.as_str()).map(str::to_owned));
            // Images with thousands of links and of packages behind them are made to be followed without end.
            self.parts.set(self.parts.get().saturating_add(links.len() as u64));
            if self.parts.get() > PARTS_LIMIT {
                self.is_exhausted.set(true);
                break;
            }
            let behind =
                links.iter().filter(|(link, target)| path.is_within(target) && !target.is_within(link));
            for (link, target) in behind {
                let below =
                    path.as_str().get(target.as_str().len()..).unwrap_or_default().trim_start_matches('/');
                if below.is_empty() {
                    continue;
                }
                let other = format!("{link}/{below}");
                let found = footprint.on_the_way(&other).filter(|found| found.len() > link.as_str().len());
                // The same place by its own name: as much is left of both.
                gone.extend(found.and_then(|found| {
                    let left = other.len().checked_sub(found.len())?;
                    Some(path.as_str().get(..path.as_str().len().checked_sub(left)?)?.to_owned())
                }));
            }
        }
        for place in gone.iter().filter_map(|place| LayerPath::from_bytes(place.as_bytes())) {
            self.remove(&place, Extent::Whole);
        }
    }

    /// Puts something that is not a folder at a path: what was at it and below it goes, and so does anything that is
    /// not a folder on the way to it.
    fn place(&mut self, path: &LayerPath, node: Node) {
        let path = self.landing(path);
        self.remove(&path, Extent::Whole);
        for (slash, _) in path.as_str().match_indices('/') {
            let folder =
                path.as_str().get(..slash).and_then(|folder| LayerPath::from_bytes(folder.as_bytes()));
            if let Some(folder) = folder {
                self.remove_node(&folder);
            }
        }
        self.nodes.insert(path, node);
    }

    fn place_database(&mut self, layer: usize, database: &PackageDatabase) {
        let path = self.landing(&database.path);
        let old = self.taken.get(&path).or_else(|| match self.nodes.get(&path) {
            Some(Node::Database(old)) => Some(old),
            Some(Node::Release(_) | Node::Link { .. } | Node::Other) | None => None,
        });
        let old = old.map_or_else(Rc::default, |old| Rc::clone(&old.packages));
        let with_layer = |package: &Package| (package.clone(), since(&old, package).unwrap_or(layer));
        let mut packages: Vec<_> = database.packages.iter().map(with_layer).collect();
        match self.nodes.get_mut(&path) {
            // One file may be read in two ways, and then it is two databases in one.
            Some(Node::Database(found)) if found.layer == layer => {
                let found = Rc::make_mut(&mut found.packages);
                found.append(&mut packages);
                sort(found);
            }
            Some(_) | None => {
                sort(&mut packages);
                let PackageDatabase { kind, presence, .. } = *database;
                let database = Database { kind, presence, packages: Rc::new(packages), layer };
                self.place(&path, Node::Database(database));
            }
        }
    }

    /// Hard links are other names of files of this layer or of lower ones; one may lead to the next.
    fn place_hard_links(&mut self, layer: usize, links: &[Link]) {
        let mut pending: Vec<&Link> = links.iter().filter(|link| link.kind != LinkKind::Symbolic).collect();
        for _ in 0..HOP_LIMIT {
            pending.retain(|link| !self.place_hard_link(layer, link));
        }
        // Of most files in a lower layer there is nothing to say.
        for link in pending.into_iter().filter(|link| link.kind == LinkKind::Hard) {
            let path = self.landing(&link.path);
            self.place(&path, Node::Other);
            let text = format!(
                "a hard link to {:?}, where no package database or release file was read",
                link.target
            );
            let why = SkipReason::Malformed(text);
            let skipped = Skipped { path: path.clone(), why, conceals_packages: true };
            self.unread.entry(path).or_default().push((layer, skipped));
        }
    }

    /// Whether the target of the link was found, so that the link now stands for it.
    fn place_hard_link(&mut self, layer: usize, link: &Link) -> bool {
        let Some(target) = LayerPath::from_bytes(link.target.as_bytes()).map(|target| self.landing(&target))
        else {
            return false;
        };
        let node = match self.nodes.get(&target) {
            Some(Node::Database(database)) => Node::Database(database.linked(link.kind)),
            Some(Node::Release(file)) => Node::Release(file.clone()),
            Some(Node::Link { target, .. }) => Node::Link { target: target.clone(), layer },
            Some(Node::Other) | None => return false,
        };
        self.place(&link.path, node);
        true
    }

    /// Notes what was not read. A file of a lower layer that stood there is gone: the unread one took its place.
    fn note_unread(&mut self, layer: usize, inventory: &LayerInventory) {
        let databases = inventory.databases.iter().map(|database| &database.path);
        let read: BTreeSet<_> =
            databases.chain(inventory.release_files.iter().map(|file| &file.path)).collect();
        for skipped in inventory.skipped.iter().filter(|skipped| skipped.conceals_packages) {
            let path = self.landing(&skipped.path);
            let stands = matches!(self.nodes.get(&path), Some(Node::Database(_) | Node::Release(_)));
            if stands && !read.contains(&skipped.path) {
                self.place(&path, Node::Other);
            }
            self.unread.entry(path).or_default().push((layer, skipped.clone()));
        }
    }

    /// Takes away a path or what is below it, from the tree and from what was not read.
    fn remove(&mut self, path: &LayerPath, extent: Extent) {
        for other in within(&self.nodes, path, extent) {
            self.remove_node(&other);
        }
        for other in within(&self.unread, path, extent) {
            self.unread.remove(&other);
        }
        for other in within(&self.ownership, path, extent) {
            self.ownership.remove(&other);
        }
    }

    fn remove_node(&mut self, path: &LayerPath) {
        self.ownership.remove(path);
        if let Some(Node::Database(database)) = self.nodes.remove(path) {
            self.taken.entry(path.clone()).or_insert(database);
        }
    }

    /// Notes the databases that had packages and now have none; a loss is forgotten when its path has some again.
    fn note_losses(&mut self, layer: usize) {
        for (path, database) in &self.taken {
            if !database.packages.is_empty() {
                self.losses.push(Loss { path: path.clone(), kind: database.kind, layer });
            }
        }
        let nodes = &self.nodes;
        self.losses.retain(|loss| match nodes.get(&loss.path) {
            Some(Node::Database(database)) => database.packages.is_empty(),
            Some(Node::Release(_) | Node::Link { .. } | Node::Other) | None => true,
        });
    }
}

/// The layer since which a sorted list has a package of this name and version.
fn since(packages: &[(Package, usize)], wanted: &Package) -> Option<usize> {
    let wanted = (&wanted.name, &wanted.version);
    let found = packages.binary_search_by(|(package, _)| (&package.name, &package.version).cmp(&wanted));
    found.ok().and_then(|index| packages.get(index)).map(|(_, layer)| *layer)
}

fn sort(packages: &mut [(Package, usize)]) {
    packages.sort_by(|(a, _), (b, _)| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
}

/// The keys at and below a path. All that begin with its text stand together in the order of a map.
fn within<V>(map: &BTreeMap<LayerPath, V>, path: &LayerPath, extent: Extent) -> Vec<LayerPath> {
    map.range::<LayerPath, _>((Bound::Included(path), Bound::Unbounded))
        .map(|(other, _)| other)
        .take_while(|other| other.as_str().starts_with(path.as_str()))
        .filter(|other| other.is_within(path) && (extent == Extent::Whole || *other != path))
        .cloned()
        .collect()
}
