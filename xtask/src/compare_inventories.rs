//! `cargo xtask compare-inventories [IMAGE]`: our inventory of each sample image beside what two other scanners list.
//!
//! The others are two opinions, not the truth. What they list and we do not is a fault of ours until a line in
//! [`explained::DIFFERENCES`] says why it is theirs; then it counts for neither. The command fails if something is
//! missing without an explanation, and names every package that only we list.
//!
//! Recall is the share of what they rightly list that we list too. Precision is the share of what we list that they
//! list too, or that is explained. Rows are told apart by image, ecosystem, name and version.

pub(crate) mod explained;
pub(crate) mod layout;
pub(crate) mod listing;

use crate::step;
use anyhow::{Context, Result, bail};
use explained::{Difference, Side};
use listing::{Row, theirs};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// `cargo xtask compare-inventories`.
pub(crate) const COMMAND: crate::Command = crate::Command {
    name: "compare-inventories",
    purpose: "our packages of the sample images beside those of other scanners: [IMAGE]",
    run,
};

/// What the rows of one ecosystem come to.
#[derive(Default)]
struct Score {
    both: usize,
    missing: usize,
    extra: usize,
    explained_missing: usize,
    explained_extra: usize,
}

/// Inventories that are held against each other, one after the other.
pub(crate) struct Comparison {
    differences: &'static [Difference],
    scores: BTreeMap<String, Score>,
    used: BTreeSet<usize>,
    lists: usize,
}

fn run(words: &[String]) -> Result<()> {
    let Some(data) = shared() else {
        println!("skipped: the sample images are not at hand; they are looked for in ../shared/data");
        return Ok(());
    };
    let wanted = words.first();
    let mut comparison = Comparison::new(explained::DIFFERENCES);
    for list in listing::files(&data)? {
        if wanted.is_some_and(|wanted| *wanted != list.image && *wanted != list.name) {
            continue;
        }
        let ours =
            listing::ours(&layout::inventory(&data.join("images").join(&list.image), &list.architecture)?);
        let theirs = theirs(&list.path).with_context(|| format!("{} cannot be read", list.path.display()))?;
        comparison.add(&list.name, &ours, &theirs);
    }
    if comparison.lists == 0 {
        bail!("there is no list for {}", wanted.map_or("any image", String::as_str));
    }
    comparison.finish(wanted.is_none())
}

/// The shared data, or nothing where it is not at hand.
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("LAZARETTO_SHARED")
        .map_or_else(|| step::root().join("../shared"), PathBuf::from)
        .join("data");
    folder.join("inventory").is_dir().then_some(folder)
}

impl Comparison {
    pub(crate) fn new(differences: &'static [Difference]) -> Self {
        Self { differences, scores: BTreeMap::new(), used: BTreeSet::new(), lists: 0 }
    }

    /// Compares the lists of one image, and prints in what they differ.
    pub(crate) fn add(&mut self, image: &str, ours: &BTreeSet<Row>, theirs: &BTreeSet<Row>) {
        self.lists += 1;
        for row in ours.union(theirs) {
            let score = self.scores.entry(row.ecosystem.clone()).or_default();
            let (side, word) = match (ours.contains(row), theirs.contains(row)) {
                (true, true) => {
                    score.both += 1;
                    continue;
                }
                (true, false) => (Side::Ours, "only ours"),
                (false, _) => (Side::Theirs, "missing"),
            };
            let found = explained::find(self.differences, image, row, side);
            self.used.extend(found);
            match (side, found) {
                (Side::Ours, None) => score.extra += 1,
                (Side::Ours, Some(_)) => score.explained_extra += 1,
                (Side::Theirs, None) => score.missing += 1,
                (Side::Theirs, Some(_)) => score.explained_missing += 1,
            }
            let why = found
                .and_then(|number| self.differences.get(number))
                .map_or("NOT EXPLAINED", |found| found.why);
            println!("{image}: {word}: {} {} {}: {why}", row.ecosystem, row.name, row.version);
        }
    }

    /// Prints the figures. Fails if something is missing without an explanation, or, where everything was compared, if an
    /// explanation explains nothing.
    pub(crate) fn finish(&self, is_whole: bool) -> Result<()> {
        report(&self.scores, self.lists);
        let stale = self.differences.iter().enumerate().find(|(number, _)| !self.used.contains(number));
        if let (true, Some((_, difference))) = (is_whole, stale) {
            bail!("this explanation explains nothing any more; take it away: {}", difference.why);
        }
        let missing: usize = self.scores.values().map(|score| score.missing).sum();
        if missing > 0 {
            bail!("{missing} packages are missing without an explanation");
        }
        Ok(())
    }
}

fn report(scores: &BTreeMap<String, Score>, images: usize) {
    println!("\n{images} lists of packages");
    println!(
        "{:<10} {:>6} {:>8} {:>6} {:>10} {:>8} {:>10}",
        "ecosystem", "both", "missing", "extra", "explained", "recall", "precision"
    );
    for (ecosystem, score) in scores {
        let explained = score.explained_missing + score.explained_extra;
        let recall = percent(score.both, score.both + score.missing);
        let right = score.both + score.explained_extra;
        let precision = percent(right, right + score.extra);
        println!(
            "{ecosystem:<10} {:>6} {:>8} {:>6} {explained:>10} {recall:>8} {precision:>10}",
            score.both, score.missing, score.extra
        );
    }
}

/// A share with two digits, cut and not rounded, so that 100 means all.
fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let hundredths = part * 10_000 / whole;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_cut_not_rounded() {
        assert_eq!(percent(1999, 2000), "99.95 %");
        assert_eq!(percent(99_999, 100_000), "99.99 %");
        assert_eq!(percent(2, 2), "100.00 %");
        assert_eq!(percent(0, 0), "-");
    }

    #[test]
    fn nothing_is_missing_in_the_sample_images() {
        // Without the data it says that it was skipped.
        run(&[]).unwrap();
    }
}
