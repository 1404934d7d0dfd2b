//! Why a finding is there, or why it is not: every advisory that was considered, its ranges, the rule, the drop.

use crate::snapshot::{Bound, Entry, Interval};
use crate::{Match, Query, Remediation, Severity, Snapshot, Verdict, match_package, remediation};
use inventory::{Ecosystem, PackageKind};
use serde::Serialize;
use std::fmt;

/// One advisory, as it was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consideration {
    /// The advisory.
    pub advisory: String,
    /// The source that it came from.
    pub feed: String,
    /// Which versions it is about, one range a line.
    pub ranges: Vec<String>,
    /// What follows from it alone.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The rule, in words.
    pub rule: String,
    /// Whether the verdict rests on it.
    pub decides: bool,
}

/// Why a package has a vulnerability, or why it has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The package, as installed.
    pub package: String,
    /// Its version, as installed.
    pub version: String,
    /// The ecosystem under which it was looked up.
    pub ecosystem: Ecosystem,
    /// The name, or names, under which it was looked up.
    pub looked_up: Vec<String>,
    /// Whether that is the name of the source that the package was built from.
    pub by_source: bool,
    /// The vulnerability that was asked for.
    pub vulnerability: String,
    /// How bad it is for this package, and by whose word.
    pub severity: Option<String>,
    /// What to do about it, if the package has it.
    pub remediation: Option<Remediation>,
    /// The match; none if no advisory connects the two.
    pub found: Option<Match>,
    /// Each advisory that connects the two.
    pub considered: Vec<Consideration>,
    /// How many advisories there are about the package, whatever the vulnerability.
    pub about_package: usize,
    /// How many advisories there are for the ecosystem; none if the snapshot says nothing about it at all.
    pub about_ecosystem: Option<u32>,
}

/// Explains why a package has a vulnerability, or why it has not.
pub fn explain(snapshot: &Snapshot, query: &Query<'_>, vulnerability: &str) -> Explanation {
    let looked_up: Vec<String> = query.names().map(std::borrow::Cow::into_owned).collect();
    let found = match_package(snapshot, query).into_iter().find(|found| found.is_about(vulnerability));
    let considered = found.as_ref().map(|found| considerations(snapshot, found)).unwrap_or_default();
    let by_source = query.source.is_some_and(|source| source.name != query.name)
        && matches!(query.kind, PackageKind::Apk | PackageKind::Deb);
    let affected = found.as_ref().filter(|found| found.verdict == Verdict::Affected);
    let remedy = affected.map(|found| {
        let (fixed, source) = (found.fixed.as_deref(), &*found.matched_as);
        remediation(&found.ecosystem, query.kind, query.name, source, fixed, found.fix_state)
    });
    let about_package = looked_up.iter().map(|name| snapshot.statements(query.ecosystem, name)).sum();
    Explanation {
        package: query.name.to_owned(),
        version: query.version.to_owned(),
        ecosystem: query.ecosystem.clone(),
        looked_up,
        by_source,
        vulnerability: vulnerability.to_owned(),
        severity: found.as_ref().map(|found| severity(snapshot, found)),
        remediation: remedy,
        found,
        considered,
        about_package,
        about_ecosystem: snapshot.coverage(query.ecosystem).map(|coverage| coverage.advisories),
    }
}

/// The severity of a match, and by whose word it has it.
fn severity(snapshot: &Snapshot, found: &Match) -> String {
    let classification = snapshot.vulnerability(found).classification;
    let mut words = match (classification.severity, classification.source) {
        (Severity::Unknown, _) => "unknown, since nobody has rated it".to_owned(),
        (severity, Some(source)) => format!("{severity}, by the word of {source}"),
        (severity, None) => severity.to_string(),
    };
    if let Some(score) = classification.score {
        words += &format!(", CVSS base score {score:.1}");
    }
    words
}

