//! Resource Graph over a large registry: a hundred thousand images with ten million findings, and a tenth of it.
//!
//! `cargo xtask bench graph` builds both estates once, under `target/`, and asks them in a process of its own each, so
//! that the peak of memory is that of the queries. Findings are a join here as everywhere: images share 40 000 package
//! versions, and each of those has what was found in it.

#![expect(clippy::unwrap_used, reason = "a benchmark that fails says where")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "graph/rules.rs"]
mod rules;

use access::{Assignment, Principal, PrincipalKind, ResourceId, RoleId};
use futures_util::{StreamExt, stream};
use graph::{Settings, Viewer};
use jiff::Timestamp;
use oci::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{
    FindingRow, FindingVerdict, ImageKey, ImageRecord, ImageState, ImageSummary, Lineage, PackageFindings,
    PackagePlace, PackageVersion, PutManifest, PutOutcome, RegistryId, RepositoryKey, SnapshotVersion,
    SqliteStore, Store, Vulnerability, testing,
};
use uuid::Uuid;

/// Where the estate's form is counted: a change of it builds the estates anew.
const FORM: u32 = 3;

/// Writes that are under way at a time, which share a commit.
const AT_ONCE: usize = 128;

const BASES: usize = 50;
const OF_BASE: usize = 40;
const OF_APP: usize = 20;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["build", images, folder] => {
            runtime().block_on(build(images.parse().unwrap(), Path::new(folder)));
        }
        ["measure", images, folder] => {
            runtime().block_on(measure(images.parse().unwrap(), Path::new(folder)));
        }
        _ => both(),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn both() {
    for images in ["10000", "100000"] {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("graph-{FORM}-{images}"));
        if !folder.join("done").exists() {
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            run("build", images, &folder);
            std::fs::write(folder.join("done"), "").unwrap();
        }
        run("measure", images, &folder);
    }
}

fn run(what: &str, images: &str, folder: &Path) {
    let program = std::env::current_exe().unwrap();
    let status = Command::new(program).arg(what).arg(images).arg(folder).status().unwrap();
    assert!(status.success(), "{what} {images} failed");
}

/// A number that looks like chance, and is the same every time (splitmix64).
fn mixed(number: u64) -> u64 {
    let state = number.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// The same, below a bound.
fn below(number: usize, bound: usize) -> usize {
    usize::try_from(mixed(number as u64) % bound as u64).unwrap()
}

/// How large an estate of so many images is.
struct Size {
    packages: usize,
    vulnerabilities: usize,
}

impl Size {
    fn of(images: usize) -> Self {
        Self { packages: images * 2 / 5, vulnerabilities: images / 5 }
    }

    /// The packages of an image: those of one of the bases, and its own.
    fn packages_of(&self, image: usize) -> Vec<usize> {
        let base = below(image, BASES);
        let mut packages: Vec<usize> = (0..OF_BASE).map(|at| base * OF_BASE + at).collect();
        let (first, rest) = (BASES * OF_BASE, self.packages - BASES * OF_BASE);
        packages.extend((0..OF_APP).map(|at| first + below(image * OF_APP + at + 7, rest)));
        packages
    }

    /// What a package has: two vulnerabilities if it is of a base, and else one. An image has a hundred.
    fn vulnerabilities_of(&self, package: usize) -> Vec<usize> {
        let count = if package < BASES * OF_BASE { 2 } else { 1 };
        (0..count).map(|at| below(package * 3 + at + 11, self.vulnerabilities)).collect()
    }
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn ecosystem() -> inventory::Ecosystem {
    inventory::Ecosystem::new("Debian:12")
}

fn digest_of(image: usize) -> Digest {
    Digest::of_sha256(format!("image {image}").as_bytes())
}

fn cve(number: usize) -> String {
    format!("CVE-{}-{:05}", 2005 + number % 20, number)
}

async fn build(images: usize, folder: &Path) {
    let begun = Instant::now();
    let size = Size::of(images);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.join("records.sqlite")).unwrap());
    store.install(testing::installation("lazaretto"), now()).await.unwrap();
    let registry = store.registry_by_name("lazaretto").await.unwrap().unwrap().id;
    let size = &size;
    let pushes = (0..images).map(|image| push(store.clone(), size, registry, image));
    stream::iter(pushes).buffer_unordered(AT_ONCE).for_each(|()| async {}).await;
    find(&*store, size).await;
    println!("{images} images were built in {:.0} s", begun.elapsed().as_secs_f64());
}

