//! `lazaretto events --follow`: what happens is told as it happens, and nothing is missed or told twice though the server
//! goes away.

use crate::states::import;
use crate::support::image::{Image, alpine};
use crate::support::process::Process;
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server, binary};
use reqwest::Client;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use store::testing::Berth;

/// Somebody who follows, ended when it is dropped.
struct Follower {
    _process: Process,
    lines: Receiver<String>,
    /// The number of the last event that was told.
    last: i64,
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
        Self { _process: Process(child), lines, last: 0 }
    }

    /// The next event, which came after all before and was not told yet.
    fn next(&mut self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(120)).expect("an event in time");
        self.told(&line)
    }

    fn told(&mut self, line: &str) -> Value {
        let event: Value = serde_json::from_str(line).unwrap();
        let number = event["sequence"].as_i64().unwrap();
        assert!(self.last < number, "in order, and once: {event}");
        self.last = number;
        event
    }

    /// Passes over what comes before an event of this kind, which is about this.
    fn pass_to(&mut self, kind: &str, about: (&str, &str)) {
        let is_it = |event: &Value| event["kind"] == kind && event[about.0] == about.1;
        while !is_it(&self.next()) {}
    }

    /// Pushes to a repository until this one tells of it: what came before they followed is none of theirs.
    async fn is_there(&mut self, url: &str, repository: &str) {
        for number in 1..240 {
            push(&Client::new(), url, repository, &format!("hello{number}"), &ill()).await.unwrap();
            if let Ok(line) = self.lines.recv_timeout(Duration::from_millis(500)) {
                assert_eq!(self.told(&line)["repository"], repository, "{line}");
                return;
            }
        }
        panic!("nobody follows");
    }
}

fn ill() -> Image {
    alpine("3.99.0", "1.36.1-r1")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_misses_nothing_though_the_server_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let berth = Berth::take();
    let host = berth.host();
    let start = || Server::start(folder.path(), &["--listen", &host]);
    let server = start();
    let client = Client::new();
    push(&client, &server.url, "before", "1", &ill()).await.unwrap();
    let mut all = Follower::start(&server.url, &["--kind", "manifest-pushed"]);
    let mut one =
        Follower::start(&server.url, &["--kind", "manifest-pushed,verdict-changed", "--repository", "app"]);
    all.is_there(&server.url, "hello").await;
    one.is_there(&server.url, "app").await;
    let well = alpine("3.99.0", "1.36.1-r7");
    let digest = push(&client, &server.url, "app", "1", &well).await.unwrap();
    assert_eq!(server.verdict("app:1")["state"], "Healthy");
    all.pass_to("manifest-pushed", ("tag", "1"));
    one.pass_to("manifest-pushed", ("tag", "1"));
    one.pass_to("verdict-changed", ("digest", &digest));

    server.kill();
    let server = start();
    push(&client, &server.url, "app", "2", &well).await.unwrap();
    let event = all.next();
    assert_eq!((&event["repository"], &event["tag"]), (&"app".into(), &"2".into()), "{event}");
    one.pass_to("manifest-pushed", ("tag", "2"));
}
