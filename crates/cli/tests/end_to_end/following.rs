//! `lazaretto events --follow`: what happens is told as it happens, and nothing is missed or told twice though the server
//! goes away.

use crate::states::import;
use crate::support::image::alpine;
use crate::support::process::{Process, free_host};
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server, binary};
use reqwest::Client;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Somebody who follows, ended when it is dropped.
struct Follower {
    _process: Process,
    lines: Receiver<String>,
}

impl Follower {
    fn start(url: &str, words: &[&str]) -> Self {
        let mut child = Command::new(binary())
            .args(["events", "--follow", "--json", "--tail", "0"])
            .args(words)
            .env("LAZARETTO_SERVER", url)
            .env("LAZARETTO_USER", "admin")
            .env("LAZARETTO_PASSWORD", PASSWORD)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // Whoever listened may have gone.
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { _process: Process(child), lines }
    }

    /// The next event.
    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("an event in time");
        serde_json::from_str(&line).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_misses_nothing_though_the_server_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let host = free_host();
    let start = || Server::start(folder.path(), &["--listen", &host]);
    let server = start();
    let client = Client::new();
    let image = alpine("3.99.0", "1.36.1-r1");
    push(&client, &server.url, "before", "1", &image).await.unwrap();
    let all = Follower::start(&server.url, &["--kind", "manifest-pushed"]);
    let one =
        Follower::start(&server.url, &["--kind", "manifest-pushed,verdict-changed", "--repository", "app"]);
    // Both are there once they have told of something: what came before they were is none of theirs.
    let mut known = 0;
    let seen = loop {
        known += 1;
        push(&client, &server.url, "hello", &known.to_string(), &image).await.unwrap();
        match all.lines.recv_timeout(Duration::from_millis(500)) {
            Ok(line) => break serde_json::from_str::<Value>(&line).unwrap(),
            Err(_) => assert!(known < 60, "nobody follows"),
        }
    };
    assert_eq!(seen["repository"], "hello", "{seen}");
    push(&client, &server.url, "app", "1", &image).await.unwrap();
    server.verdict("app:1");
    let mut numbers = vec![seen["sequence"].as_i64().unwrap()];
    let mut tell = |event: &Value| {
        let number = event["sequence"].as_i64().unwrap();
        assert!(numbers.last().is_none_or(|last| *last < number), "in order, and once: {event}");
        numbers.push(number);
    };
    loop {
        let event = all.next();
        tell(&event);
        if event["repository"] == "app" {
            break;
        }
    }
    // Whoever follows one repository may have begun later; the verdict comes after the push.
    let first = one.next();
    assert_eq!(first["repository"], "app", "{first}");
    if first["kind"] == "manifest-pushed" {
        assert_eq!(one.next()["kind"], "verdict-changed");
    }

    server.kill();
    let server = start();
    push(&client, &server.url, "app", "2", &image).await.unwrap();
    let event = all.next();
    tell(&event);
    assert_eq!((&event["repository"], &event["tag"]), (&"app".into(), &"2".into()), "{event}");
    assert_eq!(one.next()["tag"], "2");
}