fn considerations(snapshot: &Snapshot, found: &Match) -> Vec<Consideration> {
    let entries: Vec<_> = snapshot.entries(&found.ecosystem, &found.matched_as).collect();
    // Several sources may have one advisory, and one may say the same of several branches.
    let ranges = |advisory: &str| {
        let mut lines: Vec<String> = Vec::new();
        for line in entries.iter().filter(|entry| entry.advisory() == advisory).flat_map(ranges_of) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    };
    let one = |evidence: &crate::Evidence| Consideration {
        advisory: evidence.advisory.to_string(),
        feed: evidence.feed.clone(),
        ranges: ranges(evidence.advisory.as_str()),
        verdict: evidence.verdict.clone(),
        rule: evidence.rule.clone(),
        decides: found.advisories.contains(&evidence.advisory),
    };
    found.evidence.iter().map(one).collect()
}

/// How many single versions of an entry are written out.
const LISTED: usize = 10;

/// The ranges and the single versions of an entry, in words.
fn ranges_of(entry: &Entry<'_>) -> Vec<String> {
    if entry.is_never() {
        return vec!["no version".to_owned()];
    }
    if entry.is_unknown() {
        return vec!["not known".to_owned()];
    }
    let mut lines: Vec<String> = entry.intervals().map(|interval| words(&interval)).collect();
    let listed: Vec<&str> = entry.versions().take(LISTED).map(|version| version.text).collect();
    if !listed.is_empty() {
        let more = entry.versions().count() - listed.len();
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        lines.push(format!("one of {}{more}", listed.join(", ")));
    }
    lines
}

fn words(interval: &Interval<'_>) -> String {
    let from =
        interval.introduced.map_or_else(|| "from the beginning".to_owned(), |at| format!("from {}", at.text));
    let until = |words: &str, bound: Option<Bound<'_>>| bound.map(|at| format!("{from} {words} {}", at.text));
    until("to before", interval.fixed)
        .or_else(|| until("to", interval.last_affected))
        .or_else(|| until("to before, as far as anybody looked,", interval.limit))
        .unwrap_or_else(|| format!("{from} without an end"))
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Affected => "affected",
        Verdict::NotAffected { .. } => "not affected",
        Verdict::Undetermined { .. } => "cannot be told",
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, version, ecosystem, vulnerability, .. } = self;
        writeln!(f, "{vulnerability} in {package} {version} ({ecosystem})")?;
        let built = if self.by_source { ", which it was built from" } else { "" };
        writeln!(f, "  looked up as {}{built}", self.looked_up.join(" and "))?;
        let Some(found) = &self.found else { return self.nothing(f) };
        writeln!(f, "  {}: {}", word(&found.verdict), self.reason(found))?;
        if let Some(fixed) = &found.fixed {
            writeln!(f, "  fixed in {fixed}")?;
        }
        if let Some(severity) = &self.severity {
            writeln!(f, "  severity: {severity}")?;
        }
        if let Some(Remediation { sentence, command, .. }) = &self.remediation {
            let command = command.as_ref().map(|command| format!(" `{command}`")).unwrap_or_default();
            writeln!(f, "  what to do: {sentence}{command}")?;
        }
        for considered in &self.considered {
            let mark = if considered.decides { "decides" } else { "considered" };
            writeln!(f, "  {mark}: {} from {}", considered.advisory, considered.feed)?;
            for range in &considered.ranges {
                writeln!(f, "    about versions {range}")?;
            }
            writeln!(f, "    {}: {}", word(&considered.verdict), considered.rule)?;
        }
        Ok(())
    }
}

impl Explanation {
    fn reason<'e>(&'e self, found: &'e Match) -> &'e str {
        match &found.verdict {
            Verdict::NotAffected { why } | Verdict::Undetermined { why } => why,
            Verdict::Affected => {
                self.considered.iter().find(|one| one.decides).map_or("an advisory says so", |one| &one.rule)
            }
        }
    }

    fn nothing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.about_ecosystem {
            None => {
                writeln!(f, "  cannot be told: the advisories in force say nothing about {}", self.ecosystem)
            }
            Some(count) => writeln!(
                f,
                "  no finding: none of the {} advisories about the package names it, of {count} about {}",
                self.about_package, self.ecosystem
            ),
        }
    }
}

#[cfg(test)]
mod tests;
