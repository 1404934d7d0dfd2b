//! Signing in at a provider, as a browser does it; and providers, and browsers, that mean no good.

mod corporation;

use crate::harness::Server;
use corporation::{CLIENT, Corporation, Quirk, SECRET};
use reqwest::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Method, Response};
use serde_json::json;
use server::Overrides;
use std::collections::BTreeMap;

const BEGIN: &str = "/portal/sign-in/corp";
const RULES: &str = "
    rules = [
        { claim = 'groups', value = 'security', role = 'Security Reader', scope = '/' },
        { claim = 'groups', value = 'owners', account = 'admin' },
        { claim = 'groups', value = 'guests' },
    ]";

async fn server(provider: &Corporation, more: &str) -> Server {
    let text = format!(
        "[[identity-providers]]
        name = 'corp'
        title = 'Example Corporation'
        issuer = '{}'
        client-id = '{CLIENT}'
        client-secret = '{SECRET}'
        {more}",
        provider.url
    );
    let overrides: Overrides = toml::from_str(&text).unwrap();
    Server::with(Overrides { outbound_allow: Some(vec!["127.0.0.0/8".into()]), ..overrides }).await
}

/// As much of a browser as a sign-in needs: it keeps cookies, and goes where it is sent when it is told to.
struct Browser<'s> {
    server: &'s Server,
    cookies: BTreeMap<String, String>,
}

impl<'s> Browser<'s> {
    fn new(server: &'s Server) -> Self {
        Self { server, cookies: BTreeMap::new() }
    }

