//! `conan.lock`: the C and C++ packages that a program was built with.
//!
//! Version 2 lists references `name/1.0#revision%time` under `requires`; version 1 has a graph of nodes with a `ref`
//! each. What only the build needs is in lists of its own, and is passed over.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Conan lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "conan.lock"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    requires: Vec<String>,
    graph_lock: Option<Graph>,
}

#[derive(Deserialize)]
struct Graph {
    #[serde(default)]
    nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "ref")]
    reference: Option<String>,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Lock { requires, graph_lock } = json(content)?;
    let nodes = graph_lock.into_iter().flat_map(|graph| graph.nodes.into_values());
    let references = requires.into_iter().chain(nodes.filter_map(|node| node.reference));
    let mut list = PackageList::locked(PackageKind::Conan, limits);
    for reference in references {
        let bare = reference.split(['#', '@', '%']).next().unwrap_or_default();
        // The consumer itself is a reference without a version.
        if let Some((name, version)) = bare.split_once('/') {
            list.push(name.as_bytes(), version.as_bytes())?;
        }
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn both_versions() {
        let read = |text: &str| shown(read, "x", text);
        let two = r#"{"version":"0.5","requires":["zlib/1.2.13#rev%1670","own"],"build_requires":["cmake/3.25#x"]}"#;
        assert_eq!(read(two), "conan zlib 1.2.13 locked\n");
        let one = r#"{"graph_lock":{"nodes":{"0":{"options":""},"1":{"ref":"zlib/1.2.11@user/stable#0"}}},"version":"0.4"}"#;
        assert_eq!(read(one), "conan zlib 1.2.11 locked\n");
        assert!(read("3").starts_with("malformed"));
    }
}
