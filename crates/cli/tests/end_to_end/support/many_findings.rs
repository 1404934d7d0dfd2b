//! A thousand images with a hundred findings each, put into the records of a server that is not running.

use oci::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use store::{
    FindingRow, FindingVerdict, ImageRecord, ImageState, ImageSummary, PackageFindings, PackagePlace,
    PackageVersion, SnapshotVersion, SqliteStore, Store, Vulnerability, testing,
};

const IMAGES: usize = 1000;
const PACKAGES: usize = 20;
/// Of each package; an image has a hundred.
const VULNERABILITIES: usize = 5;

/// How many findings there are.
pub(crate) const FINDINGS: usize = IMAGES * PACKAGES * VULNERABILITIES;

/// A query of all of them.
pub(crate) const QUERY: &str = "securityresources | where type == 'microsoft.security/assessments/subassessments' | project id, cve = properties.id";

/// Puts them into a file of records that a first start has made.
pub(crate) async fn fill(file: &Path) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(file).unwrap());
    let installation = store.installation().await.unwrap().unwrap();
    let registry = store.registry_by_name(&installation.registry).await.unwrap().unwrap().id;
    let now = jiff::Timestamp::now();
    for image in 0..IMAGES {
        push(&*store, registry, image, now).await;
    }
    let snapshot = SnapshotVersion("tests".into());
    let versions = store.package_versions_to_match(&snapshot, 100).await.unwrap();
    let cve = |package: usize, at: usize| format!("CVE-2020-{:04}", package * VULNERABILITIES + at);
    let findings = versions.into_iter().map(|(package_version, version)| {
        let package: usize = version.name.rsplit('-').next().unwrap().parse().unwrap();
        let row = |at| FindingRow {
            vulnerability: cve(package, at),
            verdict: FindingVerdict::Affected,
            fixed: None,
            advisories: Vec::new(),
            evidence: Value::Null,
        };
        PackageFindings {
            package_version,
            findings: (0..VULNERABILITIES).map(row).collect(),
            reasons: BTreeMap::new(),
        }
    });
    let known = (0..PACKAGES).flat_map(|package| (0..VULNERABILITIES).map(move |at| (package, at)));
    let known = known.map(|(package, at)| Vulnerability {
        id: cve(package, at),
        ecosystem: inventory::Ecosystem::new("Debian:12"),
        severity: "High".into(),
        score: None,
        record: Value::Null,
    });
    store.record_findings(&snapshot, findings.collect(), known.collect(), now).await.unwrap();
}

/// Puts one image into the records.
async fn push(store: &dyn Store, registry: store::RegistryId, image: usize, now: jiff::Timestamp) {
    let manifest =
        testing::push(registry, &format!("team/app-{}", image % 10), format!("image {image}"), now);
    let key = testing::image_of(&manifest);
    let outcome = store.put_manifest(manifest).await.unwrap();
    assert!(matches!(outcome, store::PutOutcome::Stored { .. }));
    let record = ImageRecord {
        digest: key.digest.clone(),
        distribution: Value::Null,
        platform: None,
        obstacles: json!([]),
        basis: json!({"causes": []}),
        indexer_version: 1,
        isolation: Value::Null,
        at: now,
        lineage: store::Lineage::default(),
        packages: (0..PACKAGES).map(place).collect(),
    };
    store.record_image(record).await.unwrap();
    let summary =
        ImageSummary { assessed_at: Some(now), ..ImageSummary::begun(key, ImageState::Unhealthy, now) };
    assert!(store.put_summary(summary).await.unwrap());
}

fn place(package: usize) -> PackagePlace {
    PackagePlace {
        package: PackageVersion {
            ecosystem: Some(inventory::Ecosystem::new("Debian:12")),
            kind: inventory::PackageKind::Deb,
            name: format!("package-{package}"),
            version: "1.0".into(),
            source: None,
            module: None,
            owner: None,
            architecture: None,
        },
        layer: Digest::of_sha256(b"layer"),
        path: "var/lib/dpkg/status".into(),
    }
}