    async fn go(&mut self, method: Method, path: &str) -> Response {
        let url = if path.starts_with('/') { format!("{}{path}", self.server.url) } else { path.to_owned() };
        let mut request = self.server.http.request(method.clone(), &url);
        if url.starts_with(&self.server.url) {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        if method == Method::POST {
            request = request.header(ORIGIN, &self.server.url);
        }
        let response = request.send().await.unwrap();
        self.keep(response.headers());
        response
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let (pair, rest) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(rest.contains("HttpOnly"), "{rest}");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    async fn get(&mut self, path: &str) -> Response {
        self.go(Method::GET, path).await
    }

    /// To the provider and back, up to the address that it sends the browser to.
    async fn callback(&mut self, begin: &str) -> String {
        let there = location(&self.get(begin).await);
        let back = self.get(&there).await;
        location(&back)
    }

    /// The whole way. The last answer.
    async fn sign_in(&mut self, begin: &str) -> Response {
        let callback = self.callback(begin).await;
        self.get(&callback).await
    }
}

fn location(response: &Response) -> String {
    assert_eq!(response.status(), 303, "{:?}", response.headers());
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

async fn refused(response: Response, status: u16, part: &str) {
    let found = response.status();
    assert!(
        !response.headers().get_all(SET_COOKIE).iter().any(|one| one.to_str().unwrap().contains("session="))
    );
    let text = response.text().await.unwrap();
    assert!(found == status && text.contains(part), "{found}, where {status} and {part:?} belong: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whom_a_provider_knows_signs_in_and_out() {
    let provider = Corporation::start().await;
    let server = server(&provider, RULES).await;
    let mut browser = Browser::new(&server);
    let form = browser.get("/portal/sign-in?to=/portal/query").await.text().await.unwrap();
    assert!(form.contains("Sign in with Example Corporation"), "{form}");
    let answer = browser.sign_in(&format!("{BEGIN}?to=/portal/query")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["refresh"], "0; url=/portal/query");
    assert!(answer.text().await.unwrap().contains("jane#corp"));
    let page = browser.get("/portal/").await;
    assert_eq!(page.status(), 200, "the rule gives Security Reader");
    assert!(page.text().await.unwrap().contains("jane#corp"));
    // The account is there for everything else that roles are given by.
    let users = server.as_user("admin", Method::GET, "/graph/v1.0/users").send().await.unwrap();
    assert!(users.text().await.unwrap().contains("jane#corp"));
    let session = browser.cookies["lazaretto-session"].clone();
    let gone = browser.go(Method::POST, "/portal/sign-out").await.text().await.unwrap();
    assert!(gone.contains(&format!("{}/leave?client_id={CLIENT}", provider.url)), "{gone}");
    // A session that was ended is over for whoever has kept its cookie.
    browser.cookies.insert("lazaretto-session".into(), session);
    assert_eq!(location(&browser.get("/portal/").await), "/portal/sign-in");
    assert_eq!(provider.document_fetches(), 1, "the document is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_say_who_somebody_is_and_whether_they_come_in() {
    let provider = Corporation::start().await;
    let server = server(&provider, RULES).await;
    provider.says(json!({ "sub": "1", "preferred_username": "admin", "groups": ["dev"] }));
    let answer = Browser::new(&server).sign_in(BEGIN).await;
    refused(answer, 403, "no rule of this server lets you in").await;
    provider.says(json!({ "sub": "1", "preferred_username": "admin", "groups": ["guests"] }));
    let mut guest = Browser::new(&server);
    let text = guest.sign_in(BEGIN).await.text().await.unwrap();
    assert!(text.contains("admin#corp"), "nobody becomes the owner by their name: {text}");
    assert_eq!(guest.get("/portal/").await.status(), 403, "nobody has given the guest a role");
    provider.says(json!({ "sub": "2", "groups": ["owners"] }));
    let mut owner = Browser::new(&server);
    owner.sign_in(BEGIN).await;
    assert!(owner.get("/portal/").await.text().await.unwrap().contains(">admin<"));
    // Whoever administers the directory locks somebody out, at the provider or not.
    let user = server.as_user("admin", Method::PATCH, "/graph/v1.0/users/admin%23corp");
    let disabled = user.json(&json!({ "accountEnabled": false })).send().await.unwrap();
    assert_eq!(disabled.status(), 204);
    assert_eq!(guest.get("/portal/").await.status(), 303);
    provider.says(json!({ "sub": "1", "preferred_username": "admin", "groups": ["guests"] }));
    refused(guest.sign_in(BEGIN).await, 403, "disabled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_lies_lets_nobody_in() {
    let provider = Corporation::start().await;
    for (quirk, status, part) in [
        (Quirk::ForeignIssuer, 403, "cannot be trusted: the token was issued by"),
        (Quirk::ForeignAudience, 403, "cannot be trusted: the token is meant for"),
        (Quirk::ForeignNonce, 403, "not made for this sign-in"),
        (Quirk::Expired, 403, "expired"),
        (Quirk::Unsigned, 403, "cannot be trusted"),
        (Quirk::Confused, 403, "algorithm that is not accepted"),
        (Quirk::OwnKey, 403, "signature"),
        (Quirk::NoToken, 403, "without an identity token"),
        (Quirk::MovedToken, 403, "answered 303"),
        (Quirk::HugeToken, 502, "sent more than"),
    ] {
        // A server of its own: after some failures an address has to wait.
        let server = server(&provider, RULES).await;
        provider.behaves(quirk);
        let answer = Browser::new(&server).sign_in(BEGIN).await;
        refused(answer, status, part).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_used_says_why() {
    let provider = Corporation::start().await;
    for (quirk, part) in [
        (Quirk::ForeignDocument, "not of the issuer that is configured"),
        (Quirk::UnprotectedEndpoints, "without TLS"),
        (Quirk::HugeDocument, "sent more than 524288 bytes"),
        (Quirk::MovedDocument, "answered with 307"),
    ] {
        let server = server(&provider, RULES).await;
        provider.behaves(quirk);
        refused(Browser::new(&server).get(BEGIN).await, 502, part).await;
        provider.behaves(Quirk::None);
        assert_eq!(Browser::new(&server).get(BEGIN).await.status(), 303, "a fault is not kept");
    }
    let server = server(&provider, RULES).await;
    provider.behaves(Quirk::HugeKeys);
    refused(Browser::new(&server).sign_in(BEGIN).await, 502, "sent more than 524288 bytes").await;
    refused(Browser::new(&server).get("/portal/sign-in/other").await, 404, "no such sign-in provider").await;
    let closed = Corporation::start().await;
    let guarded = {
        let text = format!(
            "[[identity-providers]]\nname = 'corp'\nissuer = '{}'\nclient-id = 'x'\n{RULES}",
            closed.url
        );
        Server::with(toml::from_str(&text).unwrap()).await
    };
    refused(Browser::new(&guarded).get(BEGIN).await, 502, "outbound-allow").await;
    assert_eq!(closed.document_fetches(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_change_and_are_not_fetched_with_every_token() {
    let provider = Corporation::start().await;
    let server = server(&provider, RULES).await;
    for _ in 0..3 {
        assert_eq!(Browser::new(&server).sign_in(BEGIN).await.status(), 200);
    }
    assert_eq!(provider.key_fetches(), 1, "they are kept");
    // So soon after, another key is not looked for: otherwise every forged token had the keys fetched.
    provider.changes_its_key("second");
    for _ in 0..2 {
        refused(Browser::new(&server).sign_in(BEGIN).await, 403, "not known here").await;
    }
    assert_eq!(provider.key_fetches(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_belongs_to_one_browser_and_one_time() {
    let provider = Corporation::start().await;
    let server = server(&provider, RULES).await;
    let over = "not begun in this browser";
    // An attacker's code in the victim's browser: nothing began there, or something else did.
    let mut attacker = Browser::new(&server);
    let stolen = attacker.callback(BEGIN).await;
    let mut victim = Browser::new(&server);
    refused(victim.get(&stolen).await, 400, over).await;
    victim.get(BEGIN).await;
    refused(victim.get(&stolen).await, 400, over).await;
    // The same state once more, with the cookie that a browser should have forgotten.
    let mut browser = Browser::new(&server);
    let callback = browser.callback(BEGIN).await;
    let kept = browser.cookies["lazaretto-sign-in"].clone();
    assert_eq!(browser.get(&callback).await.status(), 200);
    refused(browser.get(&callback).await, 400, over).await;
    browser.cookies = BTreeMap::from([("lazaretto-sign-in".to_owned(), kept.clone())]);
    refused(browser.get(&callback).await, 403, "the code was used").await;
    // Even with a new code, which the provider made for the same request.
    let mut again = Browser::new(&server);
    let there = location(&again.get(BEGIN).await);
    let (first, second) = (again.get(&there).await, again.get(&there).await);
    let kept = again.cookies["lazaretto-sign-in"].clone();
    assert_eq!(again.get(&location(&first)).await.status(), 200);
    again.cookies = BTreeMap::from([("lazaretto-sign-in".to_owned(), kept)]);
    refused(again.get(&location(&second)).await, 400, over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_way_back_leads_nowhere() {
    let provider = Corporation::start().await;
    let server = server(&provider, RULES).await;
    let over = "not begun in this browser";
    let mut browser = Browser::new(&server);
    let callback = browser.callback(BEGIN).await;
    let with = |from: &str, to: &str| {
        assert!(callback.contains(from), "{callback}");
        callback.replace(from, to)
    };
    for changed in [
        with("state=", "state=x"),
        with("&state=", "&other="),
        with("iss=http", "iss=https"),
        with("&iss=", "&other="),
        with("/corp/", "/other/"),
    ] {
        refused(browser.get(&changed).await, 400, over).await;
    }
    refused(browser.get(&with("code=", "other=")).await, 403, "it sent no code").await;
    let denied = with("code=", "error=access_denied&error_description=%3Cb%3Eno%3C/b%3E&other=");
    refused(browser.get(&denied).await, 403, "access_denied: &lt;b&gt;no&lt;/b&gt;").await;
    // Where to go afterwards is ours alone.
    for to in ["https://evil.example", "//evil.example", "/\\evil.example", "/portal/..//evil.example"] {
        let mut browser = Browser::new(&server);
        let answer = browser.sign_in(&format!("{BEGIN}?to={to}")).await;
        assert_eq!(answer.headers()["refresh"], "0; url=/portal/", "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_often_has_to_wait() {
    let provider = Corporation::start().await;
    let server = server(&provider, RULES).await;
    provider.behaves(Quirk::ForeignNonce);
    // Some failures are free; then the waits grow, however slow this machine is.
    for number in 0.. {
        let status = Browser::new(&server).sign_in(BEGIN).await.status().as_u16();
        if status == 429 {
            assert!(number >= 5, "{number}");
            break;
        }
        assert!(status == 403 && number < 20, "{status} {number}");
    }
}
