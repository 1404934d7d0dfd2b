//! `kill -9` while four clients push, push again and delete, and the collection runs without pause.
//!
//! The test runs itself as the process that is killed. That process writes down what it is about to do and what was
//! acknowledged; the parent counts, kills it at a moment that a seed decides, and looks: what was acknowledged is there,
//! whole, and after one more collection nothing is stored that no manifest needs. `LAZARETTO_TEST_SEED` repeats a run.
//!
//! In that process twenty minutes go by with whatever a client does, so that links grow old while it runs, on a fast machine
//! as on a slow one. A push between whose blobs and manifest the others do 18 things may find its blobs collected and be
//! refused, as one of six hours would.

use crate::harness::{Harness, descriptor};
use jiff::{SignedDuration, Timestamp};
use oci::{Digest, MediaType};
use registry::{CollectionMode, CollectionPolicy, Collector, Phase};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use store::PageRequest;
use store::testing::Random;

const FOLDER: &str = "LAZARETTO_TEST_KILL_FOLDER";
const START: &str = "LAZARETTO_TEST_KILL_START";
const SEED: &str = "LAZARETTO_TEST_KILL_SEED";
const ROUNDS: u64 = 8;
const LANES: u64 = 4;
const REPOSITORIES: [&str; 2] = ["team/app", "team/other"];

/// Most layers are few, so that everybody pushes, shares and gives up the same ones.
fn layer(number: u64) -> Vec<u8> {
    format!("layer {number}").into_bytes()
}

/// A manifest that nobody else pushes.
fn manifest(layer_number: u64, unique: u64) -> String {
    json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": descriptor(MediaType::OCI_CONFIG, b"{}"),
        "layers": [descriptor(MediaType::OCI_LAYER_GZIP, &layer(layer_number))],
        "annotations": { "unique": unique.to_string() },
    })
    .to_string()
}

fn collector(harness: &Harness, uploads_after: SignedDuration) -> Collector {
    let policy = CollectionPolicy {
        links_after: SignedDuration::from_hours(6),
        uploads_after,
        retention: Vec::new(),
        mode: CollectionMode::Collect,
    };
    Collector::new(harness.state.clone(), policy)
}

/// Writes one line, whole.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "kill-test {line} .").unwrap();
    out.flush().unwrap();
}

/// A client with tags of its own. A word that nobody has read yet is followed by what came of it.
async fn push_and_delete(harness: Arc<Harness>, lane: u64, mut random: Random, steps: Arc<AtomicI64>) {
    for step in 0_u64.. {
        steps.fetch_add(1, Ordering::SeqCst);
        let name = REPOSITORIES[usize::try_from(random.below(2)).unwrap()];
        let tag = format!("lane{lane}-{}", random.below(3));
        // Most layers are shared, and needed as long as one of their manifests is there; some go with their manifest.
        let number = if random.below(8) == 0 { random.below(1 << 40) + 12 } else { random.below(12) };
        if random.below(3) == 0 {
            let path = format!("/v2/{name}/manifests/{tag}");
            let digest = harness.head(&path).await.header("docker-content-digest").to_owned();
            if digest.is_empty() {
                continue;
            }
            tell(&format!("{lane} delete {name} {tag} {digest}"));
            harness.delete(&format!("/v2/{name}/manifests/{digest}")).await.expect(202);
            tell(&format!("{lane} done"));
            continue;
        }
        for content in [b"{}".to_vec(), layer(number)] {
            let digest = Digest::of_sha256(&content);
            if harness.head(&format!("/v2/{name}/blobs/{digest}")).await.status != 200 {
                harness.push_blob(name, &content).await;
            }
        }
        let manifest = manifest(number, random.0 ^ step);
        let digest = Digest::of_sha256(manifest.as_bytes());
        tell(&format!("{lane} push {name} {tag} {digest}"));
        let path = format!("/v2/{name}/manifests/{tag}");
        let answer = harness.put(&path, MediaType::OCI_MANIFEST, manifest).await;
        tell(&format!("{lane} {}", if answer.status == 201 { "done" } else { "refused" }));
    }
}

/// What the process that is killed does; without the variable this test does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn works_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let number = |name: &str| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let (start, seed) = (i64::try_from(number(START)).unwrap(), number(SEED));
    let mut harness = Harness::over(Path::new(&folder)).await;
    let steps = Arc::new(AtomicI64::new(0));
    let done = steps.clone();
    harness.state.clock =
        Arc::new(move || Timestamp::from_second(start + done.load(Ordering::SeqCst) * 20 * 60).unwrap());
    // Uploads are as old as their files, which know the system's clock; while it runs, none is left.
    let collector = collector(&harness, SignedDuration::from_hours(24 * 365 * 100));
    let harness = Arc::new(harness);
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        tasks.spawn(push_and_delete(harness.clone(), lane, Random(seed ^ (lane << 32)), steps.clone()));
    }
    tasks.spawn(async move {
        loop {
            let collected = collector.run(Phase::Uploads, |_, _| {}).await.unwrap();
            if collected.blobs > 0 {
                tell(&format!("collected {}", collected.blobs));
            }
            tokio::task::yield_now().await;
        }
    });
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

/// What a tag should lead to, and what else it may, since nobody knows whether the last word was heard.
#[derive(Debug, Default)]
struct Expected {
    certain: Option<String>,
    possible: Option<Option<String>>,
}

