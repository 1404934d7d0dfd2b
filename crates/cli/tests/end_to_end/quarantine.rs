//! From a push through quarantine to a pull: with real scans, the command line, and somebody who is told.

use crate::states::import;
use crate::support::image::alpine;
use crate::support::push::{get, push};
use crate::support::server::Server;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use std::time::{Duration, Instant};

#[track_caller]
fn works(server: &Server, words: &[&str]) -> String {
    let output = server.client(words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What is known of a manifest by the metadata API.
async fn attributes(server: &Server, repository: &str, digest: &str) -> Value {
    let path = format!("/acr/v1/{repository}/_manifests/{digest}");
    let (status, body) = get(&Client::new(), server, &path).await;
    assert_eq!(status, StatusCode::OK);
    serde_json::from_slice::<Value>(&body).unwrap()["manifest"]["changeableAttributes"].clone()
}

fn details(attributes: &Value) -> Value {
    serde_json::from_str(attributes["quarantineDetails"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_opens_what_is_healthy_and_holds_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    let shown = works(&server, &["policy", "set", "--quarantine", "on", "--hold-severity", "high"]);
    assert!(shown.contains("quarantine"), "{shown}");
    let client = Client::new();
    let healthy = alpine("3.99.0", "1.36.1-r7");
    let healthy = push(&client, &server.url, "healthy", "1", &healthy).await.unwrap();
    let unhealthy = alpine("3.99.0", "1.36.1-r1");
    let unhealthy = push(&client, &server.url, "unhealthy", "1", &unhealthy).await.unwrap();
    assert_eq!(server.verdict("healthy:1")["state"], "Healthy");
    assert_eq!(server.verdict("unhealthy:1")["state"], "Unhealthy");

    let passed = attributes(&server, "healthy", &healthy).await;
    assert_eq!(passed["quarantineState"], "Passed", "{passed}");
    assert_eq!(details(&passed)["state"], "Scan Passed");
    assert_eq!(get(&client, &server, "/v2/healthy/manifests/1").await.0, StatusCode::OK);

    let failed = attributes(&server, "unhealthy", &unhealthy).await;
    assert_eq!(failed["quarantineState"], "Failed", "{failed}");
    let told = details(&failed);
    assert_eq!(told["state"], "Scan Failed");
    assert_eq!(told["result"]["summary"], serde_json::json!([{ "severity": "High", "count": 1 }]));
    assert!(told["link"].as_str().unwrap().contains(&unhealthy), "{told}");
    let (status, body) = get(&client, &server, "/v2/unhealthy/manifests/1").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(String::from_utf8_lossy(&body).contains("quarantine"), "{}", String::from_utf8_lossy(&body));

    let words = ["policy", "pass", "unhealthy:1", "--reason", "needed on the bridge", "--hours", "1"];
    assert!(works(&server, &words).contains("may be pulled until"));
    assert_eq!(get(&client, &server, "/v2/unhealthy/manifests/1").await.0, StatusCode::OK);

    let events = works(&server, &["events", "--json"]);
    let kinds: Vec<String> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect();
    for kind in
        ["manifest-pushed", "image-assessed", "verdict-changed", "quarantine-changed", "pull-pass-given"]
    {
        assert!(kinds.iter().any(|told| told == kind), "{kind} is not in {kinds:?}");
    }
    let filtered = works(&server, &["events", "--kind", "verdict-changed", "--repository", "unhealthy"]);
    assert_eq!(filtered.lines().count(), 1, "{filtered}");
    assert!(filtered.contains("-> Unhealthy by lazaretto"), "{filtered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_quarantine_the_details_tell_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    let image = alpine("3.99.0", "1.36.1-r1");
    let digest = push(&Client::new(), &server.url, "app", "1", &image).await.unwrap();
    server.verdict("app:1");
    // The verdict is seen first, and its details in the same transaction.
    let end = Instant::now() + Duration::from_secs(60);
    let attributes = loop {
        let attributes = attributes(&server, "app", &digest).await;
        if attributes["quarantineDetails"].is_string() || Instant::now() > end {
            break attributes;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(attributes["quarantineState"], "Passed", "{attributes}");
    assert_eq!(details(&attributes)["result"]["summary"][0]["count"], 1);
    assert_eq!(get(&Client::new(), &server, "/v2/app/manifests/1").await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_scanned_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &["--workers", "0"]);
    let image = alpine("3.99.0", "1.36.1-r1");
    push(&Client::new(), &server.url, "team/app", "1", &image).await.unwrap();
    let target = format!("{}/team/app:1", server.host());
    let data = folder.path().display().to_string();
    let output = server.client(&["scan", &target, "--data", &data, "--format", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("CVE-2099-0001"));
    let wrong = server.client(&["scan", &format!("{}/team/app:2", server.host()), "--data", &data]);
    assert!(!wrong.status.success());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("has no `team/app/manifests/2`"));
}
