//! `packages.lock.json`: what NuGet should restore for a .NET program.
//!
//! For each framework the packages with the version that was resolved; a `Project` is a part of the program.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "NuGet lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "packages.lock.json"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    dependencies: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    resolved: Option<String>,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Lock { dependencies } = json(content)?;
    let mut list = PackageList::locked(PackageKind::NuGet, limits);
    let entries = dependencies.into_values().flatten();
    let packages: BTreeSet<(String, String)> =
        entries.filter_map(|(name, entry)| Some((name, entry.resolved?))).collect();
    for (name, version) in packages {
        list.push(name.as_bytes(), version.as_bytes())?;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;

    #[test]
    fn packages_of_all_frameworks_once() {
        let read = |text: &str| {
            let file = File { path: "packages.lock.json", size: 0, mode: 0 };
            show(read(&file, text.as_bytes(), &Limits::default()))
        };
        let one = r#""Newtonsoft.Json":{"type":"Direct","requested":"[12, )","resolved":"12.0.1"},"part":{"type":"Project"}"#;
        let text = format!(r#"{{"version":1,"dependencies":{{"net6.0":{{{one}}},"net8.0":{{{one}}}}}}}"#);
        assert_eq!(read(&text), "nuget Newtonsoft.Json 12.0.1 locked\n");
        assert!(read("[1]").starts_with("malformed"));
    }
}
