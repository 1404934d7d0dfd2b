//! Assessments of the software in images: one for each piece of software of an image in which something is found.
//!
//! It is the newest of Azure's models, in which a recommendation says what has to be updated in which image. Its readers
//! find it by `metadata.recommendationCategory` and take the vulnerabilities out of a text of JSON in `additionalData`,
//! where all values are texts. The key of an assessment is that of the software, the same in every image.
//!
//! Nothing is kept: the software of an image is read from what is counted beside its package versions, and findings only
//! where their words are asked for or a rule may hide some of them.

use super::assessment::KIND;
use super::sub_assessment::{Judged, resource_of};
use super::{Document, KnownRegistry};
use crate::rulebook::{ImageRules, OsName, Rulebook, sentence};
use advisory::{Exploitation, VulnerabilityRecord};
use assessment::FindingEvidence;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use store::{AffectedSoftware, Finding, ImageKey, ImageState, ImageSummary, ManifestDetails, Rule, Store};
use uuid::Uuid;

/// By this category readers find the assessments.
pub const CATEGORY: &str = "SoftwareUpdate";
/// The type of what is assessed, in the words of the model.
pub const RESOURCE_TYPE: &str = ".containerimage";
/// What the display names of the assessments begin with.
pub const TITLE: &str = "Update ";

/// How much of an assessment is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Its state and what it is about.
    Outline,
    /// The vulnerabilities as well.
    Full,
}

/// The place of a piece of software in the order of an image's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SoftwarePlace(String, String);

impl SoftwarePlace {
    /// The place of this one.
    pub fn of(software: &AffectedSoftware) -> Self {
        Self(software.kind.purl_type().to_owned(), software.name.clone())
    }
}

/// The key of the assessments of a piece of software, the same in every image.
pub fn key(software: &AffectedSoftware) -> Uuid {
    let hash = Sha256::digest(format!("software {}/{}", software.kind.purl_type(), software.name).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The display name. White space of a name becomes a dash, so that whoever narrows a list by names need not read it.
pub fn title(software: &AffectedSoftware) -> String {
    let name: String = software.name.chars().map(|c| if c.is_whitespace() { '-' } else { c }).collect();
    format!("{TITLE}{name}")
}

/// The software of an image that has assessments.
pub struct ImageSoftware<'a> {
    store: &'a dyn Store,
    known: &'a KnownRegistry,
    summary: &'a ImageSummary,
    rules: ImageRules<'a>,
    os: Option<OsName>,
    /// By kind and name.
    pub software: Vec<AffectedSoftware>,
}

impl<'a> ImageSoftware<'a> {
    /// The software of an image in which something is found; none of an index, of an image without a verdict, and of one
    /// in which nothing was found.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn of(
        store: &'a dyn Store,
        book: &'a Rulebook,
        known: &'a KnownRegistry,
        summary: &'a ImageSummary,
    ) -> Result<Self, store::Error> {
        let rules = book.of_image(known, &summary.image);
        let shows = summary.children.is_empty()
            && (summary.state == ImageState::Unhealthy || is_hidden(store, &rules, summary).await?);
        let software = if shows { store.affected_software(&summary.image.digest).await? } else { Vec::new() };
        let os = if software.is_empty() || !book.needs_os() {
            None
        } else {
            let scanned = store.image(&summary.image.digest).await?;
            scanned.and_then(|scanned| OsName::of(&scanned.distribution))
        };
        Ok(Self { store, known, summary, rules, os, software })
    }

    /// When the image was pushed, which every assessment of it says.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn pushed(&self) -> Result<Option<ManifestDetails>, store::Error> {
        let image = &self.summary.image;
        self.store.manifest_details(&image.repository, &image.digest).await
    }

    /// The assessment of one piece of software.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn document(
        &self,
        software: &AffectedSoftware,
        pushed: Option<&ManifestDetails>,
        detail: Detail,
    ) -> Result<Document, store::Error> {
        let judged: Vec<Judged<'_>> = if detail == Detail::Full || !self.rules.is_empty() {
            let packages: Vec<_> = software.versions.iter().map(|(id, _)| *id).collect();
            let found = self.store.findings_of_packages(&self.summary.image, &packages).await?;
            found
                .into_iter()
                .map(|finding| {
                    let rule = self.rules.hides(&finding, self.os.as_ref());
                    (finding, rule)
                })
                .collect()
        } else {
            Vec::new()
        };
        let counting: Vec<&Finding> =
            judged.iter().filter(|(_, rule)| rule.is_none()).map(|(finding, _)| finding).collect();
        let hiding = if counting.is_empty() { judged.iter().find_map(|(_, rule)| *rule) } else { None };
        let shown =
            if counting.is_empty() { judged.iter().map(|(finding, _)| finding).collect() } else { counting };
        let severity = worst(software, &shown);
        let mut document = outline_of(self.known, &self.summary.image, software, severity, hiding);
        let properties = &mut document.properties;
        properties["status"]["firstEvaluationDate"] = self.summary.first_seen.to_string().into();
        properties["status"]["statusChangeDate"] = self.summary.changed_at.to_string().into();
        properties["resourceAdditionalData"] = self.further(pushed);
        if detail == Detail::Full {
            properties["additionalData"] = additional_data(software, &shown);
        }
        Ok(document)
    }

    fn further(&self, pushed: Option<&ManifestDetails>) -> Value {
        let pushed = pushed.map(|pushed| pushed.pushed_at.to_string());
        json!({
            "Digest": self.summary.image.digest.to_string(),
            "RepositoryDetails": {
                "RepositoryName": self.summary.image.repository.name.as_str(),
                "RegistryHost": self.known.registry.login_server,
                "LastPushedToRegistryUTC": pushed,
            },
            "LastPushedToRegistryUTC": pushed,
        })
    }
}

