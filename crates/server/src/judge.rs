//! From an inventory and a snapshot to findings and a verdict: the same for the server and for `scan`.
//!
//! The judgement itself is in `advisory` and `assessment`; here their words are brought together with those of the
//! store.

use crate::api::view::{FindingView, RiskView};
use advisory::{
    FixState, Match, Owner, Query, Severity, Snapshot, Verdict, VulnerabilityRecord, match_package,
    remediation,
};
use assessment::{Cause, FeedStanding, FindingEvidence, OutOfSupport};
use inventory::version::scheme_of;
use inventory::{Distribution, Ecosystem, InstalledPackage, Obstacle, PackageKind};
use jiff::{SignedDuration, Timestamp};
use sandbox::Isolation;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use store::{Finding, FindingRow, FindingVerdict, PackageOwner, PackageVersion, ScannedImage, Vulnerability};

/// What is asked of the advisories about one package version; nothing, if nobody speaks for its kind.
pub fn query(package: &PackageVersion) -> Option<Query<'_>> {
    let ecosystem = package.ecosystem.as_ref()?;
    Some(Query {
        source: package.source.as_ref(),
        module: package.module.as_deref(),
        architecture: package.architecture.as_deref(),
        owner: package.owner.as_ref().map(|owner| Owner { ecosystem: &owner.ecosystem, name: &owner.name }),
        ..Query::new(ecosystem, package.kind, &package.name, &package.version)
    })
}

/// Everything that the advisories in force say of one package version, whatever the verdict.
pub fn matches(snapshot: &Snapshot, package: &PackageVersion) -> Vec<Match> {
    query(package).map(|query| match_package(snapshot, &query)).unwrap_or_default()
}

/// All that a snapshot says of one package version, in the words of the store.
pub fn findings_of(snapshot: &Snapshot, package: &PackageVersion) -> (Vec<FindingRow>, Vec<Vulnerability>) {
    let mut rows = Vec::new();
    let mut vulnerabilities = Vec::new();
    let matches = matches(snapshot, package);
    let upgrade = Upgrade::of(&matches);
    for found in &matches {
        let verdict = match &found.verdict {
            Verdict::Affected => FindingVerdict::Affected,
            Verdict::Undetermined { .. } => FindingVerdict::Undetermined,
            // That something does not apply is kept nowhere: it is most of what a snapshot says.
            Verdict::NotAffected { .. } => continue,
        };
        let record: VulnerabilityRecord = snapshot.vulnerability(found);
        rows.push(FindingRow {
            vulnerability: found.vulnerability.to_string(),
            verdict,
            fixed: found.fixed.clone(),
            advisories: found.advisories.iter().map(ToString::to_string).collect(),
            evidence: serde_json::to_value(evidence(found, package, &upgrade)).unwrap_or(Value::Null),
        });
        vulnerabilities.push(Vulnerability {
            id: found.vulnerability.to_string(),
            ecosystem: found.ecosystem.clone(),
            severity: record.classification.severity.to_string(),
            score: record.classification.score,
            record: serde_json::to_value(record).unwrap_or(Value::Null),
        });
    }
    (rows, vulnerabilities)
}

/// The version to which a package is upgraded once, instead of once for each of its findings: the highest that fixes
/// one of them.
#[derive(Debug, Default)]
pub struct Upgrade(Option<String>);

impl Upgrade {
    /// The one that repairs everything that can be repaired among the matches of a package.
    pub fn of(matches: &[Match]) -> Self {
        let fixes = matches.iter().filter_map(|found| {
            let is_open =
                found.verdict == Verdict::Affected && found.fix_state != Some(FixState::Subscription);
            let fixed = found.fixed.as_deref().filter(|_| is_open)?;
            let key = (scheme_of(&found.ecosystem)?.key)(fixed).ok()?;
            Some((key, fixed))
        });
        Self(fixes.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, fixed)| fixed.to_owned()))
    }

    /// The version that a finding is repaired by: that of all, where it has one of its own.
    fn fixing<'u>(&'u self, found: &'u Match) -> Option<&'u str> {
        let own = found.fixed.as_deref()?;
        if found.fix_state == Some(FixState::Subscription) {
            return Some(own);
        }
        Some(self.0.as_deref().unwrap_or(own))
    }
}

fn evidence(found: &Match, package: &PackageVersion, upgrade: &Upgrade) -> FindingEvidence {
    let repair = remediation(
        &found.ecosystem,
        package.kind,
        &package.name,
        &found.matched_as,
        upgrade.fixing(found),
        found.fix_state,
    );
    let decisive = found.evidence.iter().find(|evidence| evidence.verdict == found.verdict);
    FindingEvidence {
        rule: decisive.map(|evidence| evidence.rule.clone()).unwrap_or_default(),
        remediation: repair.command.clone().unwrap_or_else(|| repair.sentence.clone()),
        patchable: repair.patchable,
        fix_state: found.fix_state,
        aliases: found.aliases.clone(),
        category: advisory::Category::of(&found.ecosystem).to_string(),
        advisories: found.evidence.clone(),
    }
}

