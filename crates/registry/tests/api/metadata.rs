//! The metadata API, as Azure's clients use it.

use crate::harness::{Answer, Harness, descriptor};
use axum::body::Body;
use http::Method;
use oci::{Digest, MediaType};
use registry::Permission;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A registry whose clock goes a second on whenever it is read.
async fn ticking() -> Harness {
    let mut harness = Harness::new().await;
    let seconds = Arc::new(AtomicI64::new(1_700_000_000));
    harness.state.clock =
        Arc::new(move || jiff::Timestamp::from_second(seconds.fetch_add(1, Ordering::Relaxed)).unwrap());
    harness
}

/// An image with a configuration that says what it runs on.
async fn push_platform(harness: &Harness, repository: &str, tag: &str, architecture: &str) -> (Digest, u64) {
    let config = json!({ "architecture": architecture, "os": "linux", "rootfs": { "type": "layers", "diff_ids": [] } });
    let config = config.to_string();
    harness.push_blob(repository, config.as_bytes()).await;
    harness.push_blob(repository, b"layer").await;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": descriptor(MediaType::OCI_CONFIG, config.as_bytes()),
        "layers": [descriptor(MediaType::OCI_LAYER_GZIP, b"layer")],
    })
    .to_string();
    let path = format!("/v2/{repository}/manifests/{tag}");
    harness.put(&path, MediaType::OCI_MANIFEST, manifest.clone()).await.expect(201);
    (Digest::of_sha256(manifest.as_bytes()), (config.len() + b"layer".len()) as u64)
}

/// Follows `Link` from page to page.
async fn all(harness: &Harness, first: &str, member: &str, key: &str) -> Vec<String> {
    let (mut path, mut found) = (first.to_owned(), Vec::new());
    for _ in 0..100 {
        let answer = harness.get(&path).await.expect(200);
        for item in answer.json()[member].as_array().unwrap() {
            let name = if key.is_empty() { item } else { &item[key] };
            found.push(name.as_str().unwrap().to_owned());
        }
        let Some(next) = next(&answer) else { return found };
        path = next;
    }
    panic!("the list does not end: {found:?}");
}

fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link").strip_prefix('<')?;
    Some(link.strip_suffix(">; rel=\"next\"").unwrap().to_owned())
}

async fn change(harness: &Harness, user: &str, path: &str, body: Value) -> Answer {
    harness.call(user, Method::PATCH, path, &[("content-type", "application/json")], body.to_string()).await
}

#[tokio::test]
async fn a_repository_is_described() {
    let harness = ticking().await;
    harness.push_image("team/app", "one", b"layer").await;
    harness.push_image("team/app", "two", b"other layer").await;
    harness.push_image("team/app", "three", b"other layer").await;
    let answer = harness.get("/acr/v1/team/app?api-version=2021-07-01").await.expect(200).json();
    assert_eq!(answer["registry"], "registry.test");
    assert_eq!(answer["imageName"], "team/app");
    assert_eq!((&answer["manifestCount"], &answer["tagCount"]), (&json!(2), &json!(3)));
    let times = ["createdTime", "lastUpdateTime"].map(|name| answer[name].as_str().unwrap().to_owned());
    assert!(times[0] < times[1] && times[0].starts_with("2023-11-14T") && times[0].ends_with('Z'));
    let open =
        json!({ "deleteEnabled": true, "writeEnabled": true, "listEnabled": true, "readEnabled": true });
    assert_eq!(answer["changeableAttributes"], open);
    assert_eq!(harness.get("/acr/v1/team").await.refusal(), "404 NAME_UNKNOWN");
    assert_eq!(harness.get("/acr/v1/team/_tags").await.refusal(), "404 NAME_UNKNOWN");
    assert_eq!(harness.get("/acr/v1/team/_manifests").await.refusal(), "404 NAME_UNKNOWN");
}

#[tokio::test]
async fn the_catalog_is_that_of_the_distribution_api() {
    let harness = Harness::new().await;
    for name in ["a", "b/c", "d"] {
        harness.push_image(name, "t", b"layer").await;
    }
    assert_eq!(all(&harness, "/acr/v1/_catalog?n=1", "repositories", "").await, ["a", "b/c", "d"]);
    let page = harness.get("/acr/v1/_catalog?n=2&orderby=").await;
    assert_eq!(page.header("link"), "</acr/v1/_catalog?last=b%2Fc&n=2>; rel=\"next\"");
}

