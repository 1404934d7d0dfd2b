//! Questions: the versions at each boundary of the records about a package, and those around it.

use inventory::PackageKind;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A package, and versions of it to be judged.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) ecosystem: String,
    pub(crate) kind: PackageKind,
    pub(crate) name: String,
    pub(crate) versions: Vec<String>,
}

impl Question {
    /// The question as the oracle reads it.
    pub(crate) fn line(&self) -> String {
        json!({ "ecosystem": self.ecosystem, "name": self.name, "versions": self.versions }).to_string()
    }
}

/// The kinds of packages, by the ecosystems whose records are asked about.
const KINDS: &[(&str, PackageKind)] = &[
    ("AlmaLinux", PackageKind::Rpm),
    ("Alpine", PackageKind::Apk),
    ("Bitnami", PackageKind::Binary),
    ("CRAN", PackageKind::Cran),
    ("Debian", PackageKind::Deb),
    ("Go", PackageKind::Golang),
    ("Hex", PackageKind::Hex),
    ("Maven", PackageKind::Maven),
    ("NuGet", PackageKind::NuGet),
    ("Packagist", PackageKind::Composer),
    ("PyPI", PackageKind::PyPi),
    ("Rocky Linux", PackageKind::Rpm),
    ("RubyGems", PackageKind::Gem),
    ("Ubuntu", PackageKind::Deb),
    ("crates.io", PackageKind::Cargo),
    ("npm", PackageKind::Npm),
];

/// Versions of a list that are asked about: its ends, and some between them.
const OF_A_LIST: usize = 6;

/// Questions about the packages of some records, up to so many packages.
pub(crate) fn about(records: &[Value], most: usize) -> Vec<Question> {
    let mut versions: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for affected in records.iter().flat_map(|record| list(&record["affected"])) {
        let (Some(ecosystem), Some(name)) =
            (affected["package"]["ecosystem"].as_str(), affected["package"]["name"].as_str())
        else {
            continue;
        };
        let asked = versions.entry((ecosystem.to_owned(), name.to_owned())).or_default();
        let listed = list(&affected["versions"]);
        for at in 0..OF_A_LIST.min(listed.len()) {
            asked.extend(around(listed[at * (listed.len() - 1) / (OF_A_LIST - 1)].as_str().unwrap()));
        }
        for event in list(&affected["ranges"]).iter().flat_map(|range| list(&range["events"])) {
            for bound in event.as_object().into_iter().flatten().filter_map(|(_, version)| version.as_str()) {
                asked.extend(around(bound));
            }
        }
    }
    let kind = |ecosystem: &str| {
        let base = ecosystem.split(':').next().unwrap_or_default();
        KINDS.iter().find(|(known, _)| *known == base).map(|(_, kind)| *kind)
    };
    // Parts of releases are read as the releases that they belong to, which is no evaluation of the schema.
    let is_whole = |ecosystem: &str| !ecosystem.contains(":Pro:");
    let step = versions.len().div_ceil(most).max(1);
    versions
        .into_iter()
        .step_by(step)
        .filter(|((ecosystem, _), _)| is_whole(ecosystem))
        .filter_map(|((ecosystem, name), versions)| {
            let kind = kind(&ecosystem)?;
            Some(Question { ecosystem, kind, name, versions: versions.into_iter().collect() })
        })
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A version and its neighbours: with another last number, with something after it, and with less of it. Some are no
/// versions of their ecosystem, which whoever reads them finds out.
fn around(version: &str) -> Vec<String> {
    // `0` in an event is no version but the beginning of all, and `*` the end.
    if ["", "0", "*"].contains(&version) || version.contains(char::is_whitespace) {
        return Vec::new();
    }
    let mut found = vec![version.to_owned()];
    found.extend(
        [".0", ".1", "-1", "-alpha", "~rc1", "+1", "_p1", "rc1", ".post1"]
            .map(|more| format!("{version}{more}")),
    );
    let end = version.rfind(|sign: char| sign.is_ascii_digit()).map_or(0, |last| last + 1);
    let start = version[..end].rfind(|sign: char| !sign.is_ascii_digit()).map_or(0, |last| last + 1);
    if let Ok(number) = version[start..end].parse::<u64>() {
        let (head, tail) = (&version[..start], &version[end..]);
        found.extend(number.checked_sub(1).map(|less| format!("{head}{less}{tail}")));
        found.extend([number + 1, number * 10].map(|more| format!("{head}{more}{tail}")));
    }
    if let Some((head, _)) = version.rsplit_once(['.', '-']) {
        found.push(head.to_owned());
    }
    found.retain(|version| version != "0");
    found
}
