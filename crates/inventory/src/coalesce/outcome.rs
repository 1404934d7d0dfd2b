//! From the finished tree to the inventory of the image, with what stands in the way of trusting it.

use super::locks::silence;
use super::ownership::mark;
use super::tree::{Database, HOP_LIMIT, Node, Resolved, Tree};
use crate::distribution::{CONTENT_SET, is_content_manifest};
use crate::distribution::{DISTRIBUTIONS, KnownDistribution, RELEASE_FILES, detect};
use crate::{
    Distribution, ImageInventory, InstalledPackage, LayerInventory, LayerPath, Obstacle, PackageKind,
    ReleaseFile, SkipReason, Skipped,
};
use std::collections::BTreeSet;
use std::rc::Rc;

pub(super) fn inventory(tree: &Tree, layers: &[LayerInventory]) -> ImageInventory {
    let files = release_files(tree);
    let content_sets = content_sets(tree);
    let mut distribution = detect(&files.iter().collect::<Vec<_>>());
    if let Some(distribution) = &mut distribution {
        distribution.heed_repositories(&content_sets);
    }
    let mut packages = packages(tree);
    let silent = silence(&mut packages);
    mark(tree, &mut packages);
    // The package of the distribution is the program's package; only what nobody owns has to speak for itself.
    drop_named_twice(&mut packages);
    let bills = components(&packages);
    let runtimes = runtimes(&packages);
    packages.retain(|installed| {
        let is_component = |(folder, name): &(LayerPath, String)| {
            *name == installed.package.name && installed.path.is_within(folder)
        };
        let is_of_runtime = installed.package.kind == PackageKind::Binary
            && installed.package.name == "openjdk"
            && !is_release_of_java(&installed.path)
            && runtimes.iter().any(|folder| installed.path.is_within(folder));
        if is_of_runtime {
            return false;
        }
        !matches!(installed.package.kind, PackageKind::Binary | PackageKind::Noted)
            || (installed.owned_by.is_none() && !bills.iter().any(is_component))
    });
    let obstacles = obstacles(tree, distribution.as_ref(), &packages);
    let skipped = layers.iter().enumerate();
    let skipped = skipped
        .flat_map(|(layer, inventory)| inventory.skipped.iter().map(move |skip| (layer, skip.clone())));
    let skipped = skipped.chain(silent).collect();
    ImageInventory { distribution, packages, obstacles, skipped, content_sets }
}

/// The components of Bitnami, each with the folder that its bill speaks of: the program in it is the component.
fn components(packages: &[InstalledPackage]) -> Vec<(LayerPath, String)> {
    let components = packages.iter().filter(|installed| installed.package.kind == PackageKind::Bitnami);
    let components = components.filter_map(|installed| {
        let (folder, bill) = installed.path.as_str().rsplit_once('/')?;
        let folder = LayerPath::from_bytes(folder.as_bytes()).filter(|_| bill.starts_with(".spdx-"))?;
        Some((folder, installed.package.name.clone()))
    });
    components.collect()
}

/// Of a store of Nix the database counts; the paths of the store speak where it lists nothing of that name and version.
fn drop_named_twice(packages: &mut Vec<InstalledPackage>) {
    let is_path = |installed: &InstalledPackage| {
        installed.package.kind == PackageKind::Nix && installed.path.as_str().starts_with("nix/store/")
    };
    let listed =
        packages.iter().filter(|installed| installed.package.kind == PackageKind::Nix && !is_path(installed));
    let listed: BTreeSet<_> = listed.map(|installed| installed.package.clone()).collect();
    if !listed.is_empty() {
        packages.retain(|installed| !is_path(installed) || !listed.contains(&installed.package));
    }
}

/// The folders of runtimes of Java that say in their file `release` which they are, for all programs below them.
fn runtimes(packages: &[InstalledPackage]) -> Vec<LayerPath> {
    let named = packages.iter().filter(|installed| {
        installed.package.kind == PackageKind::Binary && is_release_of_java(&installed.path)
    });
    let folders = named.filter_map(|installed| {
        let folder = installed.path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
        LayerPath::from_bytes(folder.as_bytes())
    });
    folders.collect()
}

/// No other program is known by a file of this name.
fn is_release_of_java(path: &LayerPath) -> bool {
    path.as_str().rsplit('/').next() == Some("release")
}

/// The content sets that the build system of Red Hat notes in the image.
fn content_sets(tree: &Tree) -> Vec<String> {
    let mut sets = BTreeSet::new();
    for (path, node) in tree.nodes() {
        if let (Node::Release(file), true) = (node, is_content_manifest(path.as_str())) {
            let fields = file.fields.iter().filter(|(key, _)| key == CONTENT_SET);
            sets.extend(fields.map(|(_, value)| value.clone()));
        }
    }
    sets.into_iter().collect()
}

/// The release files, each under the watched path by which it is reached.
fn release_files(tree: &Tree) -> Vec<ReleaseFile> {
    let reached = RELEASE_FILES.iter().filter_map(|place| {
        let path = LayerPath::from_bytes(place.as_bytes())?;
        let Resolved::Path(target, _) = tree.resolve(&path) else {
            return None;
        };
        match tree.get(&target)? {
            Node::Release(file) => Some(ReleaseFile { path, fields: file.fields.clone() }),
            Node::Database(_) | Node::Link { .. } | Node::Other => None,
        }
    });
    reached.collect()
}

/// The databases, each file once: hard links share the list of their packages.
fn databases(tree: &Tree) -> impl Iterator<Item = (&LayerPath, &Database)> {
    let mut seen = BTreeSet::new();
    tree.nodes().filter_map(move |(path, node)| match node {
        Node::Database(database) if seen.insert(Rc::as_ptr(&database.packages)) => Some((path, database)),
        Node::Database(_) | Node::Release(_) | Node::Link { .. } | Node::Other => None,
    })
}

