//! Matching: which vulnerabilities a package has, and why we say so.
//!
//! Every advisory about the package is judged by itself, in `matching/judgement`. Then the judgements are brought
//! together by vulnerability, so that a flaw that three feeds describe is one [`Match`] with three pieces of evidence.
//!
//! * Debian's and Alpine's feeds speak of source packages (Alpine calls them origins), with the source's version.
//! * Red Hat's speak of binary packages, and of source packages where there is no fix yet: both are looked up.
//! * All others speak of the package itself.
//! * A statement about a module stream or some machines counts only for packages of these, see `matching/scope`.
//! * The word of a distribution about its own packages counts before that of a project, and that before a catalogue's,
//!   see `matching/authority`. What was overruled stays in the evidence.
//! * Packages whose findings would mean nothing are judged and then dropped, with the reason, see `matching/dropped`.
//! * "Never affected", said by the vendor, outweighs every range. Otherwise one advisory that says "affected" is
//!   enough, and one that cannot be compared is not outweighed by others that say "not affected".
//!
//! What this module does not do: decide whether the snapshot speaks for the ecosystem at all. A package without
//! advisories gives no match; ask [`Snapshot::coverage`] before calling that safe.

mod authority;
mod dropped;
mod judgement;
mod products;
mod scope;

use crate::identifier::{is_cve, name_without_cve};
use crate::snapshot::Entry;
use crate::{AdvisoryId, FixState, Snapshot, VexStatement, VulnerabilityId, normalised_name};
pub use dropped::Dropped;
use inventory::version::{VersionKey, scheme_of};
use inventory::{Ecosystem, Package, PackageKind, SourcePackage, UNTAGGED};
use judgement::{Installed, Judgement, Weight, judge};
use scope::{Scope, scope};
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
    /// The module stream that it belongs to, `nodejs:16`, where that is known, or [`inventory::UNTAGGED`].
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
    /// Why the finding was dropped, if it was. The verdict is then "not affected", with the same reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Dropped>,
    /// The statement of a VEX document that decided, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vex: Option<VexStatement>,
    /// What each advisory says.
    pub evidence: Vec<Evidence>,
}

impl Match {
    /// Whether this is the vulnerability that goes by the given name.
    pub fn is_about(&self, name: &str) -> bool {
        self.vulnerability.as_str().eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// Drops the finding, if it is one. What was known of it stays in the evidence.
    fn drop_because(&mut self, reason: &Dropped) {
        match self.verdict {
            Verdict::NotAffected { .. } => {}
            Verdict::Affected | Verdict::Undetermined { .. } => {
                self.verdict = Verdict::NotAffected { why: reason.to_string() };
                self.dropped = Some(reason.clone());
            }
        }
    }
}

impl<'q> Query<'q> {
    /// The query for an installed package.
    pub fn of(ecosystem: &'q Ecosystem, package: &'q Package) -> Self {
        Self {
            source: package.source.as_ref(),
            architecture: package.architecture.as_deref(),
            module: package.module.as_deref(),
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
            (_, _) => (normalised_name(self.ecosystem, self.name), self.upstream_version()),
        }
    }

    /// The version without what its builder added, where the feeds count without it.
    fn upstream_version(&self) -> &'q str {
        let is_java = matches!(self.name, "jdk" | "jre" | "openjdk" | "zulu");
        if self.kind == PackageKind::Golang && self.module == Some(UNTAGGED) {
            // `v0.0.0` only by its look: of which release the commit is, nobody wrote down.
            "(devel)"
        } else if self.kind == PackageKind::Bitnami {
            // `17.2.0-8` is the eighth build of 17.2.0, and no forerunner of it.
            let build = self.version.rsplit_once('-');
            let build = build.filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
            build.map_or(self.version, |(version, _)| version)
        } else if self.kind == PackageKind::Binary && is_java {
            // `1.8.0_422-b05`, `17.0.9+9-LTS`
            self.version.split(['+', '-']).next().unwrap_or(self.version)
        } else if self.kind == PackageKind::Binary && self.name == "ruby" {
            // `2.7.7p221` is 2.7.7 itself, whose builds were counted until 3.0.
            self.version.split('p').next().filter(|_| !self.version.contains("pre")).unwrap_or(self.version)
        } else {
            self.version
        }
    }

