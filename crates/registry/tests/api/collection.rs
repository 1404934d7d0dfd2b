//! Collecting while everybody goes on: what is needed stays, and what is not goes.

use crate::harness::{Harness, descriptor};
use futures_util::future::{BoxFuture, FutureExt, join_all};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use oci::{Digest, MediaType};
use registry::{Collected, CollectionMode, CollectionPolicy, Collector, Phase};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::PageRequest;

/// A registry with a clock that the test moves.
struct Yard {
    harness: Harness,
    seconds: Arc<AtomicI64>,
}

impl Yard {
    async fn new() -> Self {
        let mut harness = Harness::new().await;
        // Uploads are as old as their files, which know no other clock than the system's.
        let seconds = Arc::new(AtomicI64::new(Timestamp::now().as_second()));
        let clock = seconds.clone();
        harness.state.clock = Arc::new(move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap());
        Self { harness, seconds }
    }

    fn wait_hours(&self, hours: i64) {
        self.seconds.fetch_add(hours * 3600, Ordering::SeqCst);
    }

    fn collector(&self, mode: CollectionMode, untagged_after: Option<SignedDuration>) -> Collector {
        let registry = store::RegistryId(1);
        let policy = CollectionPolicy {
            links_after: SignedDuration::from_hours(12),
            uploads_after: SignedDuration::from_hours(48),
            retention: untagged_after.map(|age| (registry, age)).into_iter().collect(),
            mode,
        };
        Collector::new(self.harness.state.clone(), policy)
    }

    async fn collect(&self, mode: CollectionMode) -> Collected {
        self.collector(mode, None).run(Phase::Uploads, |_, _| {}).await.unwrap()
    }

    async fn stored(&self) -> usize {
        self.harness.state.blobs.blobs(PageRequest::first(1000)).await.unwrap().items.len()
    }
}

#[tokio::test]
async fn what_nobody_needs_goes_after_its_time() {
    let yard = Yard::new().await;
    let Yard { harness, .. } = &yard;
    let (digest, _) = harness.push_image("app", "one", b"layer").await;
    harness.push_image("app", "two", b"other layer").await;
    assert_eq!(yard.stored().await, 3);
    harness.delete(&format!("/v2/app/manifests/{digest}")).await.expect(202);
    assert_eq!(yard.collect(CollectionMode::Collect).await, Collected::default(), "it is young");
    yard.wait_hours(13);
    let expected = Collected { links: 1, blobs: 1, bytes: 5, ..Collected::default() };
    assert_eq!(yard.collect(CollectionMode::DryRun).await, expected);
    assert_eq!(yard.stored().await, 3);
    assert_eq!(yard.collect(CollectionMode::Collect).await, expected);
    assert_eq!(yard.collect(CollectionMode::Collect).await, Collected::default());
    let layer = Digest::of_sha256(b"layer");
    assert_eq!(harness.get(&format!("/v2/app/blobs/{layer}")).await.refusal(), "404 BLOB_UNKNOWN");
    let other = Digest::of_sha256(b"other layer");
    harness.get(&format!("/v2/app/blobs/{other}")).await.expect(200);
    // It can be pushed again.
    harness.push_image("app", "one", b"layer").await;
    harness.get(&format!("/v2/app/blobs/{layer}")).await.expect(200);
}

#[tokio::test]
async fn who_was_told_that_a_blob_is_here_can_push_its_manifest() {
    let yard = Yard::new().await;
    let Yard { harness, .. } = &yard;
    let manifest = harness.prepare_image("app", b"layer", &json!({})).await;
    yard.wait_hours(13);
    for content in [b"{}" as &[u8], b"layer"] {
        harness.head(&format!("/v2/app/blobs/{}", Digest::of_sha256(content))).await.expect(200);
    }
    yard.wait_hours(5);
    assert_eq!(yard.collect(CollectionMode::Collect).await, Collected::default());
    harness.put("/v2/app/manifests/one", MediaType::OCI_MANIFEST, manifest).await.expect(201);
}

