//! Match quality: precision, recall and F1 for each ecosystem, beside the independent matcher; `labels` has those beside
//! the labels that people gave.
//!
//! `cargo xtask match-quality` shows the table. The test fails when a figure falls below what was reached; what
//! still differs is explained in `docs/match-quality.md`.

use super::{data, inventory_list::packages, snapshot};
use advisory::{Query, Snapshot, Verdict, match_package};
use inventory::PackageKind;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Right and wrong answers.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) right: usize,
    invented: usize,
    missed: usize,
}

impl Tally {
    /// Counts an answer; that something is not affected, and rightly so, is in none of the figures.
    pub(super) fn count(&mut self, says: bool, is_affected: bool) {
        match (says, is_affected) {
            (true, true) => self.right += 1,
            (true, false) => self.missed += 1,
            (false, true) => self.invented += 1,
            (false, false) => {}
        }
    }

    fn share(part: usize, whole: usize) -> f64 {
        if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
    }

    pub(super) fn precision(self) -> f64 {
        Self::share(self.right, self.right + self.invented)
    }

    pub(super) fn recall(self) -> f64 {
        Self::share(self.right, self.right + self.missed)
    }

    pub(super) fn f1(self) -> f64 {
        Self::share(2 * self.right, 2 * self.right + self.invented + self.missed)
    }
}

pub(super) type Table = BTreeMap<String, Tally>;

#[expect(clippy::print_stdout, reason = "the table is what the command is for")]
pub(super) fn print(title: &str, table: &Table, wrong: &[String]) {
    println!(
        "\n{title}\n{:<22}{:>7}{:>10}{:>8}{:>11}{:>9}{:>8}",
        "ecosystem", "right", "invented", "missed", "precision", "recall", "F1"
    );
    for (ecosystem, tally) in table {
        let Tally { right, invented, missed } = *tally;
        let (precision, recall, f1) = (tally.precision(), tally.recall(), tally.f1());
        println!("{ecosystem:<22}{right:>7}{invented:>10}{missed:>8}{precision:>11.3}{recall:>9.3}{f1:>8.3}");
    }
    for line in wrong {
        println!("  {line}");
    }
}

pub(super) const LANGUAGES: [(&str, PackageKind); 7] = [
    ("PyPI", PackageKind::PyPi),
    ("npm", PackageKind::Npm),
    ("Go", PackageKind::Golang),
    ("crates.io", PackageKind::Cargo),
    ("Maven", PackageKind::Maven),
    ("Packagist", PackageKind::Composer),
    ("RubyGems", PackageKind::Gem),
];

pub(super) fn everything(data: &Path) -> Snapshot {
    let distributions = ["Alpine", "Debian", "AlmaLinux", "Ubuntu"];
    let names: Vec<_> = distributions.into_iter().chain(LANGUAGES.map(|(name, _)| name)).collect();
    let files: Vec<_> = names.iter().map(|name| format!("osv/{name}/all.zip")).collect();
    snapshot(data, &files.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn match_quality_beside_the_independent_matcher() {
    let Some(data) = data() else { return };
    let snapshot = everything(&data);
    let (mut table, mut wrong) = (Table::new(), Vec::new());
    let folder = data.join("truth/reference-matches");
    let mut images: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    images.sort();
    for path in images.iter().filter(|path| path.extension().is_some_and(|ending| ending == "json")) {
        let image = path.file_stem().unwrap().to_str().unwrap();
        let list: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut theirs = BTreeSet::new();
        for found in list["matches"].as_array().unwrap() {
            let field = |name: &str| found[name].as_str().unwrap().to_owned();
            theirs.insert((
                field("ecosystem"),
                format!("{} {} {}", field("package"), field("version"), field("id")),
            ));
        }
        let ours = affected(&snapshot, &data, image);
        for (ecosystem, line) in ours.union(&theirs) {
            let at = (ecosystem.clone(), line.clone());
            let base = ecosystem.split(':').next().unwrap().to_owned();
            let tally = table.entry(base).or_default();
            match (ours.contains(&at), theirs.contains(&at)) {
                (true, true) => tally.right += 1,
                (true, false) => tally.invented += 1,
                (false, _) => tally.missed += 1,
            }
            if ours.contains(&at) != theirs.contains(&at) {
                wrong.push(format!("{image} {ecosystem}: {line}"));
            }
        }
    }
    print("Beside the independent matcher", &table, &wrong);
    for (ecosystem, tally) in &table {
        assert!(tally.missed == 0 && tally.f1() >= 0.98, "{ecosystem}: {tally:?}");
    }
    assert!(table.len() >= 7, "{table:?}");
}

/// Each package and advisory that affects it.
fn affected(snapshot: &Snapshot, data: &Path, image: &str) -> BTreeSet<(String, String)> {
    let mut lines = BTreeSet::new();
    for (ecosystem, package) in packages(data, image) {
        for found in match_package(snapshot, &Query::of(&ecosystem, &package)) {
            let name = package.name.rsplit(':').next().unwrap();
            let line = |advisory: &dyn std::fmt::Display| format!("{name} {} {advisory}", package.version);
            let affecting = found.evidence.iter().filter(|evidence| evidence.verdict == Verdict::Affected);
            lines.extend(affecting.map(|evidence| (ecosystem.to_string(), line(&evidence.advisory))));
        }
    }
    lines
}
