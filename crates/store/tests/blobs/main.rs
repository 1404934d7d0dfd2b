//! What every place for blobs must do: a folder, S3, and Azure Blob Storage.
//!
//! Each rule is a function over a [`Place`](place::Place), which can be opened again as another node would.
//! S3 is played by moto and Azure by Azurite, which `cargo xtask clients` installs; without them this says so.

#![expect(clippy::unwrap_used, reason = "this is a test; clippy sees one only in functions marked as such")]

mod occupancy;
mod parts;
mod place;
mod rules;

use place::Place;

/// One test per rule and place.
macro_rules! rules {
    ($($subject:ident: $($rule:ident)*;)*) => {
        mod folder {
            $($(#[tokio::test]
            async fn $rule() {
                crate::$subject::$rule(&crate::Place::folder()).await;
            })*)*
        }

        /// One test for all rules: starting the storage takes longer than they do.
        async fn keeps_all_rules(storage: &place::Storage) {
            $($(crate::$subject::$rule(&storage.place(stringify!($rule))).await;)*)*
        }
    };
}

rules! {
    rules:
        a_blob_appears_with_its_digest_and_not_before
        an_empty_blob_is_a_blob
        other_bytes_than_promised_are_refused_and_gone
        bytes_follow_each_other_without_gap_or_overlap
        a_body_that_breaks_off_can_be_continued
        a_limit_is_an_error_and_nothing_beyond_it_is_kept
        an_upload_is_continued_on_another_node
        the_same_digest_may_be_finished_many_times_at_once
        two_requests_never_append_to_one_upload_at_once
        a_cancelled_upload_is_gone_and_cancelling_again_is_no_error
        stale_uploads_are_listed_by_their_last_byte
        a_deleted_blob_is_gone_and_can_come_again
        blobs_are_listed_in_the_order_of_their_digests
        a_range_is_what_was_asked_for
        a_blob_is_had_as_a_file_and_as_bytes;
    parts:
        an_upload_of_many_parts_is_one_blob
        chunks_of_any_size_make_the_same_blob
        an_upload_is_hashed_on_by_another_node
        many_parts_and_a_long_digest_go_together;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_keeps_all_rules() {
    let Some(storage) = place::Storage::s3().await else { return };
    keeps_all_rules(&storage).await;
    parts::what_a_crash_left_is_found_and_cleared(&storage.place("crash")).await;
    parts::a_large_copy_is_made_of_parts(&storage.with_small_copies("copies")).await;
    occupancy::one_server_at_a_time_uses_a_storage(&storage.place("occupancy")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_keeps_all_rules() {
    let Some(storage) = place::Storage::azure().await else { return };
    keeps_all_rules(&storage).await;
    occupancy::one_server_at_a_time_uses_a_storage(&storage.place("occupancy")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_is_opened_by_a_signature() {
    let Some(storage) = place::Storage::azure().await else { return };
    let place = storage.by_signature("signed", "rwdlac");
    parts::an_upload_of_many_parts_is_one_blob(&place).await;
    occupancy::one_server_at_a_time_uses_a_storage(&place).await;
    let error = storage.by_signature("signed", "w").objects().check().await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("403") && !cause.contains("sig="), "{cause}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused_in_words() {
    let Some(storage) = place::Storage::azure().await else { return };
    let error = storage.with_another_key().check().await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("403"), "{cause}");
    assert!(!cause.contains("SharedKey") && !cause.contains("127.0.0.1"), "{cause}");
}
