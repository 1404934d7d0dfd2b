//! Sub-assessments of the past: what was found in an image when it came, and whatever changed since.
//!
//! History keeps what changed in a package version, and no list for each moment. Undone from the newest on, the changes
//! lead from what is found today back to what was found first; done again, they give a snapshot for each change.
//! This is what matching found: what rules hid at the time is not told.

use super::resource_row::ResourceRow;
use super::security_resources::placed;
use super::sub_assessments::{self, stem};
use crate::documents::sub_assessment::{self, in_three};
use crate::documents::{KnownRegistry, sub_assessment::Form};
use crate::narrowed::{Narrowed, Only};
use crate::viewer::View;
use jiff::Timestamp;
use kql::ScanRequest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{
    Finding, FindingChange, FindingFilter, FindingStand, FindingVerdict, ImageKey, ImageSummary,
    PackageVersion, PageRequest, SummaryFilter,
};

/// Images that are looked at at a time: each may have thousands of rows.
const IMAGES: usize = 20;
/// Findings that are read at a time.
const FINDINGS: usize = 1000;
/// The most changes of one image that are told, the newest.
const CHANGES: usize = PageRequest::<i64>::MAX;

/// A row, and when it was so.
pub(super) struct Snapshot {
    pub(super) at: Timestamp,
    pub(super) row: ResourceRow,
}

/// Goes through the images whose findings the viewer may read.
pub(super) struct PastFindings {
    registries: Vec<KnownRegistry>,
    filter: SummaryFilter,
    after: Option<ImageKey>,
}

impl PastFindings {
    /// From the first image on; none where no row can be of use.
    pub(super) fn new(view: &View, request: &ScanRequest) -> Option<Self> {
        let narrowed = Narrowed(request);
        // There are many: a query has to ask for them.
        narrowed.on(&["type"]).next()?;
        if !narrowed.wants_type(sub_assessment::KIND) {
            return None;
        }
        let is_wanted = |known: &&KnownRegistry| narrowed.allows_registry(known, &stem(known));
        let registries: Vec<KnownRegistry> = view.inspected.iter().filter(is_wanted).cloned().collect();
        let repository = narrowed.repository(&["properties", "additionalData", "repositoryName"]);
        let digest = narrowed.digest(&["properties", "additionalData", "imageDigest"]);
        if registries.is_empty() || repository.is_nothing() || digest.is_nothing() {
            return None;
        }
        let filter = SummaryFilter {
            registries: Some(registries.iter().map(|known| known.registry.id).collect()),
            repository: Only::one(repository),
            digest: Only::one(digest),
            ..SummaryFilter::default()
        };
        Some(Self { registries, filter, after: None })
    }

    /// The snapshots of the next images, and whether there may be more.
    pub(super) fn pull(&mut self, view: &View) -> Result<(Vec<Snapshot>, bool), store::Error> {
        let page = PageRequest { after: self.after.take(), limit: IMAGES };
        let page = view.runtime.block_on(view.store.summaries(&self.filter, page))?;
        let mut snapshots = Vec::new();
        for summary in &page.items {
            let registry = summary.image.repository.registry;
            let Some(known) = self.registries.iter().find(|known| known.registry.id == registry) else {
                continue;
            };
            snapshots.extend(view.runtime.block_on(of_image(view, known, summary))?);
        }
        self.after = page.next;
        Ok((snapshots, self.after.is_some()))
    }
}

/// What has a vulnerability, with the version that fixes it.
type Packages = BTreeMap<PackageVersion, Option<String>>;

