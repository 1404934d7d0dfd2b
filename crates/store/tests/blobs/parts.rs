//! Uploads that are larger than what an object storage takes at once.

use crate::place::Place;
use crate::rules::{NO_LIMIT, content, nothing_is_left, upload};
use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use oci::{Algorithm, Digest};
use std::io;
use store::{BlobError, ByteStream};

const MEGABYTE: usize = 1 << 20;

/// So many bytes, different ones everywhere.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A body in pieces as they come from a network.
fn body(bytes: &[u8]) -> ByteStream<'static> {
    let pieces: Vec<io::Result<Bytes>> =
        bytes.chunks(64 << 10).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures_util::stream::iter(pieces).boxed()
}

pub(crate) async fn an_upload_of_many_parts_is_one_blob(place: &Place) {
    let blobs = place.open();
    for (number, length) in [(1, 16 * MEGABYTE), (2, 20 * MEGABYTE + 5)] {
        let whole = bytes(length);
        let digest = Digest::of_sha256(&whole);
        blobs.begin(upload(number)).await.unwrap();
        blobs.append(upload(number), 0, body(&whole), NO_LIMIT).await.unwrap();
        assert_eq!(blobs.offset(upload(number)).await.unwrap(), length as u64);
        assert_eq!(blobs.finish(upload(number), &digest).await.unwrap(), length as u64);
        assert!(content(&blobs, &digest).await == whole, "other bytes came back");
    }
    nothing_is_left(&blobs).await;
}

pub(crate) async fn chunks_of_any_size_make_the_same_blob(place: &Place) {
    let blobs = place.open();
    let whole = bytes(19 * MEGABYTE);
    let digest = Digest::of_sha256(&whole);
    blobs.begin(upload(1)).await.unwrap();
    let mut offset = 0;
    for length in [1, 3 * MEGABYTE, 5 * MEGABYTE - 1, 9 * MEGABYTE, 100, usize::MAX] {
        let end = offset + length.min(whole.len() - offset);
        let reached = blobs.append(upload(1), offset as u64, body(&whole[offset..end]), NO_LIMIT).await;
        assert_eq!(reached.unwrap(), end as u64);
        offset = end;
    }
    assert_eq!(blobs.finish(upload(1), &digest).await.unwrap(), whole.len() as u64);
    assert!(content(&blobs, &digest).await == whole, "other bytes came back");
    nothing_is_left(&blobs).await;
}

/// Each chunk is taken by a node that has never seen the others.
pub(crate) async fn an_upload_is_hashed_on_by_another_node(place: &Place) {
    let whole = bytes(25 * MEGABYTE);
    let digest = Digest::of_sha256(&whole);
    place.open().begin(upload(1)).await.unwrap();
    let mut offset = 0;
    for piece in whole.chunks(9 * MEGABYTE + 7) {
        let blobs = place.open();
        blobs.append(upload(1), offset, body(piece), NO_LIMIT).await.unwrap();
        offset += piece.len() as u64;
    }
    let blobs = place.open();
    assert_eq!(blobs.finish(upload(1), &digest).await.unwrap(), whole.len() as u64);
    assert!(content(&place.open(), &digest).await == whole, "other bytes came back");
    nothing_is_left(&blobs).await;
}

pub(crate) async fn many_parts_and_a_long_digest_go_together(place: &Place) {
    let blobs = place.open();
    let whole = bytes(17 * MEGABYTE);
    let (right, wrong) = (Digest::of(Algorithm::Sha512, &whole), Digest::of(Algorithm::Sha512, b"other"));
    for (number, digest) in [(1, &right), (2, &wrong)] {
        blobs.begin(upload(number)).await.unwrap();
        blobs.append(upload(number), 0, body(&whole), NO_LIMIT).await.unwrap();
        let finished = blobs.finish(upload(number), digest).await;
        match finished {
            Ok(size) => assert_eq!((size, digest), (whole.len() as u64, &right)),
            Err(error) => assert!(matches!(error, BlobError::DigestMismatch { .. }) && digest == &wrong),
        }
    }
    assert!(content(&blobs, &right).await == whole, "other bytes came back");
    nothing_is_left(&blobs).await;
}

/// A node that died between the storage and the records leaves parts that no record knows.
pub(crate) async fn what_a_crash_left_is_found_and_cleared(place: &Place) {
    let blobs = place.open();
    for (number, length) in [(1, 10 * MEGABYTE), (2, 10)] {
        blobs.begin(upload(number)).await.unwrap();
        blobs.append(upload(number), 0, body(&bytes(length)), NO_LIMIT).await.unwrap();
    }
    let (stranger, _records) = place.open_without_records();
    let found: Vec<_> = stranger.stale_uploads(Timestamp::MAX).await.unwrap();
    assert_eq!(found.iter().map(|stale| stale.upload).collect::<Vec<_>>(), [upload(1), upload(2)]);
    for stale in found {
        stranger.cancel(stale.upload).await.unwrap();
    }
    nothing_is_left(&stranger).await;
}

/// Amazon copies at most 5 GiB in one request; the same happens here with a few megabytes.
pub(crate) async fn a_large_copy_is_made_of_parts(place: &Place) {
    let blobs = place.open();
    for (number, length, parts) in [(1, 5 * MEGABYTE, None), (2, 16 * MEGABYTE + 1, Some(4))] {
        let whole = bytes(length);
        let digest = Digest::of_sha256(&whole);
        blobs.begin(upload(number)).await.unwrap();
        blobs.append(upload(number), 0, body(&whole), NO_LIMIT).await.unwrap();
        assert_eq!(blobs.finish(upload(number), &digest).await.unwrap(), length as u64);
        assert!(content(&blobs, &digest).await == whole, "other bytes came back");
        // S3 marks what was made of parts by their number.
        let mark = place.mark_of(&digest).await;
        assert_eq!(
            mark.trim_matches('"').split_once('-').map(|(_, parts)| parts.parse().unwrap()),
            parts,
            "{mark}"
        );
    }
    nothing_is_left(&blobs).await;
}
