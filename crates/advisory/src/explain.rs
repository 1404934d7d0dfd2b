//! Why a finding is there, or why it is not: every advisory that was considered, its ranges, the rule, the drop.

use crate::snapshot::{Bound, Entry, Interval};
use crate::{Match, Query, Snapshot, Verdict, match_package};
use inventory::Ecosystem;
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
    /// The vulnerability that was asked for.
    pub vulnerability: String,
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
    let about_package = looked_up.iter().map(|name| snapshot.statements(query.ecosystem, name)).sum();
    Explanation {
        package: query.name.to_owned(),
        version: query.version.to_owned(),
        ecosystem: query.ecosystem.clone(),
        looked_up,
        vulnerability: vulnerability.to_owned(),
        found,
        considered,
        about_package,
        about_ecosystem: snapshot.coverage(query.ecosystem).map(|coverage| coverage.advisories),
    }
}

fn considerations(snapshot: &Snapshot, found: &Match) -> Vec<Consideration> {
    let entries: Vec<_> = snapshot.entries(&found.ecosystem, &found.matched_as).collect();
    let ranges = |advisory: &str| {
        entries.iter().filter(|entry| entry.advisory() == advisory).flat_map(ranges_of).collect()
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

/// The ranges and the single versions of an entry, in words.
fn ranges_of(entry: &Entry<'_>) -> Vec<String> {
    if entry.is_never() {
        return vec!["no version".to_owned()];
    }
    if entry.is_unknown() {
        return vec!["not known".to_owned()];
    }
    let mut lines: Vec<String> = entry.intervals().map(|interval| words(&interval)).collect();
    let listed: Vec<&str> = entry.versions().take(10).map(|version| version.text).collect();
    if !listed.is_empty() {
        lines.push(format!("one of {}", listed.join(", ")));
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
        writeln!(f, "  looked up as {}", self.looked_up.join(" and "))?;
        let Some(found) = &self.found else { return self.nothing(f) };
        writeln!(f, "  {}: {}", word(&found.verdict), self.reason(found))?;
        if let Some(fixed) = &found.fixed {
            writeln!(f, "  fixed in {fixed}")?;
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
