//! Memory does not grow with blobs: a large one goes up and comes down while the process stays small.

use crate::harness::{Harness, basic};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request};
use http_body_util::BodyExt;
use oci::{Algorithm, Hasher};
use std::io;
use tower::ServiceExt;

const PIECE: &[u8] = &[0x5a; 64 * 1024];
const PIECES: usize = 3 * 1024;

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_large_blob_goes_up_and_down_in_little_memory() {
    let harness = Harness::new().await;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    for _ in 0..PIECES {
        hasher.update(PIECE);
    }
    let digest = hasher.finish();
    let location = harness.begin("a").await;
    let before = peak();
    let pieces = stream::iter((0..PIECES).map(|_| Ok::<_, io::Error>(Bytes::from_static(PIECE))));
    harness.patch(&location, &[], Body::from_stream(pieces)).await.expect(202);
    harness.put(&format!("{location}?digest={digest}"), "a/b", "").await.expect(201);
    let request = Request::builder()
        .method(Method::GET)
        .uri(format!("/v2/a/blobs/{digest}"))
        .header("authorization", basic("owner"))
        .body(Body::empty())
        .unwrap();
    let mut body = harness.router().oneshot(request).await.unwrap().into_body();
    let mut hasher = Hasher::new(Algorithm::Sha256);
    while let Some(frame) = body.frame().await {
        hasher.update(&frame.unwrap().into_data().unwrap());
    }
    assert_eq!(hasher.finish(), digest);
    let grown = peak() - before;
    assert!(grown < 32 * 1024, "{grown} KiB more for a blob of {} KiB", PIECES * 64);
}
