//! Sub-assessments: one for each image and vulnerability, and one for each image that has none, in the form of 2020.
//!
//! They are read from the join of images and findings, and never kept. The name of one is derived from its image and
//! vulnerability, so that it stays the same over all scans; it begins with the image's mark, by which the image is found
//! again.
//!
//! A clean image has a row as well: scripts take an image without any row for one that was not scanned.
//! A finding that a rule or an exemption hides has its row too: not applicable, with the rule as the reason.
//!
//! The model has three severities; *critical* is told as `High`, and the scores tell it apart. A severity that nobody
//! gave is told as `Unknown` and not guessed. Scores of CVSS 3.1 stand under `3.0` as well, where queries look.

mod listing;
mod name;
mod newer;

pub use listing::{Place, Reader};
pub use name::mark;
pub(crate) use name::of as name_of;

use super::metadata::{IMAGE_KEY, IMAGES_KEY, NEWER_IMAGES_KEY};
use super::{Document, KnownRegistry};

use crate::rulebook::{image_id, sentence};
use advisory::VulnerabilityRecord;
use assessment::FindingEvidence;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use store::{Finding, ImageKey, ImageState, ImageSummary, Rule};

/// The type.
pub const KIND: &str = "Microsoft.Security/assessments/subAssessments";

/// In which of Azure's forms the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// That of 2020: one row for each image and vulnerability, with three severities.
    First,
    /// That of 2023: one row for each image, vulnerability and package, with what is known of both.
    Newer,
    /// That of 2024: the same rows below the assessment of their image.
    Image,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 3] = [Self::First, Self::Newer, Self::Image];

    /// The form of the assessment with this key, in any case.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.key().eq_ignore_ascii_case(key))
    }

    /// The key of the assessment whose rows have this form.
    pub fn key(self) -> &'static str {
        match self {
            Self::First => IMAGES_KEY,
            Self::Newer => NEWER_IMAGES_KEY,
            Self::Image => IMAGE_KEY,
        }
    }

    /// What was assessed, in the word of the form.
    pub(crate) fn assessed(self) -> &'static str {
        match self {
            Self::First => "ContainerRegistryVulnerability",
            Self::Newer | Self::Image => "AzureContainerRegistryVulnerability",
        }
    }

    /// What of a finding makes a row of its own: its row is that of all findings with the same text.
    fn group(self, finding: &Finding) -> String {
        match self {
            Self::First => finding.vulnerability.id.clone(),
            Self::Newer | Self::Image => {
                let package = &finding.package;
                let kind = package.kind.purl_type();
                format!("{} {kind}/{}@{}", finding.vulnerability.id, package.name, package.version)
            }
        }
    }
}

/// A finding, and the rule that hides it if there is one.
pub(crate) type Judged<'b> = (Finding, Option<&'b Rule>);

/// The row of an image that has no findings of its own: clean, not assessable, or an index. None while its verdict is
/// on its way, and none where nobody asked for a scan: no row means *not scanned* to those who read them.
pub fn of_image(known: &KnownRegistry, summary: &ImageSummary, form: Form) -> Option<Document> {
    let (cause, description) =
        summary.cause.as_ref().map_or(("", ""), |cause| (cause.code.as_str(), cause.sentence.as_str()));
    let severities: &[&str] = match form {
        Form::First => &["High", "Medium", "Low"],
        Form::Newer | Form::Image => &["Critical", "High", "Medium", "Low"],
    };
    let (status, title, text) = match summary.state {
        ImageState::Healthy => (
            json!({"code": "Healthy", "cause": "", "description": ""}),
            "No known vulnerability",
            "All packages of the image were read, and no advisory speaks of any of them.",
        ),
        ImageState::NotApplicable => (
            json!({"code": "NotApplicable", "cause": cause, "description": description}),
            "The image cannot be assessed",
            description,
        ),
        ImageState::Unhealthy => (
            json!({"code": "Unhealthy", "severity": worst(summary, severities), "cause": cause, "description": description}),
            "An image of the index has vulnerabilities",
            "The findings stand with the images that the index lists.",
        ),
        ImageState::Queued | ImageState::Scanning | ImageState::Unscanned => return None,
    };
    let mut properties = properties(known, summary, status);
    properties.insert("id".into(), "image".into());
    properties.insert("displayName".into(), title.into());
    properties.insert("category".into(), "Image".into());
    properties.insert("description".into(), text.into());
    properties.insert("impact".into(), "".into());
    properties.insert("remediation".into(), "".into());
    let further = match form {
        Form::First => {
            json!({"type": "Information Gathered", "patchable": false, "cve": [], "cvss": {}, "vendorReferences": []})
        }
        Form::Newer | Form::Image => json!({}),
    };
    if form == Form::Image {
        properties.insert("resourceDetails".into(), image_resource(known, &summary.image));
    }
    Some(row(known, summary, "", form, properties, further))
}

