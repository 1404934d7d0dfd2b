//! Automations from outside: a verdict reaches a webhook, a sink of CloudEvents, a file, syslog and a mailbox, at least
//! once, also over `kill -9`.

use crate::states::import;
use crate::support::image::alpine;
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server};
use reqwest::Client;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use store::{Digests, SqliteStore};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What came: the path that was asked for, and the body.
type Letter = (String, Value);

/// Listens on a port of its own. The first letter is refused, as by a receiver that is just being restarted.
async fn receiver() -> (u16, UnboundedReceiver<Letter>) {
    receiver_that_refuses(1).await
}

/// The same, which refuses so many at first.
async fn receiver_that_refuses(refusals: usize) -> (u16, UnboundedReceiver<Letter>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let (told, letters) = unbounded_channel();
    tokio::spawn(async move {
        let mut count = 0;
        while let Ok((stream, _)) = socket.accept().await {
            count += 1;
            take(stream, &told, count <= refusals).await;
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
    let (status, text) = try_put(server, name, actions).await;
    assert_eq!(status, 201, "{text}");
}

async fn subscription(server: &Server) -> String {
    let request = Client::new().get(format!("{}/subscriptions?api-version=2022-12-01", server.url));
    let answer = request.basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
    let list: Value = answer.json().await.unwrap();
    list["value"][0]["id"].as_str().unwrap().to_owned()
}

/// Takes one mail, as a mail server that asks nobody who they are.
async fn take_mail(socket: &TcpListener) -> String {
    let (stream, _) = socket.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if line.starts_with("DATA") {
            stream.write_all(b"354 go on\r\n").await.unwrap();
            let mut text = String::new();
            while !text.ends_with("\r\n.\r\n") {
                assert!(stream.read_line(&mut text).await.unwrap() > 0, "the mail broke off: {text}");
            }
            stream.write_all(b"250 taken\r\n").await.unwrap();
            return text;
        }
        stream.write_all(b"250 ok\r\n").await.unwrap();
    }
}

async fn try_put(server: &Server, name: &str, actions: Value) -> (u16, String) {
    let subscription = subscription(server).await;
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
    let request = Client::new().put(url).basic_auth("admin", Some(PASSWORD)).json(&automation);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
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
    let patience = Instant::now() + Duration::from_secs(60);
    // The file is there a moment before its line is.
    let line = loop {
        let lines = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some((line, _)) = lines.split_once('\n') {
            break line.to_owned();
        }
        assert!(Instant::now() < patience, "no line was written\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let line: Value = serde_json::from_str(&line).unwrap();
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
    let patience = Instant::now() + Duration::from_secs(60);
    while !server.log().contains("could not tell of a change") {
        assert!(Instant::now() < patience, "the refusal is not in the log\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(letters.try_recv().is_err());
    assert!(!server.log().contains("SECRET"), "{}", server.log());
}

/// Whatever it takes, and whenever the server is killed: each finding is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_told_over_kills() {
    const KILLS: u64 = 6;
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let (port, mut letters) = receiver_that_refuses(0).await;
    let further = ["--outbound-allow", "127.0.0.1"];
    let server = Server::start(folder.path(), &further);
    let uri = format!("http://127.0.0.1:{port}/hook");
    put(&server, "hook", json!([{"actionType": "LogicApp", "uri": uri}])).await;
    let mut server = server;
    for number in 0..KILLS {
        let repository = format!("app{number}");
        push(&Client::new(), &server.url, &repository, "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
        // From the moment of the answer to after the telling.
        tokio::time::sleep(Duration::from_millis(number * number * 25)).await;
        server.kill();
        server = Server::start(folder.path(), &further);
    }
    let mut waiting: std::collections::BTreeSet<String> =
        (0..KILLS).map(|number| format!("app{number}")).collect();
    while !waiting.is_empty() {
        let next = tokio::time::timeout(Duration::from_secs(60), letters.recv()).await;
        let (_, body) =
            next.unwrap_or_else(|_| panic!("{waiting:?} were not told\n{}", server.log())).unwrap();
        waiting.remove(body["properties"]["additionalData"]["repositoryName"].as_str().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_of_syslog_is_told() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &["--outbound-allow", "127.0.0.1"]);
    let datagrams = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let streams = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (udp, tcp) = (datagrams.local_addr().unwrap().port(), streams.local_addr().unwrap().port());
    put(&server, "udp", json!([{"actionType": "Syslog", "address": format!("udp://127.0.0.1:{udp}")}])).await;
    put(&server, "tcp", json!([{"actionType": "Syslog", "address": format!("tcp://127.0.0.1:{tcp}")}])).await;
    push(&Client::new(), &server.url, "app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    let took = async {
        let mut datagram = [0; 4096];
        let length = datagrams.recv(&mut datagram).await.unwrap();
        let (mut stream, _) = streams.accept().await.unwrap();
        let mut framed = String::new();
        stream.read_to_string(&mut framed).await.unwrap();
        (String::from_utf8_lossy(&datagram[..length]).into_owned(), framed)
    };
    let took = tokio::time::timeout(Duration::from_secs(60), took).await;
    let (datagram, framed) = took.unwrap_or_else(|_| panic!("nobody was told\n{}", server.log()));
    let (length, message) = framed.split_once(' ').unwrap();
    assert_eq!(length.parse(), Ok(message.len()), "one message, framed by its length: {framed}");
    for message in [&*datagram, message] {
        assert!(message.starts_with("<131>1 20"), "{message}");
        let content: Value = serde_json::from_str(message.split_once("] ").unwrap().1).unwrap();
        assert_eq!((&content["code"], &content["repositoryName"]), (&"Unhealthy".into(), &"app".into()));
    }
}

/// The mail of an hour that ended while the server was down is sent when it is up again.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_sums_up_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mail_server = format!("smtp+plain://127.0.0.1:{}", socket.local_addr().unwrap().port());
    let refused = |message: &str| message.contains("mail");
    let without = Server::start(folder.path(), &[]);
    let action = json!([{"actionType": "Email", "recipients": ["anna@harbour.test"], "period": "Hourly"}]);
    let answer = try_put(&without, "mail", action.clone()).await;
    assert!(answer.0 == 400 && refused(&answer.1), "a server without mail says so: {answer:?}");
    drop(without);

    let variables =
        [("LAZARETTO_MAIL_SERVER", &*mail_server), ("LAZARETTO_MAIL_FROM", "lazaretto@harbour.test")];
    let server = Server::start_with(folder.path(), &[], &variables);
    put(&server, "mail", action).await;
    push(&Client::new(), &server.url, "app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    assert_eq!(server.verdict("app:1")["state"], "Unhealthy");
    let sink = format!(
        "{}/resourceGroups/lazaretto/providers/Microsoft.Security/automations/mail/0",
        subscription(&server).await
    );
    let store = SqliteStore::open(&folder.path().join("lazaretto.sqlite")).unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while store.digest_waits_since(&sink).await.unwrap().is_none() {
        assert!(Instant::now() < patience, "no change waits for the mail\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.kill();
    // Two hours pass.
    let waiting = store.digest_entries(&sink, 10).await.unwrap();
    store.forget_digest(&sink, waiting.seen).await.unwrap();
    let changes = waiting.entries.into_iter().map(|entry| (entry.resource, entry.body)).collect();
    let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(2);
    store.note_for_digest(&sink, changes, then).await.unwrap();
    drop(store);
    let server = Server::start_with(folder.path(), &[], &variables);
    let took = tokio::time::timeout(Duration::from_secs(60), take_mail(&socket)).await;
    let mail = took.unwrap_or_else(|_| panic!("no mail came\n{}", server.log()));
    assert!(mail.contains("Subject: Lazaretto: 1 change in 1 registry"), "{mail}");
    assert!(mail.contains("CVE-2099-0001"), "{mail}");
}
