//! OSV records, one JSON object a document: <https://ossf.github.io/osv-schema/>.
//!
//! Surprises of real exports: lists written as `null`; severities as bare numbers below `database_specific`; the
//! year 1 for a date that is not known; several `fixed` events in one range; AlmaLinux and Rocky name the
//! vulnerabilities of an erratum under `related`; Debian says `fixed` at `0` for "never affected".
//!
//! A bad severity or date is left out. A bad identifier, package or event makes the record unreadable, because
//! without it the record would say something else than its author meant.

mod distribution;

use super::{Emit, Feed, FeedError, Record, Skip, broken, is_object, nullable};
use crate::advisory::instant;
use crate::identifier::is_cve;
use crate::{
    Advisory, AdvisoryId, AffectedPackage, BaseScore, CvssVersion, Event, Extent, Range, Rating, Reference,
    Severity, Urgency, normalised_name, ranges_of,
};
use inventory::{Ecosystem, version::scheme_of};
use serde::Deserialize;
use serde_json::Value;

/// OSV records.
pub(super) const FEED: Feed = Feed { name: "osv", recognise, parse };

fn recognise(name: &str, head: &[u8]) -> bool {
    name.ends_with(".json") && is_object(head)
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let osv: Osv = serde_json::from_slice(document).map_err(broken(FEED.name))?;
    let place = osv.id.chars().take(100).collect();
    emit(
        advisory(osv).map_err(|why| Skip { place, why }).map(|advisory| Record::Advisory(Box::new(advisory))),
    );
    Ok(())
}

#[derive(Deserialize)]
struct Osv {
    id: String,
    #[serde(default, deserialize_with = "nullable")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    upstream: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    related: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    summary: String,
    #[serde(default, deserialize_with = "nullable")]
    details: String,
    #[serde(default, deserialize_with = "nullable")]
    published: String,
    #[serde(default, deserialize_with = "nullable")]
    modified: String,
    withdrawn: Option<String>,
    severity: Option<Value>,
    #[serde(default, deserialize_with = "nullable")]
    references: Vec<OsvReference>,
    #[serde(default, deserialize_with = "nullable")]
    affected: Vec<OsvAffected>,
    database_specific: Option<Value>,
}

#[derive(Deserialize)]
struct OsvReference {
    #[serde(rename = "type", default, deserialize_with = "nullable")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    url: String,
}

#[derive(Deserialize)]
struct OsvAffected {
    package: Option<OsvPackage>,
    #[serde(default, deserialize_with = "nullable")]
    ranges: Vec<OsvRange>,
    #[serde(default, deserialize_with = "nullable")]
    versions: Vec<String>,
    severity: Option<Value>,
    ecosystem_specific: Option<Value>,
    database_specific: Option<Value>,
}

#[derive(Deserialize)]
struct OsvPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct OsvRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    events: Vec<OsvEvent>,
}

#[derive(Deserialize)]
struct OsvEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

fn advisory(osv: Osv) -> Result<Advisory, String> {
    let id = AdvisoryId::new(osv.id).map_err(|error| error.to_string())?;
    let mut advisory = Advisory::new(id);
    let source = advisory.id.as_str().split('-').next().unwrap_or_default().to_owned();
    advisory.ratings = severities(osv.severity.as_ref(), &source);
    advisory.ratings.extend(specific_ratings(osv.database_specific.as_ref(), &source));
    let mut said = Vec::new();
    for affected in osv.affected {
        let binaries = distribution::binaries(&affected);
        let Some(read) = affected_package(affected, &source)? else { continue };
        said.extend(distribution::of_release(read, binaries));
    }
    advisory.affected = distribution::prefer_open_pockets(said);
    (advisory.aliases, advisory.upstream, advisory.related) = (osv.aliases, osv.upstream, osv.related);
    if advisory.affected.iter().any(|affected| is_erratum(&affected.ecosystem)) {
        move_related(&mut advisory);
        advisory.ratings.extend(erratum_word(&osv.summary, &source));
    }
    (advisory.summary, advisory.details) = (osv.summary, osv.details);
    (advisory.published, advisory.modified) = (instant(&osv.published), instant(&osv.modified));
    // A date that cannot be read still says that the advisory was taken back.
    advisory.withdrawn =
        osv.withdrawn.map(|date| instant(&date).or(advisory.modified).unwrap_or(jiff::Timestamp::UNIX_EPOCH));
    advisory.references =
        osv.references.into_iter().map(|OsvReference { kind, url }| Reference { kind, url }).collect();
    Ok(advisory)
}

/// Distributions whose advisories are errata: one for all vulnerabilities that an update repairs.
fn is_erratum(ecosystem: &Ecosystem) -> bool {
    matches!(
        ecosystem.base(),
        "AlmaLinux" | "Rocky Linux" | "Red Hat" | "SUSE" | "openSUSE" | "Ubuntu" | "Mageia" | "Oracle Linux"
    )
}

/// Errata of this kind list under `related` what the schema has `upstream` for.
fn move_related(advisory: &mut Advisory) {
    if advisory.upstream.is_empty() && advisory.aliases.is_empty() {
        let (upstream, related) = advisory.related.drain(..).partition(|name| is_cve(name));
        (advisory.upstream, advisory.related) = (upstream, related);
    }
}

/// The word before the colon of `Important: firefox security update`.
fn erratum_word(summary: &str, source: &str) -> Option<Rating> {
    Rating::from_word(summary.split_once(':')?.0, source)
}

