//! The gate: one decision on every way to the content.

use crate::harness::{Harness, descriptor};
use http::Method;
use oci::{Digest, MediaType};
use registry::{Permission, PolicyGate};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{
    Actor, HoldSeverity, ImageKey, ImageState, ImageSummary, PullPass, PullPolicy, RegistryId, RepositoryKey,
};

const REGISTRY: RegistryId = RegistryId(1);
const OPEN: PullPolicy =
    PullPolicy { quarantine: false, hold_severity: None, hold_unassessed: false, grace_seconds: 0 };

async fn gated() -> Harness {
    let mut harness = Harness::new().await;
    let state = &mut harness.state;
    let gate = PolicyGate::new(state.store.clone(), harness.roll.clone(), state.clock.clone());
    state.gate = Arc::new(gate);
    harness
}

fn image(digest: &Digest) -> ImageKey {
    let repository = RepositoryKey { registry: REGISTRY, name: "app".parse().unwrap() };
    ImageKey { repository, digest: digest.clone() }
}

async fn set(harness: &Harness, policy: PullPolicy) {
    let (actor, now) = (Actor("owner".to_owned()), jiff::Timestamp::now());
    harness.state.store.set_pull_policy(REGISTRY, policy, &actor, now).await.unwrap();
}

async fn assess(harness: &Harness, digest: &Digest, state: ImageState, counts: &[(&str, u64)]) {
    let now = jiff::Timestamp::now();
    let summary = ImageSummary {
        counts: counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect::<BTreeMap<_, _>>(),
        assessed_at: Some(now),
        ..ImageSummary::begun(image(digest), state, now)
    };
    assert!(harness.state.store.put_summary(summary).await.unwrap());
}

/// Every way to an image of one layer, under the tag `one`.
fn ways(digest: &Digest) -> Vec<(Method, String)> {
    let layer = Digest::of_sha256(b"layer");
    let tag = "/v2/app/manifests/one".to_owned();
    let by_digest = format!("/v2/app/manifests/{digest}");
    vec![
        (Method::GET, tag.clone()),
        (Method::HEAD, tag),
        (Method::GET, by_digest.clone()),
        (Method::HEAD, by_digest),
        (Method::GET, format!("/v2/app/blobs/{layer}")),
    ]
}

async fn expect(harness: &Harness, user: &str, digest: &Digest, status: u16) {
    for (method, path) in ways(digest) {
        let answer = harness.call(user, method.clone(), &path, &[], "").await;
        assert_eq!(answer.status.as_u16(), status, "{user} {method} {path}");
    }
    // Known content is held as well: a client may not learn that it still has what is held.
    let tag = format!("\"{digest}\"");
    let path = format!("/v2/app/manifests/{digest}");
    let answer = harness.call(user, Method::GET, &path, &[("if-none-match", &tag)], "").await;
    assert_eq!(answer.status.as_u16(), if status == 200 { 304 } else { status });
    // A range is a way, too.
    let path = format!("/v2/app/blobs/{}", Digest::of_sha256(b"layer"));
    let answer = harness.call(user, Method::GET, &path, &[("range", "bytes=0-0")], "").await;
    assert_eq!(answer.status.as_u16(), if status == 200 { 206 } else { status });
}

#[tokio::test]
async fn what_is_unhealthy_or_unknown_is_held_on_every_way() {
    let harness = gated().await;
    let (digest, _) = harness.push_image("app", "one", b"layer").await;
    expect(&harness, "reader", &digest, 200).await;
    let severity = Some(HoldSeverity::High);
    set(&harness, PullPolicy { hold_severity: severity, ..OPEN }).await;
    expect(&harness, "reader", &digest, 200).await;
    set(&harness, PullPolicy { hold_severity: severity, hold_unassessed: true, ..OPEN }).await;
    expect(&harness, "reader", &digest, 403).await;
    for (state, counts, status) in [
        (ImageState::Queued, vec![], 403),
        (ImageState::NotApplicable, vec![], 403),
        (ImageState::Healthy, vec![], 200),
        (ImageState::Unhealthy, vec![("Medium", 3)], 200),
        (ImageState::Unhealthy, vec![("High", 1)], 403),
        (ImageState::Unhealthy, vec![("Unknown", 1)], 403),
    ] {
        assess(&harness, &digest, state, &counts).await;
        expect(&harness, "reader", &digest, status).await;
        // Nobody is above the policy.
        expect(&harness, "owner", &digest, status).await;
    }
    let held = harness.get("/v2/app/manifests/one").await;
    assert_eq!(held.refusal(), "403 DENIED");
    assert!(held.json()["errors"][0]["message"].as_str().unwrap().contains("vulnerabilities"));
    // Pushing goes on: whoever pushes asks what is there already.
    harness.head(&format!("/v2/app/blobs/{}", Digest::of_sha256(b"layer"))).await.expect(200);
    harness.push_image("app", "two", b"other layer").await;
}