    /// The names under which advisories about the package are looked up: that of [`Query::subject`], and for RPM
    /// packages that of the source beside it.
    pub fn names(&self) -> impl Iterator<Item = Cow<'q, str>> + use<'q> {
        let (name, _) = self.subject();
        let source = self.source.filter(|_| self.kind == PackageKind::Rpm).map(|source| &*source.name);
        let source = source.filter(|source| **source != *name).map(Cow::Borrowed);
        [name].into_iter().chain(source)
    }
}

/// Judges a package: one match for each vulnerability that some advisory connects with it, whatever the verdict,
/// sorted by vulnerability.
pub fn match_package(snapshot: &Snapshot, query: &Query<'_>) -> Vec<Match> {
    let mut matches = products::each(query, |query| matches_of(snapshot, query));
    if let Some(reason) = Dropped::of(snapshot, query) {
        matches.iter_mut().for_each(|found| found.drop_because(&reason));
    }
    matches
}

/// The matches of a package as one of a single ecosystem, as it is and by its source.
fn matches_of(snapshot: &Snapshot, query: &Query<'_>) -> Vec<Match> {
    let (name, version) = query.subject();
    let mut matches = matches_as(snapshot, query, &name, version, Side::Package);
    if let (PackageKind::Rpm, Some(source)) = (query.kind, query.source) {
        let known: BTreeSet<_> = matches.iter().map(|found| found.vulnerability.clone()).collect();
        let of_source = matches_as(snapshot, query, &source.name, &source.version, Side::Source);
        matches.extend(of_source.into_iter().filter(|found| !known.contains(&found.vulnerability)));
        matches.sort_by(|left, right| left.vulnerability.cmp(&right.vulnerability));
    }
    matches
}

/// What a package is looked up as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Under the name that the feeds use for it.
    Package,
    /// Under the name of its source, beside its own.
    Source,
}

/// The matches of a package under one of its names.
fn matches_as(snapshot: &Snapshot, query: &Query<'_>, name: &str, version: &str, side: Side) -> Vec<Match> {
    let installed = Installed::new(query.ecosystem, name, version);
    let judged: Vec<_> = snapshot
        .entries(query.ecosystem, name)
        .filter_map(|entry| {
            let judgement = match scope(query, &entry, side) {
                Scope::Silent => return None,
                Scope::Applies => judge(&installed, &entry),
                Scope::Elsewhere(why) => Judgement::not_affected(why),
                Scope::Unclear(why) => judge(&installed, &entry).weakened(why),
            };
            Some((entry, judgement))
        })
        .collect();
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
    let voices = authority::voices(installed.ecosystem, members);
    let weight = voices.iter().map(|(_, judgement)| judgement.weight).max()?;
    let decides = |member: &Judged<'_>| {
        member.1.weight == weight && voices.iter().any(|voice| voice.0.advisory() == member.0.advisory())
    };
    let verdict = members.iter().find(|member| decides(member))?.1.verdict.clone();
    let mut aliases = BTreeSet::new();
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut advisories: Vec<AdvisoryId> = Vec::new();
    for member in heaviest_of_each(members) {
        let (entry, judgement) = member;
        // Other CVE numbers in the same advisory are other vulnerabilities, not other names of this one.
        aliases.extend(Names::of(entry).all().filter(|name| !is_cve(name)).map(str::to_owned));
        let Ok(advisory) = AdvisoryId::new(entry.advisory()) else { continue };
        if decides(member) && !advisories.contains(&advisory) {
            advisories.push(advisory.clone());
        }
        let feed =
            snapshot.sources().get(entry.source()).map(|source| source.name.clone()).unwrap_or_default();
        let mut rule = judgement.rule.clone();
        if judgement.weight > weight && verdict != Verdict::Affected {
            rule += "; overruled by a statement with more authority";
        }
        let verdict = judgement.verdict.clone();
        evidence.push(Evidence { advisory, feed, verdict, rule });
    }
    aliases.remove(vulnerability);
    let affected = || {
        let is_affected = verdict == Verdict::Affected;
        voices.iter().filter(move |(_, judgement)| is_affected && judgement.weight == Weight::Affected)
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
        dropped: None,
        vex: None,
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
mod conditions;
#[cfg(test)]
mod tests;
