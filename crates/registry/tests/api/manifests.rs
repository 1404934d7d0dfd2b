//! Pushing manifests: what is taken, what is refused, and what a push leaves behind.

use crate::harness::{Harness, descriptor};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::Method;
use oci::{Digest, MediaType};
use registry::{Gate, Passage, Pull};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use store::{JobKind, NewJob, PageRequest};

const MANIFESTS: &str = "/v2/a/manifests";

async fn put(harness: &Harness, reference: &str, media_type: &str, manifest: &Value) -> String {
    let path = format!("{MANIFESTS}/{reference}");
    let answer = harness.put(&path, media_type, manifest.to_string()).await;
    if answer.status == 201 { "201".into() } else { answer.refusal() }
}

fn index(children: &[Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": children })
}

#[tokio::test]
async fn a_push_tells_where_the_manifest_is() {
    let harness = Harness::new().await;
    let manifest = harness.prepare_image("a", b"layer", &json!({})).await;
    let digest = Digest::of_sha256(manifest.as_bytes());
    let answer = harness.put("/v2/a/manifests/t", MediaType::OCI_MANIFEST, manifest).await.expect(201);
    assert_eq!(answer.header("location"), format!("/v2/a/manifests/{digest}"));
    assert_eq!(answer.header("docker-content-digest"), digest.as_str());
    assert_eq!(answer.header("oci-subject"), "");
}

#[tokio::test]
async fn type_confusion_is_refused() {
    let harness = Harness::new().await;
    let image: Value = serde_json::from_str(&harness.prepare_image("a", b"layer", &json!({})).await).unwrap();
    let refused = "400 MANIFEST_INVALID";
    // Another Content-Type than the document's own.
    assert_eq!(put(&harness, "t", MediaType::OCI_INDEX, &image).await, refused);
    assert_eq!(put(&harness, "t", MediaType::DOCKER_MANIFEST, &image).await, refused);
    assert_eq!(put(&harness, "t", "application/json", &image).await, refused);
    assert_eq!(put(&harness, "t", "", &image).await, refused);
    // Image and index at once.
    for member in ["manifests", "fsLayers", "Manifests", "MANIFESTS", "manifestſ"] {
        let mut both = image.clone();
        both[member] = json!([]);
        assert_eq!(put(&harness, "t", MediaType::OCI_MANIFEST, &both).await, refused, "{member}");
    }
    let mut both = index(&[]);
    both["layers"] = json!([]);
    assert_eq!(put(&harness, "t", MediaType::OCI_INDEX, &both).await, refused);
    // The same key twice.
    let twice = image.to_string().replacen('{', r#"{"layers":[],"#, 1);
    let answer = harness.put("/v2/a/manifests/t", MediaType::OCI_MANIFEST, twice).await;
    assert_eq!(answer.refusal(), refused);
    assert_eq!(harness.get("/v2/a/manifests/t").await.refusal(), "404 MANIFEST_UNKNOWN");
}

#[tokio::test]
async fn what_is_not_json_or_too_wide_is_refused() {
    let harness = Harness::new().await;
    for body in ["", "{", "null", "[]", "\u{0}", &"[".repeat(100_000)] {
        let answer = harness.put("/v2/a/manifests/t", MediaType::OCI_MANIFEST, body.to_owned()).await;
        assert_eq!(answer.refusal(), "400 MANIFEST_INVALID");
    }
    let child = descriptor(MediaType::OCI_MANIFEST, b"x");
    let wide = index(&vec![child; oci::MAXIMUM_CHILDREN + 1]);
    assert_eq!(put(&harness, "t", MediaType::OCI_INDEX, &wide).await, "400 MANIFEST_INVALID");
}

#[tokio::test]
async fn a_manifest_over_four_mebibytes_is_refused() {
    let harness = Harness::new().await;
    let manifest = harness.prepare_image("a", b"layer", &json!({})).await;
    let padded = |length: usize| format!("{manifest}{}", " ".repeat(length - manifest.len()));
    let largest = padded(oci::MAXIMUM_MANIFEST_BYTES);
    harness.put("/v2/a/manifests/t", MediaType::OCI_MANIFEST, largest).await.expect(201);
    let larger = padded(oci::MAXIMUM_MANIFEST_BYTES + 1);
    let answer = harness.put("/v2/a/manifests/u", MediaType::OCI_MANIFEST, larger).await;
    assert_eq!(answer.refusal(), "413 SIZE_INVALID");
    // Without an announced length, reading ends at the limit.
    let endless = stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[b' '; 65536])));
    let answer = harness.put("/v2/a/manifests/u", MediaType::OCI_MANIFEST, Body::from_stream(endless)).await;
    assert_eq!(answer.refusal(), "413 SIZE_INVALID");
}