#[tokio::test]
async fn tags_are_listed_in_three_orders() {
    let harness = ticking().await;
    for (tag, layer) in [("b", "one"), ("c", "two"), ("a", "three"), ("d", "three")] {
        harness.push_image("team/app", tag, layer.as_bytes()).await;
    }
    for (order, expected) in [
        ("", ["a", "b", "c", "d"]),
        ("none", ["a", "b", "c", "d"]),
        ("timeasc", ["b", "c", "a", "d"]),
        ("timedesc", ["d", "a", "c", "b"]),
    ] {
        for rows in [1, 2, 3, 4, 100] {
            let path = format!("/acr/v1/team/app/_tags?n={rows}&orderby={order}");
            assert_eq!(all(&harness, &path, "tags", "name").await, expected, "{path}");
        }
        // A client that brings back the name alone is understood, too.
        let path = format!("/acr/v1/team/app/_tags?orderby={order}&last={}", expected[1]);
        assert_eq!(all(&harness, &path, "tags", "name").await, expected[2..], "{path}");
    }
    let digest = harness.head("/v2/team/app/manifests/a").await.header("docker-content-digest").to_owned();
    let path = format!("/acr/v1/team/app/_tags?n=1&digest={}", digest.replace(':', "%3A"));
    assert_eq!(all(&harness, &path, "tags", "name").await, ["a", "d"]);
    let answer = harness.get(&path).await.json();
    assert_eq!((&answer["registry"], &answer["imageName"]), (&json!("registry.test"), &json!("team/app")));
    for query in
        ["orderby=size", "n=x", "n=-1", "last=..", "last=zz&orderby=timeasc", "last=a&at=x&orderby=timeasc"]
    {
        harness.get(&format!("/acr/v1/team/app/_tags?{query}")).await.expect(400);
    }
    let none = harness.get("/acr/v1/team/app/_tags?n=0").await.expect(200);
    assert_eq!((&none.json()["tags"], none.header("link")), (&json!([]), ""));
}

#[tokio::test]
async fn a_list_by_time_goes_on_though_its_last_row_is_gone() {
    let harness = ticking().await;
    for tag in ["b", "c", "a"] {
        harness.push_image("app", tag, tag.as_bytes()).await;
    }
    let first = harness.get("/acr/v1/app/_tags?n=1&orderby=timeasc").await.expect(200);
    harness.delete("/acr/v1/app/_tags/b").await.expect(202);
    let rest = all(&harness, &next(&first).unwrap(), "tags", "name").await;
    assert_eq!(rest, ["c", "a"]);
}

#[tokio::test]
async fn a_tag_is_described_and_taken_away() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image("team/app", "one", b"layer").await;
    let answer = harness.get("/acr/v1/team/app/_tags/one").await.expect(200).json();
    assert_eq!(answer["imageName"], "team/app");
    let tag = &answer["tag"];
    assert_eq!(
        (&tag["name"], &tag["digest"], &tag["signed"]),
        (&json!("one"), &json!(digest), &json!(false))
    );
    assert!(tag["createdTime"].is_string() && tag["lastUpdateTime"].is_string());
    assert_eq!(harness.get("/acr/v1/team/app/_tags/two").await.refusal(), "404 TAG_UNKNOWN");
    assert_eq!(harness.get("/acr/v1/other/_tags/two").await.refusal(), "404 NAME_UNKNOWN");
    harness.delete("/acr/v1/team/app/_tags/one").await.expect(202);
    assert_eq!(harness.delete("/acr/v1/team/app/_tags/one").await.refusal(), "404 TAG_UNKNOWN");
    harness.get(&format!("/v2/team/app/manifests/{digest}")).await.expect(200);
}