#[tokio::test]
async fn a_deleted_repository_leaves_no_bytes() {
    let yard = Yard::new().await;
    yard.harness.push_image("app", "one", b"layer").await;
    yard.harness.delete("/acr/v1/app").await.expect(202);
    let collected = yard.collect(CollectionMode::Collect).await;
    assert_eq!((collected.blobs, yard.stored().await), (2, 0));
}

#[tokio::test]
async fn uploads_that_were_left_go() {
    let yard = Yard::new().await;
    let Yard { harness, .. } = &yard;
    let left = harness.begin("app").await;
    harness.patch(&left, &[], "0123").await.expect(202);
    assert_eq!(yard.collect(CollectionMode::Collect).await.uploads, 0);
    yard.wait_hours(49);
    assert_eq!(yard.collect(CollectionMode::DryRun).await.uploads, 1);
    harness.get(&left).await.expect(204);
    assert_eq!(yard.collect(CollectionMode::Collect).await.uploads, 1);
    assert_eq!(harness.get(&left).await.refusal(), "404 BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn manifests_without_a_tag_go_where_the_registry_wants_that() {
    let yard = Yard::new().await;
    let Yard { harness, .. } = &yard;
    let (old, _) = harness.push_image("app", "one", b"layer").await;
    let (new, _) = harness.push_image("app", "one", b"other layer").await;
    yard.wait_hours(25);
    let day = Some(SignedDuration::from_hours(24));
    let run = async |mode| {
        let mut phases = Vec::new();
        let collector = yard.collector(mode, day);
        let collected = collector.run(Phase::Uploads, |phase, _| phases.push(phase.clone())).await.unwrap();
        assert!(phases.contains(&Phase::Links { after: None }), "{phases:?}");
        collected
    };
    assert_eq!(run(CollectionMode::DryRun).await.manifests, 1);
    assert_eq!(run(CollectionMode::Collect).await, Collected { manifests: 1, ..Collected::default() });
    // Its layer may have been seen until a moment ago.
    yard.wait_hours(13);
    let expected = Collected { links: 1, blobs: 1, bytes: 5, ..Collected::default() };
    assert_eq!(run(CollectionMode::Collect).await, expected);
    harness.get(&format!("/v2/app/manifests/{old}")).await.expect(404);
    harness.get(&format!("/v2/app/manifests/{new}")).await.expect(200);
}

#[tokio::test]
async fn a_collection_goes_on_where_it_stopped() {
    let yard = Yard::new().await;
    yard.harness.push_image("app", "one", b"layer").await;
    yard.harness.delete("/acr/v1/app").await.expect(202);
    let collector = yard.collector(CollectionMode::Collect, None);
    let mut collected = Collected::default();
    let phase = collector.step(Phase::Uploads, &mut collected).await.unwrap().unwrap();
    let written = serde_json::to_string(&phase).unwrap();
    // Another process reads it.
    let phase = serde_json::from_str(&written).unwrap();
    let rest = yard.collector(CollectionMode::Collect, None).run(phase, |_, _| {}).await.unwrap();
    assert_eq!(rest.blobs, 2);
}

/// Numbers that are the same in every run (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// How many times the dice begin anew.
const SEEDS: u64 = 4;
const REPOSITORIES: [&str; 3] = ["a", "b", "c/d"];
const CONTENTS: [&[u8]; 4] = [b"{}", b"first", b"second layer", b"third"];

/// Pushes like a client: asks first, mounts or sends what is missing, and then puts the manifest.
async fn push(harness: &Harness, name: &str, tag: u64, layer: usize, from: Option<&str>) {
    let contents = [CONTENTS[0], CONTENTS[layer]];
    for content in contents {
        let digest = Digest::of_sha256(content);
        let found = harness.head(&format!("/v2/{name}/blobs/{digest}")).await.status.as_u16();
        if found == 200 {
            continue;
        }
        let uploads = format!("/v2/{name}/blobs/uploads/");
        if let Some(from) = from {
            let answer = harness.post(&format!("{uploads}?mount={digest}&from={from}"), "").await;
            if answer.status == 201 {
                continue;
            }
            harness.delete(answer.expect(202).header("location")).await.expect(204);
        }
        harness.post(&format!("{uploads}?digest={digest}"), content).await.expect(201);
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": descriptor(MediaType::OCI_CONFIG, contents[0]),
        "layers": [descriptor(MediaType::OCI_LAYER_GZIP, contents[1])],
    });
    let path = format!("/v2/{name}/manifests/t{tag}");
    // Whatever is collected meanwhile: a client that kept to the protocol is not refused.
    harness.put(&path, MediaType::OCI_MANIFEST, manifest.to_string()).await.expect(201);
}