#[tokio::test]
async fn a_reference_by_digest_must_be_that_of_the_bytes() {
    let harness = Harness::new().await;
    let manifest = harness.prepare_image("a", b"layer", &json!({})).await;
    let other = Digest::of_sha256(b"other");
    for path in [format!("{MANIFESTS}/{other}"), format!("{MANIFESTS}/t?digest={other}")] {
        let answer = harness.put(&path, MediaType::OCI_MANIFEST, manifest.clone()).await;
        assert_eq!(answer.refusal(), "400 DIGEST_INVALID");
        assert_eq!(answer.json()["errors"][0]["detail"]["expected"], other.as_str());
    }
}

#[tokio::test]
async fn what_a_manifest_needs_must_be_in_its_own_repository() {
    let harness = Harness::new().await;
    let manifest = harness.prepare_image("other", b"layer", &json!({})).await;
    let answer = harness.put("/v2/a/manifests/t", MediaType::OCI_MANIFEST, manifest.clone()).await;
    assert_eq!(answer.refusal(), "404 MANIFEST_BLOB_UNKNOWN");
    let missing = answer.json()["errors"][0]["detail"].as_array().unwrap().len();
    assert_eq!(missing, 2);
    let child = descriptor(MediaType::OCI_MANIFEST, manifest.as_bytes());
    assert_eq!(put(&harness, "t", MediaType::OCI_INDEX, &index(&[child])).await, "404 MANIFEST_BLOB_UNKNOWN");
    assert_eq!(harness.get("/v2/a/tags/list").await.refusal(), "404 NAME_UNKNOWN");
}

#[tokio::test]
async fn a_foreign_layer_need_not_be_here() {
    let harness = Harness::new().await;
    harness.push_blob("a", b"{}").await;
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let mut layer = descriptor(foreign, b"elsewhere");
    layer["urls"] = json!(["http://169.254.169.254/latest/meta-data"]);
    let image = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::DOCKER_MANIFEST,
        "config": descriptor(MediaType::DOCKER_CONFIG, b"{}"),
        "layers": [layer],
    });
    assert_eq!(put(&harness, "t", MediaType::DOCKER_MANIFEST, &image).await, "201");
}

#[tokio::test]
async fn an_index_lists_its_children_as_what_they_are() {
    let harness = Harness::new().await;
    let (_, image) = harness.push_image("a", "t", b"layer").await;
    let truth = descriptor(MediaType::OCI_MANIFEST, image.as_bytes());
    assert_eq!(put(&harness, "i", MediaType::OCI_INDEX, &index(std::slice::from_ref(&truth))).await, "201");
    let mut lie = truth.clone();
    lie["mediaType"] = json!(MediaType::OCI_INDEX);
    assert_eq!(put(&harness, "i", MediaType::OCI_INDEX, &index(&[lie])).await, "400 MANIFEST_INVALID");
    let mut lie = truth;
    lie["size"] = json!(1);
    assert_eq!(put(&harness, "i", MediaType::OCI_INDEX, &index(&[lie])).await, "400 MANIFEST_INVALID");
}

#[tokio::test]
async fn indexes_may_stand_above_each_other_but_not_for_ever() {
    let harness = Harness::new().await;
    let (_, image) = harness.push_image("a", "t", b"layer").await;
    let mut child = descriptor(MediaType::OCI_MANIFEST, image.as_bytes());
    let mut outcomes = Vec::new();
    for level in 0..7 {
        let parent = index(&[child]);
        outcomes.push(put(&harness, &format!("level{level}"), MediaType::OCI_INDEX, &parent).await);
        child = descriptor(MediaType::OCI_INDEX, parent.to_string().as_bytes());
    }
    assert_eq!(outcomes[..5], ["201"; 5]);
    assert_eq!(outcomes[5], "400 MANIFEST_INVALID");
}