async fn of_image(
    view: &View,
    known: &KnownRegistry,
    summary: &ImageSummary,
) -> Result<Vec<Snapshot>, store::Error> {
    let image = &summary.image;
    let mut changes = view.store.finding_changes(image, CHANGES).await?;
    // What happened to a package version before this image was here is no part of its past.
    changes.retain(|change| change.at >= summary.first_seen);
    let mut found: BTreeMap<String, Packages> = BTreeMap::new();
    let mut severities: BTreeMap<String, String> = BTreeMap::new();
    for finding in findings(view, image).await? {
        severities.entry(finding.vulnerability.id.clone()).or_insert(finding.vulnerability.severity);
        found.entry(finding.vulnerability.id).or_default().insert(finding.package, finding.fixed);
    }
    for change in &changes {
        if !severities.contains_key(&change.vulnerability) {
            let known = view.store.vulnerabilities(&change.vulnerability).await?;
            let severity = known.into_iter().next().map_or("Unknown".to_owned(), |first| first.severity);
            severities.insert(change.vulnerability.clone(), severity);
        }
        stand(&mut found, change, change.before.as_ref());
    }
    let make = |vulnerability: &str, packages: &Packages, at: Timestamp, change: Option<&FindingChange>| {
        let severity = severities.get(vulnerability).map_or("Unknown", String::as_str);
        let row = row(view, known, summary, vulnerability, severity, packages, at, change);
        Snapshot { at, row }
    };
    let first = found.iter().filter(|(_, packages)| !packages.is_empty());
    let mut snapshots: Vec<Snapshot> = first
        .map(|(vulnerability, packages)| make(vulnerability, packages, summary.first_seen, None))
        .collect();
    for change in changes.iter().rev() {
        stand(&mut found, change, change.after.as_ref());
        let packages = found.get(&change.vulnerability);
        snapshots.extend(packages.map(|all| make(&change.vulnerability, all, change.at, Some(change))));
    }
    Ok(snapshots)
}

/// Lets a package stand as it did on one side of a change.
fn stand(found: &mut BTreeMap<String, Packages>, change: &FindingChange, stand: Option<&FindingStand>) {
    let packages = found.entry(change.vulnerability.clone()).or_default();
    match stand.filter(|stand| stand.verdict == FindingVerdict::Affected) {
        Some(stand) => drop(packages.insert(change.package.clone(), stand.fixed.clone())),
        None => drop(packages.remove(&change.package)),
    }
}

async fn findings(view: &View, image: &ImageKey) -> Result<Vec<Finding>, store::Error> {
    let filter = FindingFilter::affecting(image);
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = view.store.findings(&filter, PageRequest { after, limit: FINDINGS }).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of a row come from as many places")]
fn row(
    view: &View,
    known: &KnownRegistry,
    summary: &ImageSummary,
    vulnerability: &str,
    severity: &str,
    packages: &Packages,
    at: Timestamp,
    change: Option<&FindingChange>,
) -> ResourceRow {
    let image = &summary.image;
    let severity = in_three(severity);
    let (code, sentence) =
        change.map_or(("", ""), |change| (change.reason.code.as_str(), change.reason.sentence.as_str()));
    let status = if packages.is_empty() {
        json!({"code": "Healthy", "cause": code, "description": sentence})
    } else {
        json!({"code": "Unhealthy", "severity": severity, "cause": code, "description": sentence})
    };
    let packages: Vec<Value> = packages
        .iter()
        .map(|(package, fixed)| json!({"name": package.name, "version": package.version, "fixedVersion": fixed}))
        .collect();
    let name = sub_assessments::name_of(image, vulnerability);
    let row = ResourceRow {
        id: format!("{}{name}", stem(known)),
        name,
        kind: sub_assessment::KIND.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: "global".to_owned(),
        properties: json!({
            "id": vulnerability,
            "displayName": vulnerability,
            "status": status,
            "timeGenerated": at.to_string(),
            "resourceDetails": {"source": "Azure", "id": sub_assessments::resource_of(known, image)},
            "additionalData": {
                "assessedResourceType": Form::First.assessed(),
                "repositoryName": image.repository.name.as_str(),
                "imageDigest": image.digest.to_string(),
                "registryHost": known.registry.login_server,
                "packages": packages,
            },
            "change": {
                "kind": change.map_or("found-at-first", |change| change.kind.as_str()),
                "advisories": change.map(|change| &change.snapshot.0),
            },
        }),
        ..ResourceRow::default()
    };
    placed(known, row)
}
