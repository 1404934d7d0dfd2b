//! Category "pull": blobs and manifests that are there, and that are not.

use super::{NAME, SHAPES, digests, is_refusal};
use crate::harness::Harness;
use axum::body::Body;
use http::Method;
use oci::Digest;

#[tokio::test]
async fn what_is_not_there_is_a_404_of_its_own() {
    let harness = Harness::new().await;
    harness.push_image(NAME, "present", b"layer").await;
    for digest in digests(b"absent") {
        let blob = format!("/v2/{NAME}/blobs/{digest}");
        harness.head(&blob).await.expect(404);
        is_refusal(&harness.get(&blob).await.expect(404), "BLOB_UNKNOWN");
        let manifest = format!("/v2/{NAME}/manifests/{digest}");
        harness.head(&manifest).await.expect(404);
        is_refusal(&harness.get(&manifest).await.expect(404), "MANIFEST_UNKNOWN");
    }
    for path in [format!("/v2/{NAME}/manifests/absent"), "/v2/never/seen/manifests/latest".to_owned()] {
        harness.head(&path).await.expect(404);
        is_refusal(&harness.get(&path).await.expect(404), "MANIFEST_UNKNOWN");
    }
}

#[tokio::test]
async fn what_is_no_name_no_tag_and_no_digest_is_refused() {
    let harness = Harness::new().await;
    for (path, code) in [
        ("/v2/UPPER/manifests/latest".to_owned(), "NAME_INVALID"),
        (format!("/v2/{NAME}/manifests/.tag"), "TAG_INVALID"),
        (format!("/v2/{NAME}/manifests/{}", "t".repeat(129)), "TAG_INVALID"),
        (format!("/v2/{NAME}/manifests/sha256:short"), "DIGEST_INVALID"),
        (format!("/v2/{NAME}/blobs/sha256:{}", "G".repeat(64)), "DIGEST_INVALID"),
        (format!("/v2/{NAME}/blobs/md5:{}", "0".repeat(32)), "DIGEST_INVALID"),
    ] {
        is_refusal(&harness.get(&path).await.expect(400), code);
    }
}

#[tokio::test]
async fn blobs_are_read_whole_and_in_part_by_either_digest() {
    let harness = Harness::new().await;
    for content in [&b"0123456789"[..], b""] {
        for digest in digests(content) {
            let path = format!("/v2/{NAME}/blobs/uploads/?digest={digest}");
            harness.post(&path, content.to_vec()).await.expect(201);
            let blob = format!("/v2/{NAME}/blobs/{digest}");
            let head = harness.head(&blob).await.expect(200);
            assert_eq!(head.header("content-length"), content.len().to_string());
            assert_eq!(head.header("docker-content-digest"), digest.as_str());
            assert!(head.body.is_empty());
            let get = harness.get(&blob).await.expect(200);
            assert_eq!((&get.body[..], get.header("docker-content-digest")), (content, digest.as_str()));
        }
    }
    let blob = format!("/v2/{NAME}/blobs/{}", Digest::of_sha256(b"0123456789"));
    for (range, status, expected) in [
        ("bytes=0-4", 206, "01234"),
        ("bytes=5-", 206, "56789"),
        ("bytes=-3", 206, "789"),
        ("bytes=4-400", 206, "456789"),
    ] {
        let part = harness.call("owner", Method::GET, &blob, &[("range", range)], Body::empty()).await;
        let part = part.expect(status);
        assert_eq!(part.body, expected, "{range}");
        assert!(part.header("content-range").ends_with("/10"), "{range}");
    }
    harness.call("owner", Method::GET, &blob, &[("range", "bytes=10-")], Body::empty()).await.expect(416);
}

#[tokio::test]
async fn manifests_of_every_shape_are_read_by_tag_and_by_digest() {
    for shape in SHAPES {
        let harness = Harness::new().await;
        let text = (shape.make)(&harness).await.to_string();
        harness.put(&format!("/v2/{NAME}/manifests/tag"), shape.media_type, text.clone()).await.expect(201);
        let digest = Digest::of_sha256(text.as_bytes());
        for reference in ["tag", digest.as_str()] {
            let path = format!("/v2/{NAME}/manifests/{reference}");
            let head = harness.head(&path).await.expect(200);
            let get = harness.get(&path).await.expect(200);
            for answer in [&head, &get] {
                assert_eq!(answer.header("content-type"), shape.media_type, "{}", shape.name);
                assert_eq!(answer.header("docker-content-digest"), digest.as_str(), "{}", shape.name);
                assert_eq!(answer.header("content-length"), text.len().to_string(), "{}", shape.name);
            }
            assert!(head.body.is_empty());
            assert_eq!(get.body, text, "{}", shape.name);
        }
        // Whatever a client says that it accepts, it gets what was pushed.
        let accept = [("accept", "application/vnd.oci.image.index.v1+json")];
        let path = format!("/v2/{NAME}/manifests/tag");
        let answer = harness.call("owner", Method::GET, &path, &accept, Body::empty()).await.expect(200);
        assert_eq!(answer.header("content-type"), shape.media_type);
    }
}