#[tokio::test]
async fn one_push_may_set_more_tags() {
    let harness = Harness::new().await;
    let manifest = harness.prepare_image("a", b"layer", &json!({})).await;
    let digest = Digest::of_sha256(manifest.as_bytes());
    let path = format!("{MANIFESTS}/{digest}?tag=one&tag=two&tag=one");
    let answer = harness.put(&path, MediaType::OCI_MANIFEST, manifest.clone()).await.expect(201);
    let set: Vec<_> = answer.headers.get_all("oci-tag").iter().collect();
    assert_eq!(set, ["one", "two"]);
    harness.head("/v2/a/manifests/one").await.expect(200);
    // Each of them is checked as the one of the path would be.
    let path = format!("{MANIFESTS}/{digest}?tag=..");
    assert_eq!(harness.put(&path, MediaType::OCI_MANIFEST, manifest).await.refusal(), "400 TAG_INVALID");
}

#[tokio::test]
async fn a_push_leaves_its_jobs_and_its_event() {
    const KIND: JobKind = JobKind::new("assess");
    let mut harness = Harness::new().await;
    harness.state.after_push = Arc::new(|pushed| {
        vec![NewJob {
            kind: KIND,
            key: format!("{}@{}", pushed.repository, pushed.digest),
            subscription: Some(pushed.site.registry.subscription),
            priority: 0,
            payload: Value::Null,
            not_before: None,
        }]
    });
    let (digest, _) = harness.push_image("a", "t", b"layer").await;
    let job = harness.state.store.job(&KIND, &format!("a@{digest}")).await.unwrap();
    assert!(job.is_some());
    // A push that is refused leaves neither.
    let image = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": descriptor(MediaType::OCI_CONFIG, b"absent"),
        "layers": [],
    });
    assert_eq!(put(&harness, "u", MediaType::OCI_MANIFEST, &image).await, "404 MANIFEST_BLOB_UNKNOWN");
    let refused = Digest::of_sha256(image.to_string().as_bytes());
    let job = harness.state.store.job(&KIND, &format!("a@{refused}")).await.unwrap();
    assert!(job.is_none());
    let events = harness.state.store.events(PageRequest::first(100)).await.unwrap().items;
    let pushed: Vec<_> = events.iter().filter_map(|event| event.event.digest.as_ref()).collect();
    assert_eq!(pushed, [&digest]);
    assert_eq!(events[0].event.actor.0, "owner");
}

struct Closed;

#[async_trait::async_trait]
impl Gate for Closed {
    async fn may_pull(&self, pull: Pull<'_>) -> Passage {
        let kind = if pull.is_blob { "blob" } else { "manifest" };
        Passage::Held { reason: format!("the {kind} in {} was not inspected yet", pull.repository) }
    }
}

#[tokio::test]
async fn a_closed_gate_holds_every_way_to_the_content_and_no_push() {
    let mut harness = Harness::new().await;
    harness.state.gate = Arc::new(Closed);
    let (digest, _) = harness.push_image("a", "t", b"layer").await;
    let layer = Digest::of_sha256(b"layer");
    for path in
        ["/v2/a/manifests/t".to_owned(), format!("/v2/a/manifests/{digest}"), format!("/v2/a/blobs/{layer}")]
    {
        let answer = harness.get(&path).await;
        assert_eq!(answer.refusal(), "403 DENIED");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("was not inspected yet"), "{message}");
        // What the client claims to have changes nothing.
        for header in [("if-none-match", "*"), ("range", "bytes=0-1"), ("user-agent", "scanner")] {
            harness.call("owner", Method::GET, &path, &[header], "").await.expect(403);
        }
    }
    harness.head("/v2/a/manifests/t").await.expect(403);
    harness.head(&format!("/v2/a/blobs/{layer}")).await.expect(200);
}

#[tokio::test]
async fn concurrent_pushes_of_one_tag_leave_one_of_them() {
    let harness = Harness::new().await;
    let mut manifests = Vec::new();
    for layer in ["one", "two", "three", "four"] {
        manifests.push(harness.prepare_image("a", layer.as_bytes(), &json!({})).await);
    }
    let pushes = manifests
        .iter()
        .map(|manifest| harness.put("/v2/a/manifests/t", MediaType::OCI_MANIFEST, manifest.clone()));
    for answer in futures_util::future::join_all(pushes).await {
        answer.expect(201);
    }
    let left = harness.get("/v2/a/manifests/t").await.expect(200).body;
    assert!(manifests.iter().any(|manifest| left == manifest));
    for manifest in &manifests {
        let digest = Digest::of_sha256(manifest.as_bytes());
        harness.get(&format!("{MANIFESTS}/{digest}")).await.expect(200);
    }
}
