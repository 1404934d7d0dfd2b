//! The way out: what it reaches, what it refuses, and that no name leads it elsewhere.

use super::*;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn sender(allowed: &[&str]) -> Sender {
    let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
    Sender::new(Arc::new(Reach::Public { allowed })).unwrap()
}

fn letter(address: &str) -> Letter {
    Letter { address: address.to_owned(), headers: HeaderMap::new(), body: Bytes::from_static(b"{}") }
}

/// A server that answers once with these bytes, and gives back what it was sent; nothing if nobody connected.
async fn answering(answer: &'static [u8]) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let length = stream.read(&mut heard).await.unwrap();
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8_lossy(&heard[..length]).into_owned()
    });
    (address, heard)
}

#[tokio::test]
async fn addresses_of_this_machine_are_refused_in_every_spelling() {
    let sender = sender(&[]);
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "169.254.169.254",
    ] {
        let (address, heard) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        let sent = sender.post(letter(&format!("http://{host}:{}/", address.port()))).await;
        assert!(matches!(sent, Err(SendError::Closed { .. })), "{host}: {sent:?}");
        assert!(!heard.is_finished(), "{host} was reached");
        heard.abort();
    }
}

#[tokio::test]
async fn what_is_allowed_is_sent_and_its_answer_read() {
    let answer = b"HTTP/1.1 503 No\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nbusy";
    let (address, heard) = answering(answer).await;
    let sender = sender(&["127.0.0.0/8", "::1"]);
    let mut letter = letter(&format!("http://user:word@localhost:{}/in?secret=x", address.port()));
    letter.headers = headers(&BTreeMap::from([("X-Own".to_owned(), "value".to_owned())])).unwrap();
    let answer = sender.post(letter).await.unwrap();
    assert_eq!((answer.status, answer.content.as_str(), answer.retry_after()), (503, "busy", Some(7)));
    assert!(!answer.is_success());
    let heard = heard.await.unwrap();
    assert!(heard.starts_with("POST /in?secret=x HTTP/1.1"), "{heard}");
    assert!(heard.contains("x-own: value"), "{heard}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (target, heard) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let redirect = format!("HTTP/1.1 307 Go\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _) = answering(Box::leak(redirect.into_boxed_str()).as_bytes()).await;
    let answer = sender(&["127.0.0.1"]).post(letter(&format!("http://{address}/"))).await.unwrap();
    assert_eq!(answer.status, 307);
    assert!(!heard.is_finished());
}

#[tokio::test]
async fn errors_name_the_host_alone() {
    let sender = sender(&["127.0.0.1"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = sender.post(letter(&format!("http://me:word@{address}/secret"))).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("127.0.0.1") && !text.contains("secret") && !text.contains("word"), "{text}");
    for address in ["", "ftp://host/", "file:///etc/passwd", "http://", "mailto:a@b", "//host/"] {
        assert_eq!(sender.check(address), Err(SendError::Address), "{address}");
    }
    assert!(sender.check("http://10.0.0.1/").is_err());
    assert_eq!(sender.check("https://hook.test/in"), Ok(()));
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    answer.resize(100_000, b'x');
    let (address, _) = answering(Box::leak(answer.into_boxed_slice())).await;
    let answer = sender(&["127.0.0.1"]).post(letter(&format!("http://{address}/"))).await.unwrap();
    assert_eq!(answer.content.len(), ANSWER_BYTES);
}

#[test]
fn headers_of_the_message_itself_are_not_theirs_to_set() {
    for name in ["Host", "content-length", "Transfer-Encoding", "bad name", ""] {
        assert!(headers(&BTreeMap::from([(name.to_owned(), "x".to_owned())])).is_err(), "{name}");
    }
    assert!(headers(&BTreeMap::from([("X".to_owned(), "a\r\nb: c".to_owned())])).is_err());
    let given = headers(&BTreeMap::from([("Authorization".to_owned(), "secret".to_owned())])).unwrap();
    assert!(!format!("{given:?}").contains("secret"));
}
