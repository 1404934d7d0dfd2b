//! Matching package versions again, and saying why their findings changed.

use crate::jobs::{JobError, Workshop};
use crate::judge::{findings_of, matches};
use advisory::{Match, Snapshot, Verdict};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    FindingReason, PackageFindings, PackageVersion, PackageVersionId, SnapshotVersion, Vulnerability,
};

/// Matches package versions and records what came of it. Returns those whose findings changed.
///
/// `before` is the snapshot that they were matched with until now, where it is still at hand: from it history learns
/// why a finding appeared or went.
pub(in crate::jobs) async fn match_again(
    workshop: &Workshop,
    snapshot: &Arc<Snapshot>,
    before: Option<&Arc<Snapshot>>,
    versions: Vec<(PackageVersionId, PackageVersion)>,
    now: Timestamp,
) -> Result<Vec<PackageVersionId>, JobError> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let version = SnapshotVersion(snapshot.version().to_string());
    let (packages, vulnerabilities) = found_again(snapshot, before, versions).await?;
    Ok(workshop.store.record_findings(&version, packages, vulnerabilities, now).await?)
}

/// What a snapshot says of package versions, with the vulnerabilities that it names. Nothing is recorded.
pub(super) async fn found_again(
    snapshot: &Arc<Snapshot>,
    before: Option<&Arc<Snapshot>>,
    versions: Vec<(PackageVersionId, PackageVersion)>,
) -> Result<(Vec<PackageFindings>, Vec<Vulnerability>), JobError> {
    let (snapshot, before) = (snapshot.clone(), before.cloned());
    let work = move || {
        let mut packages = Vec::with_capacity(versions.len());
        let mut vulnerabilities = BTreeMap::new();
        for (id, package) in versions {
            let (findings, known) = findings_of(&snapshot, &package);
            let reasons = match before.as_deref() {
                Some(before) => reasons(&matches(before, &package), &matches(&snapshot, &package)),
                None => BTreeMap::new(),
            };
            packages.push(PackageFindings { package_version: id, findings, reasons });
            vulnerabilities
                .extend(known.into_iter().map(|known| ((known.id.clone(), known.ecosystem.clone()), known)));
        }
        (packages, vulnerabilities.into_values().collect::<Vec<_>>())
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| JobError::Again(error.to_string()))
}

/// Why findings appeared, went or changed, by vulnerability.
fn reasons(before: &[Match], after: &[Match]) -> BTreeMap<String, FindingReason> {
    let find =
        |matches: &'_ [Match], id: &str| matches.iter().position(|found| found.vulnerability.as_str() == id);
    let all: BTreeSet<&str> = before.iter().chain(after).map(|found| found.vulnerability.as_str()).collect();
    all.into_iter()
        .filter_map(|id| {
            let was = find(before, id).and_then(|index| before.get(index));
            let is = find(after, id).and_then(|index| after.get(index));
            Some((id.to_owned(), reason(was, is)?))
        })
        .collect()
}

fn is_finding(found: &Match) -> bool {
    match found.verdict {
        Verdict::Affected | Verdict::Undetermined { .. } => true,
        Verdict::NotAffected { .. } => false,
    }
}

fn reason(before: Option<&Match>, after: Option<&Match>) -> Option<FindingReason> {
    let (was, is) = (before.filter(|found| is_finding(found)), after.filter(|found| is_finding(found)));
    let (code, sentence) = match (was, is) {
        (None, None) => return None,
        (Some(was), Some(is)) if was.verdict == is.verdict && was.fixed == is.fixed => return None,
        (None, Some(is)) => match before {
            None => ("NewAdvisory", format!("{} is new.", named(is))),
            Some(then) => ("AdvisoryChanged", format!("{} It was said before: {}.", now(is), why(then))),
        },
        (Some(was), None) => match after {
            None => ("Withdrawn", format!("{} does not name the package any more.", named(was))),
            Some(now) if now.dropped.is_some() => ("Dropped", sentence(why(now))),
            Some(now) => ("NoLongerAffected", sentence(why(now))),
        },
        (Some(was), Some(is)) => match (&was.fixed, &is.fixed) {
            (None, Some(fixed)) => ("FixPublished", format!("A fix is known now: {fixed}.")),
            _ => ("AdvisoryChanged", now(is)),
        },
    };
    Some(FindingReason { code: code.to_owned(), sentence })
}

/// The advisories that decide.
fn named(found: &Match) -> String {
    found.advisories.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn now(found: &Match) -> String {
    sentence(why(found))
}

fn sentence(clause: &str) -> String {
    format!("{clause}.")
}

/// The clause that decides.
fn why(found: &Match) -> &str {
    match &found.verdict {
        Verdict::NotAffected { why } | Verdict::Undetermined { why } => why,
        Verdict::Affected => found
            .evidence
            .iter()
            .find(|evidence| evidence.verdict == found.verdict)
            .map_or("an advisory says so", |evidence| &evidence.rule),
    }
}
