//! What was acknowledged is there after a restart, and an upload goes on where it stood.

use crate::harness::Harness;
use oci::Digest;

#[tokio::test]
async fn an_upload_goes_on_after_a_restart() {
    let mut harness = Harness::new().await;
    let location = harness.begin("a").await;
    harness.patch(&location, &[("content-range", "0-3")], "0123").await.expect(202);
    let folder = harness.folder.take().unwrap();
    drop(harness);
    let mut harness = Harness::in_folder(folder).await;
    assert_eq!(harness.get(&location).await.expect(204).header("range"), "0-3");
    harness.patch(&location, &[("content-range", "4-5")], "45").await.expect(202);
    let folder = harness.folder.take().unwrap();
    drop(harness);
    let harness = Harness::in_folder(folder).await;
    let digest = Digest::of_sha256(b"012345");
    harness.put(&format!("{location}?digest={digest}"), "a/b", "").await.expect(201);
    let blob = harness.get(&format!("/v2/a/blobs/{digest}")).await.expect(200);
    assert_eq!(&blob.body[..], b"012345");
}

#[tokio::test]
async fn a_pushed_image_is_there_after_a_restart() {
    let mut harness = Harness::new().await;
    let (digest, manifest) = harness.push_image("a", "t", b"layer").await;
    let folder = harness.folder.take().unwrap();
    drop(harness);
    let harness = Harness::in_folder(folder).await;
    let answer = harness.get("/v2/a/manifests/t").await.expect(200);
    assert_eq!(answer.body, manifest);
    assert_eq!(answer.header("docker-content-digest"), digest.as_str());
    let layer = Digest::of_sha256(b"layer");
    harness.get(&format!("/v2/a/blobs/{layer}")).await.expect(200);
}
