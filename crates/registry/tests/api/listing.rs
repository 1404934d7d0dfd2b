//! Lists of tags and repositories: order, pages, limits, and who sees what.

use crate::harness::Harness;
use axum::body::Body;
use http::Method;
use registry::Permission;
use serde_json::json;

#[tokio::test]
async fn tags_come_in_order_and_in_pages() {
    let harness = Harness::new().await;
    for tag in ["b", "a", "C", "latest", "1.0"] {
        harness.push_image("team/app", tag, b"layer").await;
    }
    let all = harness.get("/v2/team/app/tags/list").await.expect(200);
    assert_eq!(all.json(), json!({"name": "team/app", "tags": ["1.0", "C", "a", "b", "latest"]}));
    assert_eq!(all.header("link"), "");
    let mut path = "/v2/team/app/tags/list?n=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let answer = harness.get(&path).await.expect(200);
        seen.push(answer.json()["tags"].clone());
        let Some(next) = answer.header("link").strip_suffix(">; rel=\"next\"") else { break };
        path = next.strip_prefix('<').unwrap().to_owned();
    }
    assert_eq!(seen, [json!(["1.0", "C"]), json!(["a", "b"]), json!(["latest"])]);
    let rest = harness.get("/v2/team/app/tags/list?last=a").await.expect(200);
    assert_eq!(rest.json()["tags"], json!(["b", "latest"]));
}

#[tokio::test]
async fn the_size_of_a_page_is_the_servers_business() {
    let mut harness = Harness::new().await;
    for tag in ["a", "b", "c"] {
        harness.push_image("app", tag, b"layer").await;
    }
    harness.state.limits.page_rows = 2;
    for n in ["3", "1000000000", "99999999999999999999999999"] {
        let answer = harness.get(&format!("/v2/app/tags/list?n={n}")).await.expect(200);
        assert_eq!(answer.json()["tags"], json!(["a", "b"]));
        assert_eq!(answer.header("link"), "</v2/app/tags/list?last=b&n=2>; rel=\"next\"");
    }
    let none = harness.get("/v2/app/tags/list?n=0").await.expect(200);
    assert_eq!((none.json()["tags"].clone(), none.header("link")), (json!([]), ""));
    for n in ["-1", "x", "", "1.5", "+1"] {
        for path in ["/v2/app/tags/list", "/v2/_catalog"] {
            let answer = harness.get(&format!("{path}?n={n}")).await;
            assert_eq!(answer.refusal(), "400 PAGINATION_NUMBER_INVALID", "{n}");
        }
    }
}

#[tokio::test]
async fn a_repository_without_manifests_is_not_known() {
    let harness = Harness::new().await;
    harness.push_blob("blobs-only", b"x").await;
    assert_eq!(harness.get("/v2/blobs-only/tags/list").await.refusal(), "404 NAME_UNKNOWN");
    assert_eq!(harness.get("/v2/_catalog").await.json(), json!({"repositories": []}));
}

#[tokio::test]
async fn the_catalog_comes_in_pages() {
    let mut harness = Harness::new().await;
    for name in ["b", "a/x", "a", "c"] {
        harness.push_image(name, "t", b"layer").await;
    }
    let all = harness.get("/v2/_catalog").await.expect(200);
    assert_eq!(all.json(), json!({"repositories": ["a", "a/x", "b", "c"]}));
    let first = harness.get("/v2/_catalog?n=2").await.expect(200);
    assert_eq!(first.header("link"), "</v2/_catalog?last=a%2Fx&n=2>; rel=\"next\"");
    let second = harness.get("/v2/_catalog?last=a%2Fx&n=2").await.expect(200);
    assert_eq!((second.json(), second.header("link")), (json!({"repositories": ["b", "c"]}), ""));
    harness.state.limits.page_rows = 1;
    let clamped = harness.get("/v2/_catalog?n=1000000").await.expect(200);
    assert_eq!(clamped.json(), json!({"repositories": ["a"]}));
}

#[tokio::test]
async fn the_catalog_holds_what_one_may_pull() {
    let mut harness = Harness::new().await;
    for name in ["a", "b", "c", "d"] {
        harness.push_image(name, "t", b"layer").await;
    }
    harness.roll.give("visitor", "", Permission::Catalog);
    harness.roll.give("visitor", "b", Permission::Pull);
    harness.roll.give("visitor", "d", Permission::Pull);
    // Also when the visible ones are on different pages of the store.
    harness.state.limits.page_rows = 2;
    let get = |path| harness.call("visitor", Method::GET, path, &[], Body::empty());
    assert_eq!(get("/v2/_catalog").await.json(), json!({"repositories": ["b", "d"]}));
    let first = get("/v2/_catalog?n=1").await;
    assert_eq!(first.header("link"), "</v2/_catalog?last=b&n=1>; rel=\"next\"");
    let last = get("/v2/_catalog?last=b&n=1").await;
    assert_eq!((last.json(), last.header("link")), (json!({"repositories": ["d"]}), ""));
}
