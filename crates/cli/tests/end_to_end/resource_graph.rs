//! Azure's SDK pages through a hundred thousand rows of Resource Graph. Its command line does so in the test of Azure's
//! clients.
//!
//! The clients come from their package registries, by `cargo xtask test`; where they are missing, the test says what it
//! skipped.

use crate::support::many_findings::{FINDINGS, QUERY, fill};
use crate::support::process::processor_time;
use crate::support::server::{PASSWORD, Server};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn skipped(what: &str) {
    eprintln!("skipped: {what}");
}

/// A program of Azure's clients, if it was installed.
fn client(program: &str) -> Option<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/azure-clients");
    Some(home.join(program)).filter(|path| path.is_file())
}

#[test]
fn clients_page_through_a_hundred_thousand_rows() {
    let python = client("python/bin/python");
    if python.is_none() {
        skipped(
            "Azure's SDK for Python is not installed, so nobody paged with it; `cargo xtask test` brings it",
        );
    }
    let folder = tempfile::tempdir().unwrap();
    // The first start makes the installation.
    drop(Server::start(folder.path(), &[]));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(fill(&folder.path().join("lazaretto.sqlite")));
    let server = Server::start(folder.path(), &[]);
    let place = runtime.block_on(sign_in(&server.url));
    let rows = runtime.block_on(page(&server.url, &place));
    assert_eq!(rows, FINDINGS, "without any client of Azure's");
    if let Some(python) = python {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/resource_graph.py");
        let words = [script, &server.url, &place.subscription, &place.token];
        let said = output(Command::new(python).args(words));
        assert_eq!(said, format!("{} rows in 100 pages\n", FINDINGS));
    }
}

struct Place {
    subscription: String,
    token: String,
}

const PATH: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";

async fn sign_in(url: &str) -> Place {
    let client = reqwest::Client::new();
    let get = async |path: &str| -> Value {
        let request = client.get(format!("{url}{path}")).basic_auth("admin", Some(PASSWORD));
        request.send().await.unwrap().json().await.unwrap()
    };
    let tenants = get("/tenants?api-version=2022-12-01").await;
    let subscriptions = get("/subscriptions?api-version=2022-12-01").await;
    let tenant = tenants["value"][0]["tenantId"].as_str().unwrap();
    let scope = format!("{url}/.default");
    let form =
        ["grant_type=password", "username=admin", "client_id=tests", &format!("scope={scope}")].join("&");
    let form = format!("{form}&password={}", PASSWORD.replace(' ', "+"));
    let request = client
        .post(format!("{url}/{tenant}/oauth2/v2.0/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    Place {
        subscription: subscriptions["value"][0]["subscriptionId"].as_str().unwrap().to_owned(),
        token: answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned(),
    }
}

/// Pages with bare requests, each row counted once.
async fn page(url: &str, place: &Place) -> usize {
    let client = reqwest::Client::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut options = json!({"$top": 1000});
    loop {
        let body = json!({"query": QUERY, "subscriptions": [place.subscription], "options": options});
        let request = client.post(format!("{url}{PATH}")).bearer_auth(&place.token).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["totalRecords"], FINDINGS, "{answer}");
        let rows = answer["data"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(token) = answer["$skipToken"].as_str() else { return seen.len() };
        options = json!({"$top": 1000, "$skipToken": token});
    }
}

fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

async fn ask(
    url: &str,
    place: &Place,
    query: &str,
    patience: Duration,
) -> reqwest::Result<reqwest::Response> {
    let client = reqwest::Client::builder().timeout(patience).build().unwrap();
    let body = json!({"query": query, "subscriptions": [place.subscription]});
    client.post(format!("{url}{PATH}")).bearer_auth(&place.token).json(&body).send().await
}

/// Asks, and waits as long as it is told to where the caller's time is spent.
async fn ask_in_turn(url: &str, place: &Place, query: &str) -> reqwest::Response {
    loop {
        let answer = ask(url, place, query, Duration::from_secs(60)).await.unwrap();
        if answer.status() != 429 {
            return answer;
        }
        let seconds = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_stopped_when_its_client_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let place = sign_in(&server.url).await;
    let endless =
        "range a from 1 to 19000000 step 1 | summarize dcount(substring(hash_sha256(tostring(a)), 0, 3))";
    let (begun, before) = (Instant::now(), processor_time(server.process()));
    let runs = async {
        while processor_time(server.process()) < before + Duration::from_millis(300) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // Who asked leaves as soon as it runs.
    tokio::select! {
        _ = ask(&server.url, &place, endless, Duration::from_secs(60)) => panic!("it is over too soon to tell anything"),
        () = runs => {}
    }
    // Its own time is over after 30 s; quiet for a second before that means stopped.
    let (mut last, mut quiet) = (processor_time(server.process()), 0);
    while quiet < 4 {
        assert!(begun.elapsed() < Duration::from_secs(28), "nobody stopped it");
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = processor_time(server.process());
        quiet = if now < last + Duration::from_millis(20) { quiet + 1 } else { 0 };
        last = now;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_wants_too_much_is_told_so_and_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let place = sign_in(&server.url).await;
    let patience = Duration::from_secs(60);
    // What it sorts by is long, so that its memory is spent long before the 30 s of a query are, also on a busy machine.
    let key = "x".repeat(300);
    for (query, wants) in [
        (
            &*format!("range a from 1 to 19000000 step 1 | order by strcat('{key}', a) asc"),
            "memory in `sort`",
        ),
        (
            "range a from 1 to 100000 step 1 | extend b = 1 | join kind=inner (range c from 1 to 100000 step 1 | extend b = 1) on b",
            "memory in `join`",
        ),
    ] {
        let (one, other) = tokio::join!(
            ask_in_turn(&server.url, &place, query),
            ask_in_turn(&server.url, &place, "Resources | count")
        );
        assert_eq!(other.status(), 200, "somebody else's query");
        assert_eq!(one.status(), 400, "{query}");
        assert!(one.headers().contains_key("x-ms-correlation-request-id"), "{:?}", one.headers());
        let said: Value = one.json().await.unwrap();
        let said = said["error"]["details"].to_string();
        assert!(said.contains(wants), "{query}: {said}");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 900_000, "{peak} kB");
    // Who asks on and on waits, and is told for how long. So much is asked at once that a slow machine gives no quota back
    // before it is spent.
    let spent = loop {
        let asked = (0..32).map(|_| ask(&server.url, &place, "print 1", patience));
        let answers = join_all(asked).await.into_iter().map(Result::unwrap);
        let (given, mut refused): (Vec<_>, Vec<_>) = answers.partition(|answer| answer.status() == 200);
        let told = |answer: &reqwest::Response| answer.headers().contains_key("x-ms-user-quota-remaining");
        assert!(given.iter().all(told), "{given:?}");
        if let Some(refused) = refused.pop() {
            break refused;
        }
    };
    assert_eq!(spent.status(), 429);
    assert!(spent.headers().contains_key("retry-after"), "{:?}", spent.headers());
}
