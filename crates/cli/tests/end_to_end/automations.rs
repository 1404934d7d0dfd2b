//! Automations from outside: a verdict reaches a webhook, a sink of CloudEvents and a file, at least once.

use crate::states::import;
use crate::support::image::alpine;
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server};
use reqwest::Client;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What came: the path that was asked for, and the body.
type Letter = (String, Value);

/// Listens on a port of its own. The first letter is refused, as by a receiver that is just being restarted.
async fn receiver() -> (u16, UnboundedReceiver<Letter>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let (told, letters) = unbounded_channel();
    tokio::spawn(async move {
        let mut count = 0;
        while let Ok((stream, _)) = socket.accept().await {
            count += 1;
            take(stream, &told, count == 1).await;
        }
    });
    (port, letters)
}

async fn take(mut stream: TcpStream, told: &UnboundedSender<Letter>, refuses: bool) {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    let letter = loop {
        let count = stream.read(&mut piece).await.unwrap_or(0);
        read.extend_from_slice(&piece[..count]);
        if let Some(letter) = whole(&read) {
            break letter;
        }
        if count == 0 {
            return;
        }
    };
    let status = if refuses { "503 Service Unavailable" } else { "204 No Content" };
    let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    if !refuses {
        told.send(letter).unwrap();
    }
}

/// The letter, if it is there to its end.
fn whole(read: &[u8]) -> Option<Letter> {
    let text = String::from_utf8_lossy(read);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    })?;
    let path = head.split(' ').nth(1)?.to_owned();
    (body.len() >= length).then(|| (path, serde_json::from_str(body).unwrap()))
}

async fn put(server: &Server, name: &str, actions: Value) {
    let client = Client::new();
    let request = client.get(format!("{}/subscriptions?api-version=2022-12-01", server.url));
    let answer = request.basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
    let list: Value = answer.json().await.unwrap();
    let subscription = list["value"][0]["id"].as_str().unwrap().to_owned();
    let automation = json!({"location": "local", "properties": {
        "isEnabled": true,
        "scopes": [{"scopePath": subscription}],
        "sources": [{"eventSource": "SubAssessments", "ruleSets": [{"rules": [{
            "propertyJPath": "properties.status.code",
            "propertyType": "String",
            "expectedValue": "Unhealthy",
            "operator": "Equals",
        }]}]}],
        "actions": actions,
    }});
    let url = format!(
        "{}{subscription}/resourceGroups/lazaretto/providers/Microsoft.Security/automations/{name}?api-version=2019-01-01-preview",
        server.url
    );
    let request = client.put(url).basic_auth("admin", Some(PASSWORD)).json(&automation);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_is_told_of_findings_at_least_once() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let (port, mut letters) = receiver().await;
    let server = Server::start(folder.path(), &["--outbound-allow", "127.0.0.1"]);
    let address = |path: &str| format!("http://127.0.0.1:{port}{path}?sig=SECRET");
    put(&server, "hook", json!([{"actionType": "LogicApp", "uri": address("/hook")}])).await;
    put(&server, "events", json!([{"actionType": "CloudEvents", "uri": address("/events")}])).await;
    put(&server, "file", json!([{"actionType": "File", "name": "findings"}])).await;
    push(&Client::new(), &server.url, "app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    assert_eq!(server.verdict("app:1")["state"], "Unhealthy");

    let (mut hook, mut event) = (None, None);
    while hook.is_none() || event.is_none() {
        let next = tokio::time::timeout(Duration::from_secs(60), letters.recv()).await;
        let (path, body) = next.unwrap_or_else(|_| panic!("nobody was told\n{}", server.log())).unwrap();
        if path.starts_with("/hook") { hook = Some(body) } else { event = Some(body) }
    }
    let (hook, event) = (hook.unwrap(), event.unwrap());
    assert_eq!(hook["properties"]["status"]["code"], "Unhealthy");
    assert_eq!((&event["specversion"], &event["data"]["type"]), (&"1.0".into(), &hook["type"]));
    let file = folder.path().join("exports/findings.ndjson");
    let patience = Instant::now() + Duration::from_secs(30);
    while !file.exists() {
        assert!(Instant::now() < patience, "no line was written\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let lines = std::fs::read_to_string(&file).unwrap();
    let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(line["type"], hook["type"]);

    // What has not changed is not told again.
    push(&Client::new(), &server.url, "app", "2", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    server.verdict("app:2");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(letters.try_recv().is_err(), "somebody was told of what they know");
    assert!(!server.log().contains("SECRET"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_in_a_private_network_that_is_not_allowed() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let (port, mut letters) = receiver().await;
    let server = Server::start(folder.path(), &[]);
    let uri = format!("http://127.0.0.1:{port}/hook?sig=SECRET");
    put(&server, "hook", json!([{"actionType": "LogicApp", "uri": uri}])).await;
    push(&Client::new(), &server.url, "app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    server.verdict("app:1");
    let patience = Instant::now() + Duration::from_secs(30);
    while !server.log().contains("could not tell of a change") {
        assert!(Instant::now() < patience, "the refusal is not in the log\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(letters.try_recv().is_err());
    assert!(!server.log().contains("SECRET"), "{}", server.log());
}
