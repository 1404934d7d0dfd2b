//! The lists of packages that come with the images, read as far as matching needs them.
//!
//! The one reader of these lists: the benchmark of the server, `reevaluate`, takes this file in as well.

use inventory::{Ecosystem, Package, PackageKind, SourcePackage};
use serde_json::Value;
use std::path::Path;

/// The packages of an image, each with its ecosystem; those of no known ecosystem are left out.
pub(super) fn packages(data: &Path, image: &str) -> Vec<(Ecosystem, Package)> {
    let text = std::fs::read(data.join("inventory").join(format!("{image}.json"))).unwrap();
    let list: Value = serde_json::from_slice(&text).unwrap();
    let distribution = distribution(&list["syft"]["distro"]);
    let packages = list["syft"]["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    packages.iter().filter_map(|package| read(package, distribution.as_ref())).collect()
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

fn read(package: &Value, distribution: Option<&Ecosystem>) -> Option<(Ecosystem, Package)> {
    let purl = package["purl"].as_str()?;
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
        "java-archive" => (PackageKind::Maven, Some("Maven")),
        _ => return None,
    };
    let ecosystem = language.map(Ecosystem::new).or_else(|| distribution.cloned())?;
    let upstream = qualifier(purl, "upstream");
    let source = if kind == PackageKind::Apk {
        let origin = package["source"].as_str().map_or_else(|| name.clone(), str::to_owned);
        Some(SourcePackage { name: origin, version: version.clone() })
    } else {
        upstream.filter(|_| kind == PackageKind::Deb).map(|upstream| {
            let (name, at) = upstream.split_once('@').unwrap_or((&upstream, &version));
            SourcePackage { name: name.to_owned(), version: at.to_owned() }
        })
    };
    let name = if kind == PackageKind::Maven { coordinates(purl) } else { name };
    Some((ecosystem, Package { kind, name, version, architecture: None, source, module: None }))
}

/// `org.apache:log4j` of `pkg:maven/org.apache/log4j@2`.
fn coordinates(purl: &str) -> String {
    let path = purl.trim_start_matches("pkg:maven/").split('@').next().unwrap_or_default();
    path.replace('/', ":")
}

fn qualifier(purl: &str, wanted: &str) -> Option<String> {
    let (_, qualifiers) = purl.split_once('?')?;
    let value = qualifiers.split('&').find_map(|pair| pair.strip_prefix(wanted)?.strip_prefix('='))?;
    Some(value.replace("%40", "@").replace("%2B", "+").replace("%3A", ":").replace("%7E", "~"))
}