/// The id of an image in the form that readers take repository and digest out of. No route answers to it; the id of the
/// one that does stands beside it.
pub(crate) fn resource(known: &KnownRegistry, image: &ImageKey) -> String {
    let repository = image.repository.name.as_str().replace('/', "-");
    format!("{}/repositories-{repository}-images-{}", known.id, image.digest)
}

/// The name that goes with it: the last part of the repository's.
pub(crate) fn resource_name(image: &ImageKey) -> &str {
    image.repository.name.as_str().rsplit('/').next().unwrap_or_default()
}

/// What is known of an assessment without anything read of its image.
pub(crate) fn outline(known: &KnownRegistry, image: &ImageKey, software: &AffectedSoftware) -> Document {
    outline_of(known, image, software, worst(software, &[]), None)
}

fn outline_of(
    known: &KnownRegistry,
    image: &ImageKey,
    software: &AffectedSoftware,
    severity: &str,
    hiding: Option<&Rule>,
) -> Document {
    let (native, key) = (resource_of(known, image), key(software));
    Document {
        id: format!("{native}/providers/{KIND}/{key}"),
        name: key.to_string(),
        kind: KIND,
        properties: json!({
            "resourceDetails": {
                "source": "Azure",
                "id": resource(known, image),
                "nativeResourceId": native,
                "resourceType": RESOURCE_TYPE,
                "resourceName": resource_name(image),
                "resourceProvider": "Azure Container Registry",
            },
            "displayName": title(software),
            "status": {
                "code": if hiding.is_some() { "NotApplicable" } else { "Unhealthy" },
                "severity": severity,
                "cause": if hiding.is_some() { "Exempt" } else { "" },
                "description": hiding.map(sentence).unwrap_or_default(),
            },
        }),
    }
}

/// The metadata of an assessment, which readers find it by.
pub fn metadata(document: &Document) -> Value {
    let severity = match document.properties["status"]["severity"].as_str() {
        // The model of metadata has three.
        Some("Critical" | "High") => "High",
        Some("Medium") => "Medium",
        Some(_) | None => "Low",
    };
    json!({
        "displayName": document.properties["displayName"],
        "description": "Vulnerabilities are known of this software in the version that the image has. \
            Where a fixed version exists, an update resolves them.",
        "remediationDescription": "1. Update the software where the image gets it from: in its base image, its packages, \
            or its lock files. 2. Build and push the image. 3. The new image is inspected as it is pushed.",
        "recommendationCategory": CATEGORY,
        "categories": ["Container"],
        "severity": severity,
        "userImpact": "Low",
        "implementationEffort": "Moderate",
        "threats": ["accountBreach", "dataExfiltration", "elevationOfPrivilege", "maliciousInsider"],
        "preview": false,
        "assessmentType": "BuiltIn",
    })
}

async fn is_hidden(
    store: &dyn Store,
    rules: &ImageRules<'_>,
    summary: &ImageSummary,
) -> Result<bool, store::Error> {
    if rules.is_empty() {
        return Ok(false);
    }
    let found = store.found(&summary.image).await?;
    Ok(found.is_some_and(|found| found.state == ImageState::Unhealthy))
}

