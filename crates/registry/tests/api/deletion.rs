//! Deleting tags, manifests and blobs.

use crate::harness::Harness;
use oci::Digest;
use serde_json::json;

#[tokio::test]
async fn a_tag_goes_and_its_manifest_stays() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image("a", "one", b"layer").await;
    harness.push_image("a", "two", b"layer").await;
    harness.delete("/v2/a/manifests/one").await.expect(202);
    assert_eq!(harness.get("/v2/a/manifests/one").await.refusal(), "404 MANIFEST_UNKNOWN");
    assert_eq!(harness.delete("/v2/a/manifests/one").await.refusal(), "404 MANIFEST_UNKNOWN");
    harness.get("/v2/a/manifests/two").await.expect(200);
    harness.get(&format!("/v2/a/manifests/{digest}")).await.expect(200);
}

#[tokio::test]
async fn a_manifest_goes_with_its_tags() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image("a", "one", b"layer").await;
    harness.push_image("a", "other", b"other layer").await;
    let path = format!("/v2/a/manifests/{digest}");
    harness.delete(&path).await.expect(202);
    assert_eq!(harness.get(&path).await.refusal(), "404 MANIFEST_UNKNOWN");
    assert_eq!(harness.get("/v2/a/manifests/one").await.refusal(), "404 MANIFEST_UNKNOWN");
    assert_eq!(harness.get("/v2/a/tags/list").await.json()["tags"], json!(["other"]));
    assert_eq!(harness.delete(&path).await.refusal(), "404 MANIFEST_UNKNOWN");
}

#[tokio::test]
async fn a_blob_goes_from_one_repository_and_stays_in_another() {
    let harness = Harness::new().await;
    let digest = harness.push_blob("a", b"shared").await;
    harness.push_blob("b", b"shared").await;
    let [in_a, in_b] = ["a", "b"].map(|name| format!("/v2/{name}/blobs/{digest}"));
    harness.delete(&in_a).await.expect(202);
    // However often the other one is read, this one does not come back.
    harness.get(&in_b).await.expect(200);
    assert_eq!(harness.get(&in_a).await.refusal(), "404 BLOB_UNKNOWN");
    harness.head(&in_a).await.expect(404);
    assert_eq!(harness.delete(&in_a).await.refusal(), "404 BLOB_UNKNOWN");
    assert_eq!(&harness.get(&in_b).await.expect(200).body[..], b"shared");
    harness.delete(&in_b).await.expect(202);
    assert_eq!(harness.state.blobs.size(&digest).await.unwrap(), None);
}

#[tokio::test]
async fn a_blob_that_is_deleted_while_it_is_pushed_is_whole_or_absent() {
    let harness = Harness::new().await;
    let digest = Digest::of_sha256(b"contended");
    let blob = format!("/v2/a/blobs/{digest}");
    let upload = format!("/v2/a/blobs/uploads/?digest={digest}");
    for _ in 0..40 {
        let (pushed, _, again) = tokio::join!(
            harness.post(&upload, "contended"),
            harness.delete(&blob),
            harness.post(&upload, "contended"),
        );
        pushed.expect(201);
        again.expect(201);
        let answer = harness.get(&blob).await;
        match answer.status.as_u16() {
            200 => assert_eq!(&answer.body[..], b"contended"),
            404 => {}
            status => panic!("{status}: a link without bytes"),
        }
    }
}
