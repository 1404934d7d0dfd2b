//! `cargo xtask compare-inventories [IMAGE]`: our inventory of each sample image beside what two other scanners list.
//!
//! The others are two opinions, not the truth. What they list and we do not is a fault of ours until a line in
//! [`explained::DIFFERENCES`] says why it is theirs; then it counts for neither. The command fails if something is
//! missing without an explanation, and names every package that only we list.
//!
//! Recall is the share of what they rightly list that we list too. Precision is the share of what we list that they
//! list too, or that is explained. Rows are told apart by image, ecosystem, name and version.

mod explained;
mod layout;
mod listing;

use crate::step;
use anyhow::{Context, Result, bail};
use explained::{DIFFERENCES, Side};
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

fn run(words: &[String]) -> Result<()> {
    let Some(data) = shared() else {
        println!("skipped: the sample images are not at hand; they are looked for in ../shared/data");
        return Ok(());
    };
    let wanted = words.first();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut used = BTreeSet::new();
    let mut images = 0;
    for list in listing::files(&data)? {
        if wanted.is_some_and(|wanted| *wanted != list.image && *wanted != list.name) {
            continue;
        }
        images += 1;
        let ours =
            listing::ours(&layout::inventory(&data.join("images").join(&list.image), &list.architecture)?);
        let theirs = theirs(&list.path).with_context(|| format!("{} cannot be read", list.path.display()))?;
        compare(&list.name, &ours, &theirs, &mut scores, &mut used);
    }
    if images == 0 {
        bail!("there is no list for {}", wanted.map_or("any image", String::as_str));
    }
    report(&scores, images);
    let stale = DIFFERENCES.iter().enumerate().find(|(number, _)| !used.contains(number));
    if let (None, Some((_, difference))) = (wanted, stale) {
        bail!("this explanation explains nothing any more; take it away: {}", difference.why);
    }
    let missing: usize = scores.values().map(|score| score.missing).sum();
    if missing > 0 {
        bail!("{missing} packages are missing without an explanation");
    }
    Ok(())
}

/// The shared data, or nothing where it is not at hand.
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("LAZARETTO_SHARED")
        .map_or_else(|| step::root().join("../shared"), PathBuf::from)
        .join("data");
    folder.join("inventory").is_dir().then_some(folder)
}

fn compare(
    image: &str,
    ours: &BTreeSet<Row>,
    theirs: &BTreeSet<Row>,
    scores: &mut BTreeMap<String, Score>,
    used: &mut BTreeSet<usize>,
) {
    for row in ours.union(theirs) {
        let score = scores.entry(row.ecosystem.clone()).or_default();
        let (side, word) = match (ours.contains(row), theirs.contains(row)) {
            (true, true) => {
                score.both += 1;
                continue;
            }
            (true, false) => (Side::Ours, "only ours"),
            (false, _) => (Side::Theirs, "missing"),
        };
        let found = explained::find(image, row, side);
        used.extend(found);
        match (side, found) {
            (Side::Ours, None) => score.extra += 1,
            (Side::Ours, Some(_)) => score.explained_extra += 1,
            (Side::Theirs, None) => score.missing += 1,
            (Side::Theirs, Some(_)) => score.explained_missing += 1,
        }
        let why = found.and_then(|number| DIFFERENCES.get(number)).map_or("NOT EXPLAINED", |found| found.why);
        println!("{image}: {word}: {} {} {}: {why}", row.ecosystem, row.name, row.version);
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
