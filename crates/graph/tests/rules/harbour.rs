//! A registry with images, packages and findings.

use assessment::rules::{Conditions, RuleKind};
use graph::documents::KnownRegistry;
use graph::rulebook::Rulebook;
use graph::settlement::{Settlement, resettle};
use inventory::{Ecosystem, PackageKind};
use jiff::{SignedDuration, Timestamp};
use oci::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{
    Actor, Cause, FindingRow, FindingVerdict, ImageKey, ImageRecord, ImageState, ImageSummary,
    PackageFindings, PackagePlace, PackageVersion, PutManifest, PutOutcome, RepositoryKey, Rule, RulePut,
    SnapshotVersion, SqliteStore, Store, Vulnerability, testing,
};
use tempfile::TempDir;

/// The moment so many seconds after the beginning.
pub(crate) fn second(seconds: i64) -> Timestamp {
    "2026-01-02T03:04:05Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) struct Harbour {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) known: KnownRegistry,
    pub(crate) settlement: Settlement,
    pub(crate) _folder: TempDir,
}

impl Harbour {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("records.sqlite")).unwrap());
        store.install(testing::installation("Lazaretto"), second(0)).await.unwrap();
        let registry = store.registry_by_name("lazaretto").await.unwrap().unwrap();
        let known = KnownRegistry::new(registry).unwrap();
        let settlement = Settlement::new(store.clone());
        Self { store, known, settlement, _folder: folder }
    }

    pub(crate) fn key(&self, repository: &str) -> ImageKey {
        ImageKey {
            repository: RepositoryKey { registry: self.known.registry.id, name: repository.parse().unwrap() },
            digest: Digest::of_sha256(repository.as_bytes()),
        }
    }

    /// An image with packages, each with the vulnerabilities that it has and their severities.
    pub(crate) async fn image(&self, repository: &str, found: &[(&str, &str, &str)]) -> ImageKey {
        self.image_of(repository, &format!("1.0-r0-{repository}"), found).await
    }

    /// An image whose packages are the same as those of other images.
    pub(crate) async fn shared_image(&self, repository: &str, found: &[(&str, &str, &str)]) -> ImageKey {
        self.image_of(repository, "1.0-r0", found).await
    }

    async fn image_of(&self, repository: &str, version: &str, found: &[(&str, &str, &str)]) -> ImageKey {
        let image = self.push(repository).await;
        let package = |name: &str| PackageVersion {
            ecosystem: Some(Ecosystem::new("Alpine:v3.13")),
            kind: PackageKind::Apk,
            name: name.to_owned(),
            version: version.to_owned(),
            source: None,
            module: None,
            owner: None,
            architecture: None,
        };
        let place = |(name, ..): &(&str, &str, &str)| PackagePlace {
            package: package(name),
            layer: Digest::of_sha256(b"layer"),
            path: "lib/apk/db/installed".into(),
        };
        let record = ImageRecord {
            digest: image.digest.clone(),
            distribution: json!({"id": "alpine", "version": "3.13", "pretty_name": "Alpine Linux v3.13", "ecosystem": "Alpine:v3.13"}),
            platform: Some("linux/amd64".into()),
            obstacles: json!([]),
            indexer_version: 1,
            isolation: Value::Null,
            at: second(0),
            lineage: store::Lineage::default(),
            basis: json!({}),
            packages: found.iter().map(place).collect(),
        };
        let recorded = self.store.record_image(record).await.unwrap();
        let mut packages: BTreeMap<_, Vec<FindingRow>> = BTreeMap::new();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (name, id, severity) in found {
            let (number, _) = recorded.versions.iter().find(|(_, version)| version.name == *name).unwrap();
            packages.entry(*number).or_default().push(finding(id));
            *counts.entry((*severity).to_owned()).or_default() += 1;
        }
        let packages = packages.into_iter().map(|(package_version, findings)| PackageFindings {
            package_version,
            findings,
            reasons: BTreeMap::new(),
        });
        let vulnerabilities = found.iter().map(|(_, id, severity)| vulnerability(id, severity));
        let snapshot = SnapshotVersion("one".into());
        let (packages, vulnerabilities) = (packages.collect(), vulnerabilities.collect());
        self.store.record_findings(&snapshot, packages, vulnerabilities, second(0)).await.unwrap();
        let state = if found.is_empty() { ImageState::Healthy } else { ImageState::Unhealthy };
        self.summary(&image, state, None, counts, Vec::new()).await;
        image
    }

    pub(crate) async fn push(&self, repository: &str) -> ImageKey {
        let image = self.key(repository);
        let manifest = PutManifest {
            tags: vec!["1".parse().unwrap()],
            ..testing::push(image.repository.registry, repository, repository.to_owned(), second(0))
        };
        assert!(matches!(self.store.put_manifest(manifest).await.unwrap(), PutOutcome::Stored { .. }));
        image
    }

    pub(crate) async fn summary(
        &self,
        image: &ImageKey,
        state: ImageState,
        cause: Option<Cause>,
        counts: BTreeMap<String, u64>,
        children: Vec<Digest>,
    ) {
        let summary = ImageSummary {
            cause,
            counts,
            platform: Some("linux/amd64".into()),
            assessed_at: Some(second(0)),
            snapshot: Some(SnapshotVersion("one".into())),
            children,
            ..ImageSummary::begun(image.clone(), state, second(0))
        };
        assert!(self.store.put_summary(summary).await.unwrap());
    }

    pub(crate) fn subscription(&self) -> String {
        format!("/subscriptions/{}", self.known.registry.subscription)
    }

    /// Puts a rule at a scope below the registry; an empty one is the subscription.
    pub(crate) async fn put(
        &self,
        name: &str,
        kind: RuleKind,
        below: &str,
        conditions: &str,
        end: Option<i64>,
    ) {
        let scope = if below.is_empty() {
            self.subscription()
        } else {
            format!("{}{}", self.known.id, below.trim_end_matches('/'))
        };
        let conditions: Conditions = serde_json::from_str(conditions).unwrap();
        conditions.check().unwrap();
        let rule = Rule {
            kind,
            scope,
            name: name.to_owned(),
            display_name: name.to_owned(),
            conditions,
            reason: "because".to_owned(),
            author: Actor("alice".into()),
            created_at: second(0),
            updated_at: second(0),
            expires_at: end.map(second),
            details: json!({}),
        };
        let put = self.store.put_rule(rule).await.unwrap();
        assert!(!matches!(put, RulePut::TooMany));
    }

    /// Where an image stands at a moment, as a reader sees it.
    pub(crate) async fn stands(&self, image: &ImageKey, at: i64) -> String {
        self.settlement.settle(second(at)).await.unwrap();
        let summary = self.store.summary(image).await.unwrap().unwrap();
        let counts: Vec<String> =
            summary.counts.iter().map(|(severity, count)| format!("{severity} {count}")).collect();
        let cause = summary.cause.map(|cause| cause.code).unwrap_or_default();
        format!("{} {cause} [{}]", summary.state.as_str(), counts.join(", "))
    }

    /// Brings summaries to what rules make of them, as a handler does.
    pub(crate) async fn resettle(&self, at: i64) -> usize {
        let book = Rulebook::load(&*self.store, second(at)).await.unwrap();
        resettle(&*self.store, &book, second(at)).await.unwrap()
    }
}

