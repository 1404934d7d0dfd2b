//! `Pipfile.lock`: the lock file of pipenv, JSON with a `default` and a `develop` section.
//!
//! A version is written `==1.0`. An entry without one comes from a repository or a folder, and `develop` is not
//! what a deployed program needs.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, json, python};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "pipenv lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "Pipfile.lock"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    default: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    version: Option<String>,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Lock { default } = json(content)?;
    let mut list = PackageList::locked(PackageKind::PyPi, limits);
    for (name, Entry { version }) in default {
        let Some(version) = version else { continue };
        let version = version.trim_start_matches('=');
        if let Some(package) = list.push(name.as_bytes(), version.as_bytes())? {
            package.name = python::normalised(&package.name);
        }
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;

    #[test]
    fn default_section() {
        let read = |text: &str| {
            let file = File { path: "Pipfile.lock", size: 0, mode: 0 };
            show(read(&file, text.as_bytes(), &Limits::default()))
        };
        let text = r#"{"_meta":{"hash":{}},"default":{"Django":{"hashes":[],"version":"==3.2"},"own":{"path":"."}},
            "develop":{"pytest":{"version":"==7.0"}}}"#;
        assert_eq!(read(text), "pypi django 3.2 locked\n");
        assert_eq!(read("{}"), "pypi: no packages\n");
        assert!(read("3").starts_with("malformed"));
    }
}
