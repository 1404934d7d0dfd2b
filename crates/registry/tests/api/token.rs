//! The token service, as docker, skopeo and Azure's clients use it.

use crate::harness::{Answer, Harness};
use axum::body::Body;
use http::{Method, Request};
use registry::Permission;
use serde_json::Value;

async fn ask(harness: &Harness, user: &str, query: &str) -> Answer {
    harness.call(user, Method::GET, &format!("/oauth2/token?{query}"), &[], Body::empty()).await
}

async fn post(harness: &Harness, path: &str, form: &str) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()));
    harness.send(request.unwrap()).await
}

async fn with_token(harness: &Harness, token: &Value, method: Method, path: &str) -> Answer {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let request = Request::builder().method(method).uri(path).header("authorization", bearer);
    harness.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_token_opens_what_was_asked_for_and_nothing_else() {
    let harness = Harness::new().await;
    for name in ["a", "b"] {
        harness.push_image(name, "t", b"layer").await;
    }
    let answer = ask(&harness, "owner", "service=registry.test&scope=repository:a:pull").await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let json = answer.json();
    assert_eq!(json["token"], json["access_token"]);
    assert_eq!(json["expires_in"], 4500);
    let token = &json["token"];
    with_token(&harness, token, Method::GET, "/v2/").await.expect(200);
    with_token(&harness, token, Method::GET, "/v2/a/manifests/t").await.expect(200);
    for (method, path, scope) in [
        (Method::GET, "/v2/b/manifests/t", "repository:b:pull"),
        (Method::POST, "/v2/a/blobs/uploads/", "repository:a:pull,push"),
        (Method::DELETE, "/v2/a/manifests/t", "repository:a:delete"),
        (Method::GET, "/v2/_catalog", "registry:catalog:*"),
    ] {
        let answer = with_token(&harness, token, method, path).await.expect(401);
        let challenge = answer.header("www-authenticate");
        let expected = format!(",scope=\"{scope}\",error=\"insufficient_scope\"");
        assert!(challenge.ends_with(&expected), "{challenge}");
    }
}

#[tokio::test]
async fn a_wish_is_cut_down_to_the_rights() {
    let harness = Harness::new().await;
    harness.push_image("a", "t", b"layer").await;
    let query = "scope=repository:a:pull,push,delete&scope=registry:catalog:*";
    let token = ask(&harness, "reader", query).await.expect(200).json()["token"].clone();
    with_token(&harness, &token, Method::GET, "/v2/a/manifests/t").await.expect(200);
    let push = with_token(&harness, &token, Method::POST, "/v2/a/blobs/uploads/").await;
    assert_eq!(push.refusal(), "403 DENIED");
    let catalog = with_token(&harness, &token, Method::GET, "/v2/_catalog").await;
    assert_eq!(catalog.refusal(), "403 DENIED");
    // No scope at all is a sign-in, and opens nothing but the base.
    let token = ask(&harness, "reader", "account=reader&client_id=docker&offline_token=true").await;
    let token = token.expect(200).json()["token"].clone();
    with_token(&harness, &token, Method::GET, "/v2/").await.expect(200);
    with_token(&harness, &token, Method::GET, "/v2/a/manifests/t").await.expect(401);
}

#[tokio::test]
async fn a_star_is_every_right_one_has_and_no_name() {
    let harness = Harness::new().await;
    harness.push_image("a", "t", b"layer").await;
    let token = ask(&harness, "pusher", "scope=repository:a:*").await.json()["token"].clone();
    with_token(&harness, &token, Method::POST, "/v2/a/blobs/uploads/").await.expect(202);
    assert_eq!(
        with_token(&harness, &token, Method::DELETE, "/v2/a/manifests/t").await.refusal(),
        "403 DENIED"
    );
    let token = ask(&harness, "owner", "scope=repository:*:pull").await.json()["token"].clone();
    with_token(&harness, &token, Method::GET, "/v2/a/manifests/t").await.expect(401);
}

#[tokio::test]
async fn a_right_that_is_taken_away_closes_the_token() {
    let harness = Harness::new().await;
    harness.push_image("a", "t", b"layer").await;
    let token = ask(&harness, "reader", "scope=repository:a:pull").await.json()["token"].clone();
    with_token(&harness, &token, Method::GET, "/v2/a/manifests/t").await.expect(200);
    harness.roll.take("reader", "*", Permission::Pull);
    let answer = with_token(&harness, &token, Method::GET, "/v2/a/manifests/t").await;
    assert_eq!(answer.refusal(), "403 DENIED");
}

#[tokio::test]
async fn a_token_mounts_only_from_what_it_opens() {
    let harness = Harness::new().await;
    let digest = harness.push_blob("source", b"layer").await;
    let path = format!("/v2/target/blobs/uploads/?mount={digest}&from=source");
    let narrow = ask(&harness, "owner", "scope=repository:target:pull,push").await.json()["token"].clone();
    with_token(&harness, &narrow, Method::POST, &path).await.expect(202);
    let query = "scope=repository:target:pull,push&scope=repository:source:pull";
    let wide = ask(&harness, "owner", query).await.json()["token"].clone();
    with_token(&harness, &wide, Method::POST, &path).await.expect(201);
}

#[tokio::test]
async fn wrong_credentials_get_no_token() {
    let harness = Harness::new().await;
    let without = Request::builder().uri("/oauth2/token?scope=repository:a:pull").body(Body::empty());
    assert_eq!(harness.send(without.unwrap()).await.refusal(), "401 UNAUTHORIZED");
    for form in [
        "grant_type=password&username=owner&password=wrong",
        "grant_type=password&service=registry.test&scope=repository:a:pull",
        "grant_type=refresh_token&refresh_token=none",
    ] {
        assert_eq!(post(&harness, "/oauth2/token", form).await.refusal(), "401 UNAUTHORIZED", "{form}");
    }
    for form in ["", "grant_type=other", "grant_type=refresh_token"] {
        assert_eq!(post(&harness, "/oauth2/token", form).await.refusal(), "400 UNSUPPORTED", "{form}");
    }
    let long = format!("grant_type=password&username={}", "a".repeat(100_000));
    post(&harness, "/oauth2/token", &long).await.expect(400);
}

#[tokio::test]
async fn a_form_gets_a_token_too() {
    let harness = Harness::new().await;
    harness.push_image("a", "t", b"layer").await;
    let form = "grant_type=password&service=registry.test&username=owner&password=open+sesame\
                &scope=repository%3Aa%3Apull%20repository%3Ab%3Apull";
    let json = post(&harness, "/oauth2/token?api-version=2021-07-01", form).await.expect(200).json();
    with_token(&harness, &json["access_token"], Method::GET, "/v2/a/tags/list").await.expect(200);
}

#[tokio::test]
async fn an_identity_is_exchanged_for_a_refresh_token() {
    let harness = Harness::new().await;
    harness.push_image("a", "t", b"layer").await;
    let form = "grant_type=access_token&service=registry.test&tenant=x&access_token=identity-owner";
    let refresh = post(&harness, "/oauth2/exchange", form).await.expect(200).json();
    let refresh = refresh["refresh_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&scope=repository:a:pull&refresh_token={refresh}");
    let json = post(&harness, "/oauth2/token", &form).await.expect(200).json();
    with_token(&harness, &json["access_token"], Method::GET, "/v2/a/tags/list").await.expect(200);
    // A refresh token opens nothing itself, and an access token refreshes nothing.
    let direct = Value::String(refresh.into());
    with_token(&harness, &direct, Method::GET, "/v2/a/tags/list").await.expect(401);
    let form = format!("grant_type=refresh_token&refresh_token={}", json["access_token"].as_str().unwrap());
    post(&harness, "/oauth2/token", &form).await.expect(401);
    for form in ["grant_type=access_token&access_token=wrong", "grant_type=access_token"] {
        let status = post(&harness, "/oauth2/exchange", form).await.status.as_u16();
        assert!(matches!(status, 400 | 401), "{form}");
    }
}

#[tokio::test]
async fn a_refresh_token_is_a_password_of_the_nameless_user() {
    use base64::Engine;
    let harness = Harness::new().await;
    let form = "grant_type=access_token&access_token=identity-owner";
    let json = post(&harness, "/oauth2/exchange", form).await.json();
    let encode = |password: &str| {
        let text = format!("00000000-0000-0000-0000-000000000000:{password}");
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
    };
    for (password, status) in [(json["refresh_token"].as_str().unwrap(), 200), ("open sesame", 401)] {
        for path in ["/v2/", "/oauth2/token"] {
            let request = Request::builder().uri(path).header("authorization", encode(password));
            harness.send(request.body(Body::empty()).unwrap()).await.expect(status);
        }
    }
}