fn finding(id: &str) -> FindingRow {
    FindingRow {
        vulnerability: id.to_owned(),
        verdict: FindingVerdict::Affected,
        fixed: Some("2.0-r0".into()),
        advisories: vec![format!("ALPINE-{id}")],
        evidence: json!({
            "rule": "1.0-r0 is before 2.0-r0",
            "remediation": "apk add --upgrade 'busybox>=2.0-r0'",
            "patchable": true,
            "aliases": ["GHSA-aaaa-bbbb-cccc"],
            "category": "Alpine",
            "advisories": [],
        }),
    }
}

fn vulnerability(id: &str, severity: &str) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        ecosystem: Ecosystem::new("Alpine:v3.13"),
        severity: severity.to_owned(),
        score: Some(7.5),
        record: json!({
            "id": id,
            "aliases": [],
            "title": format!("{id} in words"),
            "description": "Something long.",
            "published": "2021-03-19T05:15:00Z",
            "modified": "2021-04-19T05:15:00Z",
            "references": [{"kind": "ADVISORY", "url": format!("https://security.test/ALPINE-{id}")}],
            "ratings": [],
            "classification": {
                "severity": severity,
                "score": 7.5,
                "cvss": {
                    "2.0": {"base": 5.0, "vector": "AV:N/AC:L/Au:N/C:N/I:N/A:P", "source": "NVD"},
                    "3.1": {"base": 7.5, "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "source": "NVD"},
                },
            },
            "category": "Alpine",
            "known_exploit": {"added": "2021-11-03", "due": null, "ransomware": false},
            "prediction": null,
        }),
    }
}
