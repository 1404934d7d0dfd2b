//! Sign-in: discovery, tokens, and their refusal.

use crate::estate::{Answer, Estate, URL, now, principal};
use access::{AuthorizationRequest, GrantedCode, PendingRequest, ResponseMode};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, Request};
use serde_json::{Value, json};
use store::{Transient, TransientBounds, TransientPut};

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
    let of_javascript = form.replace("urn:ietf:params:oauth:grant-type:", "");
    let waiting = token(&estate, "organizations", &of_javascript).await.expect(400);
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

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The query of an application, with one parameter otherwise; without it, where it is empty.
fn asking(name: &str, value: &str) -> String {
    let pairs = [
        ("client_id", "az"),
        ("redirect_uri", "http://localhost:8400"),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "a state"),
        ("scope", "openid"),
        ("nonce", "n-1"),
    ];
    let mut pairs: Vec<(&str, &str)> = pairs.into_iter().filter(|(known, _)| *known != name).collect();
    if !value.is_empty() {
        pairs.push((name, value));
    }
    let pairs =
        pairs.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('#', "%23")));
    format!("/organizations/oauth2/v2.0/authorize?{}", pairs.collect::<Vec<_>>().join("&"))
}

fn location(answer: &Answer) -> &str {
    answer.headers["location"].to_str().unwrap()
}

/// The request that an endpoint sealed for the portal.
async fn sealed(estate: &Estate, path: &str) -> AuthorizationRequest {
    let answer = estate.get("", path).await.expect(303);
    let sealed = location(&answer).strip_prefix("/portal/authorize?request=").unwrap().to_owned();
    PendingRequest::open(&sealed, &estate.seal, now()).unwrap()
}

/// The code that the portal gives when somebody agrees.
async fn granted(estate: &Estate, request: AuthorizationRequest) -> &'static str {
    granted_in(estate, request, 0).await
}

/// The same in a session that began with this number.
async fn granted_in(estate: &Estate, request: AuthorizationRequest, generation: i64) -> &'static str {
    let granted = GrantedCode { request, principal: principal("owner").id, generation };
    let kept = Transient {
        key: GrantedCode::key(&estate.seal, "the-code"),
        owner: String::new(),
        body: serde_json::to_value(&granted).unwrap(),
        expires_at: now() + GrantedCode::LIFETIME,
    };
    // One that nobody has redeemed stays where it is.
    estate.store.take_transient(GrantedCode::KIND, &kept.key, now()).await.unwrap();
    let bounds = TransientBounds { all: 10, of_owner: 10 };
    let put = estate.store.add_transient(GrantedCode::KIND, kept, bounds, now()).await.unwrap();
    assert_eq!(put, TransientPut::Kept);
    "the-code"
}

/// The form with which an application redeems a code, with one field otherwise.
fn redeeming(code: &str, name: &str, value: &str) -> String {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "az"),
        ("code", code),
        ("redirect_uri", "http://localhost:8400"),
        ("code_verifier", VERIFIER),
        ("nonce", "forged"),
    ];
    let fields =
        fields.map(|(known, usual)| format!("{known}={}", if known == name { value } else { usual }));
    fields.join("&")
}