fn packages(tree: &Tree) -> Vec<InstalledPackage> {
    let mut packages: Vec<InstalledPackage> = databases(tree)
        .flat_map(|(path, database)| {
            database.packages.iter().map(|(package, layer)| InstalledPackage {
                package: package.clone(),
                path: path.clone(),
                layer: *layer,
                presence: database.presence,
                owned_by: None,
            })
        })
        .collect();
    packages.sort_by(|a, b| {
        let by_place = (&a.path, &a.package.name).cmp(&(&b.path, &b.package.name));
        by_place.then_with(|| (&a.package, a.layer).cmp(&(&b.package, b.layer)))
    });
    packages
}

fn obstacles(
    tree: &Tree,
    distribution: Option<&Distribution>,
    packages: &[InstalledPackage],
) -> Vec<Obstacle> {
    let known = distribution.and_then(Distribution::known);
    let kinds: BTreeSet<PackageKind> =
        packages.iter().map(|installed| installed.package.kind).filter(|kind| kind.is_os()).collect();
    let unread: Vec<(usize, Skipped)> =
        tree.unread().cloned().chain(astray(tree, distribution)).chain(exhausted(tree)).collect();
    let is_unread = |place: &str| unread.iter().any(|(_, skipped)| is_on_the_way(&skipped.path, place));
    let lost = tree
        .losses()
        .iter()
        .filter(|loss| loss.kind.is_os() && !kinds.contains(&loss.kind) && !is_unread(loss.path.as_str()));
    let mut obstacles: Vec<Obstacle> = lost
        .map(|loss| Obstacle::DatabaseDeleted { path: loss.path.clone(), layer: loss.layer })
        .chain(contradiction(known, &kinds))
        .collect();
    let expected = expected_databases(known);
    let is_explained = !obstacles.is_empty() || expected.iter().any(|place| is_unread(place));
    match (distribution, kinds.is_empty()) {
        (None, false) => obstacles.push(Obstacle::DistributionUnknown),
        (Some(_), true) if !is_explained => obstacles.push(Obstacle::DatabaseMissing { expected }),
        (None, true) if packages.is_empty() && obstacles.is_empty() && unread.is_empty() => {
            obstacles.push(Obstacle::NoPackageSource);
        }
        (Some(_) | None, _) => {}
    }
    obstacles.extend(unread.into_iter().map(|(layer, skipped)| Obstacle::Unread { layer, skipped }));
    obstacles
}

/// Whether what was not read at `path` may be, or may hold, or lies in what is expected at `place`.
fn is_on_the_way(path: &LayerPath, place: &str) -> bool {
    let place = LayerPath::from_bytes(place.as_bytes());
    place.is_some_and(|place| place.is_within(path) || path.is_within(&place))
}

/// Databases and release files whose path leads, by links, to a place that is not watched, or in circles.
///
/// Release files only count where none of them named the distribution: Fedora's `etc/fedora-release` leads to a
/// place that nobody needs, beside an `os-release` that says all.
fn astray(tree: &Tree, distribution: Option<&Distribution>) -> Vec<(usize, Skipped)> {
    let databases = DISTRIBUTIONS.iter().flat_map(|known| known.databases.iter().copied());
    let places: BTreeSet<&str> = RELEASE_FILES.iter().copied().chain(databases).collect();
    let is_watched =
        |path: &LayerPath| places.iter().any(|place| place.trim_end_matches('/') == path.as_str());
    let is_settled = |place: &str| distribution.is_some() && RELEASE_FILES.contains(&place);
    let mut found = Vec::new();
    let open = places.iter().filter(|place| !is_settled(place));
    for path in open.filter_map(|place| LayerPath::from_bytes(place.as_bytes())) {
        let text = match tree.resolve(&path) {
            Resolved::Nowhere => format!("it leads in circles, or through more than {HOP_LIMIT} links"),
            Resolved::Path(_, 0) => continue,
            Resolved::Path(target, _) if tree.get(&target).is_some() || is_watched(&target) => continue,
            Resolved::Path(target, _) => format!("it leads by links to {target}, where nothing was read"),
        };
        let why = SkipReason::Unsupported(text);
        let layer = tree.layer_of_links(&path);
        found.push((layer, Skipped { path, why, conceals_packages: true }));
    }
    found
}

/// An image with so many links and parts that they were not all followed.
fn exhausted(tree: &Tree) -> Option<(usize, Skipped)> {
    let why = SkipReason::Limit("its links and paths have more parts than can be followed".to_owned());
    let path = LayerPath::from_bytes(b"")?;
    tree.is_exhausted().then_some((0, Skipped { path, why, conceals_packages: true }))
}

/// Packages of a kind that the distribution does not use: its feed cannot speak for them.
fn contradiction(known: Option<&KnownDistribution>, kinds: &BTreeSet<PackageKind>) -> Option<Obstacle> {
    let known = known?;
    let foreign = kinds.iter().find(|kind| Some(**kind) != known.packages)?;
    let expected = known.packages.map_or(known.package_manager, PackageKind::purl_type);
    let detail = format!(
        "the release files name {}, whose packages are {expected}, but there is a database of {} packages",
        known.title,
        foreign.purl_type()
    );
    Some(Obstacle::Contradiction { detail })
}

fn expected_databases(known: Option<&KnownDistribution>) -> Vec<String> {
    let places: BTreeSet<&str> = match known {
        Some(known) => known.databases.iter().copied().collect(),
        None => DISTRIBUTIONS.iter().flat_map(|known| known.databases.iter().copied()).collect(),
    };
    places.into_iter().map(str::to_owned).collect()
}