#[tokio::test]
async fn a_manifest_is_described_with_what_its_content_tells() {
    let harness = Harness::new().await;
    let (amd64, size) = push_platform(&harness, "team/app", "amd", "amd64").await;
    let (arm64, _) = push_platform(&harness, "team/app", "arm", "arm64").await;
    let path = format!("/acr/v1/team/app/_manifests/{}", amd64.as_str().replace(':', "%3A"));
    let answer = harness.get(&path).await.expect(200).json();
    let manifest = &answer["manifest"];
    for (member, expected) in [
        ("digest", json!(amd64)),
        ("imageSize", json!(size)),
        ("architecture", json!("amd64")),
        ("os", json!("linux")),
        ("mediaType", json!(MediaType::OCI_MANIFEST)),
        ("configMediaType", json!(MediaType::OCI_CONFIG)),
        ("tags", json!(["amd"])),
    ] {
        assert_eq!(manifest[member], expected, "{member}");
    }
    let children = [(&amd64, "amd64"), (&arm64, "arm64")].map(|(digest, architecture)| {
        let stored = json!({ "mediaType": MediaType::OCI_MANIFEST, "digest": digest });
        (stored, architecture)
    });
    let mut entries = Vec::new();
    for (mut child, architecture) in children {
        let path = format!("/v2/team/app/manifests/{}", child["digest"].as_str().unwrap());
        child["size"] = json!(harness.get(&path).await.body.len());
        child["platform"] = json!({ "os": "linux", "architecture": architecture });
        entries.push(child);
    }
    let index =
        json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": entries }).to_string();
    harness.put("/v2/team/app/manifests/all", MediaType::OCI_INDEX, index.clone()).await.expect(201);
    let digest = Digest::of_sha256(index.as_bytes());
    let answer = harness.get(&format!("/acr/v1/team/app/_manifests/{digest}")).await.expect(200).json();
    let expected = json!([
        { "digest": amd64, "architecture": "amd64", "os": "linux" },
        { "digest": arm64, "architecture": "arm64", "os": "linux" },
    ]);
    assert_eq!(answer["manifest"]["references"], expected);
    assert_eq!(answer["manifest"]["configMediaType"], Value::Null);
    // The layer that both images have counts once.
    let both = answer["manifest"]["imageSize"].as_u64().unwrap();
    assert_eq!(both, 2 * size - b"layer".len() as u64);
}

#[tokio::test]
async fn a_manifest_whose_configuration_is_none_has_no_platform() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image("app", "one", b"layer").await;
    let answer = harness.get(&format!("/acr/v1/app/_manifests/{digest}")).await.expect(200).json();
    assert_eq!(answer["manifest"].get("architecture"), None);
    assert_eq!(answer["manifest"].get("quarantineState"), None);
    let absent = Digest::of_sha256(b"absent");
    let path = format!("/acr/v1/app/_manifests/{absent}");
    assert_eq!(harness.get(&path).await.refusal(), "404 MANIFEST_UNKNOWN");
    let path = format!("/acr/v1/other/_manifests/{absent}");
    assert_eq!(harness.get(&path).await.refusal(), "404 NAME_UNKNOWN");
    assert_eq!(harness.get("/acr/v1/app/_manifests/one").await.refusal(), "400 DIGEST_INVALID");
}

#[tokio::test]
async fn manifests_are_listed_in_three_orders() {
    let harness = ticking().await;
    let mut digests = Vec::new();
    for layer in ["one", "two", "three"] {
        digests.push(harness.push_image("app", layer, layer.as_bytes()).await.0.to_string());
    }
    let list = async |order: &str, rows: usize| {
        let path = format!("/acr/v1/app/_manifests?n={rows}&orderby={order}");
        all(&harness, &path, "manifests", "digest").await
    };
    for rows in [1, 2, 100] {
        assert_eq!(list("timeasc", rows).await, digests);
    }
    digests.reverse();
    assert_eq!(list("timedesc", 2).await, digests);
    digests.sort();
    assert_eq!(list("", 2).await, digests);
}

#[tokio::test]
async fn a_repository_is_deleted_with_a_report() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image("team/app", "one", b"layer").await;
    harness.push_image("team/app", "two", b"layer").await;
    harness.push_image("team/other", "one", b"layer").await;
    let answer = harness.delete("/acr/v1/team/app").await.expect(202).json();
    assert_eq!(answer, json!({ "manifestsDeleted": [digest], "tagsDeleted": ["one", "two"] }));
    assert_eq!(harness.delete("/acr/v1/team/app").await.refusal(), "404 NAME_UNKNOWN");
    assert_eq!(harness.get("/v2/team/app/tags/list").await.refusal(), "404 NAME_UNKNOWN");
    let layer = Digest::of_sha256(b"layer");
    harness.get(&format!("/v2/team/app/blobs/{layer}")).await.expect(404);
    harness.get(&format!("/v2/team/other/blobs/{layer}")).await.expect(200);
}

