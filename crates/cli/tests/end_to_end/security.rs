//! Security Center from outside: rules, exemptions, the plan and its back-fill, the meter and the audit log.

use crate::states::import;
use crate::support::image::{Image, alpine, layer};
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server};
use assessment::plan::Month;
use reqwest::Client;
use serde_json::Value;
use std::process::Output;
use std::time::{Duration, Instant};

#[track_caller]
fn done(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stderr), text(&output.stdout));
    text(&output.stdout)
}

/// An image with a vulnerable busybox, and a layer of its own.
fn vulnerable(number: usize) -> Image {
    let mut image = alpine("3.99.0", "1.36.1-r1");
    image.layers.push(layer(&[("etc/motd", &format!("image {number}"))]));
    Image::of(image.layers)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_hides_a_finding_and_its_end_shows_it_again() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    push(&Client::new(), &server.url, "app", "1", &vulnerable(1)).await.unwrap();
    assert_eq!(server.verdict("app:1")["state"], "Unhealthy");

    let refused = server.client(&["rules", "put", "all", "--reason", "none"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("at least one condition"));
    done(&server.client(&["rules", "put", "one", "--id", "CVE-2099-0001", "--reason", "not used"]));
    let verdict = server.verdict("app:1");
    assert_eq!((&verdict["state"], &verdict["cause"]["code"]), (&"Healthy".into(), &"Exempt".into()));
    assert_eq!(server.json(&["findings", "--json"]), Value::Array(Vec::new()));
    let hidden = server.json(&["findings", "--exempt", "--json"]);
    assert_eq!(hidden[0]["exempt"]["reason"], "not used");
    assert_eq!(hidden[0]["exempt"]["author"], "admin");

    // An image that is pushed while the rule is in force, and a server that starts again.
    push(&Client::new(), &server.url, "app", "2", &vulnerable(2)).await.unwrap();
    assert_eq!(server.verdict("app:2")["state"], "Healthy");
    drop(server);
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.verdict("app:2")["state"], "Healthy");
    done(&server.client(&["rules", "delete", "one"]));
    assert_eq!(server.verdict("app:2")["state"], "Unhealthy");
    let told = tokio::task::block_in_place(|| server.api("/api/events?kind=rule-put,rule-deleted"));
    let told: Vec<(&str, &str, &str)> = told["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let text = |value: &'static str| event[value].as_str().unwrap();
            (text("kind"), text("actor"), event["detail"]["rule"]["reason"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, [("rule-put", "admin", "not used"), ("rule-deleted", "admin", "not used")]);

    let words = ["exemptions", "put", "soon", "--mitigated", "--reason", "walled off", "--expires"];
    let put = |end: jiff::Timestamp| server.client(&[&words[..], &[&end.to_string()]].concat());
    done(&put(jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)));
    let exempt = server.verdict("app:1");
    assert_eq!(exempt["state"], "NotApplicable", "{exempt:#}");
    assert!(exempt["cause"]["description"].as_str().unwrap().contains("walled off"), "{exempt:#}");
    // It ends sooner, but not before the words have reached the server, however long that takes.
    let soon = |seconds| jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    let end = [2, 10, 60].into_iter().map(soon).find(|end| put(*end).status.success()).unwrap();
    let patience = Instant::now() + Duration::from_secs(120);
    loop {
        let state = server.verdict("app:1")["state"].clone();
        let now = jiff::Timestamp::now();
        if state == "Unhealthy" {
            assert!(now >= end, "the exemption ended before its time");
            break;
        }
        assert!(Instant::now() < patience, "the exemption did not end: {state}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let list = done(&server.client(&["exemptions", "list"]));
    assert!(list.contains("soon") && list.contains("no"), "what has ended is still listed: {list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn images_from_before_are_scanned_when_somebody_asks_and_each_is_charged_once() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let month = Month::of(jiff::Timestamp::now());
    let price = ["--plan", "free", "--price-per-image", "0.25 EUR"];
    let server = Server::start(folder.path(), &price);
    for number in 0..3 {
        push(&Client::new(), &server.url, "old", &format!("{number}"), &vulnerable(number)).await.unwrap();
        assert_eq!(server.verdict(&format!("old:{number}"))["state"], "Unscanned");
    }
    let charged = |server: &Server| {
        let rows = server.json(&["usage", "--format", "json"]);
        let sum =
            |name: &str| rows.as_array().unwrap().iter().filter_map(|row| row[name].as_u64()).sum::<u64>();
        (sum("images"), sum("inTrial"))
    };
    assert_eq!(charged(&server), (0, 0));
    done(&server.client(&["plan", "set", "standard", "--backfill"]));
    let patience = Instant::now() + Duration::from_secs(60);
    for number in 0..3 {
        while server.verdict(&format!("old:{number}"))["state"] != "Unhealthy" {
            assert!(Instant::now() < patience, "the old images were not scanned\n{}", server.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    // Many tags, repositories and retries of one digest; the plan off and on; a server that was killed.
    for turn in 0..3 {
        for name in ["old", "copy"] {
            push(&Client::new(), &server.url, name, &format!("again{turn}"), &vulnerable(0)).await.unwrap();
            server.verdict(&format!("{name}:again{turn}"));
        }
        done(&server.client(&["plan", "set", "free"]));
        done(&server.client(&["plan", "set", "standard", "--backfill"]));
    }
    assert_eq!(server.verdict("old:1")["state"], "Unhealthy", "what was found stays readable");
    server.kill();
    let server = Server::start(folder.path(), &price);
    push(&Client::new(), &server.url, "late", "1", &vulnerable(1)).await.unwrap();
    server.verdict("late:1");
    let csv = done(&server.client(&["usage", "--format", "csv"]));
    assert!(csv.starts_with("subscription,registry,day,images,inTrial,amount,currency"), "{csv}");
    // In another month each would be charged anew, and at midnight there is another day.
    if Month::of(jiff::Timestamp::now()) == month {
        assert_eq!(charged(&server), (0, 3), "three images, all in the trial");
    }
    let amounts: Vec<&str> = csv.lines().skip(1).collect();
    assert!(!amounts.is_empty() && amounts.iter().all(|line| line.ends_with(",0.00,EUR")), "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_asked_for_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    push(&Client::new(), &server.url, "app", "1", &vulnerable(1)).await.unwrap();
    server.verdict("app:1");
    done(&server.client(&["plan", "set", "free"]));
    done(&server.client(&["rules", "put", "one", "--id", "CVE-2099-0001", "--reason", "not used"]));
    let client = Client::new();
    let wrong = client.delete(format!("{}/v2/app/manifests/1", server.url));
    let wrong = wrong.basic_auth("admin", Some("mistyped")).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    let form = [("name", "admin"), ("password", PASSWORD)];
    let body = form.map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).join("&");
    let signed_in = client.post(format!("{}/portal/sign-in?secret=1", server.url));
    let signed_in = signed_in.header("content-type", "application/x-www-form-urlencoded").body(body);
    signed_in.send().await.unwrap();

    let log = done(&server.client(&["audit"]));
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<String> = entries
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
            let resource = text("resource");
            let subscription = resource.split('/').nth(2).unwrap_or_default();
            let resource = if resource.starts_with("/subscriptions/") {
                resource.replace(subscription, "S")
            } else {
                resource
            };
            format!("{} {} {} {resource} {}", text("actor"), text("face"), text("method"), entry["status"])
        })
        .collect();
    assert_eq!(
        lines,
        [
            "admin registry PUT /v2/app/manifests/1 201",
            "admin arm PUT /subscriptions/S/providers/Microsoft.Security/pricings/ContainerRegistry 200",
            "admin api PUT /api/rules/one 201",
            "admin sign-in POST /sign-in 401",
            "- registry DELETE /v2/app/manifests/1 401",
            "admin portal POST /portal/sign-in 303",
        ]
    );
    assert!(entries.iter().all(|entry| entry["address"] == "127.0.0.1"), "{log}");
    assert!(!log.contains("mistyped") && !log.contains("secret") && !log.contains(PASSWORD), "{log}");
    let failures = done(&server.client(&["audit", "--failures", "--format", "csv"]));
    assert_eq!(failures.lines().count(), 3, "{failures}");
}
