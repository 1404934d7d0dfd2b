//! The packages of the real images, or made-up ones.

#[path = "../../../advisory/tests/real_advisories/inventory_list.rs"]
mod inventory_list;

use inventory::{Ecosystem, PackageKind};
use std::collections::BTreeSet;
use std::path::Path;
use store::PackageVersion;

/// What an image consists of: packages of a distribution, and packages of languages.
pub(crate) struct Inventories {
    /// One list for each image that has a distribution.
    pub(crate) bases: Vec<Vec<PackageVersion>>,
    /// All packages of languages.
    pub(crate) languages: Vec<PackageVersion>,
}

pub(crate) fn read(shared: &Path) -> Inventories {
    let folder = shared.join("data/inventory");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("there are no real inventories at {}; the packages are made up", folder.display());
        return made_up();
    };
    let name = |path: std::path::PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = files.filter_map(|file| name(file.unwrap().path())).collect();
    names.sort();
    let (mut bases, mut languages) = (Vec::new(), BTreeSet::new());
    for name in names {
        let packages = inventory_list::packages(&shared.join("data"), &name);
        let read: Vec<_> = packages
            .into_iter()
            .map(|(ecosystem, package)| PackageVersion {
                ecosystem: Some(ecosystem),
                kind: package.kind,
                name: package.name,
                version: package.version,
                source: package.source,
                module: package.module,
                owner: None,
                architecture: package.architecture,
            })
            .collect();
        let (system, language): (Vec<_>, Vec<_>) = read.into_iter().partition(|package| package.kind.is_os());
        languages.extend(language);
        if system.len() > 1 && !bases.contains(&system) {
            bases.push(system);
        }
    }
    Inventories { bases, languages: languages.into_iter().collect() }
}

fn made_up() -> Inventories {
    let package = |kind, ecosystem: &str, number: usize| PackageVersion {
        ecosystem: Some(Ecosystem::new(ecosystem)),
        kind,
        name: format!("package-{number}"),
        version: "1.2.3".into(),
        source: None,
        module: None,
        owner: None,
        architecture: None,
    };
    let base = |of: usize| {
        (of * 100..of * 100 + 100).map(|n| package(PackageKind::Apk, "Alpine:v3.18", n)).collect()
    };
    Inventories {
        bases: (0..4).map(base).collect(),
        languages: (0..300).map(|n| package(PackageKind::PyPi, "PyPI", n)).collect(),
    }
}
