//! A store with an installation in it, and short words to push, scan and claim.

use jiff::{SignedDuration, Timestamp};
use oci::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{
    Actor, ImageKey, ImageRecord, ImageState, ImageSummary, Installation, NewJob, PackageFindings,
    PackagePlace, PackageVersion, PackageVersionId, PushOrigin, PutManifest, PutOutcome, RegistryId,
    RepositoryKey, SnapshotVersion, Store, SubscriptionId, TenantId, Vulnerability,
};
use uuid::Uuid;

/// The moment so many seconds after the beginning.
pub(crate) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_600_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn subscription(number: u128) -> SubscriptionId {
    SubscriptionId(Uuid::from_u128(number))
}

pub(crate) fn installation(number: u128) -> Installation {
    Installation {
        tenant: TenantId(Uuid::from_u128(number + 1000)),
        subscription: subscription(number),
        subscription_name: "Harbour".to_owned(),
        resource_group: "quay".to_owned(),
        registry: "Lazaretto".to_owned(),
        login_server: "127.0.0.1:5000".to_owned(),
        location: "local".to_owned(),
    }
}

pub(crate) fn snapshot(name: &str) -> SnapshotVersion {
    SnapshotVersion(name.to_owned())
}

pub(crate) fn actor() -> Actor {
    Actor("alice".to_owned())
}

pub(crate) fn package(name: &str, version: &str) -> PackageVersion {
    PackageVersion {
        ecosystem: Some(inventory::Ecosystem::new("Alpine:v3.18")),
        kind: inventory::PackageKind::Apk,
        name: name.to_owned(),
        version: version.to_owned(),
        source: None,
        module: None,
        owner: None,
        architecture: None,
    }
}

pub(crate) fn vulnerability(id: &str, severity: &str) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        ecosystem: inventory::Ecosystem::new("Alpine:v3.18"),
        severity: severity.to_owned(),
        score: Some(7.5),
        record: json!({ "title": id }),
    }
}

/// A store with an installation.
pub(crate) struct Scene {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) registry: RegistryId,
}

impl Scene {
    pub(crate) async fn new(store: Arc<dyn Store>) -> Self {
        store.install(installation(1), second(0)).await.unwrap();
        let registry = store.registry_by_name("lazaretto").await.unwrap().unwrap().id;
        Self { store, registry }
    }

    /// The same store, in another registry of it.
    pub(crate) fn elsewhere(&self, registry: RegistryId) -> Self {
        Self { store: self.store.clone(), registry }
    }

    pub(crate) fn repository(&self, name: &str) -> RepositoryKey {
        RepositoryKey { registry: self.registry, name: name.parse().unwrap() }
    }

    pub(crate) fn image(&self, repository: &str, digest: &Digest) -> ImageKey {
        ImageKey { repository: self.repository(repository), digest: digest.clone() }
    }

    /// A push without references, to be changed by the test.
    pub(crate) fn manifest(&self, repository: &str, bytes: &'static [u8]) -> PutManifest {
        PutManifest {
            repository: self.repository(repository),
            digest: Digest::of_sha256(bytes),
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            bytes: bytes.into(),
            artifact_type: None,
            subject: None,
            config: None,
            annotations: BTreeMap::new(),
            tags: Vec::new(),
            references: Vec::new(),
            jobs: Vec::new(),
            actor: actor(),
            origin: PushOrigin::default(),
            at: second(1),
        }
    }

    /// Pushes a manifest under a tag.
    pub(crate) async fn push(&self, repository: &str, tag: &str, bytes: &'static [u8]) -> Digest {
        let push = PutManifest { tags: vec![tag.parse().unwrap()], ..self.manifest(repository, bytes) };
        let digest = push.digest.clone();
        let outcome = self.store.put_manifest(push).await.unwrap();
        assert!(matches!(outcome, PutOutcome::Stored { .. }));
        digest
    }

    /// Records the packages of an image, and a summary in each of the repositories.
    pub(crate) async fn scan(
        &self,
        repositories: &[&str],
        digest: &Digest,
        packages: &[PackageVersion],
    ) -> Vec<PackageVersionId> {
        let places = packages.iter().map(|package| PackagePlace {
            package: package.clone(),
            layer: Digest::of_sha256(b"layer"),
            path: "lib/apk/db/installed".to_owned(),
        });
        let recorded = self.store.record_image(image_record(digest, places.collect())).await.unwrap();
        for repository in repositories {
            let summary = self.summary(repository, digest, ImageState::Unhealthy);
            assert!(self.store.put_summary(summary).await.unwrap());
        }
        packages
            .iter()
            .map(|package| recorded.versions.iter().find(|(_, known)| known == package).unwrap().0)
            .collect()
    }

    pub(crate) fn summary(&self, repository: &str, digest: &Digest, state: ImageState) -> ImageSummary {
        ImageSummary {
            image: self.image(repository, digest),
            state,
            cause: None,
            counts: BTreeMap::from([("High".to_owned(), 1)]),
            platform: Some("linux/amd64".to_owned()),
            isolation: json!({ "landlock": true }),
            first_seen: second(1),
            changed_at: second(1),
            assessed_at: Some(second(1)),
            snapshot: Some(snapshot("one")),
            children: Vec::new(),
        }
    }

    /// Records findings: each package with the vulnerabilities it has.
    pub(crate) async fn find(
        &self,
        with: &str,
        found: &[(PackageVersionId, &[&str])],
        at: Timestamp,
    ) -> Vec<PackageVersionId> {
        let vulnerabilities = found.iter().flat_map(|(_, ids)| ids.iter());
        let vulnerabilities = vulnerabilities.map(|id| vulnerability(id, "High")).collect();
        let packages = found.iter().map(|(id, ids)| findings(*id, ids)).collect();
        self.store.record_findings(&snapshot(with), packages, vulnerabilities, at).await.unwrap()
    }
}

pub(crate) fn findings(package_version: PackageVersionId, ids: &[&str]) -> PackageFindings {
    let row = |id: &&str| store::FindingRow {
        vulnerability: (*id).to_owned(),
        verdict: store::FindingVerdict::Affected,
        fixed: Some("2.0-r0".to_owned()),
        advisories: vec![format!("ALPINE-{id}")],
        evidence: json!({ "range": "<2.0-r0" }),
    };
    PackageFindings { package_version, findings: ids.iter().map(row).collect(), reasons: BTreeMap::new() }
}

pub(crate) fn image_record(digest: &Digest, packages: Vec<PackagePlace>) -> ImageRecord {
    ImageRecord {
        digest: digest.clone(),
        distribution: json!({ "id": "alpine" }),
        platform: Some("linux/amd64".to_owned()),
        obstacles: json!([]),
        basis: json!({ "causes": [] }),
        indexer_version: 1,
        isolation: json!({ "landlock": true }),
        at: second(2),
        lineage: store::Lineage::default(),
        packages,
    }
}

pub(crate) fn job(kind: &'static str, key: &str) -> NewJob {
    NewJob {
        kind: store::JobKind::new(kind),
        key: key.to_owned(),
        subscription: Some(subscription(1)),
        priority: 0,
        payload: Value::Null,
        not_before: None,
    }
}
