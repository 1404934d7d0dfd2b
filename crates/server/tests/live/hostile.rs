//! Clients that mean no good, on the line itself: what they send is written byte by byte.

use crate::harness::{PASSWORD, Server};
use access::RatePolicy;
use futures_util::future::join_all;
use reqwest::Method;
use server::{Configuration, Overrides};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// For what an idle machine does at once, and a busy one in a while.
const ENOUGH: Duration = Duration::from_secs(60);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Everything that comes until the other side ends the line; fails if it does not.
async fn to_the_end(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let reading = stream.read_to_end(&mut heard);
    // A line that is reset has ended too.
    let _ = tokio::time::timeout(ENOUGH, reading).await.expect("the line stays open");
    String::from_utf8_lossy(&heard).into_owned()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.host()).await.unwrap()
}

/// Writes what comes first on a line. An impatient server may have given up whoever was so slow with it.
async fn write(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes).await;
}

/// The status that a request gets that is written as it is.
async fn status(server: &Server, request: &[u8]) -> u16 {
    let mut stream = connect(server).await;
    write(&mut stream, request).await;
    let answer = to_the_end(&mut stream).await;
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// Whether somebody else is still served, by a line of their own. Who was so slow, on a busy machine, that an impatient server
/// has given them up, asks again.
async fn serves(server: &Server) -> bool {
    let end = Instant::now() + ENOUGH;
    loop {
        let client = reqwest::Client::builder().timeout(ENOUGH).build().unwrap();
        let asking = client.get(format!("{}/v2/", server.url)).basic_auth("admin", Some(PASSWORD));
        match asking.send().await {
            Ok(answer) => return answer.status() == 200,
            Err(error) => assert!(Instant::now() < end, "nobody is served: {error}"),
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(content);
    frame
}

/// A line that speaks HTTP/2 and has said its settings.
async fn http2(server: &Server) -> TcpStream {
    let mut stream = connect(server).await;
    write(&mut stream, PREFACE).await;
    write(&mut stream, &frame(4, 0, 0, &[])).await;
    stream
}

/// Sends pieces until the other side has had enough, or all are sent. Answers are read and dropped.
async fn flood(stream: TcpStream, piece: impl Fn(u32) -> Vec<u8>, count: u32) -> bool {
    let (mut reader, mut writer) = stream.into_split();
    let reading = tokio::spawn(async move {
        let mut dropped = vec![0; 65_536];
        while reader.read(&mut dropped).await.is_ok_and(|length| length > 0) {}
    });
    let mut was_cut = false;
    for number in 0..count {
        let sent = tokio::time::timeout(ENOUGH, writer.write_all(&piece(number))).await;
        if !sent.is_ok_and(|sent| sent.is_ok()) {
            was_cut = true;
            break;
        }
    }
    if !was_cut {
        was_cut = tokio::time::timeout(Duration::from_millis(500), reading).await.is_ok();
    }
    was_cut
}

/// `GET /v2/`, in the static table of HPACK and as literals.
fn get_headers() -> Vec<u8> {
    // :method GET, :scheme http, :path /v2/, :authority x
    let mut block = vec![0x82, 0x86, 0x04, 4];
    block.extend_from_slice(b"/v2/");
    block.extend_from_slice(&[0x01, 1, b'x']);
    block
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_headers_are_not_waited_for() {
    let server = Server::impatient().await;
    let beginnings = [
        &b""[..],
        b"G",
        b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"P",
        &PREFACE[..20],
        b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n",
    ];
    join_all(beginnings.map(async |beginning| {
        let mut stream = connect(&server).await;
        write(&mut stream, beginning).await;
        to_the_end(&mut stream).await;
    }))
    .await;
    // A letter now and then does not help.
    let mut stream = connect(&server).await;
    let drip = async {
        let mut piece = &b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow: "[..];
        while stream.write_all(piece).await.is_ok() {
            piece = b"x";
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(ENOUGH, drip).await.expect("the line stays open");
    assert!(serves(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_bodies_are_not_waited_for() {
    let server = Server::impatient().await;
    for (path, kind) in
        [("/oauth2/token", "application/x-www-form-urlencoded"), ("/api/registry/rules", "application/json")]
    {
        let method = if path.starts_with("/api") { "PUT" } else { "POST" };
        let authorization = {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(format!("admin:{PASSWORD}"))
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {authorization}\r\nContent-Type: {kind}\r\n\
             Content-Length: 100\r\n\r\nonly the beginning"
        );
        let mut stream = connect(&server).await;
        write(&mut stream, request.as_bytes()).await;
        let answer = to_the_end(&mut stream).await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    assert!(serves(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn giant_and_countless_headers_are_refused() {
    let server = Server::impatient().await;
    let giant = format!("GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Giant: {}\r\n\r\n", "x".repeat(1 << 20));
    let many: String = (0..5000).map(|number| format!("X-{number}: y\r\n")).collect();
    let many = format!("GET /v2/ HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    let path = format!("GET /v2/{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1 << 20));
    for request in [giant, many, path] {
        let mut stream = connect(&server).await;
        write(&mut stream, request.as_bytes()).await;
        let answer = to_the_end(&mut stream).await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    assert!(serves(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_request() {
    let server = Server::impatient().await;
    for request in [
        "POST /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "POST /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
        "POST /v2/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v2/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        "GET /v2/\r\n\r\n",
        "GET /v2/ HTTP/9.9\r\nHost: x\r\n\r\n",
    ] {
        let status = status(&server, request.as_bytes()).await;
        assert!(matches!(status, 0 | 400 | 401 | 405 | 505), "{status}: {request}");
    }
    // What would be two requests to one reader and one to another gets one answer at most that is not a refusal.
    let smuggled = "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
                    5c\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = connect(&server).await;
    write(&mut stream, smuggled.as_bytes()).await;
    let answer = to_the_end(&mut stream).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert!(serves(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_are_what_they_say() {
    let server = Server::start().await;
    server.push_image("app", "one", b"layer").await;
    let authorization = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(format!("admin:{PASSWORD}"))
    };
    for path in [
        "/v2/../healthz",
        "/v2/%2e%2e/healthz",
        "/v2/%2e%2e%2fhealthz",
        "/v2/app/../app/manifests/one",
        "/v2/./app/manifests/one",
        "/v2//app/manifests/one",
        "//v2/app/manifests/one",
        "/v2/app%2Fmanifests%2Fone",
        "/v2/app/manifests/one%00",
        "/v2/app%00/manifests/one",
        "/v2/APP/manifests/one",
        "/v2/app/manifests/one/",
        "/v2/app/manifests/..%2f..%2f..%2fetc%2fpasswd",
        "/v2/app/blobs/..%2f..%2flazaretto.sqlite",
        "/v2/app/blobs/uploads/..%2f..%2fx",
        "/v2/%61pp/manifests/%6fne%",
        "/v2/\u{430}pp/manifests/one",
        "/v2/app/manifests/one%0d%0aX:%20y",
        "/acr/v1/../../healthz",
        "/acr/v1/_deleted/_deleted/_catalog/x",
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {authorization}\r\nConnection: close\r\n\r\n"
        );
        let status = status(&server, request.as_bytes()).await;
        assert!(matches!(status, 400 | 404 | 405), "{status}: {path}");
    }
    let plain = format!(
        "GET /v2/%61pp/manifests/one HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {authorization}\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(
        status(&server, plain.as_bytes()).await,
        200,
        "one spelling of a letter is as good as another"
    );
}

/// CONTINUATION frames without end (RUSTSEC-2024-0332).
#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_are_cut() {
    let server = Server::impatient().await;
    let mut stream = http2(&server).await;
    write(&mut stream, &frame(1, 0, 1, &get_headers())).await;
    // A literal header of 8 KiB, again and again: 256 MiB if nobody stops it.
    let mut block = vec![0x00, 1, b'x', 0x7f, 0x81, 0x3f];
    block.resize(block.len() + 8192, b'y');
    let was_cut = flood(stream, |_| frame(9, 0, 1, &block), 32_768).await;
    assert!(was_cut);
    assert!(serves(&server).await);
}

/// Streams that are opened and reset at once (CVE-2023-44487, RUSTSEC-2024-0003).
#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_reset_at_once_hold_up_nobody() {
    let server = Server::impatient().await;
    let stream = http2(&server).await;
    let piece = |number: u32| {
        let id = 2 * number + 1;
        let mut piece = frame(1, 0x05, id, &get_headers());
        piece.extend_from_slice(&frame(3, 0, id, &8_u32.to_be_bytes()));
        piece
    };
    // While it goes on, somebody else is served; whether the line is cut depends on how fast we are.
    let flooding = flood(stream, piece, 50_000);
    let serving = async {
        for _ in 0..20 {
            assert!(serves(&server).await);
        }
    };
    tokio::join!(flooding, serving);
}

/// Frames that cost the sender nothing: empty DATA (RUSTSEC-2026-0258), PING and SETTINGS.
#[tokio::test(flavor = "multi_thread")]
async fn frames_that_say_nothing_hold_up_nobody() {
    let server = Server::impatient().await;
    let mut stream = http2(&server).await;
    let mut post = vec![0x83, 0x86, 0x04, 4];
    post.extend_from_slice(b"/v2/");
    post.extend_from_slice(&[0x01, 1, b'x']);
    write(&mut stream, &frame(1, 0x04, 1, &post)).await;
    flood(stream, |_| frame(0, 0, 1, &[]).repeat(100), 1000).await;
    assert!(serves(&server).await);
    let stream = http2(&server).await;
    flood(stream, |_| frame(6, 0, 0, &[0; 8]).repeat(100), 1000).await;
    assert!(serves(&server).await);
    let stream = http2(&server).await;
    flood(stream, |_| frame(4, 0, 0, &[]).repeat(100), 1000).await;
    assert!(serves(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_wrong_end_the_line() {
    let server = Server::impatient().await;
    for wrong in [
        frame(1, 0x05, 0, &get_headers()),
        frame(1, 0x05, 2, &get_headers()),
        frame(0, 0, 1, b"x"),
        frame(8, 0, 0, &[0; 4]),
        frame(4, 0, 0, &[0; 5]),
        frame(1, 0x05, 1, &[0xff; 40]),
        // Longer than any frame may be.
        vec![0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1],
    ] {
        let mut stream = http2(&server).await;
        write(&mut stream, &wrong).await;
        to_the_end(&mut stream).await;
    }
    assert!(serves(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_more_than_their_share() {
    // What is taken never comes back, however long the machine takes for it.
    let configure = |configuration: &mut Configuration| {
        configuration.rates = Some(RatePolicy { per_second: 0, burst: 5, capacity: 100 });
    };
    let server = Server::configured(Overrides::default(), configure).await;
    server.account("other", Some(access::RoleId::ACR_PULL)).await;
    let ask = async |user: &str, path: &str| server.as_user(user, Method::GET, path).send().await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(ask("admin", "/v2/").await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    let refused = ask("admin", "/v2/").await;
    assert_eq!(refused.headers()["retry-after"], "1");
    let body: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], "TOOMANYREQUESTS");
    assert_eq!(ask("other", "/v2/").await.status(), 200, "somebody else has a share of their own");
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(ask("other", "/oauth2/token").await.status().as_u16());
    }
    assert_eq!(tokens, [200, 200, 200, 200, 200, 429], "of tokens too");
}
