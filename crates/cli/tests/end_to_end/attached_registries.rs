//! Attached registries from outside: another `serve`, and Debian's `docker-registry` with its notifications pointed at us.

use crate::explain::import_again;
use crate::states::import;
use crate::support::distribution::{Distribution, NOT_INSTALLED};
use crate::support::feeds::{FeedServer, Served};
use crate::support::image::{Image, alpine, layer};
use crate::support::process::skipped;
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server, binary};
use reqwest::Client;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use store::testing::Berth;

const OPEN: [&str; 2] = ["--outbound-allow", "127.0.0.0/8"];

/// Attaches a registry, with the owner's password of all tests where somebody signs in there. Returns what was said.
fn attach(here: &Server, name: &str, address: &str, patterns: &str, user: Option<&str>) -> String {
    let mut command = Command::new(binary());
    command.args(["attached", "put", name, address, "--repository", patterns]);
    if let Some(user) = user {
        command.args(["--as", user]);
    }
    let mut child = command
        .env("LAZARETTO_SERVER", &here.url)
        .env("LAZARETTO_USER", "admin")
        .env("LAZARETTO_PASSWORD", PASSWORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains(PASSWORD), "{said}");
    said
}

/// Waits until something is so.
async fn until<T>(what: &str, found: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = found().await {
            return found;
        }
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// An image of our own API, if there is one.
async fn image(here: &Server, reference: &str) -> Option<Value> {
    api(here, &format!("/api/images/{reference}")).await
}

/// The answer of our own API, if it has one.
async fn api(here: &Server, path: &str) -> Option<Value> {
    let request = Client::new().get(format!("{}{path}", here.url));
    let answer = request.basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
    if answer.status().is_success() { Some(answer.json().await.unwrap()) } else { None }
}

async fn in_state(here: &Server, reference: &str, state: &str) -> Value {
    let what = format!("{reference} is not {state}: {}", here.log());
    until(&what, async || image(here, reference).await.filter(|image| image["state"] == state)).await
}

/// How many files there are in a folder and below.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map_while(Result::ok);
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_another_serve_is_judged_and_not_kept() {
    let (near, far) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    import(near.path());
    let there = Server::start(far.path(), &[]);
    let here = Server::start(near.path(), &OPEN);
    let client = Client::new();
    push(&client, &there.url, "team/app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    push(&client, &there.url, "team/good", "1", &alpine("3.99.0", "1.36.1-r7")).await.unwrap();
    push(&client, &there.url, "other/app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    let said = attach(&here, "hub", there.host(), "team/*", Some("admin"));
    assert!(said.contains("/api/notifications/hub") && said.contains("Bearer whsec_"), "{said}");

    let bad = in_state(&here, "hub/team/app:1", "Unhealthy").await;
    assert_eq!(bad["findings"]["high"], 1, "{bad:#}");
    assert_eq!((&bad["external"]["host"], &bad["registry"]), (&json!(there.host()), &json!("hub")));
    in_state(&here, "hub/team/good:1", "Healthy").await;
    assert_eq!(files(&near.path().join("content")), 0, "nothing is kept");

    // The command line, history, Resource Graph, the meter, the metrics and the portal have it, and say where it is.
    let list = here.json(&["image", "list", "--json"]);
    assert_eq!(list.as_array().unwrap().len(), 2, "{list:#}");
    let table = String::from_utf8(here.client(&["image", "list"]).stdout).unwrap();
    assert!(table.contains("hub/team/app") && !table.contains("other/app"), "{table}");
    let shown = String::from_utf8(here.client(&["image", "show", "hub/team/app:1"]).stdout).unwrap();
    assert!(shown.contains(&format!("at {}, not kept here", there.host())), "{shown}");
    let findings = here.json(&["findings", "hub/team/app:1", "--json"]);
    assert_eq!(
        (&findings[0]["vulnerability"], &findings[0]["registry"]),
        (&json!("CVE-2099-0001"), &json!("hub"))
    );
    let found = here.json(&["findings", "--json"]);
    assert_eq!(found.as_array().unwrap().len(), 1, "{found:#}");
    let rows = here.json(&[
        "query",
        "Images | where repository == 'team/app' | project registry, state",
        "--format",
        "json",
    ]);
    assert_eq!(rows, json!([{ "registry": there.host(), "state": "Unhealthy" }]), "{rows:#}");
    let assessed = "SecurityResources | where type == 'microsoft.security/assessments/subassessments' | project \
                    host = tostring(properties.additionalData.artifactDetails.registryHost), id";
    let rows = here.json(&["query", assessed, "--format", "json"]);
    let rows = rows.as_array().unwrap().clone();
    assert!(
        !rows.is_empty() && rows.iter().all(|row| row["id"].as_str().unwrap().contains("/registries/hub/")),
        "{rows:?}"
    );
    let resources = "Resources | where type =~ 'microsoft.containerregistry/registries' | where name == 'hub' \
                     | project tobool(properties.external), tostring(properties.loginServer)";
    let rows = here.json(&["query", resources, "--format", "json"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows:#}");
    assert!(rows.to_string().contains(there.host()), "{rows:#}");
    let usage = api(&here, "/api/usage").await.unwrap();
    let rows = usage["value"].as_array().unwrap().iter().filter(|row| row["registry"] == "hub");
    // A new subscription is in its trial.
    let of_hub: u64 =
        rows.flat_map(|row| [&row["images"], &row["inTrial"]]).map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(of_hub, 2, "{usage:#}");
    let absent =
        client.get(format!("{}/v2/hub/team/app/manifests/1", here.url)).basic_auth("admin", Some(PASSWORD));
    assert_eq!(absent.send().await.unwrap().status(), 404);

    // Nobody there answers any more: other advisories are held against what is known, and the age of it is told.
    let seen = here.json(&["attached", "show", "hub", "--json"]);
    there.kill();
    let polled = here.client(&["attached", "poll", "hub"]);
    assert!(polled.status.success());
    import_again(near.path(), "1.36.1-r9");
    let turned = in_state(&here, "hub/team/good:1", "Unhealthy").await;
    assert_eq!(turned["findings"]["high"], 1, "{turned:#}");
    let failed = until("nobody says that the registry does not answer", async || {
        let image = image(&here, "hub/team/app:1").await.unwrap();
        (!image["external"]["failure"].is_null()).then_some(image)
    })
    .await;
    assert_eq!(failed["state"], "Unhealthy", "the last verdict stays: {failed:#}");
    let before = seen["seen"].as_array().unwrap().iter().find(|one| one["repository"] == "team/app").unwrap();
    assert_eq!(failed["external"]["seenAt"], before["seenAt"], "with its age");
    assert!(
        failed["external"]["failure"]["description"].as_str().unwrap().contains("did not answer"),
        "{failed:#}"
    );
    let list = String::from_utf8(here.client(&["attached", "list"]).stdout).unwrap();
    assert!(list.contains("Unseen") && list.contains("did not answer"), "{list}");

    let removed = here.client(&["attached", "remove", "hub"]);
    assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
    assert_eq!(here.json(&["image", "list", "--json"]), json!([]));
}

/// A registry of files, which remembers what it was asked for.
fn serve_files(feeds: &FeedServer, repository: &str, tag: &str, image: &Image) {
    let serve = |path: String, content: Vec<u8>| feeds.serve(&path, Served { content, ..Served::default() });
    let manifest = image.manifest();
    serve(format!("/v2/{repository}/tags/list?n=1000"), json!({ "tags": [tag] }).to_string().into_bytes());
    let content_type = Some(manifest.media_type.clone());
    let served = Served { content: manifest.bytes.clone(), content_type, ..Served::default() };
    feeds.serve(&format!("/v2/{repository}/manifests/{tag}"), served);
    for blob in image.layers.iter().chain([&image.config]) {
        serve(format!("/v2/{repository}/blobs/{}", blob.digest()), blob.bytes.clone());
    }
}

fn asked(feeds: &FeedServer, part: &str) -> usize {
    feeds.asked().iter().filter(|(line, _)| line.contains(part)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_is_fetched_once_and_one_that_lies_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let here = Server::start(folder.path(), &OPEN);
    let feeds = FeedServer::start();
    let base = alpine("3.99.0", "1.36.1-r1").layers;
    serve_files(&feeds, "one", "1", &Image::of(base.clone()));
    let host = feeds.url.strip_prefix("http://").unwrap();
    attach(&here, "first", host, "one", None);
    in_state(&here, "first/one:1", "Unhealthy").await;
    assert_eq!(asked(&feeds, "/blobs/"), 2, "a configuration and a layer");
    let more = layer(&[("srv/readme", "text")]);
    serve_files(&feeds, "two", "1", &Image::of([base.clone(), vec![more.clone()]].concat()));
    attach(&here, "second", host, "two", None);
    in_state(&here, "second/two:1", "Unhealthy").await;
    let path = format!("/blobs/{}", base[0].digest());
    let lines = feeds.asked();
    assert_eq!(lines.iter().filter(|(line, _)| line.contains("/blobs/")).count(), 2, "{lines:?}");
    assert!(lines.iter().all(|(line, _)| !line.contains(&path)), "what was read is not fetched: {lines:?}");

    // Other bytes than the manifest names are no layer, and no verdict comes of them but that there is none.
    let liar = layer(&[("srv/other", "text")]);
    serve_files(&feeds, "three", "1", &Image::of([base, vec![liar.clone()]].concat()));
    let content = vec![7; liar.bytes.len()];
    feeds.serve(&format!("/v2/three/blobs/{}", liar.digest()), Served { content, ..Served::default() });
    attach(&here, "third", host, "three", None);
    let refused = in_state(&here, "third/three:1", "NotApplicable").await;
    assert_eq!(refused["cause"]["code"], "ScanFailed", "{refused:#}");
    assert!(refused["cause"]["description"].as_str().unwrap().contains("sent other bytes"), "{refused:#}");
    // Once it sends what it should, the next look tries again.
    feeds.serve(
        &format!("/v2/three/blobs/{}", liar.digest()),
        Served { content: liar.bytes, ..Served::default() },
    );
    assert!(here.client(&["attached", "poll", "third"]).status.success());
    in_state(&here, "third/three:1", "Unhealthy").await;
    assert_eq!(files(&folder.path().join("content")), 0, "nothing is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn debians_registry_tells_what_was_pushed_though_we_were_killed() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    // The server is started again where it was, so that who notifies finds it.
    let (own, berth) = (Berth::take(), Berth::take());
    let (own, host) = (own.host(), berth.host());
    let start = || Server::start(folder.path(), &[&OPEN[..], &["--listen", &own]].concat());
    let here = start();
    let said = attach(&here, "debian", &host, "*", None);
    let secret = said.lines().find_map(|line| line.split_once("Bearer ")).unwrap().1.trim().to_owned();
    let notifications = format!("http://{own}/api/notifications/debian");
    let more = format!(
        "notifications:\n  endpoints:\n    - name: lazaretto\n      url: {notifications}\n      \
         headers:\n        Authorization: [Bearer {secret}]\n      timeout: 2s\n      threshold: 3\n      backoff: 200ms\n"
    );
    let Some(there) = Distribution::start(&host, &more).await else {
        return skipped(NOT_INSTALLED);
    };
    let client = Client::new();
    push(&client, &there.url, "team/app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    in_state(&here, "debian/team/app:1", "Unhealthy").await;

    // The notification finds nobody, and comes again until somebody is there.
    here.kill();
    push(&client, &there.url, "team/app", "2", &alpine("3.99.0", "1.36.1-r7")).await.unwrap();
    let here = start();
    in_state(&here, "debian/team/app:2", "Healthy").await;

    // The notification was taken, and the look at it dies with us: it is done after the start.
    let told =
        json!({ "events": [{ "action": "push", "target": { "repository": "late/app", "tag": "1" } }] });
    push(&client, &there.url, "late/app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    let request = client.post(&notifications).bearer_auth(&secret).json(&told);
    assert_eq!(request.send().await.unwrap().status(), 202);
    here.kill();
    let here = start();
    in_state(&here, "debian/late/app:1", "Unhealthy").await;

    // What is deleted there goes here, since it tells that too.
    let digest = alpine("3.99.0", "1.36.1-r7").manifest().digest();
    let delete = client.delete(format!("{}/v2/team/app/manifests/{digest}", there.url)).send().await.unwrap();
    assert_eq!(delete.status(), 202);
    until("what was deleted is still here", async || {
        image(&here, "debian/team/app:2").await.is_none().then_some(())
    })
    .await;
    in_state(&here, "debian/team/app:1", "Unhealthy").await;
}
