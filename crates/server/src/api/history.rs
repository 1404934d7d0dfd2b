//! What became of an image: `/api/images/REFERENCE/history`.
//!
//! Its events, and what other advisories changed in the findings of its packages. What the image was pushed with is
//! its beginning and no change; when a finding was first seen stands beside the finding.
//! What people decided is told as well: a finding that an exemption, a rule or a signed document silences went by that.

use super::ApiState;
use super::error::ApiError;
use super::view::{HistoryEntry, Page};
use access::ResourceId;
use graph::documents::KnownRegistry;
use graph::rulebook::{OsName, Rulebook, image_id, sentence};
use jiff::Timestamp;
use store::{
    Event, EventKind, Finding, FindingChange, FindingFilter, FindingStand, ImageKey, PageRequest, Rule,
};

/// Entries of one answer: the newest.
const ENTRIES: usize = 1000;

/// The history of an image, the newest first.
pub(super) async fn of_image(state: &ApiState, image: &ImageKey) -> Result<Page<HistoryEntry>, ApiError> {
    let events = state.store.image_events(image, ENTRIES).await?;
    let changes = state.store.finding_changes(image, ENTRIES).await?;
    // What happened to a package version before this image was here is no part of its history.
    let since = state.store.summary(image).await?.map(|summary| summary.first_seen);
    let changes = changes.into_iter().filter(|change| since.is_none_or(|since| change.at >= since));
    let decided = decided(state, image).await?;
    let mut value: Vec<HistoryEntry> =
        events.into_iter().map(event).chain(changes.map(finding)).chain(decided).collect();
    value.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    value.truncate(ENTRIES);
    Ok(Page { value, next: None })
}

/// What rules, exemptions and attached documents did to the findings that the image has.
async fn decided(state: &ApiState, image: &ImageKey) -> Result<Vec<HistoryEntry>, ApiError> {
    let store = &*state.store;
    let registry = store.registry(image.repository.registry).await?;
    let Some(known) = registry.and_then(|registry| KnownRegistry::new(registry).ok()) else {
        return Ok(Vec::new());
    };
    let events = store.rule_events(ENTRIES).await?;
    let now = Timestamp::now();
    let attached = Rulebook::of_attached(store, now).await?;
    let rules = attached.of_image(&known, image);
    let concerning: Vec<(Event, Rule)> = events
        .into_iter()
        .filter_map(|event| concerning(&event, &known, image).map(|rule| (event, rule)))
        .collect();
    if concerning.is_empty() && rules.is_empty() {
        return Ok(Vec::new());
    }
    let os = store.image(&image.digest).await?.and_then(|scanned| OsName::of(&scanned.distribution));
    let findings = findings(state, image).await?;
    let mut entries = Vec::new();
    for (event, rule) in concerning {
        // Whether it is in force now or not, history tells what it was about.
        let book = Rulebook::of(vec![Rule { expires_at: None, ..rule.clone() }], now);
        let rules = book.of_image(&known, image);
        let hidden = findings.iter().filter(|finding| rules.hides(finding, os.as_ref()).is_some());
        let (kind, reason) = match event.event.kind == EventKind::RULE_PUT {
            true => ("finding-gone", "Exempted"),
            false => ("finding-appeared", "ExemptionEnded"),
        };
        let at = (event.event.at, event.event.actor.to_string());
        entries.extend(hidden.map(|finding| decision(finding, kind, reason, &rule, at.clone())));
    }
    for finding in &findings {
        if let Some(rule) = rules.hides(finding, os.as_ref()) {
            let at = (rule.created_at, rule.author.to_string());
            entries.push(decision(finding, "finding-gone", "NotAffectedByVex", rule, at));
        }
    }
    Ok(entries)
}

fn decision(
    finding: &Finding,
    kind: &str,
    reason: &str,
    rule: &Rule,
    (at, actor): (Timestamp, String),
) -> HistoryEntry {
    HistoryEntry {
        at,
        kind: kind.to_owned(),
        vulnerability: Some(finding.vulnerability.id.clone()),
        package: Some(finding.package.name.clone()),
        version: Some(finding.package.version.clone()),
        before: None,
        after: None,
        reason: Some(reason.to_owned()),
        description: Some(format!("{}.", sentence(rule))),
        actor: Some(actor),
        snapshot: None,
    }
}

/// The rule of an event, if it is about this image.
fn concerning(event: &Event, known: &KnownRegistry, image: &ImageKey) -> Option<Rule> {
    let rule: Rule = serde_json::from_value(event.event.detail.get("rule")?.clone()).ok()?;
    let scope = ResourceId::parse(&rule.scope).ok()?;
    image_id(known, image)?.is_within(&scope).then_some(rule)
}

/// The findings that apply to the image, one for each vulnerability of a package version.
async fn findings(state: &ApiState, image: &ImageKey) -> Result<Vec<Finding>, ApiError> {
    let filter = FindingFilter::affecting(image);
    let mut findings = state.store.findings(&filter, PageRequest::first(ENTRIES)).await?.items;
    findings.dedup_by(|one, other| {
        (&one.vulnerability.id, one.key.package_version)
            == (&other.vulnerability.id, other.key.package_version)
    });
    Ok(findings)
}

fn event(event: Event) -> HistoryEntry {
    let event = event.event;
    let text = |key: &str| event.detail.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    HistoryEntry {
        at: event.at,
        kind: event.kind.to_string(),
        vulnerability: None,
        package: None,
        version: None,
        before: text("from"),
        after: text("to"),
        reason: text("reason"),
        description: text("cause"),
        actor: Some(event.actor.to_string()),
        snapshot: text("snapshot"),
    }
}

fn finding(change: FindingChange) -> HistoryEntry {
    let words = |stand: FindingStand| match stand.fixed {
        Some(fixed) => format!("{}, fixed in {fixed}", stand.verdict.as_str()),
        None => format!("{}, no fix", stand.verdict.as_str()),
    };
    HistoryEntry {
        at: change.at,
        kind: format!("finding-{}", change.kind.as_str().to_ascii_lowercase()),
        vulnerability: Some(change.vulnerability),
        package: Some(change.package.name),
        version: Some(change.package.version),
        before: change.before.map(words),
        after: change.after.map(words),
        reason: Some(change.reason.code),
        description: Some(change.reason.sentence),
        actor: None,
        snapshot: Some(change.snapshot.0),
    }
}
