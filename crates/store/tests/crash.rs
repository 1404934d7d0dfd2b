//! `kill -9` while manifests are pushed: whatever was acknowledged is there afterwards, with its job.
//!
//! The test runs itself as the process that is killed. That process pushes without pause and prints the number of
//! each push after it was acknowledged; the parent counts, kills it at a moment that a seed decides, and looks.

#![expect(clippy::unwrap_used, reason = "this is a test; clippy sees one only in functions marked as such")]

use futures_util::StreamExt;
use jiff::Timestamp;
use oci::Digest;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::{
    Actor, Blobs, FolderBlobs, Installation, JobKind, NewJob, PushOrigin, PutManifest, PutOutcome, Reference,
    ReferenceKind, RepositoryKey, SqliteStore, Store, SubscriptionId, TenantId, UploadId,
};
use uuid::Uuid;

const FOLDER: &str = "LAZARETTO_TEST_CRASH_FOLDER";
const ROUNDS: u64 = 8;

fn open(folder: &Path) -> (Arc<dyn Store>, Arc<dyn Blobs>) {
    let store = SqliteStore::open(&folder.join("records.sqlite")).unwrap();
    (Arc::new(store), Arc::new(FolderBlobs::open(folder).unwrap()))
}

fn content(number: u64) -> Vec<u8> {
    format!("content of push {number}").into_bytes()
}

async fn repository(store: &Arc<dyn Store>) -> RepositoryKey {
    let registry = store.registry_by_name("crash").await.unwrap().unwrap().id;
    RepositoryKey { registry, name: "app".parse().unwrap() }
}

/// A blob, its link, and a manifest with a tag and a job.
async fn push(store: &Arc<dyn Store>, blobs: &Arc<dyn Blobs>, number: u64) {
    let repository = repository(store).await;
    let blob = Digest::of_sha256(&content(number));
    let upload =
        UploadId::from_random((u128::from(number) << 64 | u128::from(std::process::id())).to_be_bytes());
    blobs.begin(upload).await.unwrap();
    let body = futures_util::stream::iter([Ok(content(number).into())]).boxed();
    blobs.append(upload, 0, body, u64::MAX).await.unwrap();
    let size = blobs.finish(upload, &blob).await.unwrap();
    store.link_blob(&repository, &blob, size, Timestamp::UNIX_EPOCH).await.unwrap();
    let bytes = format!("manifest {number}").into_bytes();
    let outcome = store
        .put_manifest(PutManifest {
            repository,
            digest: Digest::of_sha256(&bytes),
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            bytes: bytes.into(),
            artifact_type: None,
            subject: None,
            config: None,
            annotations: BTreeMap::new(),
            tags: vec![format!("v{number}").parse().unwrap()],
            references: vec![Reference { kind: ReferenceKind::Blob, digest: blob, required: true }],
            jobs: vec![NewJob {
                kind: JobKind::new("scan"),
                key: number.to_string(),
                subscription: None,
                priority: 0,
                payload: serde_json::Value::Null,
                not_before: None,
            }],
            actor: Actor("alice".to_owned()),
            origin: PushOrigin::default(),
            at: Timestamp::UNIX_EPOCH,
        })
        .await
        .unwrap();
    assert!(matches!(outcome, PutOutcome::Stored { .. }));
}

/// What the process that is killed does; without the variable this test does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (store, blobs) = open(Path::new(&folder));
    let mut tasks = Vec::new();
    for lane in 0..4_u64 {
        let (store, blobs) = (Arc::clone(&store), Arc::clone(&blobs));
        tasks.push(tokio::spawn(async move {
            for step in 0.. {
                let number = (step * 4 + lane) * 100_000 + u64::from(std::process::id() % 100_000);
                push(&store, &blobs, number).await;
                let mut out = std::io::stdout().lock();
                writeln!(out, "acknowledged {number} .").unwrap();
                out.flush().unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// Runs the pusher, kills it so long after so many pushes were acknowledged, and returns all that it said was.
fn run_and_kill(folder: &Path, count: usize, after: Duration) -> Vec<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "pushes_until_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // A line that was cut by the kill has no full stop.
    let mut numbers = lines.filter_map(|line| -> Option<u64> {
        line.split("acknowledged ").nth(1)?.strip_suffix(" .")?.parse().ok()
    });
    let mut acknowledged: Vec<u64> = numbers.by_ref().take(count).collect();
    assert_eq!(acknowledged.len(), count, "it ended by itself");
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged.extend(numbers);
    acknowledged
}

#[tokio::test]
async fn acknowledged_pushes_survive_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let installation = Installation {
        tenant: TenantId(Uuid::from_u128(1)),
        subscription: SubscriptionId(Uuid::from_u128(2)),
        subscription_name: "Crash".to_owned(),
        resource_group: "quay".to_owned(),
        registry: "crash".to_owned(),
        login_server: "localhost".to_owned(),
        location: "local".to_owned(),
    };
    store.install(installation, Timestamp::UNIX_EPOCH).await.unwrap();
    drop(store);
    let mut acknowledged = Vec::new();
    let mut seed: u64 = 20_200_616;
    for _ in 0..ROUNDS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // However slow the machine is, somebody is answered in each round; the moment lies between two answers.
        let (count, after) = (1 + (seed >> 33) % 40, Duration::from_micros((seed >> 40) % 30_000));
        acknowledged.extend(run_and_kill(folder.path(), usize::try_from(count).unwrap(), after));
        check(folder.path(), &acknowledged).await;
    }
}

async fn check(folder: &Path, acknowledged: &[u64]) {
    let (store, blobs) = open(folder);
    let repository = repository(&store).await;
    for &number in acknowledged {
        let tag = format!("v{number}").parse().unwrap();
        let digest = store.resolve_tag(&repository, &tag).await.unwrap().unwrap();
        let manifest = store.manifest(&repository, &digest).await.unwrap().unwrap();
        assert!(digest.matches(&manifest.bytes));
        assert!(store.job(&JobKind::new("scan"), &number.to_string()).await.unwrap().is_some());
        let blob = Digest::of_sha256(&content(number));
        let size = store.blob(&repository, &blob).await.unwrap();
        assert_eq!(size, Some(content(number).len() as u64));
        assert_eq!(blobs.size(&blob).await.unwrap(), size);
    }
}
