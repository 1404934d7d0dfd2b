//! Rules that hide what a snapshot says more.
//!
//! What a rule hides of the new findings is known before any image is looked at, and so is in which repositories it
//! does. So images that share a repository share what is left of a new advisory, and nothing has to be judged to show
//! it. Rules that tell images of one repository apart are the exception: these images are judged at once.

use super::Catching;
use crate::jobs::JobError;
use crate::judge::findings_of;
use advisory::Snapshot;
use graph::documents::KnownRegistry;
use graph::rulebook::{RuleNumber, Rulebook};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    FindingVerdict, ImageToJudge, MoreFindings, PackageVersion, PackageVersionId, PageRequest, RepositoryKey,
    Ruling,
};

/// Repositories of one reading.
const READ: usize = 1000;

/// A finding that was not there before.
#[derive(Debug)]
pub(super) struct Fresh {
    severity: String,
    /// The rules that hide it where they hold.
    rules: Vec<RuleNumber>,
}

/// What a package version has more than with an earlier snapshot, where rules hide some of it.
#[derive(Debug)]
pub(super) struct Hidden {
    /// The place of the earlier snapshot.
    pub(super) earlier: usize,
    pub(super) package_version: PackageVersionId,
    pub(super) findings: Vec<Fresh>,
}

/// The findings that a package version has in one snapshot and not in an earlier one; none if a rule hides others of
/// its findings than it did.
pub(super) fn fresh(
    book: &Rulebook,
    older: &Snapshot,
    newer: &Snapshot,
    package: &PackageVersion,
) -> Option<Vec<Fresh>> {
    let before = affecting(book, older, package);
    let mut after = affecting(book, newer, package);
    for (id, known) in before {
        if after.remove(&id)?.rules != known.rules {
            return None;
        }
    }
    Some(after.into_values().collect())
}

fn affecting(book: &Rulebook, snapshot: &Snapshot, package: &PackageVersion) -> BTreeMap<String, Fresh> {
    let (rows, vulnerabilities) = findings_of(snapshot, package);
    let known: BTreeMap<&str, _> = vulnerabilities.iter().map(|known| (&*known.id, known)).collect();
    let applies = rows.into_iter().filter(|row| row.verdict == FindingVerdict::Affected);
    let mut found = BTreeMap::new();
    for row in applies {
        let Some(known) = known.get(&*row.vulnerability) else { continue };
        let rules = book.hiding(known, &row.evidence, package);
        found.insert(row.vulnerability, Fresh { severity: known.severity.clone(), rules });
    }
    found
}

/// Writes down what rules leave of what is more, and returns where which of them hold.
pub(super) async fn leave(
    catching: &Catching<'_>,
    book: &Rulebook,
    hidden: &[Hidden],
    more: &mut [(store::SnapshotVersion, Vec<MoreFindings>)],
) -> Result<BTreeMap<RepositoryKey, Ruling>, JobError> {
    let mut rulings = BTreeMap::new();
    let concerned = concerned(hidden, |rule| !book.is_about_single_images(rule));
    if concerned.is_empty() {
        return Ok(rulings);
    }
    let mut numbers: BTreeMap<BTreeSet<RuleNumber>, Ruling> = BTreeMap::new();
    let store = &catching.workshop.store;
    for known in registries(catching).await? {
        let mut after = None;
        loop {
            let page = store.repositories(known.registry.id, PageRequest { after, limit: READ }).await?;
            for name in page.items {
                let holding = |rule: &&RuleNumber| book.holds_in(**rule, &known, &name);
                let rules: BTreeSet<RuleNumber> = concerned.iter().filter(holding).copied().collect();
                if rules.is_empty() {
                    continue;
                }
                let next = Ruling(u32::try_from(numbers.len()).unwrap_or(u32::MAX));
                let ruling = *numbers.entry(rules).or_insert(next);
                rulings.insert(RepositoryKey { registry: known.registry.id, name }, ruling);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    for hidden in hidden {
        let Some((_, more)) = more.get_mut(hidden.earlier) else { continue };
        let mine = more.iter_mut().filter(|more| more.package_version == hidden.package_version);
        for more in mine {
            more.left = numbers.iter().map(|(rules, ruling)| (*ruling, left(more, hidden, rules))).collect();
        }
    }
    Ok(rulings)
}

/// What some rules leave of what a package version has more.
fn left(more: &MoreFindings, hidden: &Hidden, rules: &BTreeSet<RuleNumber>) -> BTreeMap<String, u64> {
    let mut left = more.counts.clone();
    let covered = hidden.findings.iter().filter(|found| found.rules.iter().any(|rule| rules.contains(rule)));
    for found in covered {
        if let Some(count) = left.get_mut(&found.severity) {
            *count = count.saturating_sub(1);
        }
    }
    left.retain(|_, count| *count > 0);
    left
}

/// The rules that hide any of what is more.
fn concerned(hidden: &[Hidden], is_meant: impl Fn(RuleNumber) -> bool) -> BTreeSet<RuleNumber> {
    let all = hidden.iter().flat_map(|hidden| &hidden.findings).flat_map(|found| &found.rules);
    all.copied().filter(|rule| is_meant(*rule)).collect()
}

/// The package versions of which a rule hides something that tells images of one repository apart.
pub(super) fn told_apart(book: &Rulebook, hidden: &[Hidden]) -> Vec<PackageVersionId> {
    let is_single = |found: &Fresh| found.rules.iter().any(|rule| book.is_about_single_images(*rule));
    let hidden = hidden.iter().filter(|hidden| hidden.findings.iter().any(is_single));
    let all: BTreeSet<PackageVersionId> = hidden.map(|hidden| hidden.package_version).collect();
    all.into_iter().collect()
}

/// Those of some images for which such a rule may hold.
pub(super) async fn under_such_rules(
    catching: &Catching<'_>,
    book: &Rulebook,
    hidden: &[Hidden],
    images: Vec<ImageToJudge>,
) -> Result<Vec<ImageToJudge>, JobError> {
    let rules = concerned(hidden, |rule| book.is_about_single_images(rule));
    let known: BTreeMap<_, _> =
        registries(catching).await?.into_iter().map(|known| (known.registry.id, known)).collect();
    let is_ruled = |image: &ImageToJudge| {
        let known = known.get(&image.image.repository.registry);
        known.is_some_and(|known| rules.iter().any(|rule| book.may_hold_for(*rule, known, &image.image)))
    };
    Ok(images.into_iter().filter(is_ruled).collect())
}

async fn registries(catching: &Catching<'_>) -> Result<Vec<KnownRegistry>, JobError> {
    let store = &catching.workshop.store;
    let mut known = Vec::new();
    for subscription in store.subscriptions().await? {
        let registries = store.registries(subscription.id).await?;
        known.extend(registries.into_iter().filter_map(|registry| KnownRegistry::new(registry).ok()));
    }
    Ok(known)
}
