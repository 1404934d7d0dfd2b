//! The packages of the real images, or made-up ones.

use inventory::{Ecosystem, PackageKind, SourcePackage};
use serde_json::Value;
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
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let (mut bases, mut languages) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let list: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let distribution = distribution(&list["syft"]["distro"]);
        let Some(packages) = list["syft"]["packages"].as_array() else { continue };
        let read: Vec<_> =
            packages.iter().filter_map(|package| version(package, distribution.as_ref())).collect();
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
    };
    let base = |of: usize| {
        (of * 100..of * 100 + 100).map(|n| package(PackageKind::Apk, "Alpine:v3.18", n)).collect()
    };
    Inventories {
        bases: (0..4).map(base).collect(),
        languages: (0..300).map(|n| package(PackageKind::PyPi, "PyPI", n)).collect(),
    }
}

fn distribution(distro: &Value) -> Option<Ecosystem> {
    let version = distro["versionID"].as_str()?;
    let parts: Vec<_> = version.split('.').collect();
    Some(Ecosystem::new(match distro["id"].as_str()? {
        "alpine" => format!("Alpine:v{}.{}", parts[0], parts[1]),
        "debian" => format!("Debian:{}", parts[0]),
        "almalinux" => format!("AlmaLinux:{}", parts[0]),
        _ => return None,
    }))
}

fn version(package: &Value, distribution: Option<&Ecosystem>) -> Option<PackageVersion> {
    let version = package["version"].as_str()?.to_owned();
    let name = package["name"].as_str()?.to_owned();
    let (kind, language) = match package["type"].as_str()? {
        "apk" => (PackageKind::Apk, None),
        "deb" => (PackageKind::Deb, None),
        "rpm" => (PackageKind::Rpm, None),
        "npm" => (PackageKind::Npm, Some("npm")),
        "python" => (PackageKind::PyPi, Some("PyPI")),
        "go-module" => (PackageKind::Golang, Some("Go")),
        "rust-crate" => (PackageKind::Cargo, Some("crates.io")),
        _ => return None,
    };
    let ecosystem = language.map(Ecosystem::new).or_else(|| distribution.cloned())?;
    let source = package["source"].as_str().filter(|_| kind == PackageKind::Apk);
    let source = source.map(|source| SourcePackage { name: source.to_owned(), version: version.clone() });
    Some(PackageVersion {
        ecosystem: Some(ecosystem),
        kind,
        name,
        version,
        source,
        module: None,
        owner: None,
    })
}