/// What the clients were told.
#[derive(Debug, Default)]
struct Ledger {
    tags: BTreeMap<(String, String), Expected>,
    collected: u64,
}

impl Ledger {
    /// Reads what a process said before it was killed.
    fn read(&mut self, lines: &[String]) {
        let mut pending: BTreeMap<String, (String, String)> = BTreeMap::new();
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["collected", blobs] => self.collected += blobs.parse::<u64>().unwrap(),
                [lane, word @ ("push" | "delete"), name, tag, digest] => {
                    let key = ((*name).to_owned(), (*tag).to_owned());
                    let then = (*word == "push").then(|| (*digest).to_owned());
                    self.tags.entry(key.clone()).or_default().possible = Some(then);
                    pending.insert((*lane).to_owned(), key);
                }
                [lane, word] => {
                    let expected = self.tags.get_mut(&pending.remove(*lane).unwrap()).unwrap();
                    let possible = expected.possible.take().unwrap();
                    if *word == "done" {
                        expected.certain = possible;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Holds what is there against what was told, and takes over what nobody knew.
    async fn check(&mut self, harness: &Harness, round: &str) {
        for ((name, tag), expected) in &mut self.tags {
            let found = harness.head(&format!("/v2/{name}/manifests/{tag}")).await;
            let found = (found.status == 200).then(|| found.header("docker-content-digest").to_owned());
            let is_right = found == expected.certain || Some(&found) == expected.possible.as_ref();
            assert!(is_right, "{round}: {name}:{tag} leads to {found:?}, but {expected:?}");
            *expected = Expected { certain: found, possible: None };
        }
    }
}

/// Runs the worker, kills it so long after so many of its operations were acknowledged, and returns what it said.
fn run_and_kill(folder: &Path, start: i64, seed: u64, (count, after): (u64, Duration)) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::works_until_killed", "--nocapture"])
        .env(FOLDER, folder)
        .env(START, start.to_string())
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // A line that was cut by the kill has no full stop.
    let mut told = lines.filter_map(|line| {
        let (_, rest) = line.split_once("kill-test ")?;
        rest.strip_suffix(" .").map(str::to_owned)
    });
    let (mut said, mut acknowledged) = (Vec::new(), 0);
    while acknowledged < count {
        let line = told.next().expect("it does not end by itself");
        acknowledged += u64::from(line.ends_with(" done"));
        said.push(line);
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    said.extend(told);
    said
}

/// The blobs that some manifest needs, each of which is there and is what it says.
async fn needed(harness: &Harness, round: &str) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    for name in REPOSITORIES {
        let mut path = format!("/acr/v1/{name}/_manifests?n=1000");
        loop {
            let page = harness.get(&path).await;
            let Some(list) = (page.status == 200).then(|| page.json()) else { break };
            let digests = list["manifests"].as_array().cloned().unwrap_or_default();
            for digest in digests.iter().filter_map(|entry| entry["digest"].as_str()) {
                let bytes = harness.get(&format!("/v2/{name}/manifests/{digest}")).await.expect(200).body;
                assert!(digest.parse::<Digest>().unwrap().matches(&bytes), "{round}: {digest}");
                let manifest: Value = serde_json::from_slice(&bytes).unwrap();
                for blob in [&manifest["config"], &manifest["layers"][0]] {
                    needed.insert(blob["digest"].as_str().unwrap().to_owned());
                }
                for blob in [&manifest["config"], &manifest["layers"][0]] {
                    let blob: Digest = blob["digest"].as_str().unwrap().parse().unwrap();
                    let answer = harness.get(&format!("/v2/{name}/blobs/{blob}")).await;
                    assert!(
                        answer.status == 200 && blob.matches(&answer.body),
                        "{round}: {blob} of {digest}"
                    );
                }
            }
            match page.header("link").split_once(">;") {
                Some((next, _)) => next.trim_start_matches('<').clone_into(&mut path),
                None => break,
            }
        }
    }
    needed
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_leaks() {
    let seed = std::env::var("LAZARETTO_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or(20_201_127);
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::default();
    let mut start = Timestamp::now().as_second();
    // A round may end before its collection meets anything; then there are more and longer ones.
    for number in 0..4 * ROUNDS {
        if number >= ROUNDS && ledger.collected > 0 {
            break;
        }
        let round = format!("seed {seed}, round {number}");
        let longer = 20 * number.saturating_sub(ROUNDS);
        let moment = (20 + longer + random.below(100), Duration::from_micros(random.below(20_000)));
        ledger.read(&run_and_kill(folder.path(), start, random.below(u64::MAX), moment));
        start += 400 * 24 * 3600;
        let mut harness = Harness::over(folder.path()).await;
        let now = Timestamp::from_second(start).unwrap();
        harness.state.clock = Arc::new(move || now);
        ledger.check(&harness, &round).await;
        collector(&harness, SignedDuration::ZERO).run(Phase::Uploads, |_, _| {}).await.unwrap();
        let needed = needed(&harness, &round).await;
        let stored = harness.state.blobs.blobs(PageRequest::first(1000)).await.unwrap().items;
        let stored: BTreeSet<String> = stored.iter().map(ToString::to_string).collect();
        assert_eq!(stored, needed, "{round}");
        assert_eq!(harness.state.blobs.stale_uploads(Timestamp::MAX).await.unwrap(), [], "{round}");
        ledger.check(&harness, &round).await;
    }
    assert!(ledger.collected > 0, "seed {seed}: the collection never met anything to collect");
}
