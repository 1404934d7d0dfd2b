//! The folder of blobs, by its public behaviour and by what lies in the folder.

use super::*;
use bytes::Bytes;
use std::io::Read;
use std::task::Poll;
use tempfile::TempDir;

const NO_LIMIT: u64 = u64::MAX;

fn upload(number: u8) -> UploadId {
    UploadId::from_random([number; 16])
}

fn body(pieces: &[&'static [u8]]) -> ByteStream<'static> {
    let pieces: Vec<io::Result<Bytes>> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
    futures_util::stream::iter(pieces).boxed()
}

fn broken_body(piece: &'static [u8]) -> ByteStream<'static> {
    let lost = io::Error::from(io::ErrorKind::ConnectionReset);
    futures_util::stream::iter([Ok(Bytes::from_static(piece)), Err(lost)]).boxed()
}

fn folder() -> (TempDir, FolderBlobs) {
    let folder = TempDir::new().unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    (folder, blobs)
}

async fn content(blobs: &FolderBlobs, digest: &Digest) -> Vec<u8> {
    let mut blob = blobs.open(digest).await.unwrap().unwrap();
    let mut bytes = Vec::new();
    blob.file.read_to_end(&mut bytes).unwrap();
    assert_eq!(blob.size, bytes.len() as u64);
    bytes
}

fn upload_files(folder: &TempDir) -> usize {
    fs::read_dir(folder.path().join("uploads")).unwrap().count()
}

#[tokio::test]
async fn blob_appears_with_its_digest_and_not_before() {
    let (folder, blobs) = folder();
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
        let path = folder.path().join(format!(
            "blobs/{}/{}/{}",
            digest.algorithm(),
            &digest.hex()[..2],
            digest.hex()
        ));
        assert!(path.is_file());
    }
    assert_eq!(upload_files(&folder), 0);
}

#[tokio::test]
async fn empty_blob_is_a_blob() {
    let (_folder, blobs) = folder();
    blobs.begin(upload(1)).await.unwrap();
    assert_eq!(blobs.finish(upload(1), &Digest::of_sha256(b"")).await.unwrap(), 0);
    assert_eq!(content(&blobs, &Digest::of_sha256(b"")).await, b"");
}

#[tokio::test]
async fn other_bytes_than_promised_are_refused_and_gone() {
    let (folder, blobs) = folder();
    let promised = Digest::of_sha256(b"promised");
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"delivered"]), NO_LIMIT).await.unwrap();
    let error = blobs.finish(upload(1), &promised).await.unwrap_err();
    assert!(matches!(error, BlobError::DigestMismatch { ref actual, .. }
        if *actual == Digest::of_sha256(b"delivered")));
    assert!(matches!(blobs.offset(upload(1)).await, Err(BlobError::UploadUnknown(_))));
    assert_eq!(blobs.size(&promised).await.unwrap(), None);
    assert_eq!(upload_files(&folder), 0);
}

#[tokio::test]
async fn bytes_follow_each_other_without_gap_or_overlap() {
    let (_folder, blobs) = folder();
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
    for offset in [0, 2, 4] {
        let error = blobs.append(upload(1), offset, body(&[b"x"]), NO_LIMIT).await.unwrap_err();
        assert!(matches!(error, BlobError::OffsetMismatch { actual: 3, requested } if requested == offset));
    }
    assert_eq!(blobs.finish(upload(1), &Digest::of_sha256(b"abc")).await.unwrap(), 3);
}

#[tokio::test]
async fn body_that_breaks_off_can_be_continued() {
    let (_folder, blobs) = folder();
    blobs.begin(upload(1)).await.unwrap();
    let error = blobs.append(upload(1), 0, broken_body(b"half"), NO_LIMIT).await.unwrap_err();
    assert!(matches!(error, BlobError::Body { received: 4, offset: 4, .. }));
    blobs.append(upload(1), 4, body(&[b"-whole"]), NO_LIMIT).await.unwrap();
    blobs.finish(upload(1), &Digest::of_sha256(b"half-whole")).await.unwrap();
}

#[tokio::test]
async fn limit_is_an_error_and_nothing_beyond_it_is_kept() {
    let (_folder, blobs) = folder();
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), 5).await.unwrap();
    let error = blobs.append(upload(1), 3, body(&[b"def"]), 5).await.unwrap_err();
    assert!(matches!(error, BlobError::TooLarge { limit: 5 }));
    assert_eq!(blobs.offset(upload(1)).await.unwrap(), 3);
}

#[tokio::test]
async fn upload_is_continued_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let bytes = Digest::of_sha256(b"before after");
    {
        let blobs = FolderBlobs::open(folder.path()).unwrap();
        blobs.begin(upload(1)).await.unwrap();
        blobs.append(upload(1), 0, body(&[b"before"]), NO_LIMIT).await.unwrap();
    }
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    assert_eq!(blobs.offset(upload(1)).await.unwrap(), 6);
    blobs.append(upload(1), 6, body(&[b" after"]), NO_LIMIT).await.unwrap();
    assert_eq!(blobs.finish(upload(1), &bytes).await.unwrap(), 12);
    assert_eq!(content(&blobs, &bytes).await, b"before after");
}

