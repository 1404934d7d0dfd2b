//! Azure's own clients page through a hundred thousand rows of Resource Graph.
//!
//! The clients come from their package registries, by `cargo xtask test`; where they are missing, the test says what it
//! skipped.

use crate::support::server::{PASSWORD, Server};
use oci::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use store::{
    Actor, FindingRow, FindingVerdict, ImageKey, ImageRecord, ImageState, ImageSummary, PackageFindings,
    PackagePlace, PackageVersion, PutManifest, RepositoryKey, SnapshotVersion, SqliteStore, Store,
    Vulnerability,
};

const IMAGES: usize = 1000;
const PACKAGES: usize = 20;
/// Of each package; an image has a hundred.
const VULNERABILITIES: usize = 5;

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn skipped(what: &str) {
    eprintln!("skipped: {what}");
}

/// A program of Azure's clients, if it was installed.
fn client(program: &str) -> Option<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/azure-clients");
    Some(home.join(program)).filter(|path| path.is_file())
}

#[test]
fn clients_page_through_a_hundred_thousand_rows() {
    let (python, az) = (client("python/bin/python"), client("az/bin/az"));
    if python.is_none() {
        skipped(
            "Azure's SDK for Python is not installed, so nobody paged with it; `cargo xtask test` brings it",
        );
    }
    if az.is_none() {
        skipped(
            "Azure's command line is not installed, so nobody paged with it; `cargo xtask test` brings it",
        );
    }
    let folder = tempfile::tempdir().unwrap();
    // The first start makes the installation.
    drop(Server::start(folder.path(), &[]));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(fill(&folder.path().join("lazaretto.sqlite")));
    let server = Server::start(folder.path(), &[]);
    let place = runtime.block_on(sign_in(&server.url));
    let rows = runtime.block_on(page(&server.url, &place));
    assert_eq!(rows, IMAGES * PACKAGES * VULNERABILITIES, "without any client of Azure's");
    if let Some(python) = python {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/resource_graph.py");
        let words = [script, &server.url, &place.subscription, &place.token];
        let said = output(Command::new(python).args(words));
        assert_eq!(said, format!("{} rows in 100 pages\n", IMAGES * PACKAGES * VULNERABILITIES));
    }
    if let Some(az) = az {
        page_with_az(&az, folder.path(), &server.url, &place);
    }
}

struct Place {
    subscription: String,
    token: String,
}

const QUERY: &str = "securityresources | where type == 'microsoft.security/assessments/subassessments' | project id, cve = properties.id";

const PATH: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";

async fn sign_in(url: &str) -> Place {
    let client = reqwest::Client::new();
    let get = async |path: &str| -> Value {
        let request = client.get(format!("{url}{path}")).basic_auth("admin", Some(PASSWORD));
        request.send().await.unwrap().json().await.unwrap()
    };
    let tenants = get("/tenants?api-version=2022-12-01").await;
    let subscriptions = get("/subscriptions?api-version=2022-12-01").await;
    let tenant = tenants["value"][0]["tenantId"].as_str().unwrap();
    let scope = format!("{url}/.default");
    let form =
        ["grant_type=password", "username=admin", "client_id=tests", &format!("scope={scope}")].join("&");
    let form = format!("{form}&password={}", PASSWORD.replace(' ', "+"));
    let request = client
        .post(format!("{url}/{tenant}/oauth2/v2.0/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    Place {
        subscription: subscriptions["value"][0]["subscriptionId"].as_str().unwrap().to_owned(),
        token: answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned(),
    }
}

/// Pages with bare requests, each row counted once.
async fn page(url: &str, place: &Place) -> usize {
    let client = reqwest::Client::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut options = json!({"$top": 1000});
    loop {
        let body = json!({"query": QUERY, "subscriptions": [place.subscription], "options": options});
        let request = client.post(format!("{url}{PATH}")).bearer_auth(&place.token).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["totalRecords"], IMAGES * PACKAGES * VULNERABILITIES, "{answer}");
        let rows = answer["data"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(token) = answer["$skipToken"].as_str() else { return seen.len() };
        options = json!({"$top": 1000, "$skipToken": token});
    }
}

/// The first pages, as a script would: each call is a start of the program, which takes a second.
fn page_with_az(az: &Path, folder: &Path, url: &str, place: &Place) {
    let mut seen = std::collections::BTreeSet::new();
    let mut token = Value::Null;
    for _ in 0..3 {
        let options = json!({"$top": 1000, "$skipToken": token, "resultFormat": "objectArray"});
        let body = json!({"query": QUERY, "subscriptions": [place.subscription], "options": options});
        let file = folder.join("body.json");
        std::fs::write(&file, body.to_string()).unwrap();
        let mut command = Command::new(az);
        command
            .args([
                "rest",
                "--method",
                "post",
                "--skip-authorization-header",
                "--url",
                &format!("{url}{PATH}"),
            ])
            .args([
                "--headers",
                &format!("Authorization=Bearer {}", place.token),
                "Content-Type=application/json",
            ])
            .args(["--body", &format!("@{}", file.display())])
            .env("AZURE_CONFIG_DIR", folder.join("azure"))
            .env("AZURE_CORE_COLLECT_TELEMETRY", "false");
        let answer: Value = serde_json::from_str(&output(&mut command)).unwrap();
        let rows = answer["data"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        token = answer["$skipToken"].clone();
        assert!(token.is_string(), "there are more pages");
    }
    assert_eq!(seen.len(), 3000);
}

fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// Puts a thousand images with a hundred findings each into the records.
async fn fill(file: &Path) {
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
    let bytes = format!("image {image}").into_bytes();
    let name = format!("team/app-{}", image % 10).parse().unwrap();
    let key = ImageKey { repository: RepositoryKey { registry, name }, digest: Digest::of_sha256(&bytes) };
    let manifest = PutManifest {
        repository: key.repository.clone(),
        digest: key.digest.clone(),
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        bytes: bytes.into(),
        artifact_type: None,
        subject: None,
        config: None,
        annotations: BTreeMap::new(),
        tags: Vec::new(),
        references: Vec::new(),
        jobs: Vec::new(),
        actor: Actor("tests".into()),
        origin: store::PushOrigin::default(),
        at: now,
    };
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
    let summary = ImageSummary {
        image: key,
        state: ImageState::Unhealthy,
        cause: None,
        counts: BTreeMap::new(),
        platform: None,
        isolation: Value::Null,
        first_seen: now,
        changed_at: now,
        assessed_at: Some(now),
        snapshot: None,
        children: Vec::new(),
    };
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
