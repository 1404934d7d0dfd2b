//! Tokens that want too much: a table of tricks, each with what it opens.

use crate::harness::{Answer, Harness};
use axum::body::Body;
use http::{Method, Request};

const REPOSITORIES: [&str; 4] = ["team", "team/app", "other", "a"];

async fn token(harness: &Harness, user: &str, query: &str) -> Answer {
    harness.call(user, Method::GET, &format!("/oauth2/token?{query}"), &[], Body::empty()).await
}

async fn status(harness: &Harness, token: &str, method: Method, path: &str) -> u16 {
    let request =
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    harness.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
}

/// Which repositories a token lets its owner pull from.
async fn opened(harness: &Harness, query: &str) -> Vec<&'static str> {
    let answer = token(harness, "owner", query).await.expect(200).json();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let mut opened = Vec::new();
    for name in REPOSITORIES {
        match status(harness, &token, Method::GET, &format!("/v2/{name}/manifests/t")).await {
            200 => opened.push(name),
            401 => {}
            status => panic!("{status} {name} {query}"),
        }
    }
    opened
}

#[tokio::test]
async fn a_scope_opens_what_it_names_letter_by_letter() {
    let harness = Harness::new().await;
    for name in REPOSITORIES {
        harness.push_image(name, "t", b"layer").await;
    }
    let none: [&str; 0] = [];
    for (query, expected) in [
        ("scope=repository:team:pull", &["team"][..]),
        ("scope=repository:team/app:pull", &["team/app"]),
        ("scope=repository:team:*", &["team"]),
        ("scope=repository:team:pull+repository:other:pull", &["team", "other"]),
        ("scope=repository:team:pull%20repository:other:pull", &["team", "other"]),
        ("scope=repository:team:pull&scope=repository:other:pull", &["team", "other"]),
        ("scope=repository:team:push&scope=repository:team:pull", &["team"]),
        // Wildcards, prefixes and other spellings are no names.
        ("scope=repository:*:pull", &none),
        ("scope=repository:*:*", &none),
        ("scope=repository:team/*:pull", &none),
        ("scope=repository:team*:pull", &none),
        ("scope=repository:TEAM:pull", &none),
        ("scope=repository:/team:pull", &none),
        ("scope=repository:team/:pull", &none),
        ("scope=repository:team//app:pull", &none),
        ("scope=repository:x/../team:pull", &none),
        ("scope=repository:team%252Fapp:pull", &none),
        ("scope=repository:team%00:pull", &none),
        ("scope=repository:t%C3%A9am:pull", &none),
        ("scope=repository:team:pull:pull", &none),
        ("scope=repository:team,other:pull", &none),
        ("scope=repository::pull", &none),
        ("scope=repository:team:", &none),
        ("scope=repository:team", &none),
        // Neither are actions that do not exist, or other kinds.
        ("scope=repository:team:PULL", &none),
        ("scope=repository:team:pull*", &none),
        ("scope=repository:team:admin", &none),
        ("scope=repository:team:delete,push,metadata_read", &none),
        ("scope=repository(plugin):team:pull", &none),
        ("scope=Repository:team:pull", &none),
        ("scope=registry:team:pull", &none),
        ("scope=registry:catalog:*", &none),
        ("scope=registry:*:*", &none),
        ("scope=", &none),
        ("Scope=repository:team:pull", &none),
        ("", &none),
    ] {
        assert_eq!(opened(&harness, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn nothing_opens_the_catalog_but_its_own_scope() {
    let harness = Harness::new().await;
    harness.push_image("catalog", "t", b"layer").await;
    for (scope, expected) in [
        ("registry:catalog:*", 200),
        ("repository:catalog:*", 401),
        ("registry:catalog:pull", 401),
        ("registry:Catalog:*", 401),
        ("registry:*:*", 401),
    ] {
        let answer = token(&harness, "owner", &format!("scope={scope}")).await.expect(200).json();
        let token = answer["access_token"].as_str().unwrap();
        for path in ["/v2/_catalog", "/acr/v1/_catalog"] {
            assert_eq!(status(&harness, token, Method::GET, path).await, expected, "{scope} {path}");
        }
    }
}

#[tokio::test]
async fn what_is_no_token_opens_nothing() {
    let harness = Harness::new().await;
    harness.push_image("a", "t", b"layer").await;
    let answer = token(&harness, "owner", "scope=repository:a:pull").await.json();
    let good = answer["access_token"].as_str().unwrap().to_owned();
    assert_eq!(status(&harness, &good, Method::GET, "/v2/a/manifests/t").await, 200);
    for wrong in [
        "",
        "null",
        "undefined",
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.",
        &good.to_uppercase(),
        &format!("{good}."),
        &format!("{good}{good}"),
        &good[..good.len() - 1],
        "owner",
        "open sesame",
    ] {
        assert_eq!(status(&harness, wrong, Method::GET, "/v2/a/manifests/t").await, 401, "{wrong}");
    }
    // A token that came by the query is none.
    let request = Request::builder().uri(format!("/v2/a/manifests/t?access_token={good}&token={good}"));
    harness.send(request.body(Body::empty()).unwrap()).await.expect(401);
}

#[tokio::test]
async fn an_answer_tells_what_was_granted_by_what_it_opens() {
    let harness = Harness::new().await;
    harness.push_image("a", "t", b"layer").await;
    // Asked for everything; has only some of it.
    let query = "scope=repository:a:pull,push,delete,metadata_read,metadata_write";
    let answer = token(&harness, "pusher", query).await.expect(200).json();
    let token = answer["access_token"].as_str().unwrap();
    for (method, path, expected) in [
        (Method::GET, "/v2/a/manifests/t", 200),
        (Method::POST, "/v2/a/blobs/uploads/", 202),
        (Method::GET, "/acr/v1/a/_tags", 200),
        (Method::PATCH, "/acr/v1/a", 403),
        (Method::DELETE, "/acr/v1/a", 403),
        (Method::DELETE, "/v2/a/manifests/t", 403),
    ] {
        assert_eq!(status(&harness, token, method.clone(), path).await, expected, "{method} {path}");
    }
}
