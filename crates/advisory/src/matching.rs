//! Matching: which vulnerabilities a package has, and why we say so.
//!
//! Every advisory about the package is judged by itself, in `matching/judgement`. Then the judgements are brought
//! together by vulnerability, so that a flaw that three feeds describe is one [`Match`] with three pieces of evidence.
//!
//! * Debian's and Alpine's feeds speak of source packages (Alpine calls them origins), with the source's version.
//! * All others speak of the package itself.
//! * "Never affected", said by the vendor, outweighs every range. Otherwise one advisory that says "affected" is
//!   enough, and one that cannot be compared is not outweighed by others that say "not affected".
//!
//! What this module does not do: decide whether the snapshot speaks for the ecosystem at all. A package without
//! advisories gives no match; ask [`Snapshot::coverage`] before calling that safe.

mod judgement;

use crate::identifier::{is_cve, name_without_cve};
use crate::snapshot::Entry;
use crate::{AdvisoryId, FixState, Snapshot, VulnerabilityId, normalised_name};
use inventory::version::{VersionKey, scheme_of};
use inventory::{Ecosystem, Package, PackageKind, SourcePackage};
use judgement::{Installed, Judgement, Weight, judge};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A package to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<'q> {
    /// Whose package it is.
    pub ecosystem: &'q Ecosystem,
    /// Where it was found.
    pub kind: PackageKind,
    /// Its name, as installed.
    pub name: &'q str,
    /// Its version, as installed.
    pub version: &'q str,
    /// What it was built from, where that is known.
    pub source: Option<&'q SourcePackage>,
    /// The machine it was built for, where that is known.
    pub architecture: Option<&'q str>,
    /// The module stream that it belongs to, `nodejs:16`, where that is known.
    pub module: Option<&'q str>,
    /// The package of the distribution that installed it, for packages of languages.
    pub owner: Option<Owner<'q>>,
}

/// The package of a distribution that installed a package of a language: `python3-requests` of `requests`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'q> {
    /// The distribution's ecosystem.
    pub ecosystem: &'q Ecosystem,
    /// The name of the package.
    pub name: &'q str,
}

/// Whether a package has a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It has it.
    Affected,
    /// It does not have it.
    NotAffected {
        /// Why, as a clause.
        why: String,
    },
    /// Nobody can tell from what the advisories say.
    Undetermined {
        /// Why, as a clause.
        why: String,
    },
}

/// What one advisory says, and the rule by which it was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The advisory.
    pub advisory: AdvisoryId,
    /// The name of the source that it came from, see [`crate::SnapshotSource`].
    pub feed: String,
    /// What follows from this advisory alone.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The rule, in words: `1.30.1-r2 is below the fixed 1.30.1-r5 of Alpine:v3.10 busybox`.
    pub rule: String,
}

/// A vulnerability and a package, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The vulnerability, by its CVE number where it has one.
    pub vulnerability: VulnerabilityId,
    /// The advisories on which the verdict rests.
    pub advisories: Vec<AdvisoryId>,
    /// All other names of the vulnerability, with those of its advisories.
    pub aliases: Vec<String>,
    /// Whether the package has it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The first version without it, in the feed's counting. For source packages it is the source's version.
    pub fixed: Option<String>,
    /// Why there is no fix, where the vendor says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix_state: Option<FixState>,
    /// The ecosystem under which it was looked up.
    pub ecosystem: Ecosystem,
    /// The name under which it was looked up.
    pub matched_as: String,
    /// What each advisory says.
    pub evidence: Vec<Evidence>,
}

impl<'q> Query<'q> {
    /// The query for an installed package.
    pub fn of(ecosystem: &'q Ecosystem, package: &'q Package) -> Self {
        Self {
            source: package.source.as_ref(),
            architecture: package.architecture.as_deref(),
            ..Self::new(ecosystem, package.kind, &package.name, &package.version)
        }
    }

    /// The query for a package of which nothing but its name and version is known.
    pub fn new(ecosystem: &'q Ecosystem, kind: PackageKind, name: &'q str, version: &'q str) -> Self {
        Self { ecosystem, kind, name, version, source: None, architecture: None, module: None, owner: None }
    }

    /// The name and the version that the feeds of the ecosystem speak of.
    pub fn subject(&self) -> (Cow<'q, str>, &'q str) {
        match (self.kind, self.source) {
            (PackageKind::Deb | PackageKind::Apk, Some(source)) => {
                (Cow::Borrowed(&*source.name), &*source.version)
            }
            (_, _) => (normalised_name(self.ecosystem, self.name), self.version),
        }
    }
}

/// Judges a package: one match for each vulnerability that some advisory connects with it, whatever the verdict,
/// sorted by vulnerability.
pub fn match_package(snapshot: &Snapshot, query: &Query<'_>) -> Vec<Match> {
    let (name, version) = query.subject();
    let installed = Installed::new(query.ecosystem, &name, version);
    let judged: Vec<_> =
        snapshot.entries(query.ecosystem, &name).map(|entry| (entry, judge(&installed, &entry))).collect();
    let by_vulnerability = group(&judged);
    by_vulnerability
        .into_iter()
        .filter_map(|(vulnerability, members)| {
            let members: Vec<_> = members.into_iter().filter_map(|index| judged.get(index)).collect();
            join(snapshot, &installed, vulnerability, &members)
        })
        .collect()
}

/// An advisory about the package, with what follows from it.
type Judged<'s> = (Entry<'s>, Judgement);

