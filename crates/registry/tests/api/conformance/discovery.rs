//! Category "content discovery": tags, referrers and what they are filtered by.

use super::NAME;
use crate::harness::{Harness, descriptor};
use oci::{Digest, MediaType};
use serde_json::{Value, json};

#[tokio::test]
async fn tags_are_listed_in_order_and_in_pages() {
    let harness = Harness::new().await;
    let path = format!("/v2/{NAME}/tags/list");
    for tag in ["b", "A", "a.1", "1", "_x", "test3", "test10"] {
        harness.push_image(NAME, tag, b"layer").await;
    }
    let tags = |answer: &crate::harness::Answer| answer.json()["tags"].clone();
    let all = harness.get(&path).await.expect(200);
    assert_eq!(all.json()["name"], NAME);
    let sorted = json!(["1", "A", "_x", "a.1", "b", "test10", "test3"]);
    assert_eq!(tags(&all), sorted);
    assert_eq!(tags(&harness.get(&format!("{path}?n=0")).await.expect(200)), json!([]));
    assert_eq!(tags(&harness.get(&format!("{path}?last=b")).await.expect(200)), json!(["test10", "test3"]));
    // The next page is where `Link` says.
    let mut seen: Vec<Value> = Vec::new();
    let mut next = format!("{path}?n=3");
    loop {
        let page = harness.get(&next).await.expect(200);
        seen.extend(tags(&page).as_array().unwrap().iter().cloned());
        let link = page.header("link").to_owned();
        let Some((target, rest)) = link.strip_prefix('<').and_then(|link| link.split_once('>')) else {
            break;
        };
        assert_eq!(rest, "; rel=\"next\"");
        next = target.to_owned();
    }
    assert_eq!(Value::Array(seen), sorted);
    harness.get("/v2/never/seen/tags/list").await.expect(404);
    harness.get(&format!("{path}?n=x")).await.expect(400);
}

#[tokio::test]
async fn referrers_are_an_index_whatever_there_is() {
    let harness = Harness::new().await;
    for subject in super::digests(b"nowhere") {
        for name in [NAME, "never/seen"] {
            let answer = harness.get(&format!("/v2/{name}/referrers/{subject}")).await.expect(200);
            assert_eq!(answer.header("content-type"), MediaType::OCI_INDEX);
            let index = answer.json();
            assert_eq!(
                (&index["schemaVersion"], &index["mediaType"]),
                (&json!(2), &json!(MediaType::OCI_INDEX))
            );
            assert_eq!(index["manifests"], json!([]));
        }
    }
    harness.get(&format!("/v2/{NAME}/referrers/tag")).await.expect(400);
}

#[tokio::test]
async fn referrers_are_told_with_type_and_annotations_and_filtered() {
    let harness = Harness::new().await;
    let (subject, text) = harness.push_image(NAME, "subject", b"layer").await;
    let about = descriptor(MediaType::OCI_MANIFEST, text.as_bytes());
    // One by its artifact type, one by the type of its configuration, an index, and one before its subject came.
    let typed = super::artifact(&harness, Some(about.clone())).await;
    let mut by_config = super::image(&harness, b"layer").await;
    by_config["config"] = descriptor("application/vnd.example.config", b"{}");
    by_config["subject"] = about.clone();
    let mut index = super::index(&harness).await;
    index["artifactType"] = json!("application/vnd.example.sbom");
    index["subject"] = about;
    for (media_type, document) in [
        (MediaType::OCI_MANIFEST, &typed),
        (MediaType::OCI_MANIFEST, &by_config),
        (MediaType::OCI_INDEX, &index),
    ] {
        super::stored(&harness, media_type, document).await;
    }
    let path = format!("/v2/{NAME}/referrers/{subject}");
    let all = harness.get(&path).await.expect(200);
    assert_eq!(all.header("oci-filters-applied"), "");
    let all = all.json()["manifests"].as_array().unwrap().clone();
    assert_eq!(all.len(), 3);
    let find = |document: &Value| {
        let digest = Digest::of_sha256(document.to_string().as_bytes());
        all.iter().find(|found| found["digest"] == json!(digest)).unwrap().clone()
    };
    let found = find(&typed);
    assert_eq!(found["artifactType"], "application/vnd.example.sbom");
    assert_eq!(found["annotations"], json!({ "org.example.note": "yes" }));
    assert_eq!(found["size"], typed.to_string().len());
    assert_eq!(find(&by_config)["artifactType"], "application/vnd.example.config");
    assert_eq!(find(&index)["mediaType"], MediaType::OCI_INDEX);
    let filter = async |kind: &str| {
        let answer = harness.get(&format!("{path}?artifactType={kind}")).await.expect(200);
        assert_eq!(answer.header("oci-filters-applied"), "artifactType");
        answer.json()["manifests"].as_array().unwrap().len()
    };
    assert_eq!(filter("application/vnd.example.sbom").await, 2);
    assert_eq!(filter("application/vnd.example.config").await, 1);
    assert_eq!(filter("application/vnd.example.other").await, 0);
}

#[tokio::test]
async fn a_referrer_is_found_though_its_subject_came_later_and_goes_when_it_is_deleted() {
    let harness = Harness::new().await;
    let image = super::image(&harness, b"layer").await.to_string();
    let subject = Digest::of_sha256(image.as_bytes());
    let about = descriptor(MediaType::OCI_MANIFEST, image.as_bytes());
    let artifact = super::artifact(&harness, Some(about)).await;
    let stored = super::stored(&harness, MediaType::OCI_MANIFEST, &artifact).await;
    let path = format!("/v2/{NAME}/referrers/{subject}");
    let count = async || harness.get(&path).await.expect(200).json()["manifests"].as_array().unwrap().len();
    assert_eq!(count().await, 1);
    harness.put(&format!("/v2/{NAME}/manifests/late"), MediaType::OCI_MANIFEST, image).await.expect(201);
    assert_eq!(count().await, 1);
    let digest = stored["digest"].as_str().unwrap();
    harness.delete(&format!("/v2/{NAME}/manifests/{digest}")).await.expect(202);
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn the_catalog_lists_repositories_in_pages() {
    let harness = Harness::new().await;
    for name in ["b", "a/b", "a"] {
        harness.push_image(name, "latest", b"layer").await;
    }
    let first = harness.get("/v2/_catalog?n=2").await.expect(200);
    assert_eq!(first.json()["repositories"], json!(["a", "a/b"]));
    let next = first.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
    assert_eq!(harness.get(&next).await.expect(200).json()["repositories"], json!(["b"]));
}