#[tokio::test]
async fn a_browser_brings_a_code_that_its_application_redeems() {
    let estate = Estate::new().await;
    let request = sealed(&estate, &asking("", "")).await;
    assert_eq!((request.client.as_str(), request.state.as_deref()), ("az", Some("a state")));
    assert_eq!((request.mode, request.is_confidential), (ResponseMode::Query, false));
    let posted = sealed(&estate, &asking("response_mode", "form_post")).await;
    assert_eq!(posted.mode, ResponseMode::FormPost);
    let code = granted(&estate, request.clone()).await;
    let done = token(&estate, "organizations", &redeeming(code, "", "")).await.expect(200).body;
    assert_eq!(done["access_token"], "access-owner");
    assert_eq!(done["refresh_token"], "refresh-owner");
    assert_eq!(done["id_token"], "id of owner for az n-1", "the number is the one of the request");
    // A code is good once, and only for who asked; whoever tries has used it up.
    let again = token(&estate, "organizations", &redeeming(code, "", "")).await.expect(400).body;
    assert_eq!(again["error"], "invalid_grant");
    for (name, value) in [
        ("client_id", "other"),
        ("redirect_uri", "http://localhost:8401"),
        ("code_verifier", "another-verifier-that-is-long-enough-for-a-secret"),
        ("code_verifier", CHALLENGE),
        ("code", "guessed"),
    ] {
        let code = granted(&estate, request.clone()).await;
        let refused = token(&estate, "organizations", &redeeming(code, name, value)).await.expect(400).body;
        assert_eq!(refused["error"], "invalid_grant", "{name}={value}");
        if name != "code" {
            token(&estate, "organizations", &redeeming(code, "", "")).await.expect(400);
        }
    }
    let ended = granted_in(&estate, request, 7).await;
    token(&estate, "organizations", &redeeming(ended, "", "")).await.expect(400);
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let estate = Estate::new().await;
    for redirect in [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://localhost:8400@evil.example",
        "http://evil.example#localhost",
        "//localhost",
        "ms-app://x",
    ] {
        let answer = estate.get("", &asking("redirect_uri", redirect)).await.expect(400);
        assert!(answer.headers.get("location").is_none(), "{redirect}");
    }
    for missing in ["client_id", "redirect_uri"] {
        estate.get("", &asking(missing, "")).await.expect(400);
    }
    // What is wrong otherwise is told to the application, with its state.
    for (name, value, code) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none", "interaction_required"),
        ("scope", &"x".repeat(4000), "invalid_request"),
    ] {
        let answer = estate.get("", &asking(name, value)).await.expect(303);
        let told =
            format!("http://localhost:8400?error={}&error_description=AADSTS", code.replace('_', "%5F"));
        assert!(location(&answer).starts_with(&told), "{name}={value}: {}", location(&answer));
        assert!(location(&answer).ends_with("&state=a%20state"));
    }
    estate.get("", &asking("response_mode", "fragment")).await.expect(400);
    estate.get("", &asking("", "").replace("organizations", "elsewhere")).await.expect(400);
}

#[tokio::test]
async fn an_application_that_is_registered_has_its_own_addresses() {
    let estate = Estate::new().await;
    let body = json!({
        "displayName": "Dashboard",
        "web": { "redirectUris": ["https://dashboard.example/back", "http://plain.example/back"] },
        "spa": { "redirectUris": ["https://dashboard.example/spa"] },
    });
    let made = estate.ask("admin", Method::POST, "/graph/v1.0/applications", body).await;
    let id = made.expect(201).body["appId"].as_str().unwrap().to_owned();
    let asked =
        |redirect: &str| asking("redirect_uri", redirect).replace("client_id=az", &format!("client_id={id}"));
    let web = sealed(&estate, &asked("https://dashboard.example/back")).await;
    assert_eq!((web.client_name.as_deref(), web.is_confidential), (Some("Dashboard"), true));
    assert!(!sealed(&estate, &asked("https://dashboard.example/spa")).await.is_confidential);
    for other in
        ["https://dashboard.example/back/", "https://dashboard.example/", "http://plain.example/back"]
    {
        estate.get("", &asked(other)).await.expect(400);
    }
    // A server proves itself beside the code.
    let form = |more: &str| {
        let form = redeeming("the-code", "redirect_uri", "https://dashboard.example/back");
        format!("{}{more}", form.replace("client_id=az", &format!("client_id={id}")))
    };
    granted(&estate, web.clone()).await;
    token(&estate, "common", &form("")).await.expect(400);
    granted(&estate, web.clone()).await;
    token(&estate, "common", &form("&client_secret=wrong")).await.expect(401);
    granted(&estate, web).await;
    token(&estate, "common", &form("&client_secret=open sesame")).await.expect(200);
}
