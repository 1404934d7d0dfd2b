//! Policies, rules and passes over HTTP, and what they do to pulls, pushes and deletions.

use crate::harness::{MANIFEST, Server};
use access::RoleId;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Conclusion, ImageKey, ImageState, ImageSummary, RepositoryKey};

async fn put(server: &Server, user: &str, path: &str, body: &Value) -> (u16, Value) {
    let answer = server.as_user(user, Method::PUT, path).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn pull(server: &Server, path: &str) -> (u16, String) {
    let answer = server.as_user("puller", Method::GET, path).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn conclude(server: &Server, digest: &oci::Digest, state: ImageState) {
    let repository = RepositoryKey { registry: server.registry.id, name: "app".parse().unwrap() };
    let now = Timestamp::now();
    let summary = ImageSummary {
        assessed_at: Some(now),
        ..ImageSummary::begun(ImageKey { repository, digest: digest.clone() }, state, now)
    };
    let conclusion = Conclusion { summary, is_asked_for: true, link: "https://here".into() };
    assert!(server.store.conclude(conclusion, now).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_image_is_hidden_until_its_verdict_lets_it_pass() {
    let server = Server::start().await;
    server.account("puller", Some(RoleId::ACR_PULL)).await;
    let (status, policy) =
        put(&server, "admin", "/api/registry/policy", &json!({ "quarantine": true })).await;
    assert_eq!((status, &policy["quarantine"]), (200, &json!(true)));
    let digest = server.push_image("app", "one", b"layer").await;
    let layer = oci::Digest::of_sha256(b"layer");
    let ways = [
        "/v2/app/manifests/one".to_owned(),
        format!("/v2/app/manifests/{digest}"),
        format!("/v2/app/blobs/{layer}"),
    ];
    for way in &ways {
        let (status, body) = pull(&server, way).await;
        assert_eq!(status, 403, "{way}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["errors"][0]["code"], "DENIED");
        assert!(body["errors"][0]["message"].as_str().unwrap().contains("quarantine"), "{body}");
    }
    conclude(&server, &digest, ImageState::Unhealthy).await;
    assert!(pull(&server, &ways[0]).await.1.contains("did not pass"));
    conclude(&server, &digest, ImageState::Healthy).await;
    for way in &ways {
        assert_eq!(pull(&server, way).await.0, 200, "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_is_broken_with_a_reason_that_stays() {
    let server = Server::start().await;
    server.account("puller", Some(RoleId::ACR_PULL)).await;
    put(&server, "admin", "/api/registry/policy", &json!({ "holdUnassessed": true })).await;
    server.push_image("app", "one", b"layer").await;
    assert_eq!(pull(&server, "/v2/app/manifests/one").await.0, 403);
    let pass = async |user: &str, body: Value| {
        server.as_user(user, Method::POST, "/api/passes").json(&body).send().await.unwrap().status().as_u16()
    };
    let wish = json!({ "image": "app:one", "reason": "the bridge is down", "hours": 2 });
    assert_eq!(pass("puller", wish.clone()).await, 403);
    for wrong in [
        json!({ "image": "app:one", "reason": "  x ", "hours": 2 }),
        json!({ "image": "app:one", "reason": "the bridge is down", "hours": 0 }),
        json!({ "image": "app:one", "reason": "the bridge is down", "hours": 10_000 }),
        json!({ "image": "app", "reason": "the bridge is down", "hours": 1 }),
        json!({ "image": "app:one", "hours": 1 }),
    ] {
        assert_eq!(pass("admin", wrong.clone()).await, 400, "{wrong}");
    }
    assert_eq!(
        pass("admin", json!({ "image": "app:two", "reason": "the bridge is down", "hours": 1 })).await,
        404
    );
    assert_eq!(pass("admin", wish).await, 200);
    assert_eq!(pull(&server, "/v2/app/manifests/one").await.0, 200);
    let told = server.json("/api/events?kind=pull-pass-given").await;
    assert_eq!(told["value"][0]["detail"]["reason"], "the bridge is down");
    assert_eq!(told["value"][0]["actor"], "admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_set_by_those_who_may_and_only_as_they_make_sense() {
    let server = Server::start().await;
    server.account("reader", Some(RoleId::READER)).await;
    server.account("stranger", None).await;
    for path in ["/api/registry/policy", "/api/registry/rules"] {
        let get = async |user: &str| {
            server.as_user(user, Method::GET, path).send().await.unwrap().status().as_u16()
        };
        assert_eq!((get("stranger").await, get("reader").await), (403, 200));
        assert_eq!(put(&server, "reader", path, &json!({})).await.0, 403, "{path}");
        assert_eq!(put(&server, "admin", path, &json!({ "unknown": 1 })).await.0, 400, "{path}");
    }
    assert_eq!(
        put(&server, "admin", "/api/registry/policy", &json!({ "holdSeverity": "Awful" })).await.0,
        400
    );
    assert_eq!(
        put(&server, "admin", "/api/registry/policy", &json!({ "holdSeverity": "high" })).await.0,
        200
    );
    assert_eq!(server.json("/api/registry/policy").await["holdSeverity"], "High");
    assert_eq!(put(&server, "admin", "/api/registry/rules", &json!({ "softDeleteDays": 1000 })).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_and_immutable_tags_are_told_clearly() {
    let server = Server::start().await;
    let rules = json!({ "repositoryQuotaBytes": 2000, "immutableTags": ["v*"] });
    assert_eq!(put(&server, "admin", "/api/registry/rules", &rules).await.0, 200);
    server.push_image("app", "v1", b"layer").await;
    let big = vec![0; 4000];
    let digest = oci::Digest::of_sha256(&big);
    let path = format!("/v2/app/blobs/uploads/?digest={digest}");
    let answer = server.as_user("admin", Method::POST, &path).body(big).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let body: Value = answer.json().await.unwrap();
    assert!(
        body["errors"][0]["message"].as_str().unwrap().contains("quota of the repository is 2000 bytes"),
        "{body}"
    );
    assert_eq!(server.get(&format!("/v2/app/blobs/{digest}")).await.status(), 404);
    let other = server.image("app", b"other").await;
    let request =
        server.as_user("admin", Method::PUT, "/v2/app/manifests/v1").header("content-type", MANIFEST);
    let answer = request.body(other.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(
        server.as_user("admin", Method::DELETE, "/v2/app/manifests/v1").send().await.unwrap().status(),
        405
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_listed_and_restored_as_azure_does() {
    let server = Server::start().await;
    server.account("puller", Some(RoleId::ACR_PULL)).await;
    assert_eq!(put(&server, "admin", "/api/registry/rules", &json!({ "softDeleteDays": 7 })).await.0, 200);
    let digest = server.push_image("team/app", "one", b"layer").await;
    let path = format!("/v2/team/app/manifests/{digest}");
    assert_eq!(server.as_user("admin", Method::DELETE, &path).send().await.unwrap().status(), 202);
    assert_eq!(server.get(&path).await.status(), 404);
    let catalog = server.json("/acr/v1/_deleted/_catalog").await;
    assert_eq!(catalog["repositories"], json!(["team/app"]));
    let manifests = server.json("/acr/v1/_deleted/team/app/_manifests").await;
    let deleted = &manifests["manifests"][0];
    assert_eq!((&deleted["digest"], &deleted["tags"]), (&json!(digest), &json!(["one"])));
    assert!(deleted["deletedAt"].is_string());
    let tags = server.json("/acr/v1/_deleted/team/app/_tags").await;
    assert_eq!((&tags["tags"][0]["tag"], &tags["tags"][0]["digest"]), (&json!("one"), &json!(digest)));
    let restore = format!("/acr/v1/_deleted/team/app/_manifests/{digest}?force=False");
    let ask = async |user: &str, body: Value| {
        server.as_user(user, Method::POST, &restore).json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("puller", json!({ "tag": "one" })).await, 403);
    assert_eq!(ask("admin", json!({ "tag": 1 })).await, 400);
    // Another image has taken the tag meanwhile.
    server.push_image("team/app", "one", b"other").await;
    assert_eq!(ask("admin", json!({ "tag": "one" })).await, 409);
    assert_eq!(ask("admin", json!({ "tag": "two" })).await, 200);
    assert_eq!(ask("admin", json!({ "tag": "two" })).await, 404);
    let back = server.get("/v2/team/app/manifests/two").await;
    assert_eq!(back.headers()["docker-content-digest"], digest.to_string().as_str());
    let catalog = server.json("/acr/v1/_deleted/_catalog").await;
    assert_eq!(catalog["repositories"], json!([]));
}