/// The row of a vulnerability: all findings of it in one image. None for an empty list.
///
/// The row is that of the findings which count; if none does, it is not applicable, and says by which rule.
pub(crate) fn of_findings(
    known: &KnownRegistry,
    summary: &ImageSummary,
    judged: &[Judged<'_>],
) -> Option<Document> {
    let counting: Vec<&Finding> =
        judged.iter().filter(|(_, rule)| rule.is_none()).map(|(finding, _)| finding).collect();
    let all: Vec<&Finding> = judged.iter().map(|(finding, _)| finding).collect();
    let findings = if counting.is_empty() { &all } else { &counting };
    let first = *findings.first()?;
    let record: Option<VulnerabilityRecord> = serde_json::from_value(first.vulnerability.record.clone()).ok();
    let evidence: Vec<FindingEvidence> =
        findings.iter().filter_map(|finding| serde_json::from_value(finding.evidence.clone()).ok()).collect();
    let hiding = if counting.is_empty() { judged.iter().find_map(|(_, rule)| *rule) } else { None };
    let status = status(in_three(&first.vulnerability.severity), hiding);
    let id = first.vulnerability.id.as_str();
    let title = record.as_ref().map(|record| record.title.as_str()).filter(|title| !title.is_empty());
    let remediation: BTreeSet<&str> = evidence.iter().map(|evidence| evidence.remediation.as_str()).collect();
    let mut properties = properties(known, summary, status);
    properties.insert("id".into(), id.into());
    properties.insert("displayName".into(), title.unwrap_or(id).into());
    properties
        .insert("category".into(), evidence.first().map_or("", |evidence| evidence.category.as_str()).into());
    properties.insert(
        "description".into(),
        record.as_ref().map_or("", |record| record.description.as_str()).into(),
    );
    properties.insert("impact".into(), impact(findings, record.as_ref()).into());
    properties.insert("remediation".into(), remediation.into_iter().collect::<Vec<_>>().join("\n").into());
    let further = additional_data(findings, record.as_ref(), &evidence);
    Some(row(known, summary, id, Form::First, properties, further))
}

/// The status of a finding, or of one that a rule hides.
fn status(severity: &str, hiding: Option<&Rule>) -> Value {
    match hiding {
        None => json!({"code": "Unhealthy", "severity": severity, "cause": "", "description": ""}),
        Some(rule) => json!({
            "code": "NotApplicable",
            "severity": severity,
            "cause": "Exempt",
            "description": sentence(rule),
        }),
    }
}

/// What is the same in all rows of an image.
fn properties(known: &KnownRegistry, summary: &ImageSummary, status: Value) -> Map<String, Value> {
    let image = &summary.image;
    let resource = format!("{}/repository/{}/imageDigest/{}", known.id, image.repository.name, image.digest);
    let at = summary.assessed_at.unwrap_or(summary.changed_at);
    let mut properties = Map::new();
    properties.insert("status".into(), status);
    properties.insert("timeGenerated".into(), at.to_string().into());
    properties.insert("resourceDetails".into(), json!({"source": "Azure", "id": resource}));
    properties
}

/// The resource id of an image.
pub(crate) fn resource_of(known: &KnownRegistry, image: &ImageKey) -> String {
    // No name of a repository holds what a resource id may not hold; the registry is the next best.
    image_id(known, image).map_or_else(|| known.id.to_string(), |id| id.to_string())
}

/// What an image is, where it is the resource.
pub(crate) fn image_resource(known: &KnownRegistry, image: &ImageKey) -> Value {
    json!({
        "source": "Azure",
        "id": resource_of(known, image),
        "resourceType": "containerImage",
        "resourceName": format!("{}@{}", image.repository.name, image.digest),
        "resourceProvider": "Azure Container Registry",
    })
}

fn row(
    known: &KnownRegistry,
    summary: &ImageSummary,
    group: &str,
    form: Form,
    mut properties: Map<String, Value>,
    mut further: Value,
) -> Document {
    let image = &summary.image;
    let name = name::of(image, form, group).to_string();
    further["assessedResourceType"] = form.assessed().into();
    further["repositoryName"] = image.repository.name.as_str().into();
    further["imageDigest"] = image.digest.to_string().into();
    further["registryHost"] = known.registry.login_server.as_str().into();
    further["platform"] = summary.platform.as_deref().unwrap_or_default().into();
    properties.insert("additionalData".into(), further);
    let resource = match form {
        Form::First | Form::Newer => known.id.to_string(),
        Form::Image => resource_of(known, image),
    };
    Document {
        id: format!(
            "{resource}/providers/Microsoft.Security/assessments/{}/subAssessments/{name}",
            form.key()
        ),
        name,
        kind: KIND,
        properties: Value::Object(properties),
    }
}

fn additional_data(
    findings: &[&Finding],
    record: Option<&VulnerabilityRecord>,
    evidence: &[FindingEvidence],
) -> Value {
    let ids = findings.iter().map(|finding| finding.vulnerability.id.as_str());
    let names: BTreeSet<&str> =
        ids.chain(evidence.iter().flat_map(|evidence| &evidence.aliases).map(String::as_str)).collect();
    let cves: Vec<Value> = names
        .iter()
        .filter(|name| name.starts_with("CVE-"))
        .map(|name| json!({"title": name, "link": format!("https://nvd.nist.gov/vuln/detail/{name}")}))
        .collect();
    let packages: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "name": finding.package.name,
                "version": finding.package.version,
                "fixedVersion": finding.fixed,
                "path": finding.path,
                "layer": finding.layer.to_string(),
                "layerNumber": finding.origin.layer_number,
                "buildStep": finding.origin.step,
                "inherited": finding.origin.inherited,
            })
        })
        .collect();
    let mut further = json!({
        "type": "Vulnerability",
        "patchable": evidence.iter().any(|evidence| evidence.patchable),
        "cve": cves,
        "cvss": scores(record),
        "vendorReferences": references(findings, record),
        "packages": packages,
        "aliases": names,
        "firstSeen": findings.iter().map(|finding| finding.first_seen).min().map(|at| at.to_string()),
    });
    if let Some(at) = record.and_then(|record| record.published) {
        further["publishedTime"] = at.to_string().into();
    }
    if let Some(exploit) = record.and_then(|record| record.known_exploit.as_ref()) {
        further["exploitedInTheWild"] = serde_json::to_value(exploit).unwrap_or(Value::Null);
    }
    further
}

