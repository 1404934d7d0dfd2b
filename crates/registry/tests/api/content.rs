//! Pulling: content comes back exactly as it was pushed, in whole or in part.

use crate::harness::{Harness, descriptor};
use axum::body::Body;
use http::Method;
use oci::{Algorithm, Digest, MediaType};
use serde_json::json;

#[tokio::test]
async fn an_image_comes_back_byte_for_byte() {
    let harness = Harness::new().await;
    let (digest, manifest) = harness.push_image("team/app", "1.0", b"layer").await;
    for reference in ["1.0".to_owned(), digest.to_string(), digest.to_string().replace(':', "%3A")] {
        let answer = harness.get(&format!("/v2/team/app/manifests/{reference}")).await.expect(200);
        assert_eq!(answer.body, manifest);
        assert_eq!(answer.header("content-type"), MediaType::OCI_MANIFEST);
        assert_eq!(answer.header("docker-content-digest"), digest.as_str());
        assert_eq!(answer.header("docker-distribution-api-version"), "registry/2.0");
        let head = harness.head(&format!("/v2/team/app/manifests/{reference}")).await.expect(200);
        assert_eq!(head.header("content-length"), manifest.len().to_string());
        assert_eq!(head.header("docker-content-digest"), digest.as_str());
        assert!(head.body.is_empty());
    }
    let layer = Digest::of_sha256(b"layer");
    let answer = harness.get(&format!("/v2/team/app/blobs/{layer}")).await.expect(200);
    assert_eq!(&answer.body[..], b"layer");
    assert_eq!(answer.header("docker-content-digest"), layer.as_str());
}

#[tokio::test]
async fn spaces_and_unknown_members_survive() {
    let harness = Harness::new().await;
    let manifest = harness.prepare_image("a", b"layer", &json!({"x-unknown": [1, {"y": null}]})).await;
    let manifest = format!("\n\n  {manifest}\n\t ");
    harness.put("/v2/a/manifests/t", MediaType::OCI_MANIFEST, manifest.clone()).await.expect(201);
    assert_eq!(harness.get("/v2/a/manifests/t").await.body, manifest);
}

#[tokio::test]
async fn docker_images_and_lists_are_kept() {
    let harness = Harness::new().await;
    harness.push_blob("a", b"{}").await;
    harness.push_blob("a", b"layer").await;
    let image = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::DOCKER_MANIFEST,
        "config": descriptor(MediaType::DOCKER_CONFIG, b"{}"),
        "layers": [descriptor(MediaType::DOCKER_LAYER_GZIP, b"layer")],
    })
    .to_string();
    harness.put("/v2/a/manifests/image", MediaType::DOCKER_MANIFEST, image.clone()).await.expect(201);
    let list = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::DOCKER_LIST,
        "manifests": [descriptor(MediaType::DOCKER_MANIFEST, image.as_bytes())],
    })
    .to_string();
    harness.put("/v2/a/manifests/list", MediaType::DOCKER_LIST, list.clone()).await.expect(201);
    let answer = harness.get("/v2/a/manifests/list").await.expect(200);
    assert_eq!(answer.header("content-type"), MediaType::DOCKER_LIST);
    assert_eq!(answer.body, list);
}

#[tokio::test]
async fn sha512_is_as_good_as_sha256() {
    let harness = Harness::new().await;
    let digest = Digest::of(Algorithm::Sha512, b"content");
    let path = format!("/v2/a/blobs/uploads/?digest={digest}");
    harness.post(&path, "content").await.expect(201);
    assert_eq!(&harness.get(&format!("/v2/a/blobs/{digest}")).await.expect(200).body[..], b"content");
    let manifest = harness.prepare_image("a", b"layer", &json!({})).await;
    let digest = Digest::of(Algorithm::Sha512, manifest.as_bytes());
    let path = format!("/v2/a/manifests/{digest}");
    let answer = harness.put(&path, MediaType::OCI_MANIFEST, manifest.clone()).await.expect(201);
    assert_eq!(answer.header("docker-content-digest"), digest.as_str());
    assert_eq!(harness.get(&path).await.expect(200).body, manifest);
    // A tag may ask for it too.
    let path = format!("/v2/a/manifests/strong?digest={digest}");
    harness.put(&path, MediaType::OCI_MANIFEST, manifest).await.expect(201);
    let answer = harness.head("/v2/a/manifests/strong").await.expect(200);
    assert_eq!(answer.header("docker-content-digest"), digest.as_str());
}

