//! What an image becomes that cannot be assessed: never healthy, and always with the reason.

use crate::support::image::{Blob, Image, advisory, alpine, layer};
use crate::support::push::push;
use crate::support::server::{Server, binary};
use reqwest::Client;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Imports one advisory for Alpine 3.99, a release whose support has no known end: versions of busybox below 1.36.1-r5 are affected.
pub(crate) fn import(data: &Path) {
    let file = data.join("advisory.json");
    std::fs::write(&file, advisory("CVE-2099-0001", "v3.99", "1.36.1-r5").to_string()).unwrap();
    let output = Command::new(binary())
        .args(["advisories", "import", "--data"])
        .arg(data)
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn verdict_on(server: &Server, name: &str, image: &Image) -> Value {
    push(&Client::new(), &server.url, name, "1", image).await.unwrap();
    server.verdict(&format!("{name}:1"))
}

#[track_caller]
fn assert_not_applicable(verdict: &Value, words: &str) {
    assert_eq!(verdict["state"], "NotApplicable", "{verdict:#}");
    let description = verdict["cause"]["description"].as_str().unwrap_or_default();
    assert!(description.contains(words), "{words:?} is not in {description:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_cannot_be_assessed_says_why() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);

    let healthy = verdict_on(&server, "healthy", &alpine("3.99.0", "1.36.1-r7")).await;
    assert_eq!(healthy["state"], "Healthy", "{healthy:#}");
    let unhealthy = verdict_on(&server, "unhealthy", &alpine("3.99.0", "1.36.1-r1")).await;
    assert_eq!(unhealthy["state"], "Unhealthy", "{unhealthy:#}");
    assert_eq!(unhealthy["findings"]["high"], 1, "{unhealthy:#}");

    let ended = verdict_on(&server, "ended", &alpine("3.10.9", "1.36.1-r7")).await;
    assert_not_applicable(&ended, "has had no security support since 2021-05-01");

    let mut deleted = alpine("3.99.0", "1.36.1-r7");
    deleted.layers.push(layer(&[("lib/apk/db/.wh.installed", "")]));
    assert_not_applicable(&verdict_on(&server, "deleted", &Image::of(deleted.layers)).await, "deleted");

    assert_not_applicable(&verdict_on(&server, "empty", &Image::of(Vec::new())).await, "");
    let bare = Image::of(vec![layer(&[("bin/program", "text")])]);
    assert_not_applicable(&verdict_on(&server, "bare", &bare).await, "package");
    let windows = Image::on("windows", vec![layer(&[("Files/x", "text")])]);
    assert_not_applicable(&verdict_on(&server, "windows", &windows).await, "Windows");

    let mut cut = alpine("3.99.0", "1.36.1-r7").layers;
    let half = cut[0].bytes.len() / 2;
    cut[0].bytes.truncate(half);
    assert_not_applicable(&verdict_on(&server, "corrupt", &Image::of(cut)).await, "layer");

    let uncovered = alpine("3.98.1", "1.36.1-r7");
    assert_not_applicable(&verdict_on(&server, "uncovered", &uncovered).await, "Alpine:v3.98");

    let artifact = Image {
        config: Blob { media_type: "application/vnd.example.notes+json".into(), bytes: b"{}".to_vec() },
        layers: vec![Blob { media_type: "text/plain".into(), bytes: b"hello".to_vec() }],
    };
    assert_not_applicable(&verdict_on(&server, "artifact", &artifact).await, "not");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_advisories_nothing_is_healthy_until_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let before = verdict_on(&server, "app", &alpine("3.99.0", "1.36.1-r1")).await;
    assert_not_applicable(&before, "advisories");
    import(folder.path());
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let after = server.verdict("app:1");
        if after["state"] == "Unhealthy" {
            break;
        }
        assert!(Instant::now() < end, "the new advisories had no effect: {after:#}\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_free_plan_nothing_is_scanned() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &["--plan", "free"]);
    let verdict = verdict_on(&server, "app", &alpine("3.99.0", "1.36.1-r1")).await;
    assert_eq!(verdict["state"], "Unscanned", "{verdict:#}");

    let switched = server.client(&["plan", "set", "standard"]);
    assert!(switched.status.success(), "{}", String::from_utf8_lossy(&switched.stderr));
    push(&Client::new(), &server.url, "app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    // Until somebody is at it, the image is what it was.
    let patience = Instant::now() + Duration::from_secs(60);
    let verdict = loop {
        let verdict = server.verdict("app:1");
        if verdict["state"] != "Unscanned" || Instant::now() > patience {
            break verdict;
        }
    };
    assert_eq!(verdict["state"], "Unhealthy", "{verdict:#}");
}