/// The worst severity of what is shown; of all that is counted, where nothing was read.
fn worst<'w>(software: &'w AffectedSoftware, shown: &[&'w Finding]) -> &'w str {
    let has = |word: &str| match shown {
        [] => software.affected.get(word).is_some_and(|count| *count > 0),
        shown => shown.iter().any(|finding| finding.vulnerability.severity == word),
    };
    ["Critical", "High", "Medium", "Low"].into_iter().find(|word| has(word)).unwrap_or("Unknown")
}

/// Clients read this place as a map from texts to texts.
fn additional_data(software: &AffectedSoftware, shown: &[&Finding]) -> Value {
    let mut by_vulnerability: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in shown {
        by_vulnerability.entry(finding.vulnerability.id.as_str()).or_default().push(finding);
    }
    let details: Vec<Value> = by_vulnerability.values().filter_map(|findings| details(findings)).collect();
    let score = shown.iter().filter_map(|finding| finding.vulnerability.score).reduce(f64::max);
    let versions: BTreeSet<&str> = software.versions.iter().map(|(_, version)| version.as_str()).collect();
    let category = if software.kind.is_os() { "OS" } else { "Language" };
    let language = if software.kind.is_os() {
        String::new()
    } else {
        let evidence = shown.first().and_then(|finding| evidence(finding));
        evidence.map(|evidence| evidence.category.to_lowercase()).unwrap_or_default()
    };
    let scanners = json!({"mdvm": {
        "DetectedSoftwareVersions": versions,
        "PackageType": category,
        "Language": language,
    }});
    json!({
        "SoftwareName": software.name,
        "PackageType": category,
        "Language": language,
        "FixStatus": fix_status(shown),
        "MaxCvssScore": score.map(|score| score.to_string()).unwrap_or_default(),
        "CveCount": details.len().to_string(),
        "CvesDetails": Value::Array(details).to_string(),
        "ScannersDetails": scanners.to_string(),
    })
}

fn evidence(finding: &Finding) -> Option<FindingEvidence> {
    serde_json::from_value(finding.evidence.clone()).ok()
}

/// Whether an update helps with anything.
fn fix_status(shown: &[&Finding]) -> &'static str {
    let is_fixed = shown.iter().any(|finding| finding.fixed.is_some());
    if is_fixed { "FixAvailable" } else { "NoFixAvailable" }
}

/// One vulnerability of the software, in whichever of its versions.
fn details(findings: &[&Finding]) -> Option<Value> {
    let first = findings.first()?;
    let record: Option<VulnerabilityRecord> = serde_json::from_value(first.vulnerability.record.clone()).ok();
    let evidence = evidence(first);
    let others = evidence.iter().flat_map(|evidence| &evidence.aliases).collect::<BTreeSet<_>>();
    let scores: Vec<Value> = ["3.1", "3.0", "4.0", "2.0"]
        .iter()
        .filter_map(|version| {
            let score = record.as_ref()?.classification.cvss.get(*version)?;
            Some(json!({"Key": version, "Value": {"Base": score.base, "CvssVectorString": score.vector}}))
        })
        .collect();
    let exploited = record.as_ref().is_some_and(|record| record.known_exploit.is_some());
    let ssvc = record.as_ref().and_then(|record| record.ssvc);
    let published = exploited || ssvc.is_some_and(|ssvc| ssvc.exploitation >= Exploitation::ProofOfConcept);
    let links: Vec<Value> = super::sub_assessment::references(findings, record.as_ref())
        .into_iter()
        .map(|one| json!({"Title": one["title"], "Link": one["link"]}))
        .collect();
    let title = record.as_ref().map(|record| record.title.as_str()).filter(|title| !title.is_empty());
    Some(json!({
        "CveId": first.vulnerability.id,
        "AdditionalIdentifiers": others,
        "Description": title.unwrap_or(&first.vulnerability.id),
        "ExtendedDescription": record.as_ref().map_or("", |record| record.description.as_str()),
        "Cvss": scores,
        "CvssSource": record.as_ref().and_then(|record| record.classification.source.as_deref()),
        "Severity": first.vulnerability.severity,
        "PublishedDate": record.as_ref().and_then(|record| record.published).map(|at| at.to_string()),
        "LastModifiedDate": record.as_ref().and_then(|record| record.modified).map(|at| at.to_string()),
        "Weaknesses": [],
        "FixStatus": evidence.as_ref().map_or("Unknown", |evidence| evidence.fix_status().as_str()),
        "FixedVersion": first.fixed.as_deref().unwrap_or_default(),
        "Remediation": evidence.as_ref().map_or("", |evidence| evidence.remediation.as_str()),
        // Tenants of Azure have the older and the newer names of the same two facts. No feed speaks of kits.
        "ExploitabilityDetails": {
            "IsInExploitKit": false,
            "ExploitStepsPublished": published,
            "IsPubliclyDisclosed": published,
            "ExploitStepsVerified": exploited,
            "IsVerified": exploited,
        },
        "References": links,
        "Tags": [],
    }))
}
