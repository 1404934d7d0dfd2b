//! Category "content management": deletion of tags, manifests and blobs.

use super::{NAME, SHAPES, is_refusal};
use crate::harness::Harness;
use oci::Digest;

#[tokio::test]
async fn manifests_of_every_shape_are_deleted_with_their_tags() {
    for shape in SHAPES {
        let harness = Harness::new().await;
        let text = (shape.make)(&harness).await.to_string();
        let digest = Digest::of_sha256(text.as_bytes());
        for tag in ["one", "two"] {
            harness
                .put(&format!("/v2/{NAME}/manifests/{tag}"), shape.media_type, text.clone())
                .await
                .expect(201);
        }
        harness.delete(&format!("/v2/{NAME}/manifests/{digest}")).await.expect(202);
        for reference in ["one", "two", digest.as_str()] {
            let answer = harness.get(&format!("/v2/{NAME}/manifests/{reference}")).await.expect(404);
            is_refusal(&answer, "MANIFEST_UNKNOWN");
        }
        harness.delete(&format!("/v2/{NAME}/manifests/{digest}")).await.expect(404);
        // It can come again.
        harness.put(&format!("/v2/{NAME}/manifests/one"), shape.media_type, text).await.expect(201);
    }
}

#[tokio::test]
async fn a_tag_is_deleted_and_its_manifest_stays() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image(NAME, "one", b"layer").await;
    harness.push_image(NAME, "two", b"layer").await;
    harness.delete(&format!("/v2/{NAME}/manifests/one")).await.expect(202);
    is_refusal(&harness.get(&format!("/v2/{NAME}/manifests/one")).await.expect(404), "MANIFEST_UNKNOWN");
    for reference in ["two", digest.as_str()] {
        harness.get(&format!("/v2/{NAME}/manifests/{reference}")).await.expect(200);
    }
    let tags = harness.get(&format!("/v2/{NAME}/tags/list")).await.expect(200);
    assert_eq!(tags.json()["tags"], serde_json::json!(["two"]));
    harness.delete(&format!("/v2/{NAME}/manifests/one")).await.expect(404);
}

#[tokio::test]
async fn blobs_are_deleted_and_come_again() {
    let harness = Harness::new().await;
    for content in [&b"content"[..], b""] {
        let digest = harness.push_blob(NAME, content).await;
        let path = format!("/v2/{NAME}/blobs/{digest}");
        harness.delete(&path).await.expect(202);
        is_refusal(&harness.get(&path).await.expect(404), "BLOB_UNKNOWN");
        harness.head(&path).await.expect(404);
        harness.delete(&path).await.expect(404);
        harness.push_blob(NAME, content).await;
        assert_eq!(&harness.get(&path).await.expect(200).body[..], content);
    }
}