/// An installed package as it is matched and kept.
pub fn package_version(installed: &InstalledPackage, distribution: Option<&Distribution>) -> PackageVersion {
    let package = &installed.package;
    let owner = installed.owned_by.as_ref().and_then(|owner| {
        let ecosystem = ecosystem_of(owner.kind, distribution)?;
        Some(PackageOwner { ecosystem, name: owner.name.clone() })
    });
    PackageVersion {
        ecosystem: ecosystem_of(package.kind, distribution),
        kind: package.kind,
        name: package.name.clone(),
        version: package.version.clone(),
        source: package.source.clone(),
        module: package.module.clone(),
        owner,
        // Only vendors of RPM packages write advisories about single machines; the others' packages are the same for
        // all, and shared by images for different ones.
        architecture: package.architecture.clone().filter(|_| package.kind == PackageKind::Rpm),
    }
}

/// Where the advisories of a package are looked up: those of the distribution for its own packages, those of the
/// language for all others.
pub fn ecosystem_of(kind: PackageKind, distribution: Option<&Distribution>) -> Option<Ecosystem> {
    let language = match kind {
        PackageKind::Apk
        | PackageKind::Deb
        | PackageKind::Rpm
        | PackageKind::Alpm
        | PackageKind::Portage
        | PackageKind::Opkg => {
            return distribution?.ecosystem.clone();
        }
        PackageKind::Npm => "npm",
        PackageKind::PyPi => "PyPI",
        PackageKind::Golang => "Go",
        PackageKind::Cargo => "crates.io",
        PackageKind::Maven => "Maven",
        PackageKind::Gem => "RubyGems",
        PackageKind::Composer => "Packagist",
        PackageKind::NuGet => "NuGet",
        PackageKind::Pub => "Pub",
        PackageKind::Hex => "Hex",
        PackageKind::Swift => "SwiftURL",
        PackageKind::Hackage => "Hackage",
        PackageKind::Cran => "CRAN",
        PackageKind::Conan => "ConanCenter",
        PackageKind::Julia => "Julia",
        // Bitnami's advisories speak of upstream programs in their upstream versions, and nobody else's do.
        PackageKind::Binary | PackageKind::Bitnami => "Bitnami",
        // No feed that this product reads speaks of these.
        PackageKind::Conda
        | PackageKind::Nix
        | PackageKind::Otp
        | PackageKind::Pear
        | PackageKind::Pecl
        | PackageKind::LuaRocks
        | PackageKind::Opam
        | PackageKind::Cpan
        | PackageKind::WordPress
        | PackageKind::Noted
        | PackageKind::Kernel
        | PackageKind::Assembly => return None,
    };
    Some(Ecosystem::new(language))
}

/// How the advisories in force stand to the ecosystems of an image.
pub fn standing(
    snapshot: Option<&Snapshot>,
    ecosystems: &BTreeSet<Ecosystem>,
    age_limit: SignedDuration,
    now: Timestamp,
) -> FeedStanding {
    let Some(snapshot) = snapshot else { return FeedStanding::None };
    let age = now.duration_since(snapshot.created_at());
    if age > age_limit {
        return FeedStanding::TooOld { days: age.as_hours() / 24 };
    }
    let uncovered = ecosystems
        .iter()
        .filter(|ecosystem| !is_covered(snapshot, ecosystem, age_limit, now))
        .cloned()
        .collect();
    FeedStanding::InForce { uncovered }
}

/// Whether there are advisories for an ecosystem, and their sources were read lately enough.
pub fn is_covered(
    snapshot: &Snapshot,
    ecosystem: &Ecosystem,
    age_limit: SignedDuration,
    now: Timestamp,
) -> bool {
    snapshot.coverage(ecosystem).is_some() && now.duration_since(snapshot.as_of(ecosystem)) <= age_limit
}

/// The distribution whose packages nobody publishes advisories for, if the image has such packages.
pub fn without_feed(distribution: Option<&Distribution>, has_unplaced_packages: bool) -> Option<String> {
    let distribution = distribution?;
    (has_unplaced_packages && distribution.ecosystem.is_none()).then(|| distribution.pretty_name.clone())
}

/// The distribution whose packages get no fixes any more, if the image has such packages.
pub fn out_of_support(
    distribution: Option<&Distribution>,
    packages: impl IntoIterator<Item = PackageKind>,
    now: Timestamp,
) -> Option<OutOfSupport> {
    let distribution = distribution?;
    let own = distribution.known()?.packages?;
    let end = distribution.end_of_life()?;
    let today = now.strftime("%F").to_string();
    let is_over = *end.date < *today && packages.into_iter().any(|kind| kind == own);
    is_over
        .then(|| OutOfSupport { distribution: distribution.pretty_name.clone(), since: end.date.to_owned() })
}

