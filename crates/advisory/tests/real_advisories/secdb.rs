//! Alpine's secdb and the OSV records of Alpine: two forms of one word, which must give one answer.

use super::{data, inventory_list::packages, snapshot};
use advisory::{Query, Snapshot, Verdict, match_package};
use std::collections::BTreeSet;
use std::path::Path;

fn affected(snapshot: &Snapshot, data: &Path, image: &str) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for (ecosystem, package) in packages(data, image) {
        let matches = match_package(snapshot, &Query::of(&ecosystem, &package));
        let affected = matches.iter().filter(|found| found.verdict == Verdict::Affected);
        lines.extend(affected.map(|found| {
            format!("{} {} {}", package.name, found.vulnerability, found.fixed.as_deref().unwrap_or("-"))
        }));
    }
    lines
}

#[test]
fn secdb_and_osv_give_the_same_answers() {
    let Some(data) = data() else { return };
    let osv = snapshot(&data, &["osv/Alpine/all.zip"]);
    let files: Vec<_> = ["v3.10", "v3.15", "v3.18"]
        .iter()
        .flat_map(|release| {
            ["main", "community"].map(|name| format!("alpine-secdb/alpine-secdb/{release}/{name}.json"))
        })
        .collect();
    let secdb = snapshot(&data, &files.iter().map(String::as_str).collect::<Vec<_>>());
    for image in ["alpine-3.10.3", "alpine-3.15-multiarch.amd64", "alpine-3.18", "app-node-alpine3.15"] {
        assert_eq!(affected(&secdb, &data, image), affected(&osv, &data, image), "{image}");
    }
}
