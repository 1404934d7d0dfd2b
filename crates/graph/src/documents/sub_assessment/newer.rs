//! The forms of 2023 and 2024: one row for each vulnerability of a package of an image, with what is known of the three.
//!
//! Fields that nobody here knows anything of stand there empty, as their readers expect them: weaknesses, workarounds,
//! and the name of the product in the words of CPE.

use super::{Form, Judged, image_resource, properties, references, row, status};
use crate::documents::{Document, KnownRegistry};
use crate::rulebook::OsName;
use advisory::VulnerabilityRecord;
use assessment::FindingEvidence;
use serde_json::{Value, json};
use store::{Finding, ImageKey, ImageSummary, ManifestDetails};

/// What the rows of an image share.
pub(super) struct Surroundings<'a> {
    pub(super) os: Option<&'a OsName>,
    pub(super) artifact: Option<&'a ManifestDetails>,
}

/// The row of a vulnerability in a package of an image. None for an empty list.
pub(super) fn of_findings(
    known: &KnownRegistry,
    summary: &ImageSummary,
    judged: &[Judged<'_>],
    form: Form,
    surroundings: &Surroundings<'_>,
) -> Option<Document> {
    let counting = judged.iter().find(|(_, rule)| rule.is_none());
    let (first, hiding) = counting.or(judged.first())?;
    let record: Option<VulnerabilityRecord> = serde_json::from_value(first.vulnerability.record.clone()).ok();
    let evidence: Option<FindingEvidence> = serde_json::from_value(first.evidence.clone()).ok();
    let id = first.vulnerability.id.as_str();
    let remediation = match &evidence {
        Some(evidence) if evidence.patchable => evidence.remediation.as_str(),
        Some(_) | None => "No remediation exists",
    };
    let mut properties = properties(known, summary, status(&first.vulnerability.severity, *hiding));
    let image = &summary.image;
    let relative = format!("/repositories/{}/images/{}", image.repository.name, image.digest);
    let resource = match form {
        Form::First | Form::Newer => json!({"source": "Azure", "id": relative}),
        Form::Image => image_resource(known, image),
    };
    properties.insert("resourceDetails".into(), resource);
    properties.insert("id".into(), id.into());
    properties.insert("displayName".into(), id.into());
    properties.insert(
        "category".into(),
        evidence.as_ref().map_or("", |evidence| evidence.category.as_str()).into(),
    );
    properties.insert(
        "description".into(),
        record.as_ref().map_or("", |record| record.description.as_str()).into(),
    );
    properties.insert("impact".into(), "".into());
    properties.insert("remediation".into(), remediation.into());
    let places: Vec<&Finding> = judged.iter().map(|(finding, _)| finding).collect();
    let further = json!({
        "cvssV30Score": first.vulnerability.score,
        "vulnerabilityDetails": vulnerability(first, record.as_ref(), &places),
        "artifactDetails": artifact_details(known, image, surroundings.artifact),
        "softwareDetails": software(first, evidence.as_ref(), &places, surroundings.os),
    });
    Some(row(known, summary, &form.group(first), form, properties, further))
}

/// What the image is, and when it came.
pub(super) fn artifact_details(
    known: &KnownRegistry,
    image: &ImageKey,
    artifact: Option<&ManifestDetails>,
) -> Value {
    json!({
        "repositoryName": image.repository.name.as_str(),
        "registryHost": known.registry.login_server,
        "digest": image.digest.to_string(),
        "tags": artifact.map(tags).unwrap_or_default(),
        "artifactType": "ContainerImage",
        "mediaType": artifact.map_or("", |artifact| artifact.media_type.as_str()),
        "lastPushedToRegistryUTC": artifact.map(|artifact| artifact.pushed_at.to_string()),
    })
}

/// The tags that point to the image; more than a hundred nobody reads.
fn tags(artifact: &ManifestDetails) -> Vec<String> {
    artifact.tags.iter().take(100).map(ToString::to_string).collect()
}

fn vulnerability(first: &Finding, record: Option<&VulnerabilityRecord>, places: &[&Finding]) -> Value {
    let score = |versions: &[&str]| {
        let scores = &record?.classification.cvss;
        let found = versions.iter().find_map(|version| scores.get(*version))?;
        Some(json!({"base": found.base, "cvssVectorString": found.vector}))
    };
    let exploited = record.is_some_and(|record| record.known_exploit.is_some());
    let published = record
        .and_then(|record| record.ssvc)
        .is_some_and(|ssvc| ssvc.exploitation >= advisory::Exploitation::ProofOfConcept);
    json!({
        "cveId": first.vulnerability.id,
        "severity": first.vulnerability.severity,
        "publishedDate": record.and_then(|record| record.published).map(|at| at.to_string()),
        "lastModifiedDate": record.and_then(|record| record.modified).map(|at| at.to_string()),
        "cvss": {
            "2.0": score(&["2.0"]),
            "3.0": score(&["3.1", "3.0"]),
            "4.0": score(&["4.0"]),
        },
        "exploitabilityAssessment": {
            "exploitStepsPublished": published || exploited,
            "exploitStepsVerified": exploited,
            // No feed speaks of kits.
            "isInExploitKit": false,
            "exploitUris": [],
            "types": [],
        },
        "weaknesses": {"cwe": []},
        "references": references(places, record),
        "workarounds": [],
        "cpe": null,
    })
}

fn software(
    first: &Finding,
    evidence: Option<&FindingEvidence>,
    places: &[&Finding],
    os: Option<&OsName>,
) -> Value {
    let is_os = first.package.kind.is_os();
    let category = evidence.map_or("", |evidence| evidence.category.as_str());
    let fix = evidence.map_or("Unknown", |evidence| evidence.fix_status().as_str());
    let files: Vec<Value> = places
        .iter()
        .map(|finding| json!({"path": finding.path, "layer": finding.layer.to_string()}))
        .collect();
    json!({
        "packageName": first.package.name,
        "version": first.package.version,
        "fixedVersion": first.fixed.as_deref().unwrap_or_default(),
        "vendor": if is_os { category.to_lowercase() } else { String::new() },
        "category": if is_os { "OS" } else { "Language" },
        "language": if is_os { String::new() } else { category.to_lowercase() },
        "osDetails": {
            "osPlatform": "linux",
            "osVersion": os.map(OsName::long_name).unwrap_or_default(),
        },
        "fixStatus": fix,
        "fixReference": {
            "id": first.advisories.first().map(String::as_str).unwrap_or_default(),
            "description": evidence.map_or("", |evidence| evidence.remediation.as_str()),
            "releaseDate": null,
            "url": "",
        },
        "evidence": files,
    })
}