/// Base scores by version.
fn scores(record: Option<&VulnerabilityRecord>) -> Value {
    let mut scores = Map::new();
    for (version, score) in record.into_iter().flat_map(|record| &record.classification.cvss) {
        scores.insert(version.clone(), json!({"base": score.base, "cvssVectorString": score.vector}));
    }
    if let (Some(newer), false) = (scores.get("3.1").cloned(), scores.contains_key("3.0")) {
        scores.insert("3.0".into(), newer);
    }
    Value::Object(scores)
}

/// The advisories, each with where it can be read if anybody says so. Only web addresses are passed on.
pub(super) fn references(findings: &[&Finding], record: Option<&VulnerabilityRecord>) -> Vec<Value> {
    let links: Vec<&str> = record
        .into_iter()
        .flat_map(|record| &record.references)
        .map(|reference| reference.url.as_str())
        .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
        .collect();
    let advisories: BTreeSet<&str> =
        findings.iter().flat_map(|finding| &finding.advisories).map(String::as_str).collect();
    let mut references: Vec<Value> = advisories
        .iter()
        .map(|advisory| {
            let link = links.iter().find(|link| link.contains(advisory)).copied().unwrap_or_default();
            json!({"title": advisory, "link": link})
        })
        .collect();
    references.extend(
        links
            .iter()
            .filter(|link| !advisories.iter().any(|advisory| link.contains(advisory)))
            .take(20)
            .map(|link| json!({"title": link, "link": link})),
    );
    references
}

/// Which packages have it, and whether it is used in attacks.
fn impact(findings: &[&Finding], record: Option<&VulnerabilityRecord>) -> String {
    let packages: BTreeSet<String> = findings
        .iter()
        .map(|finding| format!("{} {}", finding.package.name, finding.package.version))
        .collect();
    let mut text = format!("Affected: {}.", packages.into_iter().collect::<Vec<_>>().join(", "));
    if record.is_some_and(|record| record.known_exploit.is_some()) {
        text.push_str(" It is exploited in the wild.");
    }
    text
}

/// The severity in the three words of the model.
pub(crate) fn in_three(severity: &str) -> &str {
    if severity == "Critical" { "High" } else { severity }
}

/// The worst severity of an image's findings, in these words, the worst first.
pub(crate) fn worst<'w>(summary: &ImageSummary, words: &[&'w str]) -> &'w str {
    let has = |severity: &str| summary.counts.get(severity).is_some_and(|count| *count > 0);
    let is_in_three = !words.contains(&"Critical");
    let found = words.iter().copied().find(|word| {
        // Without a word of its own, what is critical is high.
        has(word) || (is_in_three && *word == "High" && has("Critical"))
    });
    found.unwrap_or("Unknown")
}