async fn push(store: Arc<dyn Store>, size: &Size, registry: RegistryId, image: usize) {
    let repository =
        RepositoryKey { registry, name: format!("team-{}/app-{}", image % 20, image % 500).parse().unwrap() };
    let key = ImageKey { repository, digest: digest_of(image) };
    let RepositoryKey { registry, name } = &key.repository;
    let manifest = PutManifest {
        digest: key.digest.clone(),
        tags: vec![format!("v{image}").parse().unwrap()],
        ..testing::push(*registry, name.as_str(), format!("image {image}"), now())
    };
    let outcome = store.put_manifest(manifest).await.unwrap();
    assert!(matches!(outcome, PutOutcome::Stored { .. }));
    let state = match image % 20 {
        0 => ImageState::Healthy,
        1 => ImageState::NotApplicable,
        _ => ImageState::Unhealthy,
    };
    if state == ImageState::Unhealthy {
        store.record_image(record_of(&key.digest, size, image)).await.unwrap();
    }
    let counts = [("Critical", 3), ("High", 22), ("Low", 40), ("Medium", 35)];
    let summary = ImageSummary {
        counts: counts.iter().map(|(severity, count)| ((*severity).to_owned(), *count)).collect(),
        platform: Some("linux/amd64".into()),
        isolation: json!({"landlock": true, "seccomp": true}),
        assessed_at: Some(now()),
        snapshot: Some(SnapshotVersion("one".into())),
        ..ImageSummary::begun(key, state, now())
    };
    assert!(store.put_summary(summary).await.unwrap());
}

/// What a scan found in an image.
fn record_of(digest: &Digest, size: &Size, image: usize) -> ImageRecord {
    let base = below(image, BASES);
    let place = |package: usize| PackagePlace {
        package: package_version(package),
        layer: Digest::of_sha256(
            if package < BASES * OF_BASE {
                format!("base {base}").into_bytes()
            } else {
                format!("app {}", image / 50).into_bytes()
            }
            .as_slice(),
        ),
        path: "var/lib/dpkg/status".into(),
    };
    ImageRecord {
        digest: digest.clone(),
        distribution: json!({"id": "debian", "version": "12"}),
        platform: Some("linux/amd64".into()),
        obstacles: json!([]),
        basis: json!({"causes": []}),
        indexer_version: 1,
        isolation: json!({"landlock": true, "seccomp": true}),
        at: now(),
        lineage: Lineage::default(),
        packages: size.packages_of(image).into_iter().map(place).collect(),
    }
}

fn package_version(package: usize) -> PackageVersion {
    PackageVersion {
        ecosystem: Some(ecosystem()),
        kind: inventory::PackageKind::Deb,
        name: format!("package-{package}"),
        version: format!("{}.{}-1+deb12u{}", package % 9, package % 31, package % 4),
        source: None,
        module: None,
        owner: None,
        architecture: None,
    }
}