#[tokio::test]
async fn upload_that_lost_bytes_in_a_crash_never_becomes_the_blob() {
    let folder = TempDir::new().unwrap();
    {
        let blobs = FolderBlobs::open(folder.path()).unwrap();
        blobs.begin(upload(1)).await.unwrap();
        blobs.append(upload(1), 0, body(&[b"all the bytes"]), NO_LIMIT).await.unwrap();
    }
    let file = folder.path().join("uploads").join(upload(1).to_string());
    File::options().write(true).open(file).unwrap().set_len(5).unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    assert_eq!(blobs.offset(upload(1)).await.unwrap(), 5);
    let error = blobs.finish(upload(1), &Digest::of_sha256(b"all the bytes")).await.unwrap_err();
    assert!(matches!(error, BlobError::DigestMismatch { .. }));
}

#[tokio::test]
async fn same_digest_may_be_finished_many_times_at_once() {
    let (folder, blobs) = folder();
    let blobs = Arc::new(blobs);
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
    assert_eq!(upload_files(&folder), 0);
}

#[tokio::test]
async fn two_requests_never_append_to_one_upload_at_once() {
    let (_folder, blobs) = folder();
    blobs.begin(upload(1)).await.unwrap();
    let endless: ByteStream<'_> = futures_util::stream::pending().boxed();
    let first = blobs.append(upload(1), 0, endless, NO_LIMIT);
    tokio::pin!(first);
    let waits = std::future::poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await;
    assert!(waits);
    let second = blobs.append(upload(1), 0, body(&[b"x"]), NO_LIMIT).await;
    assert!(matches!(second, Err(BlobError::UploadBusy(_))));
}

#[tokio::test]
async fn cancelled_upload_is_gone_and_cancelling_again_is_no_error() {
    let (folder, blobs) = folder();
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
    blobs.cancel(upload(1)).await.unwrap();
    blobs.cancel(upload(1)).await.unwrap();
    assert_eq!(upload_files(&folder), 0);
    let after = blobs.append(upload(1), 3, body(&[b"d"]), NO_LIMIT).await;
    assert!(matches!(after, Err(BlobError::UploadUnknown(_))));
    let finished = blobs.finish(upload(1), &Digest::of_sha256(b"abc")).await;
    assert!(matches!(finished, Err(BlobError::UploadUnknown(_))));
}

#[tokio::test]
async fn stale_uploads_are_listed_by_their_last_byte() {
    let (_folder, blobs) = folder();
    blobs.begin(upload(2)).await.unwrap();
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
    assert_eq!(blobs.stale_uploads(Timestamp::UNIX_EPOCH).await.unwrap(), []);
    let all = blobs.stale_uploads(Timestamp::MAX).await.unwrap();
    assert_eq!(
        all.iter().map(|stale| (stale.upload, stale.size)).collect::<Vec<_>>(),
        [(upload(1), 3), (upload(2), 0)]
    );
}

#[tokio::test]
async fn deleted_blob_stays_readable_for_who_has_it_open() {
    let (_folder, blobs) = folder();
    let digest = Digest::of_sha256(b"abc");
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
    blobs.finish(upload(1), &digest).await.unwrap();
    let mut open = blobs.open(&digest).await.unwrap().unwrap();
    assert!(blobs.delete(&digest).await.unwrap());
    assert!(!blobs.delete(&digest).await.unwrap());
    assert!(blobs.open(&digest).await.unwrap().is_none());
    let mut text = String::new();
    open.file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "abc");
}

#[tokio::test]
async fn start_removes_strangers_and_keeps_uploads() {
    let folder = TempDir::new().unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    blobs.begin(upload(1)).await.unwrap();
    fs::write(folder.path().join("uploads/left-behind.tmp"), b"x").unwrap();
    drop(blobs);
    FolderBlobs::open(folder.path()).unwrap();
    assert_eq!(upload_files(&folder), 1);
}

#[tokio::test]
async fn blobs_are_listed_in_the_order_of_their_digests() {
    let (_folder, blobs) = folder();
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

#[tokio::test]
async fn waiting_uploads_hold_no_files_open() {
    let (folder, blobs) = folder();
    for number in 1..=20 {
        blobs.begin(upload(number)).await.unwrap();
        blobs.append(upload(number), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
    }
    let open = fs::read_dir("/proc/self/fd").unwrap().filter(|entry| {
        let target = fs::read_link(entry.as_ref().unwrap().path());
        target.is_ok_and(|target| target.starts_with(folder.path()))
    });
    assert_eq!(open.count(), 0);
}

#[tokio::test]
async fn bytes_that_vanish_behind_its_back_never_make_the_blob() {
    let (folder, blobs) = folder();
    for (number, length) in [(1, 2), (2, 9)] {
        blobs.begin(upload(number)).await.unwrap();
        blobs.append(upload(number), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
        let file = folder.path().join("uploads").join(upload(number).to_string());
        File::options().write(true).open(file).unwrap().set_len(length).unwrap();
    }
    let digest = Digest::of_sha256(b"abc");
    let lost = blobs.finish(upload(1), &digest).await;
    assert!(matches!(lost, Err(BlobError::DigestMismatch { .. })));
    assert_eq!(blobs.finish(upload(2), &digest).await.unwrap(), 3);
    assert_eq!(content(&blobs, &digest).await, b"abc");
}