fn affected_package(affected: OsvAffected, source: &str) -> Result<Option<AffectedPackage>, String> {
    // Without a package, a record speaks of a repository of source code, which no image installs.
    let Some(OsvPackage { ecosystem, name }) = affected.package else { return Ok(None) };
    if ecosystem.is_empty() || name.is_empty() || ecosystem.len() > 200 || name.len() > 1000 {
        return Err("an affected package has no name or ecosystem, or one that is too long".to_owned());
    }
    let ecosystem = Ecosystem::new(ecosystem);
    let mut ratings = severities(affected.severity.as_ref(), source);
    ratings.extend(specific_ratings(affected.ecosystem_specific.as_ref(), source));
    let urgency = urgency(affected.ecosystem_specific.as_ref());
    let priority = affected.ecosystem_specific.as_ref().and_then(|own| own.get("ubuntu_priority")?.as_str());
    ratings.extend(priority.and_then(|word| Rating::from_word(word, "Ubuntu")));
    if ratings.is_empty() {
        ratings.extend(urgency.and_then(|urgency| urgency.rating(source)));
        ratings.extend(nested_vector(affected.database_specific.as_ref(), source));
    }
    let name = normalised_name(&ecosystem, &name).into_owned();
    let extent = extent(&ecosystem, affected.ranges, affected.versions)?;
    Ok(Some(AffectedPackage { ratings, urgency, ..AffectedPackage::new(ecosystem, name, extent) }))
}

fn extent(ecosystem: &Ecosystem, ranges: Vec<OsvRange>, versions: Vec<String>) -> Result<Extent, String> {
    let scheme = scheme_of(ecosystem);
    let (mut read, mut never, mut commits) = (Vec::new(), false, false);
    for range in ranges {
        match &*range.kind {
            "GIT" => commits = true,
            "ECOSYSTEM" | "SEMVER" => {
                let ranges = ranges_of(events(range.events)?, scheme);
                let before = ranges.len();
                let is_something = |range: &Range| {
                    !(range.introduced.is_none() && range.end == crate::End::Fixed("0".to_owned()))
                };
                let something: Vec<_> = ranges.into_iter().filter(is_something).collect();
                never |= something.len() < before;
                read.extend(something);
            }
            other => return Err(format!("there is no range of type {other:?} in the schema")),
        }
    }
    if !read.is_empty() || !versions.is_empty() {
        return Ok(Extent::Versions { ranges: read, versions });
    }
    if never {
        return Ok(Extent::Never);
    }
    let why =
        if commits { "the advisory names commits and no versions" } else { "the advisory names no versions" };
    Ok(Extent::Unknown { why: why.to_owned() })
}

fn events(events: Vec<OsvEvent>) -> Result<Vec<Event>, String> {
    let mut read = Vec::with_capacity(events.len());
    for event in events {
        let before = read.len();
        read.extend(event.introduced.map(Event::Introduced));
        read.extend(event.fixed.map(Event::Fixed));
        read.extend(event.last_affected.map(Event::LastAffected));
        read.extend(event.limit.map(Event::Limit));
        if read.len() == before {
            return Err("a range has an event that is none of the schema".to_owned());
        }
    }
    Ok(read)
}

/// The ratings of a `severity` list. What is no rating is left out: it makes nothing less affected.
fn severities(list: Option<&Value>, source: &str) -> Vec<Rating> {
    let Some(Value::Array(list)) = list else { return Vec::new() };
    list.iter().filter_map(|item| severity(item, source)).collect()
}

fn severity(item: &Value, source: &str) -> Option<Rating> {
    let score = item.get("score")?.as_str()?;
    match item.get("type").and_then(Value::as_str) {
        Some("Ubuntu") => Rating::from_word(score, "Ubuntu"),
        _ => Rating::from_vector(score, source),
    }
}

/// Ratings that databases write beside the schema: a word under `severity`, bare scores under `cvss_v2`, `_v3`, `_v4`.
fn specific_ratings(specific: Option<&Value>, source: &str) -> Vec<Rating> {
    let Some(specific) = specific else { return Vec::new() };
    let mut ratings = Vec::new();
    let fields = [("cvss_v4", CvssVersion::V40), ("cvss_v3", CvssVersion::V31), ("cvss_v2", CvssVersion::V2)];
    for (field, version) in fields {
        let base = specific.get(field).and_then(Value::as_f64).and_then(BaseScore::new);
        ratings.extend(base.map(|base| Rating::Score { version, base, source: source.to_owned() }));
    }
    let word = specific.get("severity").and_then(Value::as_str).and_then(Severity::from_word);
    ratings.extend(word.map(|severity| Rating::Word { severity, source: source.to_owned() }));
    ratings
}

/// A vector under `cvss`, as text or as an object with a `vectorString` or a `score`.
fn nested_vector(specific: Option<&Value>, source: &str) -> Option<Rating> {
    let cvss = specific?.get("cvss")?;
    let fields = [Some(cvss), cvss.get("vectorString"), cvss.get("score")];
    let text = fields.into_iter().flatten().find_map(Value::as_str)?;
    Rating::from_vector(text, source)
}

fn urgency(specific: Option<&Value>) -> Option<Urgency> {
    Urgency::from_word(specific?.get("urgency")?.as_str()?)
}

#[cfg(test)]
mod tests;