#[tokio::test]
async fn the_quarantine_is_changed_by_those_who_may_and_on_manifests_alone() {
    let harness = Harness::new().await;
    let (digest, _) = harness.push_image("app", "one", b"layer").await;
    let path = format!("/acr/v1/app/_manifests/{digest}");
    let details =
        json!({ "state": "Scan Passed", "result": { "summary": [{ "severity": "High", "count": 0 }] } });
    let wish = json!({ "quarantineState": "Passed", "quarantineDetails": details.to_string() });
    assert_eq!(change(&harness, "owner", &path, wish.clone()).await.refusal(), "403 DENIED");
    harness.roll.give("owner", "app", Permission::QuarantineWrite);
    let answer = change(&harness, "owner", &path, wish.clone()).await.expect(200).json();
    let attributes = &answer["manifest"]["changeableAttributes"];
    assert_eq!(attributes["quarantineState"], "Passed");
    assert_eq!(attributes["quarantineDetails"], json!(details.to_string()));
    let tag = harness.get("/acr/v1/app/_tags/one").await.json();
    assert_eq!(tag["tag"]["quarantineState"], "Passed");
    for path in ["/acr/v1/app", "/acr/v1/app/_tags/one"] {
        assert_eq!(change(&harness, "owner", path, wish.clone()).await.refusal(), "400 UNSUPPORTED");
    }
    // What a change does not name stays.
    let answer = change(&harness, "owner", &path, json!({ "listEnabled": false })).await.expect(200).json();
    let attributes = &answer["manifest"]["changeableAttributes"];
    assert_eq!(
        (&attributes["quarantineState"], &attributes["listEnabled"]),
        (&json!("Passed"), &json!(false))
    );
}

#[tokio::test]
async fn a_change_that_is_not_understood_changes_nothing() {
    let harness = Harness::new().await;
    harness.push_image("app", "one", b"layer").await;
    for body in ["", "[]", r#"{"writeEnabled":"no"}"#, r#"{"lock":true}"#, r#"{"writeEnabled":false,"x":1}"#]
    {
        let answer = harness.patch("/acr/v1/app", &[], body).await;
        assert_eq!(answer.refusal(), "400 UNSUPPORTED", "{body}");
    }
    let large = format!("{{\"quarantineDetails\":\"{}\"}}", "x".repeat(100_000));
    assert_eq!(harness.patch("/acr/v1/app", &[], large).await.refusal(), "400 UNSUPPORTED");
    let answer = harness.get("/acr/v1/app").await.json();
    assert_eq!(answer["changeableAttributes"]["writeEnabled"], true);
    for path in ["/acr/v1/other", "/acr/v1/other/_tags/x"] {
        assert_eq!(harness.patch(path, &[], "{}").await.refusal(), "404 NAME_UNKNOWN");
    }
    assert_eq!(harness.patch("/acr/v1/app/_tags/x", &[], "{}").await.refusal(), "404 TAG_UNKNOWN");
}

#[tokio::test]
async fn a_token_opens_metadata_only_where_it_says_so() {
    let harness = Harness::new().await;
    harness.push_image("app", "one", b"layer").await;
    let with = async |scope: &str, method: Method, path: &str| {
        let query = format!("/oauth2/token?scope={scope}");
        let token = harness.get(&query).await.expect(200).json()["token"].as_str().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        let request = http::Request::builder().method(method).uri(path).header("authorization", bearer);
        harness.send(request.body(Body::from("{}")).unwrap()).await.status.as_u16()
    };
    for (scope, method, path, status) in [
        ("repository:app:metadata_read", Method::GET, "/acr/v1/app/_tags", 200),
        ("repository:app:metadata_read", Method::GET, "/v2/app/tags/list", 401),
        ("repository:app:metadata_read", Method::PATCH, "/acr/v1/app", 401),
        ("repository:app:pull", Method::GET, "/acr/v1/app/_tags", 401),
        ("repository:app:metadata_write,metadata_read", Method::PATCH, "/acr/v1/app/_tags/one", 200),
        ("repository:app:metadata_write", Method::DELETE, "/acr/v1/app/_tags/one", 401),
        ("repository:other:*", Method::GET, "/acr/v1/app/_tags", 401),
        ("registry:catalog:*", Method::GET, "/acr/v1/_catalog", 200),
        ("repository:app:*", Method::GET, "/acr/v1/_catalog", 401),
        ("repository:app:delete,metadata_read", Method::DELETE, "/acr/v1/app", 202),
    ] {
        assert_eq!(with(scope, method.clone(), path).await, status, "{scope} {method} {path}");
    }
}
