//! The rules of the house that a program can check, each a test.

use crate::step::root;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// One crate in `floors.toml`.
#[derive(Deserialize)]
struct Floor {
    floor: u8,
    imports: BTreeSet<String>,
}

/// Files longer than this are two subjects in one file.
const LONGEST_FILE: usize = 500;

/// Names that say nothing about what is inside.
const DRAWERS: &[&str] = &["util", "utils", "common", "helpers", "misc", "core", "shared", "types", "models"];

fn floors() -> BTreeMap<String, Floor> {
    let text = std::fs::read_to_string(root().join("xtask/floors.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap()
}

/// All files of the project with this ending, as git knows them or would.
fn files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", ".git", "lazaretto-data", "corpus", "artifacts"].contains(&&*name) {
                    open.push(path);
                }
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

#[test]
fn lower_floors_never_import_higher_ones() {
    let floors = floors();
    let names: BTreeSet<&str> = floors.keys().map(String::as_str).collect();
    for package in metadata().workspace_packages() {
        if ["xtask"].contains(&&**package.name) {
            continue;
        }
        let here = floors
            .get(&**package.name)
            .unwrap_or_else(|| panic!("crate `{}` has no floor in xtask/floors.toml", package.name));
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Development || !names.contains(&*dependency.name) {
                continue;
            }
            let there = &floors[&dependency.name];
            assert!(
                there.floor < here.floor && here.imports.contains(&dependency.name),
                "`{}` (floor {}) must not import `{}` (floor {}); see xtask/floors.toml",
                package.name,
                here.floor,
                dependency.name,
                there.floor
            );
        }
    }
}

#[test]
fn every_floor_has_its_crate() {
    let packages: BTreeSet<String> =
        metadata().workspace_packages().iter().map(|p| p.name.to_string()).collect();
    for name in floors().keys() {
        assert!(packages.contains(name), "`{name}` stands in xtask/floors.toml, but there is no such crate");
    }
}

#[test]
fn pure_crates_touch_no_async_and_no_network() {
    // What the design calls pure: no IO, no async, no clock.
    let pure = ["oci", "inventory", "kql", "advisory", "access", "assessment", "indexer", "sandbox"];
    let banned = ["tokio", "axum", "hyper", "reqwest", "rusqlite", "futures-util"];
    for package in metadata().workspace_packages() {
        if !pure.contains(&&**package.name) {
            continue;
        }
        for dependency in package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development) {
            assert!(
                !banned.contains(&&*dependency.name),
                "`{}` is a pure crate and must not depend on `{}`",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn files_have_one_subject_and_an_essay() {
    for path in files(".rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines; split it by subject", relative(&path));
        let first =
            text.lines().find(|line| !line.starts_with("#!") && !line.trim().is_empty()).unwrap_or("");
        assert!(
            first.starts_with("//!"),
            "{} does not begin with `//!`: what it is, and why",
            relative(&path)
        );
    }
}

#[test]
fn no_file_is_a_drawer_without_a_name() {
    for path in files(".rs") {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!DRAWERS.contains(&&*stem), "{} says nothing about what is inside", relative(&path));
        assert_ne!(stem, "mod", "{}: use foo.rs and foo/, not mod.rs", relative(&path));
    }
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    for path in files(".rs").iter().filter(|path| !path.ends_with("xtask/src/tidy.rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            assert!(
                !(code.starts_with("#[allow(") || code.starts_with("#![allow(")),
                "{}:{}: use #[expect(lint, reason = \"…\")]",
                relative(path),
                number + 1
            );
        }
    }
}

#[test]
fn unsafe_stays_in_the_jail_and_the_map() {
    for path in files(".rs") {
        let name = relative(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        let lifts = text.lines().any(|line| line.contains("unsafe_code") && line.contains("expect"));
        let may = name.starts_with("crates/sandbox/") || name.starts_with("crates/advisory/src/snapshot");
        assert!(
            !lifts || may || name.ends_with("tidy.rs"),
            "{name} uses unsafe code, which only `sandbox` and the snapshot's map may"
        );
    }
}

#[test]
fn every_crate_stands_on_the_code_map() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for name in floors().keys() {
        assert!(
            map.contains(&format!("`crates/{name}`")),
            "ARCHITECTURE.md does not say what `crates/{name}` is"
        );
    }
}

#[test]
fn every_decision_is_listed() {
    let list = std::fs::read_to_string(root().join("docs/decisions/README.md")).unwrap();
    for entry in std::fs::read_dir(root().join("docs/decisions")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(name == "README.md" || list.contains(&name), "docs/decisions/README.md does not list {name}");
    }
}

#[test]
fn members_take_versions_and_lints_from_the_workspace() {
    for path in files("Cargo.toml") {
        let name = relative(&path);
        if name == "Cargo.toml" || name.starts_with("fuzz/") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{name} does not take the lints of the workspace"
        );
        let table: toml::Table = toml::from_str(&text).unwrap();
        for section in ["dependencies", "dev-dependencies"] {
            for (dependency, value) in
                table.get(section).and_then(toml::Value::as_table).into_iter().flatten()
            {
                let inherited = value.get("workspace").and_then(toml::Value::as_bool).unwrap_or(false);
                assert!(inherited, "{name}: the version of `{dependency}` belongs into the root Cargo.toml");
            }
        }
    }
}

#[test]
fn the_ci_runs_the_test_command_of_the_readme() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let script = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(readme.contains("cargo xtask test"));
    assert!(script.lines().any(|line| line == "cargo xtask test"));
}
