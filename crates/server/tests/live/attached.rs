//! Attached registries: another one of ours, and one that does as it is told.

use crate::harness::{INDEX, MANIFEST, PASSWORD, Server, descriptor};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use oci::Digest;
use reqwest::Method;
use serde_json::{Value, json};
use server::Overrides;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store::{PageRequest, RegistryId, RepositoryKey};

const SECRET: &str = "a-secret-of-some-length";

/// Attaches a registry as `hub`.
async fn attach(server: &Server, body: Value) -> (u16, Value) {
    let request = server.as_user("admin", Method::PUT, "/api/attached/hub").json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn wanted(address: &str, repositories: &[&str]) -> Value {
    json!({ "address": address, "repositories": repositories, "secret": SECRET })
}

/// Waits until what is said of `hub` is as it should be.
async fn until(server: &Server, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let view = server.json("/api/attached/hub").await;
        if is_so(&view) {
            return view;
        }
        assert!(Instant::now() < end, "{what}: {view:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// When a repository was last looked at, whatever came of it.
fn looked_at(view: &Value, repository: &str) -> Option<Timestamp> {
    let all = view["seen"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = all.iter().find(|one| one["repository"] == repository)?;
    let moments = [&one["seenAt"], &one["failure"]["at"]];
    moments.into_iter().filter_map(|moment| moment.as_str()?.parse().ok()).max()
}

/// Looks at `hub` now, and waits until a repository was looked at.
async fn look(server: &Server, repository: &str) -> Value {
    let before = looked_at(&server.json("/api/attached/hub").await, repository);
    let answer = server.as_user("admin", Method::POST, "/api/attached/hub/poll").send().await.unwrap();
    assert_eq!(answer.status(), 202);
    until(server, "a look", |view| looked_at(view, repository) > before).await
}

async fn hub(server: &Server) -> RegistryId {
    server.store.attachment_by_name("hub").await.unwrap().unwrap().registry.id
}

/// The tags of a repository as they are known here.
async fn tags(server: &Server, repository: &str) -> Vec<String> {
    let key = RepositoryKey { registry: hub(server).await, name: repository.parse().unwrap() };
    let page = server.store.tags(&key, PageRequest::first(100)).await.unwrap();
    page.items.iter().map(|tagged| format!("{}={}", tagged.tag, tagged.digest)).collect()
}

async fn manifests(server: &Server, repository: &str) -> usize {
    let key = RepositoryKey { registry: hub(server).await, name: repository.parse().unwrap() };
    let page = store::Manifests::manifests(&*server.store, &key, PageRequest::first(100)).await.unwrap();
    page.items.len()
}

async fn status(server: &Server, path: &str) -> u16 {
    server.get(path).await.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn images_elsewhere_are_known_and_cannot_be_had() {
    let (there, here) = (Server::start().await, Server::start().await);
    let image = there.image("team/app", b"a layer").await;
    let child = there.put_manifest("team/app", "amd64", MANIFEST, &image).await;
    let children = [descriptor(MANIFEST, image.to_string().as_bytes())];
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children });
    let digest = there.put_manifest("team/app", "1.0", INDEX, &index).await;
    there.push_image("other/app", "1.0", b"another layer").await;
    let mut body = wanted(there.host(), &["team/*"]);
    body["user"] = "admin".into();
    body["password"] = PASSWORD.into();
    let (code, view) = attach(&here, body).await;
    assert_eq!((code, &view["hasCredentials"]), (201, &json!(true)), "{view}");
    assert!(!view.to_string().contains(PASSWORD) && !view.to_string().contains(SECRET), "{view}");
    let seen = until(&here, "seen", |view| looked_at(view, "team/app").is_some()).await;
    assert_eq!((&seen["state"], seen["seen"].as_array().unwrap().len()), (&json!("Seen"), 1), "{seen}");
    assert_eq!(tags(&here, "team/app").await, [format!("1.0={digest}"), format!("amd64={child}")]);

    let image = here.json("/api/images/hub/team/app:1.0").await;
    assert_eq!(image["digest"], digest.to_string());
    assert_eq!((&image["registry"], &image["repository"]), (&json!("hub"), &json!("team/app")));
    assert_eq!(image["external"]["host"], there.host());
    assert_eq!(image["external"]["reference"], format!("hub/team/app@{digest}"));
    assert!(image["external"]["seenAt"].is_string() && image["external"]["failure"].is_null(), "{image}");
    let events = here.json("/api/events?kind=registry-attached,manifest-pushed").await;
    let events = events["value"].as_array().unwrap();
    assert!(events.iter().all(|event| event["registry"] == "hub"), "{events:?}");
    assert_eq!(events[0]["actor"], "admin");
    assert_eq!(events.last().unwrap()["actor"], "attached registry hub");

    // Nothing of it can be had here, by whatever name.
    for path in [
        "team/app/manifests/1.0",
        "hub/team/app/manifests/1.0",
        &format!("team/app/manifests/{digest}"),
        &format!("hub/team/app/blobs/{}", Digest::of_sha256(b"a layer")),
        "hub/team/app/tags/list",
        &format!("team/app/referrers/{digest}"),
    ] {
        let code = status(&here, &format!("/v2/{path}")).await;
        // Referrers of what is absent are an empty list.
        assert!(code == 404 || path.contains("referrers"), "{path}: {code}");
    }
    let at_host =
        here.as_user("admin", Method::GET, "/v2/team/app/manifests/1.0").header("host", "hub.localhost");
    assert_eq!(at_host.send().await.unwrap().status(), 404);
    assert_eq!(here.json("/v2/_catalog").await["repositories"], json!([]));
    let layer = Digest::of_sha256(b"a layer");
    let mount = format!("/v2/own/blobs/uploads/?mount={layer}&from=hub/team/app");
    let mounted = here.as_user("admin", Method::POST, &mount).send().await.unwrap();
    assert_eq!(mounted.status(), 202, "an upload begins, since nothing can be mounted");
    assert!(!here.store.blob_is_linked(&layer).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_or_goes_there_moves_or_goes_here() {
    let (there, here) = (Server::start().await, Server::start().await);
    let first = there.push_image("app", "latest", b"one").await;
    there.push_image("app", "old", b"old").await;
    there.push_image("gone", "1", b"gone").await;
    let mut body = wanted(there.host(), &["*"]);
    body["user"] = "admin".into();
    body["password"] = PASSWORD.into();
    attach(&here, body.clone()).await;
    until(&here, "seen", |view| looked_at(view, "app").is_some() && looked_at(view, "gone").is_some()).await;
    assert_eq!((tags(&here, "app").await.len(), manifests(&here, "app").await), (2, 2));
    assert_eq!(status(&here, "/api/images/hub/gone:1").await, 200);

    let second = there.push_image("app", "latest", b"two").await;
    let delete = async |path: &str| {
        let answer = there.as_user("admin", Method::DELETE, path).send().await.unwrap();
        assert_eq!(answer.status(), 202, "{path}");
    };
    delete("/v2/app/manifests/old").await;
    delete("/acr/v1/gone").await;
    look(&here, "app").await;
    assert_eq!(tags(&here, "app").await, [format!("latest={second}")]);
    assert_eq!(manifests(&here, "app").await, 1, "what no tag leads to is gone: {first}");
    until(&here, "gone", |view| looked_at(view, "gone").is_none()).await;
    assert_eq!(status(&here, "/api/images/hub/gone:1").await, 404);

    // What is wanted no longer goes as well.
    body["repositories"] = json!(["other"]);
    assert_eq!(attach(&here, body).await.0, 200);
    until(&here, "narrowed", |view| looked_at(view, "app").is_none()).await;
    assert_eq!(manifests(&here, "app").await, 0);
    let detached = here.as_user("admin", Method::DELETE, "/api/attached/hub").send().await.unwrap();
    assert_eq!(detached.status(), 204);
    assert_eq!(status(&here, "/api/attached/hub").await, 404);
}

/// A registry that remembers what it was asked, and answers as it is told.
#[derive(Clone, Default)]
struct Puppet(Arc<Mutex<Strings>>);

#[derive(Default)]
struct Strings {
    heard: Vec<String>,
    /// Tags of `team/app`, and what they point to.
    tags: BTreeMap<String, String>,
    /// What every request is answered with instead.
    refusal: Option<u16>,
    /// Whether the catalog is refused.
    hides_catalog: bool,
}

impl Puppet {
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        host
    }

    fn pull(&self, strings: impl FnOnce(&mut Strings)) {
        strings(&mut self.0.lock().unwrap());
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().heard)
    }
}

/// An artifact whose content is its name: nothing else of it is ever asked for.
fn artifact(name: &str) -> String {
    let blob = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": Digest::of_sha256(b"{}"), "size": 2 });
    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/x-test", "config": blob,
            "layers": [blob], "annotations": {"name": name} })
    .to_string()
}

async fn answer(State(puppet): State<Puppet>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let known = request.headers().get("if-none-match").map(|value| value.to_str().unwrap().to_owned());
    let mut strings = puppet.0.lock().unwrap();
    strings.heard.push(format!("{method} {path}{}", known.as_ref().map_or("", |_| " known")));
    if let Some(status) = strings.refusal {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if path == "/v2/_catalog" {
        if strings.hides_catalog {
            return StatusCode::FORBIDDEN.into_response();
        }
        // Pages, as registries have them.
        let (names, link) = match request.uri().query().is_some_and(|query| query.contains("last=")) {
            true => (json!(["team/app", "Not/A/Name"]), None),
            false => (json!(["other/app"]), Some("</v2/_catalog?last=other/app&n=1>; rel=\"next\"")),
        };
        let body = json!({ "repositories": names }).to_string();
        return match link {
            Some(link) => ([("link", link)], body).into_response(),
            None => body.into_response(),
        };
    }
    if path == "/v2/team/app/tags/list" {
        let tags: Vec<&String> = strings.tags.keys().collect();
        return json!({ "name": "team/app", "tags": tags }).to_string().into_response();
    }
    let Some(reference) = path.strip_prefix("/v2/team/app/manifests/") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let by_digest =
        strings.tags.values().find(|text| Digest::of_sha256(text.as_bytes()).to_string() == reference);
    let Some(text) = strings.tags.get(reference).or(by_digest) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let digest = Digest::of_sha256(text.as_bytes());
    if known == Some(format!("\"{digest}\"")) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let headers = [("content-type", MANIFEST.to_owned()), ("docker-content-digest", digest.to_string())];
    let body = if method == Method::HEAD { Body::empty() } else { Body::from(text.clone()) };
    (headers, body).into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_stays_costs_one_conditional_head() {
    let (puppet, here) = (Puppet::default(), Server::start().await);
    puppet.pull(|strings| strings.tags = ["1", "2"].map(|tag| (tag.to_owned(), artifact(tag))).into());
    attach(&here, wanted(&puppet.serve().await, &["team/*"])).await;
    until(&here, "seen", |view| looked_at(view, "team/app").is_some()).await;
    let count = |heard: &[String], what: &str| heard.iter().filter(|line| line.starts_with(what)).count();
    let heard = puppet.heard();
    assert_eq!(count(&heard, "GET /v2/_catalog"), 2, "{heard:?}");
    assert_eq!(count(&heard, "HEAD /v2/team/app/manifests/"), 2, "{heard:?}");
    assert_eq!(count(&heard, "GET /v2/team/app/manifests/sha256:"), 2, "{heard:?}");
    puppet.pull(|strings| drop(strings.tags.insert("3".into(), artifact("1"))));
    look(&here, "team/app").await;
    let heard = puppet.heard();
    let heads: Vec<&String> = heard.iter().filter(|line| line.starts_with("HEAD")).collect();
    assert_eq!(heads.iter().filter(|line| line.ends_with(" known")).count(), 2, "{heard:?}");
    assert_eq!(count(&heard, "GET /v2/team/app/manifests/"), 1, "only what is new: {heard:?}");
    look(&here, "team/app").await;
    assert_eq!(count(&puppet.heard(), "GET /v2/team/app/manifests/"), 0);
    assert_eq!((tags(&here, "team/app").await.len(), manifests(&here, "team/app").await), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_refuses_leaves_what_was_seen_and_it_says_so() {
    let (puppet, here) = (Puppet::default(), Server::start().await);
    puppet.pull(|strings| drop(strings.tags.insert("1".into(), artifact("1"))));
    attach(&here, wanted(&puppet.serve().await, &["team/app"])).await;
    let seen = until(&here, "seen", |view| looked_at(view, "team/app").is_some()).await;
    let when = seen["seen"][0]["seenAt"].clone();
    puppet.pull(|strings| strings.refusal = Some(403));
    let view = look(&here, "team/app").await;
    assert_eq!(view["seen"][0]["seenAt"], when);
    assert!(
        view["seen"][0]["failure"]["description"].as_str().unwrap().contains("wants a sign-in"),
        "{view}"
    );
    let image = here.json("/api/images/hub/team/app:1").await;
    assert_eq!(image["external"]["seenAt"], when);
    assert!(image["external"]["failure"]["description"].is_string(), "{image}");
    puppet.pull(|strings| strings.refusal = None);
    let view = look(&here, "team/app").await;
    assert!(view["seen"][0]["failure"].is_null() && view["seen"][0]["seenAt"] != when, "{view}");
    // What a tag points to cannot be read any more: what it pointed to before may not stand for it.
    puppet.pull(|strings| drop(strings.tags.insert("1".into(), "no manifest".into())));
    let view = look(&here, "team/app").await;
    let why = view["seen"][0]["failure"]["description"].as_str().unwrap();
    assert!(why.starts_with("tags that cannot be read: 1: "), "{view}");
    assert_eq!(tags(&here, "team/app").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_catalog_named_repositories_are_looked_at() {
    let (puppet, here) = (Puppet::default(), Server::start().await);
    puppet.pull(|strings| {
        strings.tags.insert("1".into(), artifact("1"));
        strings.hides_catalog = true;
    });
    attach(&here, wanted(&puppet.serve().await, &["team/app", "more/*"])).await;
    until(&here, "seen", |view| looked_at(view, "team/app").is_some()).await;
    let view = until(&here, "told", |view| view["state"] == "Unseen").await;
    let why = view["failure"]["description"].as_str().unwrap();
    assert!(why.contains("list of repositories cannot be had"), "{why}");
    assert_eq!(tags(&here, "team/app").await.len(), 1);
}

async fn notify(here: &Server, name: &str, authorization: &str, body: Vec<u8>) -> (u16, Value) {
    let request = here.request(Method::POST, &format!("/api/notifications/{name}"));
    let request = request.header("authorization", authorization).header("content-type", "application/json");
    let answer = request.body(body).send().await.unwrap();
    let code = answer.status().as_u16();
    (code, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_leads_to_a_look_and_to_nothing_else() {
    let (puppet, here) = (Puppet::default(), Server::start().await);
    attach(&here, wanted(&puppet.serve().await, &["team/app"])).await;
    until(&here, "seen", |view| looked_at(view, "team/app").is_some()).await;
    puppet.pull(|strings| drop(strings.tags.insert("1".into(), artifact("1"))));
    let bearer = format!("Bearer {SECRET}");
    let pushed = |repository: &str, tag: &str| {
        json!({ "action": "push", "target": { "repository": repository, "tag": tag } })
            .to_string()
            .into_bytes()
    };
    puppet.heard();
    // Twice is as good as once.
    for _ in 0..2 {
        assert_eq!(
            notify(&here, "hub", &bearer, pushed("team/app", "1")).await,
            (202, json!({ "looks": 1 }))
        );
    }
    let end = Instant::now() + Duration::from_secs(60);
    while tags(&here, "team/app").await.len() != 1 {
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let heard = puppet.heard();
    assert!(heard.iter().all(|line| line.contains("/manifests/")), "only the tag is asked for: {heard:?}");
    // What it says is not believed: the tag is still there.
    let lie = json!({ "action": "delete", "target": { "repository": "team/app", "tag": "1" } });
    assert_eq!(notify(&here, "hub", &bearer, lie.to_string().into_bytes()).await.0, 202);
    look(&here, "team/app").await;
    assert_eq!(tags(&here, "team/app").await.len(), 1);
    // What nobody wants to be looked at is none of its business.
    for other in ["other/app", "team/app2", "..", "TEAM/APP"] {
        assert_eq!(notify(&here, "hub", &bearer, pushed(other, "1")).await, (202, json!({ "looks": 0 })));
    }
    for (name, authorization) in [
        ("hub", "Bearer wrong"),
        ("hub", ""),
        ("nowhere", &*bearer),
        ("hub", "Bearer"),
        ("lazaretto", &*bearer),
    ] {
        assert_eq!(
            notify(&here, name, authorization, pushed("team/app", "1")).await.0,
            401,
            "{name} {authorization}"
        );
    }
    assert_eq!(notify(&here, "hub", &bearer, b"no json".to_vec()).await.0, 400);
    assert_eq!(notify(&here, "hub", &bearer, b"{}".to_vec()).await.0, 400);
    let mut huge = pushed("team/app", "1");
    huge.resize(2 << 20, b' ');
    // The rest of it is not read, and the connection ends: by a client of its own, so that no other request is on it.
    let alone = reqwest::Client::new().post(format!("{}/api/notifications/hub", here.url));
    let alone = alone.header("authorization", &bearer).header("content-type", "application/json");
    let refused = alone.body(huge).send().await;
    assert_eq!(refused.unwrap().status(), 413);
    // Another secret makes the one before void.
    let renewed = here.as_user("admin", Method::POST, "/api/attached/hub/secret").send().await.unwrap();
    let renewed: Value = renewed.json().await.unwrap();
    assert_eq!(notify(&here, "hub", &bearer, pushed("team/app", "1")).await.0, 401);
    let bearer = format!("Bearer {}", renewed["secret"].as_str().unwrap());
    assert_eq!(notify(&here, "hub", &bearer, pushed("team/app", "1")).await.0, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_private_network_is_reached_unless_it_is_allowed() {
    let puppet = Puppet::default();
    let host = puppet.serve().await;
    let here = Server::with(Overrides::default()).await;
    for address in [&*host, "http://169.254.169.254", "[::1]:5000", "http://2130706433"] {
        let (code, refusal) = attach(&here, wanted(address, &["team/app"])).await;
        assert_eq!(code, 400, "{address}");
        assert!(refusal.to_string().contains("outbound-allow"), "{address}: {refusal}");
    }
    // A name is looked at when it is resolved.
    let port = host.rsplit_once(':').unwrap().1;
    assert_eq!(attach(&here, wanted(&format!("localhost:{port}"), &["team/app"])).await.0, 201);
    let view = until(&here, "refused", |view| looked_at(view, "team/app").is_some()).await;
    assert!(view["seen"][0]["failure"]["description"].as_str().unwrap().contains("outbound-allow"), "{view}");
    assert_eq!(puppet.heard(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_stay_with_their_host_and_wishes_are_checked() {
    let here = Server::start().await;
    let mut body = wanted("127.0.0.1:1", &["a"]);
    body["user"] = "reader".into();
    body["password"] = "pass-word".into();
    assert_eq!(attach(&here, body).await.0, 201);
    let same = attach(&here, wanted("127.0.0.1:1", &["a", "b"])).await.1;
    assert_eq!(same["hasCredentials"], true);
    let moved = attach(&here, wanted("127.0.0.1:2", &["a"])).await.1;
    assert_eq!(moved["hasCredentials"], false, "they are not shown to another");
    for (wrong, why) in [
        (json!({ "address": "127.0.0.1:1", "repositories": [] }), "repositories"),
        (json!({ "address": "127.0.0.1:1", "repositories": ["A"] }), "no pattern"),
        (json!({ "address": "ftp://h", "repositories": ["a"] }), "no name"),
        (json!({ "address": "h/x", "repositories": ["a"] }), "no name"),
        (json!({ "address": "127.0.0.1:1", "repositories": ["a"], "pollSeconds": 5 }), "60 to"),
        (json!({ "address": "127.0.0.1:1", "repositories": ["a"], "secret": "short" }), "secret"),
        (json!({ "address": "127.0.0.1:1", "repositories": ["a"], "user": "u" }), "password"),
        (json!({ "address": "127.0.0.1:1", "repositories": ["a"], "more": 1 }), "more"),
    ] {
        let (code, refusal) = attach(&here, wrong.clone()).await;
        assert_eq!(code, 400, "{wrong}");
        assert!(refusal.to_string().contains(why), "{wrong}: {refusal}");
    }
    let names = [("Hub", 400), ("lazaretto", 409)];
    for (name, expected) in names {
        let request = here.as_user("admin", Method::PUT, &format!("/api/attached/{name}"));
        let answer = request.json(&wanted("127.0.0.1:1", &["a"])).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{name}");
    }
    // Azure's clients see none of it among the registries.
    here.account("reader", Some(access::RoleId::READER)).await;
    let read = here.as_user("reader", Method::GET, "/api/attached/hub").send().await.unwrap();
    assert_eq!(read.status(), 200);
    for (method, path) in [
        (Method::DELETE, "/api/attached/hub"),
        (Method::POST, "/api/attached/hub/poll"),
        (Method::POST, "/api/attached/hub/secret"),
    ] {
        let answer = here.as_user("reader", method.clone(), path).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{method} {path}");
    }
}