/// The advisories of each vulnerability, by their place in the list.
///
/// An advisory that names CVE numbers is about each of them; one of a distribution often covers many. Names are never
/// merged transitively, because one wrong alias would then join vulnerabilities that have nothing in common. An
/// advisory without CVE numbers takes those of another advisory that names it, or that it names.
fn group<'s>(judged: &[Judged<'s>]) -> BTreeMap<&'s str, Vec<usize>> {
    let names: Vec<_> = judged.iter().map(|(entry, _)| Names::of(entry)).collect();
    let mut cves_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for names in names.iter().filter(|names| !names.cves.is_empty()) {
        for name in names.all().filter(|name| !is_cve(name)) {
            cves_of.entry(name).or_default().extend(&names.cves);
        }
    }
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, names) in names.iter().enumerate() {
        let known: BTreeSet<&str> = if names.cves.is_empty() {
            names.all().filter_map(|name| cves_of.get(name)).flatten().copied().collect()
        } else {
            names.cves.clone()
        };
        if known.is_empty() {
            let name = name_without_cve(names.id, &names.aliases, &names.upstream);
            groups.entry(name).or_default().push(index);
        }
        for cve in known {
            groups.entry(cve).or_default().push(index);
        }
    }
    groups
}

/// The names that an advisory gives.
struct Names<'s> {
    id: &'s str,
    aliases: Vec<&'s str>,
    upstream: Vec<&'s str>,
    cves: BTreeSet<&'s str>,
}

impl<'s> Names<'s> {
    fn of(entry: &Entry<'s>) -> Self {
        let (id, aliases, upstream): (_, Vec<_>, Vec<_>) =
            (entry.advisory(), entry.aliases().collect(), entry.upstream().collect());
        let all = [id].into_iter().chain(aliases.iter().copied()).chain(upstream.iter().copied());
        let cves = all.filter(|name| is_cve(name)).collect();
        Self { id, aliases, upstream, cves }
    }

    fn all(&self) -> impl Iterator<Item = &'s str> {
        [self.id].into_iter().chain(self.aliases.iter().copied()).chain(self.upstream.iter().copied())
    }
}

/// Brings the judgements about one vulnerability together.
fn join(
    snapshot: &Snapshot,
    installed: &Installed<'_>,
    vulnerability: &str,
    members: &[&Judged<'_>],
) -> Option<Match> {
    let weight = members.iter().map(|(_, judgement)| judgement.weight).max()?;
    let decides = |judgement: &Judgement| judgement.weight == weight;
    let verdict = members.iter().find(|(_, judgement)| decides(judgement))?.1.verdict.clone();
    let mut aliases = BTreeSet::new();
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut advisories: Vec<AdvisoryId> = Vec::new();
    for (entry, judgement) in heaviest_of_each(members) {
        // Other CVE numbers in the same advisory are other vulnerabilities, not other names of this one.
        aliases.extend(Names::of(entry).all().filter(|name| !is_cve(name)).map(str::to_owned));
        let Ok(advisory) = AdvisoryId::new(entry.advisory()) else { continue };
        if decides(judgement) && !advisories.contains(&advisory) {
            advisories.push(advisory.clone());
        }
        let feed =
            snapshot.sources().get(entry.source()).map(|source| source.name.clone()).unwrap_or_default();
        let (verdict, rule) = (judgement.verdict.clone(), judgement.rule.clone());
        evidence.push(Evidence { advisory, feed, verdict, rule });
    }
    aliases.remove(vulnerability);
    let affected = || {
        let is_affected = verdict == Verdict::Affected;
        members.iter().filter(move |(_, judgement)| is_affected && judgement.weight == Weight::Affected)
    };
    let fixed = latest(installed, affected().filter_map(|(_, judgement)| judgement.fixed.as_deref()));
    let fix_state = affected().find_map(|(entry, _)| entry.particulars().fix_state);
    Some(Match {
        vulnerability: VulnerabilityId::new(vulnerability).ok()?,
        advisories,
        aliases: aliases.into_iter().collect(),
        verdict,
        fixed,
        fix_state,
        ecosystem: installed.ecosystem.clone(),
        matched_as: installed.name.to_owned(),
        evidence,
    })
}

/// One judgement for each advisory. Some say several things about one package, a branch of it each, and what counts is
/// the branch that the version is on.
fn heaviest_of_each<'m, 's>(members: &[&'m Judged<'s>]) -> Vec<&'m Judged<'s>> {
    let mut kept: Vec<&Judged<'_>> = Vec::new();
    for member in members {
        let same = |known: &&mut &'m Judged<'s>| {
            known.0.advisory() == member.0.advisory() && known.0.source() == member.0.source()
        };
        match kept.iter_mut().find(same) {
            Some(known) if known.1.weight < member.1.weight => *known = member,
            Some(_) => {}
            None => kept.push(member),
        }
    }
    kept
}

/// The latest of several fixed versions: with it, all advisories about the vulnerability are satisfied.
fn latest<'f>(installed: &Installed<'_>, fixed: impl Iterator<Item = &'f str>) -> Option<String> {
    let key = |version: &str| -> Option<VersionKey> {
        scheme_of(installed.ecosystem).and_then(|scheme| (scheme.key)(version).ok())
    };
    fixed.max_by(|left, right| key(left).cmp(&key(right)).then(left.cmp(right))).map(str::to_owned)
}

#[cfg(test)]
mod tests;