async fn find(store: &dyn Store, size: &Size) {
    let snapshot = SnapshotVersion("one".into());
    for from in (0..size.vulnerabilities).step_by(1000) {
        let known = (from..(from + 1000).min(size.vulnerabilities)).map(vulnerability).collect();
        store.record_findings(&snapshot, Vec::new(), known, now()).await.unwrap();
    }
    loop {
        let versions = store.package_versions_to_match(&snapshot, 1000).await.unwrap();
        if versions.is_empty() {
            return;
        }
        let findings = versions.into_iter().map(|(id, version)| {
            let package = version.name.rsplit('-').next().unwrap().parse().unwrap();
            let mut found: Vec<usize> = size.vulnerabilities_of(package);
            found.sort_unstable();
            found.dedup();
            PackageFindings {
                package_version: id,
                findings: found.into_iter().map(finding).collect(),
                reasons: BTreeMap::new(),
            }
        });
        store.record_findings(&snapshot, findings.collect(), Vec::new(), now()).await.unwrap();
    }
}

fn finding(vulnerability: usize) -> FindingRow {
    let id = cve(vulnerability);
    FindingRow {
        vulnerability: id.clone(),
        verdict: FindingVerdict::Affected,
        fixed: Some("9.9-1".into()),
        advisories: vec![format!("DSA-{vulnerability}")],
        evidence: json!({
            "rule": "The version is before 9.9-1.",
            "remediation": "apt-get install --only-upgrade 'package=9.9-1'",
            "patchable": true,
            "aliases": [],
            "category": "Debian",
            "advisories": [],
        }),
    }
}

fn vulnerability(number: usize) -> Vulnerability {
    let id = cve(number);
    let (severity, score) =
        [("Critical", 9.8), ("High", 8.1), ("Medium", 5.4), ("Low", 3.1)][match number % 100 {
            0..3 => 0,
            3..25 => 1,
            25..60 => 2,
            _ => 3,
        }];
    Vulnerability {
        record: json!({
            "id": id,
            "aliases": [],
            "title": format!("{id} in words"),
            "description": "What somebody can do, and what they need for it. ".repeat(20),
            "published": "2021-03-19T05:15:00Z",
            "modified": null,
            "references": [{"kind": "ADVISORY", "url": format!("https://security.test/{id}")}],
            "ratings": [],
            "classification": {"severity": severity, "score": score, "vector": null, "cvss": {}},
            "category": "Debian",
            "known_exploit": null,
            "prediction": null,
        }),
        id,
        ecosystem: ecosystem(),
        severity: severity.into(),
        score: Some(score),
    }
}

const SUB: &str = "securityresources | where type == 'microsoft.security/assessments/subassessments'";

/// Name, query, the longest it may take in milliseconds if anybody has said so.
fn questions(image: &Digest) -> Vec<(&'static str, String, Option<u32>)> {
    vec![
        (
            "one image's findings by digest (Findings)",
            format!("Findings | where digest == '{image}' | project vulnerability, severity, package, version, fixedVersion"),
            Some(20),
        ),
        (
            "one image's findings by digest (SecurityResources)",
            format!("{SUB} | extend d = tostring(properties.additionalData.imageDigest) | where d == '{image}' | project id, properties.id, properties.status.severity, properties.remediation"),
            Some(20),
        ),
        (
            "top 10 of CVEs by affected images (Findings)",
            "Findings | summarize images = dcount(digest) by vulnerability | top 10 by images".into(),
            Some(500),
        ),
        (
            "top 10 of CVEs by affected images (SecurityResources)",
            format!("{SUB} | summarize images = dcount(tostring(properties.additionalData.imageDigest)) by tostring(properties.id) | top 10 by images"),
            Some(500),
        ),
        (
            "summary of all images of the registry",
            format!(
                "{SUB}
                | where id matches regex '(.+?)/providers/Microsoft.Security/assessments/dbd0cb49-b563-45e7-9724-889e799fa648/'
                | parse id with registryId '/providers/Microsoft.Security/assessments/' *
                | parse registryId with * '/providers/Microsoft.ContainerRegistry/registries/' registryName
                | extend digest = tostring(properties.additionalData.imageDigest)
                | extend repository = tostring(properties.additionalData.repositoryName)
                | extend severity = tostring(properties.status.severity), code = tostring(properties.status.code)
                | summarize findings = count() by severity, code, registryId, registryName, repository, digest
                | summarize severities = make_bag(pack(severity, findings)) by registryId, registryName, repository, digest, code"
            ),
            Some(2000),
        ),
        ("findings by severity", format!("{SUB} | summarize count() by tostring(properties.status.severity)"), None),
        ("one vulnerability's images", format!("Findings | where vulnerability == '{}' | distinct image", cve(17)), None),
        ("images by state", "Images | summarize count() by state".into(), None),
        ("a page of all findings' ids, sorted by nothing", format!("{SUB} | project id | take 1000"), None),
        (
            "one image's findings by digest (form of 2023)",
            format!("{SUB} | where properties.additionalData.artifactDetails.digest == '{image}' | project id, properties.id, properties.additionalData.softwareDetails.packageName"),
            Some(20),
        ),
    ]
}