/// What the verdict on an image rests on beside its packages and the advisories, as it is recorded with the image.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Basis {
    /// What speaks against it whatever the advisories say, the weightiest first.
    pub causes: Vec<Cause>,
    /// The distribution, if the image has packages of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
}

impl Basis {
    /// The distribution whose packages get no fixes any more.
    pub fn out_of_support(&self, now: Timestamp) -> Option<OutOfSupport> {
        let distribution = self.distribution.as_ref()?;
        out_of_support(Some(distribution), distribution.known()?.packages, now)
    }
}

/// A finding for people and programs.
pub fn finding_view(finding: &Finding) -> FindingView {
    let evidence: Option<FindingEvidence> = serde_json::from_value(finding.evidence.clone()).ok();
    let record = &finding.vulnerability.record;
    let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    FindingView {
        registry: None,
        repository: finding.key.image.repository.name.to_string(),
        digest: finding.key.image.digest.to_string(),
        vulnerability: finding.vulnerability.id.clone(),
        aliases: evidence.as_ref().map(|evidence| evidence.aliases.clone()).unwrap_or_default(),
        severity: finding.vulnerability.severity.clone(),
        score: finding.vulnerability.score,
        title: text("title"),
        package: finding.package.name.clone(),
        version: finding.package.version.clone(),
        path: finding.path.clone(),
        layer: finding.layer.to_string(),
        layer_number: finding.origin.layer_number,
        step: finding.origin.step.clone(),
        inherited: finding.origin.inherited,
        fixed: finding.fixed.clone(),
        remediation: evidence.as_ref().map(|evidence| evidence.remediation.clone()).unwrap_or_default(),
        advisories: finding.advisories.clone(),
        evidence: evidence.map(|evidence| evidence.rule).unwrap_or_default(),
        exempt: None,
        risk: serde_json::from_value::<VulnerabilityRecord>(record.clone())
            .map(|record| RiskView { first_seen: Some(finding.first_seen), ..risk(&record) })
            .unwrap_or_default(),
    }
}

/// What tells how urgent a vulnerability is.
fn risk(record: &VulnerabilityRecord) -> RiskView {
    let classification = &record.classification;
    RiskView {
        severity_source: classification.source.clone(),
        cvss_vector: classification.vector.clone(),
        exploit_probability: record.prediction.as_ref().map(|prediction| prediction.probability),
        exploit_percentile: record.prediction.as_ref().map(|prediction| prediction.percentile),
        known_exploited_since: record.known_exploit.as_ref().map(|known| known.added.to_string()),
        published: record.published,
        first_seen: None,
    }
}

/// Where a package of a scanned image stands.
pub struct Place<'a> {
    /// What was scanned.
    pub repository: &'a str,
    /// Its digest.
    pub digest: &'a str,
    /// The file that lists the package.
    pub path: &'a str,
    /// The layer that brought it in.
    pub layer: &'a str,
    /// The number of that layer, from 1 at the bottom.
    pub layer_number: usize,
    /// The build step that made that layer.
    pub step: Option<&'a str>,
}

/// A match for people and programs, of an image that is in no registry.
pub fn match_view(
    snapshot: &Snapshot,
    package: &PackageVersion,
    found: &Match,
    upgrade: &Upgrade,
    place: &Place<'_>,
) -> FindingView {
    let record = snapshot.vulnerability(found);
    let evidence = evidence(found, package, upgrade);
    let risk = risk(&record);
    FindingView {
        registry: None,
        repository: place.repository.to_owned(),
        digest: place.digest.to_owned(),
        vulnerability: found.vulnerability.to_string(),
        aliases: evidence.aliases,
        severity: record.classification.severity.to_string(),
        score: record.classification.score,
        title: record.title,
        package: package.name.clone(),
        version: package.version.clone(),
        path: place.path.to_owned(),
        layer: place.layer.to_owned(),
        layer_number: Some(place.layer_number),
        step: place.step.map(str::to_owned),
        inherited: None,
        fixed: found.fixed.clone(),
        remediation: evidence.remediation,
        advisories: found.advisories.iter().map(ToString::to_string).collect(),
        evidence: evidence.rule,
        exempt: None,
        risk,
    }
}

/// What a reader must know of an image besides its verdict.
pub fn notes(scanned: &ScannedImage) -> Vec<String> {
    let obstacles: Vec<Obstacle> = serde_json::from_value(scanned.obstacles.clone()).unwrap_or_default();
    obstacles.into_iter().map(|obstacle| Cause::Obstacle { obstacle }.to_string()).collect()
}

/// What the jail achieved, in words.
pub fn isolation_in_words(isolation: &Value) -> Option<String> {
    serde_json::from_value::<Isolation>(isolation.clone()).ok().map(|isolation| isolation.to_string())
}

/// The severity of a word, in any case.
pub fn severity(word: &str) -> Option<Severity> {
    let all = [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    all.into_iter().find(|severity| severity.to_string().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests;
