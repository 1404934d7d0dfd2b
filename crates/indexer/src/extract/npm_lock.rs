//! The lock files of npm: `package-lock.json` and `npm-shrinkwrap.json`, in the versions 1 to 3 of their form.
//!
//! <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>. Versions 2 and 3 have a flat `packages`, whose keys
//! are the places below the project; version 1 has `dependencies` within `dependencies`. What only development
//! needs is marked and passed over, and so is what comes from elsewhere than a registry: no advisory knows it.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "npm lock file",
    watched: &[],
    claims: |file| {
        is_project_file(file.path, "package-lock.json") || is_project_file(file.path, "npm-shrinkwrap.json")
    },
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Deserialize)]
struct Lock {
    packages: Option<BTreeMap<String, Entry>>,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Deserialize)]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    link: bool,
}

#[derive(Deserialize)]
struct Dependency {
    version: String,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, Self>,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let lock: Lock = json(content)?;
    let mut list = PackageList::locked(PackageKind::Npm, limits);
    match lock.packages {
        Some(packages) => {
            for (place, entry) in &packages {
                // A key without `node_modules` is the project itself, or a part of it.
                let Some((_, name)) = place.rsplit_once("node_modules/") else { continue };
                if let (false, false, Some(version)) = (entry.dev, entry.link, &entry.version) {
                    push(&mut list, entry.name.as_deref().unwrap_or(name), version)?;
                }
            }
        }
        None => nested(&mut list, &lock.dependencies)?,
    }
    Ok(list.finish())
}

/// The depth is that of the JSON, which its parser bounds.
fn nested(list: &mut PackageList, dependencies: &BTreeMap<String, Dependency>) -> Result<(), SkipReason> {
    for (name, Dependency { version, dev, dependencies }) in dependencies {
        if !dev {
            push(list, name, version)?;
        }
        nested(list, dependencies)?;
    }
    Ok(())
}

fn push(list: &mut PackageList, name: &str, version: &str) -> Result<(), SkipReason> {
    // `npm:name@version` is a package under another name.
    let (name, version) = match version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@')) {
        Some((name, version)) => (name, version),
        None => (name, version),
    };
    if !version.contains([':', '/']) {
        list.push(name.as_bytes(), version.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;
    use expect_test::expect;

    fn read_text(text: &str) -> String {
        shown(read, "package-lock.json", text)
    }

    #[test]
    fn flat_packages() {
        let text = r#"{"name":"app","lockfileVersion":3,"packages":{
            "":{"name":"app","version":"1.0.0"},
            "packages/part":{"version":"1.0.0"},
            "node_modules/part":{"resolved":"packages/part","link":true},
            "node_modules/@babel/core":{"version":"7.1.0"},
            "node_modules/a/node_modules/b":{"version":"2.0.0"},
            "node_modules/alias":{"name":"real","version":"3.0.0"},
            "node_modules/git":{"version":"git+ssh://git@github.com/x/y.git#abc"},
            "node_modules/mocha":{"version":"9.0.0","dev":true}}}"#;
        expect![[r#"
            npm @babel/core 7.1.0 locked
            npm b 2.0.0 locked
            npm real 3.0.0 locked
        "#]]
        .assert_eq(&read_text(text));
    }

    #[test]
    fn nested_dependencies() {
        let text = r#"{"lockfileVersion":1,"dependencies":{
            "a":{"version":"1.0.0","requires":{"b":"^1"},"dependencies":{"b":{"version":"1.5.0"}}},
            "c":{"version":"npm:@scope/d@2.0.0"},"e":{"version":"1.0.0","dev":true},"f":{"version":"file:../f"}}}"#;
        expect![[r#"
            npm a 1.0.0 locked
            npm b 1.5.0 locked
            npm @scope/d 2.0.0 locked
        "#]]
        .assert_eq(&read_text(text));
    }

    #[test]
    fn rubbish() {
        assert!(read_text("").starts_with("malformed"));
        let deep = format!(
            "{}{}",
            r#"{"dependencies":{"a":{"version":"1","dependencies":{"#.repeat(200),
            "}}".repeat(400)
        );
        assert!(read_text(&deep).starts_with("malformed"));
    }
}
