//! History over HTTP: in pages and as a stream, for those who may read it.

use crate::harness::Server;
use access::RoleId;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::Value;
use store::{EventKind, NewEvent};

/// The next event of a stream: id, kind, content.
struct Stream {
    pieces: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    rest: String,
}

impl Stream {
    async fn open(server: &Server, path: &str, last: Option<&str>) -> Self {
        let request = server.as_user("admin", Method::GET, path).header("accept", "text/event-stream");
        let request = match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { pieces: Box::pin(response.bytes_stream()), rest: String::new() }
    }

    async fn next(&mut self) -> (String, String, Value) {
        loop {
            if let Some((block, rest)) = self.rest.split_once("\n\n") {
                let field = |name: &str| {
                    let mark = format!("{name}: ");
                    block.lines().find_map(|line| line.strip_prefix(&mark)).unwrap_or_default().to_owned()
                };
                let event = (field("id"), field("event"), field("data"));
                self.rest = rest.to_owned();
                if !event.0.is_empty() {
                    return (event.0, event.1, serde_json::from_str(&event.2).unwrap());
                }
                continue;
            }
            let piece = self.pieces.next().await.unwrap().unwrap();
            self.rest.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_read_in_pages() {
    let server = Server::start().await;
    for tag in ["one", "two", "three"] {
        server.push_image("app", tag, tag.as_bytes()).await;
    }
    server.push_image("base", "one", b"base").await;
    let all = server.json("/api/events?kind=manifest-pushed").await;
    let tags: Vec<&str> =
        all["value"].as_array().unwrap().iter().map(|event| event["tag"].as_str().unwrap()).collect();
    assert_eq!(tags, ["one", "two", "three", "one"]);
    let first = &all["value"][0];
    assert_eq!((&first["registry"], &first["actor"]), (&"lazaretto".into(), &"admin".into()));
    assert_eq!(first["detail"]["origin"]["user_agent"], "docker/27");
    let page = server.json("/api/events?kind=manifest-pushed&repository=app&limit=2").await;
    assert_eq!(page["value"].as_array().unwrap().len(), 2);
    let next = page["next"].as_str().unwrap();
    let rest = server.json(&format!("/api/events?kind=manifest-pushed&repository=app&after={next}")).await;
    assert_eq!(rest["value"][0]["tag"], "three");
    assert_eq!(rest.get("next"), None);
    let tail = server.json("/api/events?tail=1").await;
    assert_eq!(tail["value"][0]["repository"], "base");
    for wrong in ["?repository=UPPER", "?unknown=1", "?after=x"] {
        assert_eq!(server.get(&format!("/api/events{wrong}")).await.status(), 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_follows_history_and_goes_on_where_it_was() {
    let server = Server::start().await;
    server.push_image("app", "before", b"before").await;
    let mut stream = Stream::open(&server, "/api/events?kind=manifest-pushed", None).await;
    server.push_image("app", "one", b"one").await;
    let (first, kind, event) = stream.next().await;
    assert_eq!((kind.as_str(), &event["tag"]), ("manifest-pushed", &"one".into()));
    drop(stream);
    server.push_image("app", "two", b"two").await;
    let mut stream = Stream::open(&server, "/api/events?kind=manifest-pushed", Some(&first)).await;
    assert_eq!(stream.next().await.2["tag"], "two");
    server.push_image("app", "three", b"three").await;
    assert_eq!(stream.next().await.2["tag"], "three");
    let wrong = server.as_user("admin", Method::GET, "/api/events").header("accept", "text/event-stream");
    let answer = wrong.header("last-event-id", "x").send().await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_for_those_who_may_read_it() {
    let server = Server::start().await;
    server.account("stranger", None).await;
    server.account("puller", Some(RoleId::ACR_PULL)).await;
    server.account("reader", Some(RoleId::READER)).await;
    let status = async |user: &str| {
        server.as_user(user, Method::GET, "/api/events").send().await.unwrap().status().as_u16()
    };
    assert_eq!(server.request(Method::GET, "/api/events").send().await.unwrap().status(), 401);
    assert_eq!((status("stranger").await, status("puller").await, status("reader").await), (403, 403, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_right_to_it() {
    let server = Server::start().await;
    server.account("reader", Some(RoleId::READER)).await;
    let request = server.as_user("reader", Method::GET, "/api/events").header("accept", "text/event-stream");
    let response = request.send().await.unwrap();
    let principal = server.store.account("reader").await.unwrap().unwrap().principal;
    for assignment in server.store.role_assignments(principal).await.unwrap() {
        assert!(server.store.revoke_role(&assignment).await.unwrap());
    }
    // Something has to happen, so that somebody looks.
    server.push_image("app", "one", b"one").await;
    let text = response.text().await.unwrap();
    assert!(!text.contains("manifest-pushed"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_writes_is_seen_too() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, "/api/events", None).await;
    let event = NewEvent {
        kind: EventKind::new("something-else"),
        registry: Some(server.registry.id),
        repository: None,
        digest: None,
        tag: None,
        actor: store::Actor("other process".into()),
        at: jiff::Timestamp::now(),
        detail: Value::Null,
    };
    server.store.append_event(event).await.unwrap();
    assert_eq!(stream.next().await.1, "something-else");
}
