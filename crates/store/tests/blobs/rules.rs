//! Blobs and uploads, by their public behaviour.

use crate::place::Place;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use oci::{Algorithm, Digest};
use std::future::Future;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::task::Poll;
use store::{BlobError, Blobs, ByteStream, PageRequest, UploadId};

pub(crate) const NO_LIMIT: u64 = u64::MAX;

pub(crate) fn upload(number: u8) -> UploadId {
    UploadId::from_random([number; 16])
}

pub(crate) fn body(pieces: &[&'static [u8]]) -> ByteStream<'static> {
    let pieces: Vec<io::Result<Bytes>> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
    futures_util::stream::iter(pieces).boxed()
}

fn broken_body(piece: &'static [u8]) -> ByteStream<'static> {
    let lost = io::Error::from(io::ErrorKind::ConnectionReset);
    futures_util::stream::iter([Ok(Bytes::from_static(piece)), Err(lost)]).boxed()
}

async fn range(blobs: &Arc<dyn Blobs>, digest: &Digest, range: Range<u64>) -> Vec<u8> {
    let stream = blobs.open(digest).await.unwrap().unwrap().stream(range).await.unwrap();
    stream.try_collect::<Vec<Bytes>>().await.unwrap().concat()
}

pub(crate) async fn content(blobs: &Arc<dyn Blobs>, digest: &Digest) -> Vec<u8> {
    let size = blobs.size(digest).await.unwrap().unwrap();
    range(blobs, digest, 0..size).await
}

/// Puts a small blob.
async fn put(blobs: &Arc<dyn Blobs>, number: u8, bytes: &'static [u8]) -> Digest {
    let digest = Digest::of_sha256(bytes);
    blobs.begin(upload(number)).await.unwrap();
    blobs.append(upload(number), 0, body(&[bytes]), NO_LIMIT).await.unwrap();
    blobs.finish(upload(number), &digest).await.unwrap();
    digest
}

/// No upload is left, whoever looks.
pub(crate) async fn nothing_is_left(blobs: &Arc<dyn Blobs>) {
    assert_eq!(blobs.stale_uploads(Timestamp::MAX).await.unwrap(), []);
}

pub(crate) async fn a_blob_appears_with_its_digest_and_not_before(place: &Place) {
    let blobs = place.open();
    for (number, algorithm) in [(1, Algorithm::Sha256), (2, Algorithm::Sha512)] {
        let digest = Digest::of(algorithm, b"hello world");
        blobs.begin(upload(number)).await.unwrap();
        let offset = blobs.append(upload(number), 0, body(&[b"hello", b" "]), NO_LIMIT).await.unwrap();
        assert_eq!(offset, 6);
        assert_eq!(blobs.offset(upload(number)).await.unwrap(), 6);
        blobs.append(upload(number), 6, body(&[b"world"]), NO_LIMIT).await.unwrap();
        assert_eq!(blobs.size(&digest).await.unwrap(), None);
        assert!(blobs.open(&digest).await.unwrap().is_none());
        assert_eq!(blobs.finish(upload(number), &digest).await.unwrap(), 11);
        assert_eq!(blobs.size(&digest).await.unwrap(), Some(11));
        assert_eq!(content(&blobs, &digest).await, b"hello world");
    }
    nothing_is_left(&blobs).await;
}

pub(crate) async fn an_empty_blob_is_a_blob(place: &Place) {
    let blobs = place.open();
    for (number, algorithm) in [(1, Algorithm::Sha256), (2, Algorithm::Sha512)] {
        let digest = Digest::of(algorithm, b"");
        blobs.begin(upload(number)).await.unwrap();
        assert_eq!(blobs.finish(upload(number), &digest).await.unwrap(), 0);
        assert_eq!(content(&blobs, &digest).await, b"");
    }
    nothing_is_left(&blobs).await;
}

pub(crate) async fn other_bytes_than_promised_are_refused_and_gone(place: &Place) {
    let blobs = place.open();
    for (number, algorithm) in [(1, Algorithm::Sha256), (2, Algorithm::Sha512)] {
        let promised = Digest::of(algorithm, b"promised");
        blobs.begin(upload(number)).await.unwrap();
        blobs.append(upload(number), 0, body(&[b"delivered"]), NO_LIMIT).await.unwrap();
        let error = blobs.finish(upload(number), &promised).await.unwrap_err();
        assert!(matches!(error, BlobError::DigestMismatch { ref actual, .. }
            if *actual == Digest::of(algorithm, b"delivered")));
        assert!(matches!(blobs.offset(upload(number)).await, Err(BlobError::UploadUnknown(_))));
        assert_eq!(blobs.size(&promised).await.unwrap(), None);
    }
    nothing_is_left(&blobs).await;
}

pub(crate) async fn bytes_follow_each_other_without_gap_or_overlap(place: &Place) {
    let blobs = place.open();
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
    for offset in [0, 2, 4] {
        let error = blobs.append(upload(1), offset, body(&[b"x"]), NO_LIMIT).await.unwrap_err();
        assert!(matches!(error, BlobError::OffsetMismatch { actual: 3, requested } if requested == offset));
    }
    assert_eq!(blobs.finish(upload(1), &Digest::of_sha256(b"abc")).await.unwrap(), 3);
}

pub(crate) async fn a_body_that_breaks_off_can_be_continued(place: &Place) {
    let blobs = place.open();
    blobs.begin(upload(1)).await.unwrap();
    let error = blobs.append(upload(1), 0, broken_body(b"half"), NO_LIMIT).await.unwrap_err();
    assert!(matches!(error, BlobError::Body { received: 4, offset: 4, .. }));
    assert_eq!(blobs.offset(upload(1)).await.unwrap(), 4);
    blobs.append(upload(1), 4, body(&[b"-whole"]), NO_LIMIT).await.unwrap();
    blobs.finish(upload(1), &Digest::of_sha256(b"half-whole")).await.unwrap();
}

pub(crate) async fn a_limit_is_an_error_and_nothing_beyond_it_is_kept(place: &Place) {
    let blobs = place.open();
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), 5).await.unwrap();
    let error = blobs.append(upload(1), 3, body(&[b"def"]), 5).await.unwrap_err();
    assert!(matches!(error, BlobError::TooLarge { limit: 5 }));
    assert_eq!(blobs.offset(upload(1)).await.unwrap(), 3);
}

pub(crate) async fn an_upload_is_continued_on_another_node(place: &Place) {
    let digest = Digest::of_sha256(b"before after");
    {
        let blobs = place.open();
        blobs.begin(upload(1)).await.unwrap();
        blobs.append(upload(1), 0, body(&[b"before"]), NO_LIMIT).await.unwrap();
    }
    let blobs = place.open();
    assert_eq!(blobs.offset(upload(1)).await.unwrap(), 6);
    blobs.append(upload(1), 6, body(&[b" after"]), NO_LIMIT).await.unwrap();
    assert_eq!(blobs.finish(upload(1), &digest).await.unwrap(), 12);
    assert_eq!(content(&blobs, &digest).await, b"before after");
    nothing_is_left(&blobs).await;
}

pub(crate) async fn the_same_digest_may_be_finished_many_times_at_once(place: &Place) {
    let blobs = place.open();
    let digest = Digest::of_sha256(b"same");
    let mut tasks = Vec::new();
    for number in 1..=16 {
        let (blobs, digest) = (Arc::clone(&blobs), digest.clone());
        tasks.push(tokio::spawn(async move {
            blobs.begin(upload(number)).await.unwrap();
            blobs.append(upload(number), 0, body(&[b"same"]), NO_LIMIT).await.unwrap();
            blobs.finish(upload(number), &digest).await.unwrap()
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), 4);
    }
    assert_eq!(content(&blobs, &digest).await, b"same");
    nothing_is_left(&blobs).await;
}

pub(crate) async fn two_requests_never_append_to_one_upload_at_once(place: &Place) {
    let blobs = place.open();
    blobs.begin(upload(1)).await.unwrap();
    let endless: ByteStream<'_> = futures_util::stream::pending().boxed();
    let first = blobs.append(upload(1), 0, endless, NO_LIMIT);
    tokio::pin!(first);
    let waits = std::future::poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await;
    assert!(waits);
    let second = blobs.append(upload(1), 0, body(&[b"x"]), NO_LIMIT).await;
    assert!(matches!(second, Err(BlobError::UploadBusy(_))));
}

pub(crate) async fn a_cancelled_upload_is_gone_and_cancelling_again_is_no_error(place: &Place) {
    let blobs = place.open();
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
    blobs.cancel(upload(1)).await.unwrap();
    blobs.cancel(upload(1)).await.unwrap();
    let after = blobs.append(upload(1), 3, body(&[b"d"]), NO_LIMIT).await;
    assert!(matches!(after, Err(BlobError::UploadUnknown(_))));
    let finished = blobs.finish(upload(1), &Digest::of_sha256(b"abc")).await;
    assert!(matches!(finished, Err(BlobError::UploadUnknown(_))));
    nothing_is_left(&blobs).await;
}

pub(crate) async fn stale_uploads_are_listed_by_their_last_byte(place: &Place) {
    let blobs = place.open();
    blobs.begin(upload(2)).await.unwrap();
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
    assert_eq!(blobs.stale_uploads(Timestamp::UNIX_EPOCH).await.unwrap(), []);
    let all = blobs.stale_uploads(Timestamp::MAX).await.unwrap();
    let all: Vec<_> = all.iter().map(|stale| (stale.upload, stale.size)).collect();
    assert_eq!(all, [(upload(1), 3), (upload(2), 0)]);
}

pub(crate) async fn a_deleted_blob_is_gone_and_can_come_again(place: &Place) {
    let blobs = place.open();
    let digest = put(&blobs, 1, b"abc").await;
    assert!(blobs.delete(&digest).await.unwrap());
    assert!(!blobs.delete(&digest).await.unwrap());
    assert!(blobs.open(&digest).await.unwrap().is_none());
    assert_eq!(put(&blobs, 2, b"abc").await, digest);
    assert_eq!(content(&blobs, &digest).await, b"abc");
}

pub(crate) async fn blobs_are_listed_in_the_order_of_their_digests(place: &Place) {
    let blobs = place.open();
    let pieces: [&'static [u8]; 6] = [b"a", b"b", b"c", b"d", b"e", b"f"];
    let mut digests = Vec::new();
    for (number, piece) in (1..).zip(pieces) {
        let algorithm = if number % 3 == 0 { Algorithm::Sha512 } else { Algorithm::Sha256 };
        digests.push(Digest::of(algorithm, piece));
        blobs.begin(upload(number)).await.unwrap();
        blobs.append(upload(number), 0, body(&[piece]), NO_LIMIT).await.unwrap();
        blobs.finish(upload(number), &digests[digests.len() - 1]).await.unwrap();
    }
    digests.sort();
    for limit in [1, 2, 6, 100] {
        let mut found = Vec::new();
        let mut page = PageRequest::first(limit);
        loop {
            let part = blobs.blobs(page).await.unwrap();
            assert!(part.items.len() <= limit);
            found.extend(part.items);
            let Some(next) = part.next else { break };
            page = PageRequest::after(next, limit);
        }
        assert_eq!(found, digests, "in pages of {limit}");
    }
}

pub(crate) async fn a_range_is_what_was_asked_for(place: &Place) {
    let blobs = place.open();
    let digest = put(&blobs, 1, b"0123456789").await;
    for (asked, expected) in [(0..10, "0123456789"), (0..1, "0"), (3..7, "3456"), (9..10, "9"), (4..4, "")] {
        assert_eq!(range(&blobs, &digest, asked.clone()).await, expected.as_bytes(), "{asked:?}");
    }
}

pub(crate) async fn a_blob_is_had_as_a_file_and_as_bytes(place: &Place) {
    let blobs = place.open();
    let digest = put(&blobs, 1, b"some bytes").await;
    let open = async || blobs.open(&digest).await.unwrap().unwrap();
    let mut text = String::new();
    open().await.into_file().await.unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "some bytes");
    assert_eq!(open().await.bytes(10).await.unwrap().unwrap(), "some bytes");
    assert_eq!(open().await.bytes(9).await.unwrap(), None);
}