/// Attack E5: who asks is told by who they are, and not by what their program calls itself.
#[tokio::test]
async fn no_header_opens_the_gate() {
    let harness = gated().await;
    let (digest, _) = harness.push_image("app", "one", b"layer").await;
    set(&harness, PullPolicy { hold_unassessed: true, ..OPEN }).await;
    for (name, value) in [
        ("user-agent", "lazaretto/1 (scanner)"),
        ("user-agent", "harbor-scanner-client"),
        ("x-scanner", "true"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-original-url", "/v2/"),
        ("authorization", "Bearer scanner"),
    ] {
        for (method, path) in ways(&digest) {
            let answer = harness.call("reader", method.clone(), &path, &[(name, value)], "").await;
            let status = answer.status.as_u16();
            assert!(matches!(status, 401 | 403), "{name}: {value} {method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn a_blob_without_a_manifest_is_held() {
    let harness = gated().await;
    let digest = harness.push_blob("app", b"layer").await;
    set(&harness, PullPolicy { hold_unassessed: true, ..OPEN }).await;
    let path = format!("/v2/app/blobs/{digest}");
    assert_eq!(harness.get(&path).await.refusal(), "403 DENIED");
    harness.head(&path).await.expect(200);
}

#[tokio::test]
async fn a_layer_is_open_as_long_as_one_of_its_images_is() {
    let harness = gated().await;
    let (good, _) = harness.push_image("app", "one", b"layer").await;
    let other = harness.prepare_image("app", b"layer", &json!({ "annotations": { "a": "b" } })).await;
    harness.put("/v2/app/manifests/two", MediaType::OCI_MANIFEST, other).await.expect(201);
    assess(&harness, &good, ImageState::Healthy, &[]).await;
    set(&harness, PullPolicy { hold_unassessed: true, ..OPEN }).await;
    expect(&harness, "reader", &good, 200).await;
    assert_eq!(harness.get("/v2/app/manifests/two").await.refusal(), "403 DENIED");
    harness.delete(&format!("/v2/app/manifests/{good}")).await.expect(202);
    let layer = format!("/v2/app/blobs/{}", Digest::of_sha256(b"layer"));
    assert_eq!(harness.get(&layer).await.refusal(), "403 DENIED");
}

#[tokio::test]
async fn an_index_is_no_way_around() {
    let harness = gated().await;
    let (child, manifest) = harness.push_image("app", "one", b"layer").await;
    let entry = descriptor(MediaType::OCI_MANIFEST, manifest.as_bytes());
    let index =
        json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": [entry] }).to_string();
    harness.put("/v2/app/manifests/all", MediaType::OCI_INDEX, index.clone()).await.expect(201);
    set(&harness, PullPolicy { hold_severity: Some(HoldSeverity::Low), hold_unassessed: true, ..OPEN }).await;
    assert_eq!(harness.get("/v2/app/manifests/all").await.refusal(), "403 DENIED");
    assess(&harness, &Digest::of_sha256(index.as_bytes()), ImageState::Healthy, &[]).await;
    harness.get("/v2/app/manifests/all").await.expect(200);
    // The child is judged for itself.
    expect(&harness, "reader", &child, 403).await;
}

#[tokio::test]
async fn a_new_image_waits_in_quarantine() {
    let harness = gated().await;
    set(&harness, PullPolicy { quarantine: true, ..OPEN }).await;
    let (digest, _) = harness.push_image("app", "one", b"layer").await;
    expect(&harness, "reader", &digest, 403).await;
    let path = format!("/acr/v1/app/_manifests/{digest}");
    let manifest = harness.get(&path).await.expect(200).json();
    assert_eq!(manifest["manifest"]["changeableAttributes"]["quarantineState"], "Quarantined");
    // A scanner pulls it, with a right of its own.
    harness.roll.give("scanner", "app", Permission::Pull);
    harness.roll.give("scanner", "app", Permission::QuarantineRead);
    expect(&harness, "scanner", &digest, 200).await;
    for user in ["scanner", "owner"] {
        harness.roll.give(user, "app", Permission::MetadataWrite);
    }
    let pass = json!({ "quarantineState": "Passed" }).to_string();
    let patch = async |user: &str| harness.call(user, Method::PATCH, &path, &[], pass.clone()).await;
    assert_eq!(patch("scanner").await.refusal(), "403 DENIED", "who sees quarantine does not end it");
    assert_eq!(patch("owner").await.refusal(), "403 DENIED", "who pushed it does not either");
    harness.roll.give("scanner", "app", Permission::QuarantineWrite);
    patch("scanner").await.expect(200);
    expect(&harness, "reader", &digest, 200).await;
    let failed = json!({ "quarantineState": "Failed" }).to_string();
    harness.call("scanner", Method::PATCH, &path, &[], failed).await.expect(200);
    expect(&harness, "reader", &digest, 403).await;
}

#[tokio::test]
async fn a_pass_opens_one_image_and_stands_in_history() {
    let harness = gated().await;
    let (digest, _) = harness.push_image("app", "one", b"layer").await;
    harness.push_image("app", "two", b"other layer").await;
    set(&harness, PullPolicy { hold_unassessed: true, ..OPEN }).await;
    let now = jiff::Timestamp::now();
    let give = async |until| {
        let actor = Actor("owner".to_owned());
        let pass = PullPass { image: image(&digest), reason: "night shift".to_owned(), actor, until };
        assert!(harness.state.store.give_pull_pass(pass, now).await.unwrap());
    };
    give(now + jiff::SignedDuration::from_hours(1)).await;
    expect(&harness, "reader", &digest, 200).await;
    assert_eq!(harness.get("/v2/app/manifests/two").await.refusal(), "403 DENIED");
    give(now).await;
    expect(&harness, "reader", &digest, 403).await;
    let events = harness.state.store.events(store::PageRequest::first(100)).await.unwrap().items;
    let passes = events.iter().filter(|event| event.event.kind == store::EventKind::PULL_PASS_GIVEN);
    assert_eq!(passes.count(), 2);
}
