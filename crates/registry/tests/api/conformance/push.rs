//! Category "push": blobs in every way, mounts, manifests of every shape.

use super::{NAME, SHAPES, digests, is_refusal};
use crate::harness::{Harness, descriptor};
use axum::body::Body;
use http::Method;
use oci::{Algorithm, Digest, MediaType};
use serde_json::json;

/// A way to push a blob.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// One POST with the digest.
    Post,
    /// POST, then PUT with everything.
    PostPut,
    /// POST, PATCH with everything, PUT with nothing.
    Stream,
    /// POST, two PATCHes that say where they begin, PUT with nothing.
    Chunks,
    /// The same, with the last chunk in the PUT.
    ChunksPut,
}

const WAYS: [Way; 5] = [Way::Post, Way::PostPut, Way::Stream, Way::Chunks, Way::ChunksPut];

async fn push(harness: &Harness, way: Way, content: &[u8], digest: &Digest) {
    let put = async |location: &str, headers: &[(&str, &str)], body: &[u8]| {
        let mark = if location.contains('?') { '&' } else { '?' };
        let path = format!("{location}{mark}digest={digest}");
        harness.call("owner", Method::PUT, &path, headers, body.to_vec()).await.expect(201)
    };
    let middle = content.len() / 2;
    let first = format!("0-{}", middle.saturating_sub(1));
    let second = format!("{middle}-{}", content.len().saturating_sub(1));
    let answer = match way {
        Way::Post => {
            let path = format!("/v2/{NAME}/blobs/uploads/?digest={digest}");
            harness.post(&path, content.to_vec()).await.expect(201)
        }
        Way::PostPut => put(&harness.begin(NAME).await, &[], content).await,
        Way::Stream => {
            let location = harness.begin(NAME).await;
            let patched = harness.patch(&location, &[], content.to_vec()).await.expect(202);
            put(patched.header("location"), &[], b"").await
        }
        Way::Chunks | Way::ChunksPut => {
            let location = harness.begin(NAME).await;
            let headers = [("content-range", first.as_str())];
            let patched = harness.patch(&location, &headers, content[..middle].to_vec()).await.expect(202);
            assert_eq!(patched.header("range"), first);
            let location = patched.header("location").to_owned();
            let headers = [("content-range", second.as_str())];
            if matches!(way, Way::ChunksPut) {
                put(&location, &headers, &content[middle..]).await
            } else {
                let patched =
                    harness.patch(&location, &headers, content[middle..].to_vec()).await.expect(202);
                put(patched.header("location"), &[], b"").await
            }
        }
    };
    assert!(answer.header("location").ends_with(digest.as_str()), "{way:?}");
    let read = harness.get(answer.header("location")).await.expect(200);
    assert_eq!(&read.body[..], content, "{way:?}");
}

#[tokio::test]
async fn a_blob_goes_up_on_every_way_under_every_digest() {
    for way in WAYS {
        let harness = Harness::new().await;
        for digest in digests(b"0123456789") {
            push(&harness, way, b"0123456789", &digest).await;
            // Again is as good as the first time.
            push(&harness, way, b"0123456789", &digest).await;
        }
    }
    let harness = Harness::new().await;
    for way in [Way::Post, Way::PostPut, Way::Stream] {
        push(&harness, way, b"", &Digest::of_sha256(b"")).await;
    }
}

#[tokio::test]
async fn bytes_with_another_digest_are_refused_on_every_way() {
    let harness = Harness::new().await;
    for digest in digests(b"expected") {
        let path = format!("/v2/{NAME}/blobs/uploads/?digest={digest}");
        is_refusal(&harness.post(&path, "other").await.expect(400), "DIGEST_INVALID");
        let location = harness.begin(NAME).await;
        let answer = harness.put(&format!("{location}?digest={digest}"), "a/b", "other").await.expect(400);
        is_refusal(&answer, "DIGEST_INVALID");
        harness.get(&format!("/v2/{NAME}/blobs/{digest}")).await.expect(404);
    }
    let location = harness.begin(NAME).await;
    harness.put(&format!("{location}?digest=sha256:no"), "a/b", "x").await.expect(400);
    harness.put(&location, "a/b", "x").await.expect(400);
}

#[tokio::test]
async fn chunks_out_of_order_are_refused_and_the_upload_goes_on() {
    let harness = Harness::new().await;
    let location = harness.begin(NAME).await;
    let patch = async |range: &str, body: &'static str| {
        harness.patch(&location, &[("content-range", range)], body).await
    };
    patch("5-9", "56789").await.expect(416);
    patch("0-4", "01234").await.expect(202);
    patch("0-4", "01234").await.expect(416);
    let status = harness.get(&location).await.expect(204);
    assert_eq!(status.header("range"), "0-4");
    assert!(status.header("location").ends_with(status.header("docker-upload-uuid")));
    patch("5-9", "56789").await.expect(202);
    let digest = Digest::of_sha256(b"0123456789");
    harness.put(&format!("{location}?digest={digest}"), "a/b", "").await.expect(201);
}

#[tokio::test]
async fn an_upload_is_asked_about_and_cancelled() {
    let harness = Harness::new().await;
    let location = harness.begin(NAME).await;
    harness.get(&location).await.expect(204);
    harness.delete(&location).await.expect(204);
    is_refusal(&harness.get(&location).await.expect(404), "BLOB_UPLOAD_UNKNOWN");
    harness.delete(&location).await.expect(404);
    harness.patch(&location, &[], "x").await.expect(404);
}

