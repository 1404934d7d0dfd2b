//! What only a real connection shows: lines that break, and answers to clients that are still writing.

use crate::harness::{Harness, basic};
use oci::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Writes a request, and more or less of its body.
async fn write(host: &str, head: &str, length: usize, body: &[u8]) -> TcpStream {
    let mut line = TcpStream::connect(host).await.unwrap();
    let authorization = basic("owner");
    let head = format!(
        "{head} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\
         Content-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: {length}\r\n\r\n"
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(body).await.unwrap();
    line
}

/// How often the registry is asked whether it noticed. Each time it looks at its records and at a file, so that this
/// is long enough for any machine, and ends.
const ATTEMPTS: usize = 200_000;

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_the_line_broke() {
    let (harness, host) = Harness::listening().await;
    let location = harness.begin("a").await;
    let line = write(&host, &format!("PATCH {location}"), 1000, b"0123").await;
    drop(line);
    wait_until_it_stands_at(&harness, &location, "0-3").await;
    append_when_free(&harness, &location, "4-5", "45").await;
    let digest = Digest::of_sha256(b"012345");
    harness.put(&format!("{location}?digest={digest}"), "a/b", "").await.expect(201);
}

/// The registry notices a broken line in its own time. Only an answer that was given after that says where the upload
/// stands: one from before it, compared after it, was what made this test fail now and then.
async fn wait_until_it_stands_at(harness: &Harness, location: &str, range: &str) {
    for _ in 0..ATTEMPTS {
        let answer = harness.get(location).await.expect(204);
        match answer.header("range") {
            "0-0" => tokio::task::yield_now().await,
            stands => return assert_eq!(stands, range),
        }
    }
    panic!("the registry never noticed what arrived");
}

/// The bytes are in the file a moment before the request that brought them lets go of the upload.
async fn append_when_free(harness: &Harness, location: &str, range: &str, content: &'static str) {
    for _ in 0..ATTEMPTS {
        let answer = harness.patch(location, &[("content-range", range)], content).await;
        match answer.status.as_u16() {
            409 => tokio::task::yield_now().await,
            _ => return drop(answer.expect(202)),
        }
    }
    panic!("the registry never let go of the upload");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_a_manifest_that_is_too_large_reads_why() {
    let (_harness, host) = Harness::listening().await;
    let body = vec![b' '; oci::MAXIMUM_MANIFEST_BYTES + 1_000_000];
    let mut line = write(&host, "PUT /v2/a/manifests/t", body.len(), &body).await;
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("SIZE_INVALID"));
}

#[tokio::test(flavor = "multi_thread")]
async fn head_has_the_headers_of_get_and_no_body() {
    let (harness, host) = Harness::listening().await;
    let digest = harness.push_blob("a", b"content").await;
    let mut line = write(&host, &format!("HEAD /v2/a/blobs/{digest}"), 0, b"").await;
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.to_lowercase().contains("content-length: 7\r\n"));
    assert!(answer.ends_with("\r\n\r\n"));
}
