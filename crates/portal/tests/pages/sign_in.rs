//! Signing in, out, at a provider, and letting an application sign somebody in.

use crate::house::{Answer, House, PASSWORD, seal, sealed_request};
use access::{GrantedCode, PendingRequest, ResponseMode};
use axum::http::StatusCode;
use jiff::Timestamp;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_a_foreign_form_open_no_session() {
    let house = House::new().await;
    let wrong = house.post("/portal/sign-in", "name=owner&password=guess", None).await;
    assert_eq!((wrong.status, wrong.cookie), (StatusCode::UNAUTHORIZED, None));
    assert!(wrong.body.contains("The user name or the password is wrong."));
    let right = format!("name=owner&password={}", PASSWORD);
    let foreign = house.post("/portal/sign-in", &right, Some("https://evil.test")).await;
    assert_eq!((foreign.status, foreign.cookie), (StatusCode::FORBIDDEN, None));
}

/// Browsers speak HTTP/2 wherever there is TLS, and a proxy may name the server in its own way.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_ours_over_http2_and_behind_a_proxy() {
    let house = House::new().await;
    let form = format!("name=owner&password={PASSWORD}");
    for (address, origin, is_ours) in [
        ("https://portal.test/portal/sign-in", "https://portal.test", true),
        ("https://portal.test/portal/sign-in", "https://PORTAL.test", true),
        ("https://portal.test/portal/sign-in", "https://evil.test", false),
        ("https://portal.test/portal/sign-in", "null", false),
        // The proxy asks under a name of its own; the browser asked under ours.
        ("https://10.0.0.7:5000/portal/sign-in", "http://lazaretto.test", true),
        ("https://10.0.0.7:5000/portal/sign-in", "http://lazaretto.test.evil", false),
        ("/portal/sign-in", "https://", false),
    ] {
        let answer = house.post_to(address, &form, origin).await;
        assert_eq!(answer.cookie.is_some(), is_ours, "{address} {origin}: {}", answer.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_is_told_in_a_page() {
    let house = House::new().await;
    let answer = house.get("/portal/nothing/here", None).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.body.contains("There is no page at this address."), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_goes_on_where_they_wanted_to_be() {
    let house = House::new().await;
    let wanted = "/portal/query?q=Findings%20%7C%20count";
    let led = house.get(wanted, None).await.location.unwrap();
    assert_eq!(led, "/portal/sign-in?to=%2Fportal%2Fquery%3Fq%3DFindings%2520%257C%2520count");
    let form = house.get(&led, None).await;
    assert!(
        form.body.contains("name=\"to\" value=\"/portal/query?q=Findings%20%7C%20count\""),
        "{}",
        form.body
    );
    let sent = |to: &str| format!("name=security-reader&password={PASSWORD}&to={to}");
    let encoded = "%2Fportal%2Fquery%3Fq%3DFindings%2520%257C%2520count";
    let signed_in = house.post("/portal/sign-in", &sent(encoded), None).await;
    assert_eq!(signed_in.location.as_deref(), Some(wanted));
    for elsewhere in
        ["https://evil.test", "//evil.test/portal/", "/portal/%5Cevil.test", "/portal//evil.test"]
    {
        let answer = house.post("/portal/sign-in", &sent(elsewhere), None).await;
        assert_eq!(answer.location.as_deref(), Some("/portal/"), "{elsewhere}");
    }
    let wrong = house.post("/portal/sign-in", &format!("name=x&password=y&to={encoded}"), None).await;
    assert!(wrong.body.contains("/portal/query?q="), "a second attempt goes on there too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_stays_ended() {
    let house = House::new().await;
    let session = house.sign_in("security-reader").await;
    let other = house.sign_in("security-reader").await;
    assert_eq!(house.get("/portal/", Some(&session)).await.status, StatusCode::OK);
    let foreign = house.send_form("/portal/sign-out", "", Some("https://evil.test"), Some(&session)).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let out = house.send_form("/portal/sign-out", "", None, Some(&session)).await;
    assert_eq!(
        (out.location.as_deref(), out.cookie.as_deref()),
        (Some("/portal/sign-in"), Some("lazaretto-session="))
    );
    assert_eq!(house.get("/portal/", Some(&session)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.get("/portal/", Some(&other)).await.status, StatusCode::OK, "another session goes on");
}

/// What stands behind a name in an address.
fn part(address: &str, name: &str) -> String {
    let found = address.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_default().to_owned()
}

async fn begin(house: &House) -> (Answer, String) {
    let begun = house.get("/portal/sign-in/corp?to=/portal/query", None).await;
    let address = begun.location.clone().unwrap();
    (begun, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_at_a_provider_belongs_to_its_browser() {
    let house = House::new().await;
    let form = house.get("/portal/sign-in?to=/portal/query", None).await.body;
    assert!(form.contains("href=\"/portal/sign-in/corp?to=%2Fportal%2Fquery\""), "{form}");
    let (begun, address) = begin(&house).await;
    assert_eq!(part(&address, "redirect"), "http://lazaretto.test/portal/sign-in/corp/callback");
    let (state, nonce, verifier) =
        (part(&address, "state"), part(&address, "nonce"), part(&address, "verifier"));
    // Each is a secret of its own, of 256 bits.
    assert!([&state, &nonce, &verifier].iter().all(|secret| secret.len() == 43));
    assert!(state != nonce && nonce != verifier);
    let (_, second) = begin(&house).await;
    assert_ne!(part(&second, "state"), state);
    let back = format!("/portal/sign-in/corp/callback?state={state}&code={nonce}security-reader");
    for cookie in [None, Some("lazaretto-sign-in=forged"), Some("lazaretto-session=x")] {
        assert_eq!(house.get(&back, cookie).await.status, StatusCode::BAD_REQUEST, "{cookie:?}");
    }
    let cookie = begun.cookie.unwrap();
    assert!(begun.cookies[0].contains("SameSite=Lax") && begun.cookies[0].contains("Path=/portal/sign-in;"));
    let done = house.get(&back, Some(&cookie)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(done.refresh.as_deref(), Some("0; url=/portal/query"));
    let session = done.cookies[0].split(';').next().unwrap();
    assert!(done.cookies[0].contains("SameSite=Strict"));
    let page = house.get("/portal/", Some(session)).await;
    assert!(page.body.contains("security-reader"), "{}", page.body);
    assert_eq!(house.get(&back, Some(&cookie)).await.status, StatusCode::BAD_REQUEST, "a state is used once");
    let out = house.send_form("/portal/sign-out", "", None, Some(session)).await;
    assert!(out.body.contains("https://login.example.com/leave"), "{}", out.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_says_against_somebody_is_shown() {
    let house = House::new().await;
    let (begun, address) = begin(&house).await;
    let (cookie, state) = (begun.cookie.unwrap(), part(&address, "state"));
    let back = |rest: &str| format!("/portal/sign-in/corp/callback?state={state}&{rest}");
    for (rest, status, text) in [
        ("error=access_denied&error_description=%3Cscript%3E", 403, "access_denied: &lt;script&gt;"),
        ("code=", 403, "it sent no code"),
        ("code=wrong", 403, "Example Corporation did not sign you in: no"),
        ("code=wrong&iss=https://evil.example.com", 400, "not begun in this browser"),
    ] {
        let answer = house.get(&back(rest), Some(&cookie)).await;
        assert_eq!(answer.status.as_u16(), status, "{rest}");
        assert!(answer.body.contains(text), "{rest}: {}", answer.body);
        assert!(answer.cookie.is_none(), "{rest}");
    }
    assert_eq!(house.get("/portal/sign-in/other", None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_gets_a_code_when_its_person_agrees() {
    let house = House::new().await;
    let page = |mode| format!("/portal/authorize?request={}", sealed_request(mode));
    let led = house.get(&page(ResponseMode::FormPost), None).await;
    assert_eq!(led.status, StatusCode::SEE_OTHER);
    assert!(led.location.unwrap().starts_with("/portal/sign-in?to=%2Fportal%2Fauthorize%3Frequest%3D"));
    let session = house.sign_in("security-reader").await;
    let asked = house.get(&page(ResponseMode::FormPost), Some(&session)).await;
    assert_eq!(asked.status, StatusCode::OK);
    for part in ["Azure &lt;CLI&gt;", "http://localhost:8400", "Continue as security-reader", "access_denied"]
    {
        assert!(asked.body.contains(part), "{part} is not in {}", asked.body);
    }
    assert!(asked.policy.contains("form-action 'self' http://localhost:8400;"), "{}", asked.policy);
    let code = asked.body.split("name=\"code\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let key = GrantedCode::key(&seal(), code);
    let kept = house.store.transient(GrantedCode::KIND, &key, Timestamp::now()).await.unwrap().unwrap();
    let granted: GrantedCode = serde_json::from_value(kept.body).unwrap();
    assert_eq!((granted.request.client.as_str(), granted.generation), ("az", 0));
    let query = house.get(&page(ResponseMode::Query), Some(&session)).await.body;
    assert!(query.contains("href=\"http://localhost:8400/back?x=1&amp;code="), "{query}");
    assert!(query.contains("&amp;state=a%20state"), "{query}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_request_that_was_checked_is_shown() {
    let house = House::new().await;
    let session = house.sign_in("security-reader").await;
    let old = Timestamp::now() - jiff::SignedDuration::from_mins(31);
    let sealed = sealed_request(ResponseMode::Query);
    let request = PendingRequest::open(&sealed, &seal(), Timestamp::now()).unwrap();
    let old = PendingRequest::new(request, old).seal(&seal()).unwrap();
    for request in ["", "x", &old, &sealed[1..], &format!("{sealed}x")] {
        let answer = house.get(&format!("/portal/authorize?request={request}"), Some(&session)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{request}");
        assert!(!answer.body.contains("localhost"), "{}", answer.body);
    }
}
