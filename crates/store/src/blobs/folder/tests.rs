//! The folder of blobs, by what lies in the folder. What every place for blobs does is in `tests/blobs`.

use super::*;
use bytes::Bytes;
use tempfile::TempDir;

const NO_LIMIT: u64 = u64::MAX;

fn upload(number: u8) -> UploadId {
    UploadId::from_random([number; 16])
}

fn body(pieces: &[&'static [u8]]) -> ByteStream<'static> {
    let pieces: Vec<io::Result<Bytes>> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
    futures_util::stream::iter(pieces).boxed()
}

fn folder() -> (TempDir, FolderBlobs) {
    let folder = TempDir::new().unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    (folder, blobs)
}

async fn content(blobs: &FolderBlobs, digest: &Digest) -> Vec<u8> {
    let blob = blobs.open(digest).await.unwrap().unwrap();
    let size = blob.size;
    let bytes = blob.bytes(u64::MAX).await.unwrap().unwrap();
    assert_eq!(size, bytes.len() as u64);
    bytes.to_vec()
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
async fn deleted_blob_stays_readable_for_who_has_it_open() {
    let (_folder, blobs) = folder();
    let digest = Digest::of_sha256(b"abc");
    blobs.begin(upload(1)).await.unwrap();
    blobs.append(upload(1), 0, body(&[b"abc"]), NO_LIMIT).await.unwrap();
    blobs.finish(upload(1), &digest).await.unwrap();
    let open = blobs.open(&digest).await.unwrap().unwrap();
    assert!(blobs.delete(&digest).await.unwrap());
    assert!(!blobs.delete(&digest).await.unwrap());
    assert!(blobs.open(&digest).await.unwrap().is_none());
    assert_eq!(open.bytes(3).await.unwrap().unwrap(), "abc");
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
