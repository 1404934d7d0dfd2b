//! The lists of packages, ours and theirs, brought to one spelling.
//!
//! The package URL says the ecosystem and the full name; versions are written in several ways, such as an epoch of
//! its own, a release of its own, or a `v` before the number.

use anyhow::{Context, Result};
use inventory::ImageInventory;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One package of one image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) ecosystem: String,
    pub(crate) name: String,
    pub(crate) version: String,
}

/// A file with what the others list in an image.
pub(crate) struct List {
    /// The name of the file, without its ending.
    pub(crate) name: String,
    /// The image.
    pub(crate) image: String,
    /// The architecture, if the list is of one among several.
    pub(crate) architecture: String,
    pub(crate) path: PathBuf,
}

/// All lists.
pub(crate) fn files(data: &Path) -> Result<Vec<List>> {
    let mut lists = Vec::new();
    for entry in std::fs::read_dir(data.join("inventory"))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) else {
            continue;
        };
        let name = name.to_owned();
        let split =
            [".amd64", ".arm64"].iter().find_map(|ending| Some((name.strip_suffix(ending)?, &ending[1..])));
        let (image, architecture) = split.unwrap_or((&name, ""));
        let (image, architecture) = (image.to_owned(), architecture.to_owned());
        if data.join("images").join(&image).is_dir() {
            lists.push(List { name, image, architecture, path });
        }
    }
    lists.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(lists)
}

/// What we list.
pub(crate) fn ours(inventory: &ImageInventory) -> BTreeSet<Row> {
    let packages = inventory.packages.iter().map(|installed| &installed.package);
    packages.map(|package| row(package.purl_type(), &package.name, &package.version)).collect()
}

/// What the two others list, together.
pub(crate) fn theirs(path: &Path) -> Result<BTreeSet<Row>> {
    let document: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let mut rows = BTreeSet::new();
    for scanner in ["syft", "trivy"] {
        for package in document[scanner]["packages"].as_array().into_iter().flatten() {
            rows.insert(their_row(package).with_context(|| format!("{package} has no package URL"))?);
        }
    }
    Ok(rows)
}

/// A package of another scanner; none without a package URL.
pub(crate) fn their_row(package: &Value) -> Option<Row> {
    // Where a scanner does not know the distribution it gives no URL; only an rpm has a release beside its version.
    let url = package["purl"].as_str().or_else(|| package["release"].as_str().map(|_| "pkg:rpm/"))?;
    let (ecosystem, rest) = url.strip_prefix("pkg:")?.split_once('/')?;
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let name = match ecosystem {
        // The group stands only in the URL.
        "maven" => rest.split(['@', '?']).next()?.replacen('/', ":", 1),
        _ => text("name").to_owned(),
    };
    let mut version = text("version").to_owned();
    if !text("release").is_empty() {
        version = format!("{version}-{}", text("release"));
    }
    if let Some(epoch) = package["epoch"].as_u64().filter(|epoch| *epoch != 0) {
        version = format!("{epoch}:{version}");
    }
    Some(row(ecosystem, &name, &version))
}

fn row(ecosystem: &str, name: &str, version: &str) -> Row {
    let version = match ecosystem {
        "golang" => {
            let bare = version.strip_prefix("go").unwrap_or(version);
            let bare = bare.strip_prefix('v').unwrap_or(bare);
            if bare == "(devel)" { "" } else { bare }
        }
        "rpm" => version.strip_prefix("0:").unwrap_or(version),
        _ => version,
    };
    let name = match ecosystem {
        "pypi" => name.to_lowercase().replace(['_', '.'], "-"),
        _ => name.to_owned(),
    };
    Row { ecosystem: ecosystem.to_owned(), name, version: version.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_become_one() {
        let their = |text: &str| their_row(&serde_json::from_str(text).unwrap()).unwrap();
        let syft = r#"{"name":"bash","version":"1:5.1-4.el9","purl":"pkg:rpm/x/bash@5.1-4.el9?epoch=1"}"#;
        let trivy =
            r#"{"name":"bash","version":"5.1","release":"4.el9","epoch":1,"purl":"pkg:rpm/y/bash@5.1"}"#;
        assert_eq!(their(syft), their(trivy));
        let jar = their(r#"{"name":"a","version":"1","purl":"pkg:maven/org.g/a@1"}"#);
        assert_eq!(jar.name, "org.g:a");
        assert_eq!(row("golang", "stdlib", "go1.22").version, row("golang", "stdlib", "v1.22").version);
    }
}
