//! Locks: what was switched off stays off, on every way to it.

use crate::harness::Harness;
use axum::body::Body;
use http::Method;
use oci::{Digest, MediaType};
use serde_json::json;

/// How a refusal looks: `az` and docker show the sentence, and do not try again.
const REFUSED: &str = "405 UNSUPPORTED";

async fn switch(harness: &Harness, path: &str, switch: &str, on: bool) {
    let body = json!({ switch: on }).to_string();
    let answer = harness.patch(&format!("/acr/v1/{path}"), &[], body).await.expect(200).json();
    let attributes = [&answer, &answer["tag"], &answer["manifest"]]
        .map(|part| part["changeableAttributes"][switch].clone());
    assert!(attributes.contains(&json!(on)), "{answer}");
}

#[tokio::test]
async fn a_tag_that_may_not_be_written_is_neither_moved_nor_deleted() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image("app", "one", b"layer").await;
    switch(&harness, "app/_tags/one", "writeEnabled", false).await;
    let other = harness.prepare_image("app", b"other layer", &json!({})).await;
    let put = async |path: &str| harness.put(path, MediaType::OCI_MANIFEST, other.clone()).await;
    let refused = put("/v2/app/manifests/one").await;
    assert_eq!(refused.refusal(), REFUSED);
    let detail = &refused.json()["errors"][0]["detail"];
    assert_eq!(*detail, json!({ "kind": "tag", "name": "one", "attribute": "writeEnabled" }));
    // The tag may stand in the query as well, beside others.
    let by_digest = format!("/v2/app/manifests/{}", Digest::of_sha256(other.as_bytes()));
    assert_eq!(put(&format!("{by_digest}?tag=free&tag=one")).await.refusal(), REFUSED);
    assert_eq!(put("/v2/app/manifests/free?tag=one").await.refusal(), REFUSED);
    harness.get("/v2/app/manifests/free").await.expect(404);
    put("/v2/app/manifests/latest").await.expect(201);
    for path in [
        "/v2/app/manifests/one".to_owned(),
        "/acr/v1/app/_tags/one".to_owned(),
        format!("/v2/app/manifests/{digest}"),
        "/acr/v1/app".to_owned(),
    ] {
        assert_eq!(harness.delete(&path).await.refusal(), REFUSED, "{path}");
    }
    harness.get("/v2/app/manifests/one").await.expect(200);
    switch(&harness, "app/_tags/one", "writeEnabled", true).await;
    put("/v2/app/manifests/one").await.expect(201);
}

#[tokio::test]
async fn a_manifest_that_may_not_be_deleted_keeps_its_layers() {
    let harness = Harness::new().await;
    let (digest, manifest) = harness.push_image("app", "one", b"layer").await;
    switch(&harness, &format!("app/_manifests/{digest}"), "deleteEnabled", false).await;
    let layer = Digest::of_sha256(b"layer");
    for path in
        [format!("/v2/app/manifests/{digest}"), format!("/v2/app/blobs/{layer}"), "/acr/v1/app".to_owned()]
    {
        assert_eq!(harness.delete(&path).await.refusal(), REFUSED, "{path}");
    }
    // Writing is another switch.
    harness.put("/v2/app/manifests/two", MediaType::OCI_MANIFEST, manifest).await.expect(201);
    harness.delete("/v2/app/manifests/two").await.expect(202);
    switch(&harness, &format!("app/_manifests/{digest}"), "deleteEnabled", true).await;
    harness.delete(&format!("/v2/app/manifests/{digest}")).await.expect(202);
}

#[tokio::test]
async fn a_repository_that_may_not_be_written_takes_nothing() {
    let harness = Harness::new().await;
    let (digest, manifest) = harness.push_image("app", "one", b"layer").await;
    harness.push_image("other", "one", b"other layer").await;
    let open = harness.begin("app").await;
    switch(&harness, "app", "writeEnabled", false).await;
    let put = harness.put("/v2/app/manifests/two", MediaType::OCI_MANIFEST, manifest).await;
    assert_eq!(put.refusal(), REFUSED);
    let other = Digest::of_sha256(b"other layer");
    for path in [
        "/v2/app/blobs/uploads/".to_owned(),
        format!("/v2/app/blobs/uploads/?digest={other}"),
        format!("/v2/app/blobs/uploads/?mount={other}&from=other"),
    ] {
        assert_eq!(harness.post(&path, "other layer").await.refusal(), REFUSED, "{path}");
    }
    // An upload that had begun may end; without a manifest nobody sees it.
    harness.patch(&open, &[], "x").await.expect(202);
    for path in
        ["/v2/app/manifests/one".to_owned(), format!("/v2/app/manifests/{digest}"), "/acr/v1/app".to_owned()]
    {
        assert_eq!(harness.delete(&path).await.refusal(), REFUSED, "{path}");
    }
    harness.get("/v2/app/manifests/one").await.expect(200);
    harness.push_image("other", "two", b"layer").await;
}