#[tokio::test]
async fn a_part_of_a_blob_is_sent() {
    let harness = Harness::new().await;
    let digest = harness.push_blob("a", b"0123456789").await;
    let path = format!("/v2/a/blobs/{digest}");
    for (range, content, content_range) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=4-4", "4", "bytes 4-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=0-999999", "0123456789", "bytes 0-9/10"),
    ] {
        let answer =
            harness.call("owner", Method::GET, &path, &[("range", range)], Body::empty()).await.expect(206);
        assert_eq!(answer.body, content, "{range}");
        assert_eq!(answer.header("content-range"), content_range);
        assert_eq!(answer.header("content-length"), content.len().to_string());
    }
    let beyond = harness.call("owner", Method::GET, &path, &[("range", "bytes=10-")], Body::empty()).await;
    assert_eq!(beyond.refusal(), "416 RANGE_INVALID");
    assert_eq!(beyond.header("content-range"), "bytes */10");
    let head = harness.head(&path).await.expect(200);
    assert_eq!(head.header("accept-ranges"), "bytes");
    assert_eq!(head.header("content-length"), "10");
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image("a", "t", b"layer").await;
    let layer = Digest::of_sha256(b"layer");
    for (path, digest) in [
        ("/v2/a/manifests/t".to_owned(), &digest),
        (format!("/v2/a/manifests/{digest}"), &digest),
        (format!("/v2/a/blobs/{layer}"), &layer),
    ] {
        let tag = harness.get(&path).await.expect(200).header("etag").to_owned();
        assert_eq!(tag, format!("\"{digest}\""));
        for method in [Method::GET, Method::HEAD] {
            let known = [("if-none-match", tag.as_str())];
            let answer = harness.call("owner", method.clone(), &path, &known, Body::empty()).await;
            assert!(answer.expect(304).body.is_empty());
            let other = [("if-none-match", "\"other\"")];
            harness.call("owner", method, &path, &other, Body::empty()).await.expect(200);
        }
    }
}

#[tokio::test]
async fn an_empty_blob_is_a_blob() {
    let harness = Harness::new().await;
    let digest = harness.push_blob("a", b"").await;
    let answer = harness.get(&format!("/v2/a/blobs/{digest}")).await.expect(200);
    assert_eq!((answer.body.len(), answer.header("content-length")), (0, "0"));
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let harness = Harness::new().await;
    let digest = harness.push_blob("a", b"x").await;
    let absent = Digest::of_sha256(b"absent");
    for (path, refusal) in [
        ("/v2/a/manifests/absent".to_owned(), "404 MANIFEST_UNKNOWN"),
        (format!("/v2/a/manifests/{absent}"), "404 MANIFEST_UNKNOWN"),
        (format!("/v2/a/blobs/{absent}"), "404 BLOB_UNKNOWN"),
        // A blob of another repository is not there either, whoever asks.
        (format!("/v2/b/blobs/{digest}"), "404 BLOB_UNKNOWN"),
        ("/v2/a/manifests/sha256:abc".to_owned(), "400 DIGEST_INVALID"),
        ("/v2/A/manifests/t".to_owned(), "400 NAME_INVALID"),
        ("/v2/a/other".to_owned(), "404 UNSUPPORTED"),
    ] {
        assert_eq!(harness.get(&path).await.refusal(), refusal, "{path}");
        harness.head(&path).await.expect(refusal[..3].parse().unwrap());
    }
    let wrong_method = harness.call("owner", Method::PUT, "/v2/_catalog", &[], Body::empty()).await;
    assert_eq!(wrong_method.refusal(), "405 UNSUPPORTED");
    assert_eq!(wrong_method.header("allow"), "GET");
}
