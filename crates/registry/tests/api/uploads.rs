//! Uploads: monolithic, chunked, mounted; and what happens to those that lie.

use crate::harness::Harness;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::Method;
use oci::{Algorithm, Digest};
use registry::Permission;
use std::io;
use std::time::Duration;

async fn content_of(harness: &Harness, repository: &str, digest: &Digest) -> Bytes {
    harness.get(&format!("/v2/{repository}/blobs/{digest}")).await.expect(200).body
}

#[tokio::test]
async fn a_blob_goes_up_in_a_post_and_a_put() {
    let harness = Harness::new().await;
    let digest = Digest::of_sha256(b"content");
    let location = harness.begin("a/b").await;
    assert!(location.starts_with("/v2/a/b/blobs/uploads/"), "{location}");
    let path = format!("{location}?digest={digest}");
    let answer = harness.put(&path, "application/octet-stream", "content").await.expect(201);
    assert_eq!(answer.header("location"), format!("/v2/a/b/blobs/{digest}"));
    assert_eq!(answer.header("docker-content-digest"), digest.as_str());
    assert_eq!(content_of(&harness, "a/b", &digest).await, "content");
    // The session has ended.
    assert_eq!(harness.get(&location).await.refusal(), "404 BLOB_UPLOAD_UNKNOWN");
    assert_eq!(harness.put(&path, "a/b", "content").await.refusal(), "404 BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn a_blob_goes_up_in_chunks() {
    let harness = Harness::new().await;
    let digest = Digest::of_sha256(b"0123456789");
    let location = harness.begin("a").await;
    let start = harness.get(&location).await.expect(204);
    assert_eq!(start.header("range"), "0-0");
    assert!(location.ends_with(start.header("docker-upload-uuid")));
    let first = harness.patch(&location, &[("content-range", "0-3")], "0123").await.expect(202);
    assert_eq!(first.header("range"), "0-3");
    assert_eq!(first.header("location"), location);
    harness.patch(&location, &[("content-range", "4-6")], "456").await.expect(202);
    assert_eq!(harness.get(&location).await.expect(204).header("range"), "0-6");
    // The last chunk comes with the PUT.
    let path = format!("{location}?digest={digest}");
    let headers = [("content-range", "7-9")];
    harness.call("owner", Method::PUT, &path, &headers, "789").await.expect(201);
    assert_eq!(content_of(&harness, "a", &digest).await, "0123456789");
}

#[tokio::test]
async fn a_stream_goes_up_without_ranges() {
    let harness = Harness::new().await;
    let digest = Digest::of_sha256(b"0123456789");
    let location = harness.begin("a").await;
    harness.patch(&location, &[], "01234").await.expect(202);
    harness.patch(&location, &[], "56789").await.expect(202);
    harness.put(&format!("{location}?digest={digest}"), "a/b", "").await.expect(201);
    assert_eq!(content_of(&harness, "a", &digest).await, "0123456789");
}

#[tokio::test]
async fn gaps_and_overlaps_are_refused_and_the_upload_goes_on() {
    let harness = Harness::new().await;
    let location = harness.begin("a").await;
    harness.patch(&location, &[("content-range", "0-3")], "0123").await.expect(202);
    for range in ["5-6", "3-4", "0-1", "100-101"] {
        let answer = harness.patch(&location, &[("content-range", range)], "xx").await;
        assert_eq!(answer.refusal(), "416 BLOB_UPLOAD_INVALID", "{range}");
        assert_eq!(answer.header("range"), "0-3");
        assert_eq!(answer.header("location"), location);
    }
    let digest = Digest::of_sha256(b"012345");
    let path = format!("{location}?digest={digest}");
    let gap = harness.call("owner", Method::PUT, &path, &[("content-range", "5-5")], "5").await;
    assert_eq!(gap.refusal(), "416 BLOB_UPLOAD_INVALID");
    harness.patch(&location, &[("content-range", "4-5")], "45").await.expect(202);
    harness.put(&path, "a/b", "").await.expect(201);
    assert_eq!(content_of(&harness, "a", &digest).await, "012345");
}

#[tokio::test]
async fn a_chunk_has_the_length_that_it_says() {
    let harness = Harness::new().await;
    for (range, body, refusal) in [
        ("0-3", "01", "400 SIZE_INVALID"),
        ("0-3", "0123456", "400 SIZE_INVALID"),
        ("3-0", "0123", "400 BLOB_UPLOAD_INVALID"),
        ("words", "0123", "400 BLOB_UPLOAD_INVALID"),
    ] {
        let location = harness.begin("a").await;
        let answer = harness.patch(&location, &[("content-range", range)], body).await;
        assert_eq!(answer.refusal(), refusal, "{range}");
    }
    // A body without a length is held against the range while it is read.
    let location = harness.begin("a").await;
    let long = stream::iter(["0123", "4567"].map(|piece| Ok::<_, io::Error>(Bytes::from(piece))));
    let answer = harness.patch(&location, &[("content-range", "0-3")], Body::from_stream(long)).await;
    assert_eq!(answer.refusal(), "413 SIZE_INVALID");
    let location = harness.begin("a").await;
    let short = stream::iter(["01"].map(|piece| Ok::<_, io::Error>(Bytes::from(piece))));
    let answer = harness.patch(&location, &[("content-range", "0-3")], Body::from_stream(short)).await;
    assert_eq!(answer.refusal(), "400 SIZE_INVALID");
}

#[tokio::test]
async fn bytes_with_another_digest_never_become_a_blob() {
    let harness = Harness::new().await;
    let promised = Digest::of_sha256(b"promised");
    let sha512 = Digest::of(Algorithm::Sha512, b"promised");
    let post = harness.post(&format!("/v2/a/blobs/uploads/?digest={promised}"), "other").await;
    assert_eq!(post.refusal(), "400 DIGEST_INVALID");
    for digest in [&promised, &sha512] {
        let location = harness.begin("a").await;
        let put = harness.put(&format!("{location}?digest={digest}"), "a/b", "other").await;
        assert_eq!(put.refusal(), "400 DIGEST_INVALID");
        assert_eq!(harness.get(&location).await.refusal(), "404 BLOB_UPLOAD_UNKNOWN");
        let blob = harness.get(&format!("/v2/a/blobs/{digest}")).await;
        assert_eq!(blob.refusal(), "404 BLOB_UNKNOWN");
    }
    // What is no digest leaves the upload as it was.
    let location = harness.begin("a").await;
    for query in ["?digest=sha256:abc", "?digest=md5:d41d8cd98f00b204e9800998ecf8427e"] {
        assert_eq!(
            harness.put(&format!("{location}{query}"), "a/b", "").await.refusal(),
            "400 DIGEST_INVALID"
        );
    }
    assert_eq!(harness.put(&location, "a/b", "").await.refusal(), "400 UNSUPPORTED");
    harness.get(&location).await.expect(204);
}

#[tokio::test]
async fn a_cancelled_upload_is_gone() {
    let harness = Harness::new().await;
    let location = harness.begin("a").await;
    harness.patch(&location, &[], "0123").await.expect(202);
    harness.delete(&location).await.expect(204);
    assert_eq!(harness.get(&location).await.refusal(), "404 BLOB_UPLOAD_UNKNOWN");
    assert_eq!(harness.delete(&location).await.refusal(), "404 BLOB_UPLOAD_UNKNOWN");
    assert_eq!(harness.patch(&location, &[], "4").await.refusal(), "404 BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn a_session_belongs_to_its_repository_and_its_person() {
    let harness = Harness::new().await;
    let location = harness.begin("a").await;
    harness.patch(&location, &[], "0123").await.expect(202);
    let digest = Digest::of_sha256(b"0123");
    let elsewhere = location.replace("/v2/a/", "/v2/b/");
    for (user, path) in [("pusher", &location), ("owner", &elsewhere)] {
        for method in [Method::GET, Method::PATCH, Method::PUT, Method::DELETE] {
            let path = format!("{path}?digest={digest}");
            let answer = harness.call(user, method.clone(), &path, &[], "").await;
            assert_eq!(answer.refusal(), "404 BLOB_UPLOAD_UNKNOWN", "{user} {method}");
        }
    }
    harness.put(&format!("{location}?digest={digest}"), "a/b", "").await.expect(201);
}

#[tokio::test]
async fn a_mount_needs_the_right_to_pull_from_the_source() {
    let harness = Harness::new().await;
    let digest = harness.push_blob("source", b"secret").await;
    let mount = |from: &str| format!("/v2/target/blobs/uploads/?mount={digest}&from={from}");
    harness.roll.give("mounter", "target", Permission::Pull);
    harness.roll.give("mounter", "target", Permission::Push);
    let mut answers = Vec::new();
    // Forbidden, absent, empty and malformed sources look the same.
    for from in ["source", "absent", "target", "", "UPPER"] {
        let answer = harness.call("mounter", Method::POST, &mount(from), &[], "").await.expect(202);
        answers.push((answer.body.clone(), answer.headers.len()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let blob = format!("/v2/target/blobs/{digest}");
    assert_eq!(harness.get(&blob).await.refusal(), "404 BLOB_UNKNOWN");
    harness.roll.give("mounter", "source", Permission::Pull);
    let answer = harness.call("mounter", Method::POST, &mount("source"), &[], "").await.expect(201);
    assert_eq!(answer.header("location"), blob);
    assert_eq!(content_of(&harness, "target", &digest).await, "secret");
}

#[tokio::test]
async fn a_mount_without_a_source_looks_where_the_caller_may_pull() {
    let harness = Harness::new().await;
    let digest = harness.push_blob("source", b"secret").await;
    let absent = Digest::of_sha256(b"absent");
    let path = |name: &str, digest: &Digest| format!("/v2/{name}/blobs/uploads/?mount={digest}");
    for permission in [Permission::Pull, Permission::Push] {
        harness.roll.give("narrow", "target", permission);
    }
    let mount = async |user: &str, digest: &Digest| {
        harness.call(user, Method::POST, &path("target", digest), &[], "").await
    };
    // Forbidden and absent look the same.
    for digest in [&digest, &absent] {
        let answer = mount("narrow", digest).await.expect(202);
        assert!(answer.header("location").starts_with("/v2/target/blobs/uploads/"));
        assert!(answer.body.is_empty() && !answer.headers.contains_key("docker-content-digest"));
    }
    let answer = mount("owner", &digest).await.expect(201);
    assert_eq!(answer.header("location"), format!("/v2/target/blobs/{digest}"));
    harness.get(&format!("/v2/target/blobs/{digest}")).await.expect(200);
    harness.post(&path("source", &digest), "").await.expect(201);
    let bad = harness.post("/v2/a/blobs/uploads/?mount=sha256:1&from=source", "").await;
    assert_eq!(bad.refusal(), "400 DIGEST_INVALID");
}

#[tokio::test]
async fn a_broken_body_can_be_continued() {
    let harness = Harness::new().await;
    let location = harness.begin("a").await;
    let broken = stream::iter([Ok(Bytes::from("0123")), Err(io::Error::other("the line went dead"))]);
    let answer = harness.patch(&location, &[], Body::from_stream(broken)).await;
    assert_eq!(answer.refusal(), "400 BLOB_UPLOAD_INVALID");
    assert_eq!(harness.get(&location).await.expect(204).header("range"), "0-3");
    harness.patch(&location, &[("content-range", "4-5")], "45").await.expect(202);
    let digest = Digest::of_sha256(b"012345");
    harness.put(&format!("{location}?digest={digest}"), "a/b", "").await.expect(201);
}

#[tokio::test]
async fn a_silent_body_is_given_up() {
    let mut harness = Harness::new().await;
    harness.state.limits.body_idle = Duration::from_millis(10);
    let location = harness.begin("a").await;
    let silent = Body::from_stream(stream::pending::<io::Result<Bytes>>());
    assert_eq!(harness.patch(&location, &[], silent).await.refusal(), "408 BLOB_UPLOAD_INVALID");
    let silent = Body::from_stream(stream::pending::<io::Result<Bytes>>());
    let answer = harness.put("/v2/a/manifests/t", oci::MediaType::OCI_MANIFEST, silent).await;
    assert_eq!(answer.status, 408);
}

#[tokio::test]
async fn a_blob_over_the_limit_is_refused() {
    let mut harness = Harness::new().await;
    harness.state.limits.blob_bytes = 10;
    let digest = Digest::of_sha256(b"0123456789x");
    let path = format!("/v2/a/blobs/uploads/?digest={digest}");
    assert_eq!(harness.post(&path, "0123456789x").await.refusal(), "413 SIZE_INVALID");
    harness.push_blob("a", b"0123456789").await;
}

#[tokio::test]
async fn of_two_that_finish_one_session_one_wins() {
    let harness = Harness::new().await;
    let digest = Digest::of_sha256(b"0123");
    for _ in 0..20 {
        let location = harness.begin("a").await;
        harness.patch(&location, &[], "0123").await.expect(202);
        let path = format!("{location}?digest={digest}");
        let (one, two) = tokio::join!(harness.put(&path, "a/b", ""), harness.put(&path, "a/b", ""));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert!(matches!(statuses, [201, 404 | 409]), "{statuses:?}");
        assert_eq!(content_of(&harness, "a", &digest).await, "0123");
    }
}

#[tokio::test]
async fn a_put_that_races_a_patch_never_publishes_other_bytes() {
    let harness = Harness::new().await;
    let promised = Digest::of_sha256(b"0123");
    for _ in 0..20 {
        let location = harness.begin("a").await;
        harness.patch(&location, &[], "0123").await.expect(202);
        let path = format!("{location}?digest={promised}");
        let (patch, put) = tokio::join!(harness.patch(&location, &[], "4567"), harness.put(&path, "a/b", ""));
        assert!(matches!(put.status.as_u16(), 201 | 400 | 404 | 409), "{put:?}");
        assert!(matches!(patch.status.as_u16(), 202 | 404 | 409), "{patch:?}");
        if put.status == 201 {
            assert_eq!(content_of(&harness, "a", &promised).await, "0123");
        }
    }
}