async fn delete(harness: &Harness, name: &str, tag: u64, whole: bool) {
    let path = format!("/v2/{name}/manifests/t{tag}");
    let head = harness.head(&path).await;
    let path = match head.header("docker-content-digest") {
        digest if whole && !digest.is_empty() => format!("/v2/{name}/manifests/{digest}"),
        _ => path,
    };
    let status = harness.delete(&path).await.status.as_u16();
    assert!(matches!(status, 202 | 404), "{status}");
}

/// Every tag leads to a manifest, every manifest to its blobs, and every blob to its bytes.
async fn check(harness: &Harness) {
    for name in REPOSITORIES {
        let tags = harness.get(&format!("/v2/{name}/tags/list")).await;
        if tags.status == 200 {
            for tag in tags.json()["tags"].as_array().unwrap() {
                let path = format!("/v2/{name}/manifests/{}", tag.as_str().unwrap());
                let manifest = harness.get(&path).await.expect(200).json();
                for blob in [&manifest["config"], &manifest["layers"][0]] {
                    let digest = blob["digest"].as_str().unwrap();
                    harness.get(&format!("/v2/{name}/blobs/{digest}")).await.expect(200);
                }
            }
        }
        for content in CONTENTS {
            let path = format!("/v2/{name}/blobs/{}", Digest::of_sha256(content));
            let answer = harness.call("owner", Method::GET, &path, &[], "").await;
            match answer.status.as_u16() {
                200 => assert_eq!(&answer.body[..], content),
                404 => {}
                status => panic!("{status}: a link without bytes"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_interleaving_loses_what_is_needed_or_keeps_what_is_not() {
    for seed in 1..=SEEDS {
        let yard = Yard::new().await;
        let harness = &yard.harness;
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        for _ in 0..12 {
            let collector = yard.collector(CollectionMode::Collect, Some(SignedDuration::from_hours(20)));
            let collect = async move {
                let _ = collector.run(Phase::Uploads, |_, _| {}).await.unwrap();
            };
            let mut work: Vec<BoxFuture<'_, ()>> = vec![collect.boxed()];
            for _ in 0..5 {
                let mut pick = |names: u64| usize::try_from(dice.roll(names)).unwrap();
                let (name, other) = (REPOSITORIES[pick(3)], REPOSITORIES[pick(3)]);
                let (tag, layer, what) = (pick(2) as u64, pick(4), pick(5));
                work.push(match what {
                    0 => delete(harness, name, tag, false).boxed(),
                    1 => delete(harness, name, tag, true).boxed(),
                    2 => push(harness, name, tag, layer, None).boxed(),
                    _ => push(harness, name, tag, layer, Some(other)).boxed(),
                });
            }
            join_all(work).await;
            check(harness).await;
            yard.wait_hours(i64::try_from(dice.roll(16)).unwrap());
        }
        for name in REPOSITORIES {
            harness.delete(&format!("/acr/v1/{name}")).await;
        }
        yard.wait_hours(100);
        yard.collect(CollectionMode::Collect).await;
        assert_eq!(yard.stored().await, 0, "seed {seed}");
    }
}
