//! Sign-in: discovery, tokens, and their refusal.

use crate::estate::{Answer, Estate, URL};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, Request};
use serde_json::Value;

const TENANT: &str = "00000000-0000-0000-0000-000000000777";

async fn token(estate: &Estate, tenant: &str, form: &str) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/{tenant}/oauth2/v2.0/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    estate.send(request).await
}

#[tokio::test]
async fn a_program_gets_a_token_that_opens_the_resource_manager() {
    let estate = Estate::new().await;
    let form = "grant_type=client_credentials&client_id=reader&client_secret=open+sesame&scope=https%3A%2F%2Flazaretto.test%2F.default";
    let answer = token(&estate, TENANT, form).await.expect(200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["refresh_token"], Value::Null, "programs have their secret");
    assert_eq!(answer.body["access_token"], "access-reader");
    for audience in
        ["https://lazaretto.test//.default", "https://lazaretto.test/user_impersonation openid", "openid"]
    {
        let form = format!(
            "grant_type=client_credentials&client_id=reader&client_secret=open%20sesame&scope={audience}"
        );
        token(&estate, "common", &form).await.expect(200);
    }
}

#[tokio::test]
async fn a_person_gets_a_pair_and_refreshes_it() {
    let estate = Estate::new().await;
    let answer =
        token(&estate, "adfs", "grant_type=password&username=owner&password=open sesame").await.expect(200);
    let refresh = answer.body["refresh_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&refresh_token={refresh}");
    assert_eq!(token(&estate, "organizations", &form).await.expect(200).body["access_token"], "access-owner");
    // One kind of token does not pass for the other.
    token(&estate, "common", "grant_type=refresh_token&refresh_token=access-owner").await.expect(400);
    let list = Request::builder().uri("/subscriptions?api-version=2022-12-01");
    let list = list.header("authorization", format!("Bearer {refresh}")).body(Body::empty()).unwrap();
    estate.send(list).await.expect(401);
}

#[tokio::test]
async fn refusals_are_those_of_oauth() {
    let estate = Estate::new().await;
    let cases = [
        ("grant_type=client_credentials&client_id=reader&client_secret=wrong", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=reader", 400, "invalid_request"),
        ("grant_type=password&username=owner&password=wrong", 400, "invalid_grant"),
        ("grant_type=password&username=owner&password=too often", 429, "temporarily_unavailable"),
        ("grant_type=password&username=owner&password=broken", 500, "server_error"),
        ("grant_type=implicit", 400, "unsupported_grant_type"),
        ("", 400, "invalid_request"),
        (
            "grant_type=password&username=owner&password=open sesame&scope=https://other.test/.default",
            400,
            "invalid_resource",
        ),
    ];
    for (form, status, code) in cases {
        let answer = token(&estate, TENANT, form).await.expect(status);
        assert_eq!(answer.body["error"], code, "{form}");
        assert!(!answer.body["error_description"].as_str().unwrap().contains("the records are gone"));
    }
    let elsewhere = "00000000-0000-0000-0000-000000000001";
    let answer = token(&estate, elsewhere, "grant_type=password").await.expect(400);
    assert_eq!(answer.body["error"], "invalid_tenant");
}

#[tokio::test]
async fn name_and_password_serve_scripts() {
    let estate = Estate::new().await;
    let ask = |credentials: &str| {
        let request = Request::builder().uri("/subscriptions?api-version=2022-12-01");
        request
            .header("authorization", format!("Basic {}", STANDARD.encode(credentials)))
            .body(Body::empty())
            .unwrap()
    };
    estate.send(ask("owner:open sesame")).await.expect(200);
    estate.send(ask("owner:wrong")).await.expect(401);
    assert_eq!(estate.send(ask("owner:too often")).await.expect(429).headers["retry-after"], "7");
    estate.send(ask("owner:broken")).await.expect(500);
    estate.send(ask("owner")).await.expect(401);
}

#[tokio::test]
async fn discovery_leads_to_the_token_endpoint() {
    let estate = Estate::new().await;
    let cloud = estate.get("", "/metadata/endpoints?api-version=2022-09-01").await.expect(200).body;
    assert_eq!(cloud["authentication"]["audiences"][0], URL);
    let older = estate.get("", "/metadata/endpoints?api-version=2019-05-01").await.expect(200).body;
    assert_eq!(older[0], cloud);
    for tenant in [TENANT, "common", "organizations", "adfs"] {
        for path in ["v2.0/.well-known/openid-configuration", ".well-known/openid-configuration"] {
            let found = estate.get("", &format!("/{tenant}/{path}")).await.expect(200).body;
            assert_eq!(found["token_endpoint"], format!("{URL}/{tenant}/oauth2/v2.0/token"));
        }
    }
    estate.get("", "/elsewhere/v2.0/.well-known/openid-configuration").await.expect(400);
    assert_eq!(estate.get("", "/common/discovery/v2.0/keys").await.expect(200).body["keys"][0]["kid"], "one");
    estate.get("", "/common/discovery/instance?api-version=1.1").await.expect(200);
}

#[tokio::test]
async fn a_device_waits_until_somebody_enters_its_code() {
    let estate = Estate::new().await;
    let post = async |path: &str, form: &str| {
        let request = Request::builder().method(Method::POST).uri(path.to_owned());
        estate.send(request.body(Body::from(form.to_owned())).unwrap()).await
    };
    let begun =
        post("/organizations/oauth2/v2.0/devicecode", "client_id=az&scope=openid").await.expect(200).body;
    let (code, device) = (begun["user_code"].as_str().unwrap(), begun["device_code"].as_str().unwrap());
    assert_eq!(begun["verification_uri"], format!("{URL}/devicelogin"));
    let form = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=az&device_code={device}&client_info=1"
    );
    let waiting = token(&estate, "organizations", &form).await.expect(400);
    assert_eq!(waiting.body["error"], "authorization_pending");
    post("/devicelogin", &format!("code={code}&name=owner&password=wrong")).await.expect(401);
    post("/devicelogin", "code=WRONGCODE&name=owner&password=open sesame").await.expect(400);
    let entered =
        post("/devicelogin", &format!("code={}&name=owner&password=open sesame", code.to_lowercase())).await;
    assert!(
        entered.expect(200).headers["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    let done = token(&estate, "organizations", &form).await.expect(200).body;
    assert_eq!(done["access_token"], "access-owner");
    assert_eq!(done["id_token"], "id of owner for az ");
    let info = URL_SAFE_NO_PAD.decode(done["client_info"].as_str().unwrap()).unwrap();
    let info: Value = serde_json::from_slice(&info).unwrap();
    assert_eq!(info["utid"], TENANT);
    assert_eq!(token(&estate, "organizations", &form).await.expect(400).body["error"], "expired_token");
    post("/elsewhere/oauth2/v2.0/devicecode", "client_id=az").await.expect(400);
    post("/common/oauth2/v2.0/devicecode", "").await.expect(400);
}

#[tokio::test]
async fn a_program_signs_what_it_says() {
    let estate = Estate::new().await;
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let form = |assertion: &str, kind: &str| {
        format!(
            "grant_type=client_credentials&client_id=reader&client_assertion={assertion}&client_assertion_type={kind}"
        )
    };
    let answer = token(&estate, TENANT, &form("signed", kind)).await.expect(200);
    assert_eq!(answer.body["access_token"], "access-reader");
    assert_eq!(
        token(&estate, TENANT, &form("forged", kind)).await.expect(401).body["error"],
        "invalid_client"
    );
    token(&estate, TENANT, &form("signed", "other")).await.expect(400);
}