#[tokio::test]
async fn blobs_are_mounted_with_and_without_a_source() {
    let harness = Harness::new().await;
    let digest = harness.push_blob(NAME, b"content").await;
    let mount = async |target: &str, query: &str| {
        harness.post(&format!("/v2/{target}/blobs/uploads/?mount={query}"), "").await
    };
    let mounted = mount("mounted/one", &format!("{digest}&from={NAME}")).await.expect(201);
    assert!(mounted.header("location").contains("/v2/mounted/one/blobs/"));
    let mounted = mount("mounted/two", &digest.to_string()).await.expect(201);
    assert_eq!(harness.get(mounted.header("location")).await.expect(200).body, "content");
    let absent = Digest::of_sha256(b"absent");
    for query in [format!("{absent}&from={NAME}"), format!("{digest}&from=never/seen"), absent.to_string()] {
        let begun = mount("mounted/three", &query).await.expect(202);
        harness.delete(begun.header("location")).await.expect(204);
    }
}

#[tokio::test]
async fn manifests_of_every_shape_are_taken_by_tag_and_by_digest() {
    for shape in SHAPES {
        let harness = Harness::new().await;
        let text = (shape.make)(&harness).await.to_string();
        let digest = Digest::of_sha256(text.as_bytes());
        for reference in [digest.as_str(), "tag"] {
            let path = format!("/v2/{NAME}/manifests/{reference}");
            let answer = harness.put(&path, shape.media_type, text.clone()).await.expect(201);
            assert!(answer.header("location").starts_with("/v2/"), "{}", shape.name);
            assert_eq!(answer.header("docker-content-digest"), digest.as_str(), "{}", shape.name);
        }
    }
}

#[tokio::test]
async fn a_push_says_its_digest_and_its_tags() {
    let harness = Harness::new().await;
    let text = super::image(&harness, b"layer").await.to_string();
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let digest = Digest::of(algorithm, text.as_bytes());
        let path = format!("/v2/{NAME}/manifests/{digest}?tag=one&tag=two");
        let answer = harness.put(&path, MediaType::OCI_MANIFEST, text.clone()).await.expect(201);
        let tags: Vec<_> =
            answer.headers.get_all("oci-tag").iter().map(|tag| tag.to_str().unwrap()).collect();
        assert_eq!(tags, ["one", "two"]);
        let read = harness.get(&format!("/v2/{NAME}/manifests/one")).await.expect(200);
        assert_eq!(read.header("docker-content-digest"), digest.as_str());
        let path = format!("/v2/{NAME}/manifests/three?digest={digest}");
        harness.put(&path, MediaType::OCI_MANIFEST, text.clone()).await.expect(201);
    }
    let other = Digest::of_sha256(b"other");
    for path in [format!("/v2/{NAME}/manifests/{other}"), format!("/v2/{NAME}/manifests/tag?digest={other}")]
    {
        is_refusal(
            &harness.put(&path, MediaType::OCI_MANIFEST, text.clone()).await.expect(400),
            "DIGEST_INVALID",
        );
    }
}

#[tokio::test]
async fn a_large_manifest_is_taken_and_a_larger_one_refused() {
    let harness = Harness::new().await;
    let mut image = super::image(&harness, b"layer").await;
    let padded = |image: &serde_json::Value, size: usize| {
        let mut image = image.clone();
        image["annotations"] = json!({ "padding": "" });
        let missing = size - image.to_string().len();
        image["annotations"]["padding"] = json!("x".repeat(missing));
        image.to_string()
    };
    let path = format!("/v2/{NAME}/manifests/large");
    harness.put(&path, MediaType::OCI_MANIFEST, padded(&image, 4 << 20)).await.expect(201);
    image["x"] = json!(1);
    let answer = harness.put(&path, MediaType::OCI_MANIFEST, padded(&image, (4 << 20) + 1)).await.expect(413);
    is_refusal(&answer, "SIZE_INVALID");
}

#[tokio::test]
async fn a_subject_is_confirmed_whether_it_is_there_or_not() {
    let harness = Harness::new().await;
    let (subject, text) = harness.push_image(NAME, "subject", b"layer").await;
    let present = descriptor(MediaType::OCI_MANIFEST, text.as_bytes());
    let absent = descriptor(MediaType::OCI_MANIFEST, b"nowhere");
    for (subject, expected) in [(present, subject), (absent, Digest::of_sha256(b"nowhere"))] {
        let artifact = super::artifact(&harness, Some(subject)).await.to_string();
        let path = format!("/v2/{NAME}/manifests/{}", Digest::of_sha256(artifact.as_bytes()));
        let answer = harness.put(&path, MediaType::OCI_MANIFEST, artifact).await.expect(201);
        assert_eq!(answer.header("oci-subject"), expected.as_str());
    }
}

#[tokio::test]
async fn what_a_manifest_needs_has_to_be_here() {
    let harness = Harness::new().await;
    let mut image = super::image(&harness, b"layer").await;
    image["layers"][0] = descriptor(MediaType::OCI_LAYER_GZIP, b"absent");
    let path = format!("/v2/{NAME}/manifests/tag");
    let answer = harness.put(&path, MediaType::OCI_MANIFEST, image.to_string()).await.expect(404);
    is_refusal(&answer, "MANIFEST_BLOB_UNKNOWN");
    let mut index = super::index(&harness).await;
    index["manifests"][0] = descriptor(MediaType::OCI_MANIFEST, b"absent");
    let answer = harness.put(&path, MediaType::OCI_INDEX, index.to_string()).await.expect(404);
    is_refusal(&answer, "MANIFEST_BLOB_UNKNOWN");
    for text in ["", "no json", "[]", "{}"] {
        is_refusal(&harness.put(&path, MediaType::OCI_MANIFEST, text).await.expect(400), "MANIFEST_INVALID");
    }
    harness.call("owner", Method::GET, &path, &[], Body::empty()).await.expect(404);
}
