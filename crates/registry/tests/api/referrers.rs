//! Referrers: what is about a manifest, with filter and pages.

use crate::harness::{Harness, descriptor};
use oci::{Digest, MediaType};
use serde_json::{Value, json};
use store::{Actor, RegistryId, RegistryRules};

const SBOM: &str = "application/vnd.example.sbom+json";

/// Pushes an artifact about a subject, and returns its digest.
async fn attach(harness: &Harness, subject: &Value, artifact_type: &str, note: &str) -> Digest {
    let members = json!({
        "subject": subject,
        "artifactType": artifact_type,
        "annotations": { "note": note },
    });
    let manifest = harness.prepare_image("a", b"content", &members).await;
    let digest = Digest::of_sha256(manifest.as_bytes());
    let path = format!("/v2/a/manifests/{digest}");
    let answer = harness.put(&path, MediaType::OCI_MANIFEST, manifest).await.expect(201);
    assert_eq!(answer.header("oci-subject"), subject["digest"].as_str().unwrap());
    digest
}

fn digests(index: &Value) -> Vec<&str> {
    let manifests = index["manifests"].as_array().unwrap();
    manifests.iter().map(|manifest| manifest["digest"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_artifact_is_found_by_its_subject() {
    let harness = Harness::new().await;
    let (subject, image) = harness.push_image("a", "t", b"layer").await;
    let path = format!("/v2/a/referrers/{subject}");
    let none = harness.get(&path).await.expect(200);
    assert_eq!(none.header("content-type"), MediaType::OCI_INDEX);
    assert_eq!(none.json()["manifests"], json!([]));
    let subject = descriptor(MediaType::OCI_MANIFEST, image.as_bytes());
    let sbom = attach(&harness, &subject, SBOM, "one").await;
    let other = attach(&harness, &subject, "application/vnd.example.other", "two").await;
    let all = harness.get(&path).await.expect(200);
    let mut expected = [sbom.as_str(), other.as_str()];
    expected.sort_unstable();
    assert_eq!(digests(&all.json()), expected);
    assert_eq!(all.header("oci-filters-applied"), "");
    let filtered =
        harness.get(&format!("{path}?artifactType={}", SBOM.replace('+', "%2B"))).await.expect(200);
    assert_eq!(filtered.header("oci-filters-applied"), "artifactType");
    let index = filtered.json();
    assert_eq!(digests(&index), [sbom.as_str()]);
    assert_eq!(index["manifests"][0]["artifactType"], SBOM);
    assert_eq!(index["manifests"][0]["annotations"], json!({"note": "one"}));
    assert_eq!(index["manifests"][0]["mediaType"], MediaType::OCI_MANIFEST);
    harness.delete(&format!("/v2/a/manifests/{sbom}")).await.expect(202);
    assert_eq!(digests(&harness.get(&path).await.json()), [other.as_str()]);
}

#[tokio::test]
async fn a_subject_need_not_exist() {
    let harness = Harness::new().await;
    let subject = descriptor(MediaType::OCI_MANIFEST, b"not pushed yet");
    let sbom = attach(&harness, &subject, SBOM, "early").await;
    let digest = Digest::of_sha256(b"not pushed yet");
    let index = harness.get(&format!("/v2/a/referrers/{digest}")).await.expect(200).json();
    assert_eq!(digests(&index), [sbom.as_str()]);
    // Nothing of it is seen from another repository.
    let index = harness.get(&format!("/v2/b/referrers/{digest}")).await.expect(200).json();
    assert_eq!(index["manifests"], json!([]));
    assert_eq!(harness.get("/v2/a/referrers/latest").await.refusal(), "400 DIGEST_INVALID");
}

#[tokio::test]
async fn without_an_artifact_type_the_config_names_it() {
    let harness = Harness::new().await;
    let subject = descriptor(MediaType::OCI_MANIFEST, b"subject");
    let manifest = harness.prepare_image("a", b"content", &json!({ "subject": subject })).await;
    harness.put("/v2/a/manifests/t", MediaType::OCI_MANIFEST, manifest).await.expect(201);
    let digest = Digest::of_sha256(b"subject");
    let index = harness.get(&format!("/v2/a/referrers/{digest}")).await.json();
    assert_eq!(index["manifests"][0]["artifactType"], MediaType::OCI_CONFIG);
}

#[tokio::test]
async fn an_index_may_have_a_subject_too() {
    let harness = Harness::new().await;
    let index = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX,
        "artifactType": SBOM,
        "manifests": [],
        "subject": descriptor(MediaType::OCI_MANIFEST, b"subject"),
    });
    harness.put("/v2/a/manifests/t", MediaType::OCI_INDEX, index.to_string()).await.expect(201);
    let digest = Digest::of_sha256(b"subject");
    let found = harness.get(&format!("/v2/a/referrers/{digest}")).await.json();
    assert_eq!(found["manifests"][0]["artifactType"], SBOM);
}

#[tokio::test]
async fn many_referrers_come_in_pages() {
    let mut harness = Harness::new().await;
    harness.state.limits.page_rows = 16;
    let subject = descriptor(MediaType::OCI_MANIFEST, b"subject");
    for number in 0..40 {
        attach(&harness, &subject, SBOM, &number.to_string()).await;
    }
    let digest = Digest::of_sha256(b"subject");
    let mut path = format!("/v2/a/referrers/{digest}?artifactType={}", SBOM.replace('+', "%2B"));
    let mut pages = Vec::new();
    loop {
        let answer = harness.get(&path).await.expect(200);
        assert_eq!(answer.header("oci-filters-applied"), "artifactType");
        pages.push(digests(&answer.json()).len());
        let Some(next) = answer.header("link").strip_suffix(">; rel=\"next\"") else { break };
        path = next.strip_prefix('<').unwrap().to_owned();
    }
    assert_eq!(pages, [16, 16, 8]);
}

#[tokio::test]
async fn a_flood_of_referrers_ends_where_the_rules_say() {
    let harness = Harness::new().await;
    let subject = descriptor(MediaType::OCI_MANIFEST, b"subject");
    let rules = RegistryRules { referrers_per_subject: Some(3), ..RegistryRules::default() };
    let (owner, now) = (Actor("owner".into()), (harness.state.clock)());
    harness.state.store.set_registry_rules(RegistryId(1), rules, &owner, now).await.unwrap();
    let mut attached = Vec::new();
    for number in 0..3 {
        attached.push(attach(&harness, &subject, SBOM, &number.to_string()).await);
    }
    let push = async |subject: &Value, note: &str| {
        let members = json!({ "subject": subject, "artifactType": SBOM, "annotations": { "note": note } });
        let manifest = harness.prepare_image("a", b"content", &members).await;
        let path = format!("/v2/a/manifests/{}", Digest::of_sha256(manifest.as_bytes()));
        harness.put(&path, MediaType::OCI_MANIFEST, manifest).await
    };
    let refused = push(&subject, "one more").await;
    assert_eq!(refused.refusal(), "403 DENIED");
    let said = refused.json()["errors"][0]["message"].to_string();
    assert!(said.contains("3 manifests are about this subject already"), "{said}");
    // What is there may be pushed again, other subjects have room of their own, and who deletes one may push another.
    push(&subject, "0").await.expect(201);
    push(&descriptor(MediaType::OCI_MANIFEST, b"other"), "one more").await.expect(201);
    harness.delete(&format!("/v2/a/manifests/{}", attached[0])).await.expect(202);
    push(&subject, "one more").await.expect(201);
    let digest = Digest::of_sha256(b"subject");
    let index = harness.get(&format!("/v2/a/referrers/{digest}")).await.expect(200).json();
    assert_eq!(digests(&index).len(), 3);
}