async fn measure(images: usize, folder: &Path) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.join("records.sqlite")).unwrap());
    println!("\n{images} images, {} findings", images * 100);
    let mut missed = answer_all(&store).await;
    println!("peak of memory: {} MB", peak_megabytes());
    println!("database: {} MB", std::fs::metadata(folder.join("records.sqlite")).unwrap().len() >> 20);
    rules::put(&*store).await;
    missed.extend(answer_all(&store).await);
    rules::delete(&*store).await;
    println!("peak of memory: {} MB", peak_megabytes());
    if !missed.is_empty() {
        println!("over their limits: {}", missed.join(", "));
    }
}

/// Asks all questions, and says which took longer than they may.
async fn answer_all(store: &Arc<dyn Store>) -> Vec<&'static str> {
    println!("{:<55} {:>9} {:>9} {:>9} {:>9} {:>8}", "", "first", "median", "processor", "rows", "limit");
    let mut missed = Vec::new();
    for (name, query, longest) in questions(&digest_of(17)) {
        let (mut times, mut rows, busy) = (Vec::new(), 0, processor_time());
        for _ in 0..5 {
            let begun = Instant::now();
            rows = ask(store, &query).await;
            times.push(begun.elapsed());
        }
        let busy = (processor_time() - busy) / 5;
        let first = times[0];
        times.sort();
        let median = times[times.len() / 2];
        let limit = longest.map_or_else(String::new, |limit| format!("{limit} ms"));
        let [first, mid, busy] = [first, median, busy].map(milliseconds);
        println!("{name:<55} {first:>6.1} ms {mid:>6.1} ms {busy:>6.1} ms {rows:>9} {limit:>8}");
        if longest.is_some_and(|limit| median > Duration::from_millis(limit.into())) {
            missed.push(name);
        }
    }
    missed
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Asks as somebody who may read all of it, and makes the first page.
async fn ask(store: &Arc<dyn Store>, query: &str) -> usize {
    let id = Uuid::from_u128(1);
    let viewer = Viewer {
        principal: Principal { id, name: "bench".into(), kind: PrincipalKind::User },
        assignments: vec![Assignment::new(id, RoleId::OWNER, ResourceId::tenant())],
    };
    let settings = Settings {
        tenant: Uuid::from_u128(0x777).to_string(),
        scan_plan: "ContainerRegistry",
        now: now(),
        deadline: Instant::now() + Duration::from_secs(120),
        subscriptions: None,
        first: 0,
        facets: Vec::new(),
        interval: None,
    };
    let answer = graph::run(store.clone(), viewer, query.to_owned(), settings).await.unwrap();
    let page: Vec<Vec<Value>> = answer.page(0, 1000);
    assert!(!page.is_empty(), "nothing was found: {query}");
    answer.total()
}

/// The time that all threads of this process were on a processor: what a query costs when others are busy too.
fn processor_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let spent = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

/// The most memory that this process ever had, in megabytes.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().map_or(0, |kilobytes| kilobytes >> 10)
}