#[tokio::test]
async fn what_may_not_be_read_is_pulled_on_no_way() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image("app", "one", b"layer").await;
    let layer = Digest::of_sha256(b"layer");
    let ways = [
        format!("/v2/app/manifests/{digest}"),
        "/v2/app/manifests/one".to_owned(),
        format!("/v2/app/blobs/{layer}"),
    ];
    for target in ["app".to_owned(), format!("app/_manifests/{digest}")] {
        switch(&harness, &target, "readEnabled", false).await;
        for path in &ways {
            assert_eq!(harness.get(path).await.refusal(), REFUSED, "{target} {path}");
        }
        for path in &ways[..2] {
            harness.head(path).await.expect(405);
        }
        let mount = format!("/v2/other/blobs/uploads/?mount={layer}&from=app");
        harness.post(&mount, "").await.expect(202);
        switch(&harness, &target, "readEnabled", true).await;
        for path in &ways {
            harness.get(path).await.expect(200);
        }
    }
    // A tag is one way among others.
    switch(&harness, "app/_tags/one", "readEnabled", false).await;
    assert_eq!(harness.get(&ways[1]).await.refusal(), REFUSED);
    harness.get(&ways[0]).await.expect(200);
}

#[tokio::test]
async fn what_may_not_be_listed_is_in_no_list() {
    let harness = Harness::new().await;
    let (hidden, _) = harness.push_image("app", "hidden", b"layer").await;
    harness.push_image("app", "shown", b"other layer").await;
    switch(&harness, "app/_tags/hidden", "listEnabled", false).await;
    switch(&harness, &format!("app/_manifests/{hidden}"), "listEnabled", false).await;
    assert_eq!(harness.get("/v2/app/tags/list").await.json()["tags"], json!(["shown"]));
    for order in ["", "timeasc", "timedesc"] {
        let tags = harness.get(&format!("/acr/v1/app/_tags?orderby={order}")).await.json();
        assert_eq!(tags["tags"].as_array().unwrap().len(), 1);
        let manifests = harness.get(&format!("/acr/v1/app/_manifests?orderby={order}")).await.json();
        assert_eq!(manifests["manifests"].as_array().unwrap().len(), 1);
    }
    harness.get("/v2/app/manifests/hidden").await.expect(200);
    harness.get("/acr/v1/app/_tags/hidden").await.expect(200);
    switch(&harness, "app", "listEnabled", false).await;
    for path in ["/v2/_catalog", "/acr/v1/_catalog"] {
        assert_eq!(harness.get(path).await.json()["repositories"], json!([]));
    }
    harness.get("/acr/v1/app").await.expect(200);
}

#[tokio::test]
async fn a_lock_is_stronger_than_a_push_that_races_it() {
    let harness = Harness::new().await;
    harness.push_image("app", "one", b"layer").await;
    let other = harness.prepare_image("app", b"other layer", &json!({})).await;
    for _ in 0..20 {
        let (_, _) = tokio::join!(
            switch(&harness, "app/_tags/one", "writeEnabled", false),
            harness.put("/v2/app/manifests/one", MediaType::OCI_MANIFEST, other.clone()),
        );
        // Whoever came first: from the answer to the lock on, the tag does not move.
        let stands = harness.head("/v2/app/manifests/one").await.header("docker-content-digest").to_owned();
        harness.put("/v2/app/manifests/one", MediaType::OCI_MANIFEST, other.clone()).await.expect(405);
        let after = harness.head("/v2/app/manifests/one").await.header("docker-content-digest").to_owned();
        assert_eq!(stands, after);
        switch(&harness, "app/_tags/one", "writeEnabled", true).await;
    }
}

#[tokio::test]
async fn who_may_only_push_cannot_unlock() {
    let harness = Harness::new().await;
    harness.push_image("app", "one", b"layer").await;
    switch(&harness, "app/_tags/one", "writeEnabled", false).await;
    let unlock = json!({ "writeEnabled": true }).to_string();
    for user in ["pusher", "reader", "stranger"] {
        let path = "/acr/v1/app/_tags/one";
        let answer = harness.call(user, Method::PATCH, path, &[], Body::from(unlock.clone())).await;
        assert_eq!(answer.refusal(), "403 DENIED", "{user}");
    }
}
