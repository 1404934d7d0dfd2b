//! What every implementation of `Store` must do, run here on SQLite.
//!
//! Each rule is a function over `Arc<dyn Store>`, so that another implementation runs the same rules.
//! A rule gets an empty store of its own.

#![expect(clippy::unwrap_used, reason = "this is a test; clippy sees one only in functions marked as such")]

mod additions;
mod attachments;
mod attributes;
mod audit;
mod catalog;
mod census;
mod collection;
mod custom_assessments;
mod deleted;
mod digests;
mod documents;
mod finding_rules;
mod findings;
mod flipped;
mod lineage;
mod management;
mod meter;
mod plans;
mod policies;
mod queue;
mod reevaluation;
mod repositories;
mod rules;
mod saved_queries;
mod scene;
mod scoped_tokens;
mod software;
mod summaries;
mod tenancy;
mod transients;
mod vex;
mod webhooks;

use std::sync::Arc;
use store::{SqliteStore, Store};

/// One test per rule and implementation.
macro_rules! on_sqlite {
    ($($subject:ident: $($rule:ident)*;)*) => {
        $(mod $subject {
            $(#[tokio::test]
            async fn $rule() {
                let folder = tempfile::tempdir().unwrap();
                let store = super::open_sqlite(folder.path());
                crate::$subject::$rule(store).await;
            })*
        })*
    };
}

/// An empty store in a folder.
fn open_sqlite(folder: &std::path::Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(&folder.join("records.sqlite")).unwrap())
}

mod sqlite {
    use super::open_sqlite;

    on_sqlite! {
        additions:
            uncounted_findings_are_added_where_a_summary_is_older
            package_versions_are_found_by_the_names_of_their_advisories
            machines_tell_package_versions_apart
            uncounted_findings_hold_an_image_in_quarantine
            indexes_have_the_uncounted_findings_of_their_images
            of_many_uncounted_findings_each_image_has_its_own
            uncounted_findings_are_those_since_a_summary_was_made;
        flipped:
            what_cannot_be_decided_is_shown_before_it_is_written
            what_rules_leave_is_shown_where_they_hold
            verdicts_that_flip_are_shown_before_they_are_written
            too_many_flips_change_nothing
            rules_count_before_a_verdict_is_written_too
            an_index_is_as_bad_as_its_images_before_that_is_written
            the_gate_holds_what_is_shown_as_unhealthy;
        vex:
            whatever_is_attached_or_taken_away_is_to_be_read
            what_comes_meanwhile_is_read_again
            documents_are_kept_and_told_in_history
            what_is_attached_to_an_index_is_about_its_images
            other_keys_ask_for_all_documents_again;
        tenancy:
            installation_keeps_its_first_ids
            registry_is_found_by_name_in_any_case
            plan_remembers_since_when_it_is_on
            accounts_and_their_roles_come_and_go
            first_secret_stays;
        management:
            objects_are_kept_by_kind_and_name
            registry_comes_and_goes_with_everything_in_it
            what_was_set_at_a_registry_goes_with_it
            subscription_is_created_once
            assignments_have_names;
        transients:
            what_is_kept_for_a_moment_is_taken_once
            moments_end
            strangers_keep_only_so_much;
        repositories:
            push_is_one_transaction
            push_without_its_blobs_changes_nothing
            blob_is_seen_only_through_a_link
            mount_needs_a_link_in_the_source
            manifest_comes_back_exactly
            pushing_again_keeps_the_first_moment_and_moves_the_tag
            delete_takes_tags_and_summary_along
            tags_and_repositories_are_listed_by_key
            referrers_are_filtered_and_paged
            index_is_the_parent_of_its_children
            upload_belongs_to_repository_and_person
            upload_advances_only_from_where_it_stands
            events_are_read_in_order;
        attachments:
            attached_registry_is_one_that_no_host_leads_to
            attachment_is_due_once_and_again_when_it_is_changed
            what_could_not_be_seen_keeps_when_it_was
            what_is_attached_goes_with_everything_in_it;
        attributes:
            everything_is_allowed_until_somebody_says_otherwise
            locked_tag_is_neither_moved_nor_deleted
            locked_manifest_keeps_its_tags_and_its_blobs
            locked_repository_takes_and_loses_nothing
            what_may_not_be_read_says_so
            attributes_end_with_what_they_belong_to;
        catalog:
            lists_go_by_name_and_by_time_and_page
            what_may_not_be_listed_is_found_by_name
            repository_counts_and_times
            size_of_an_index_counts_each_blob_once
            repository_goes_with_everything_in_it
            blob_is_found_where_it_is_linked;
        census:
            a_census_counts_what_the_join_lists
            a_census_tells_what_rules_look_at
            a_census_follows_images_wherever_they_go
            packages_are_found_by_name
            history_is_that_of_the_registries;
        custom_assessments:
            kinds_are_put_replaced_and_deleted_with_their_assessments
            an_assessment_needs_a_kind_and_keeps_its_moments
            assessments_are_listed_below_a_scope
            assessments_go_with_their_image_and_their_registry;
        software:
            findings_are_read_by_what_has_to_be_updated;
        saved_queries:
            saved_queries_come_and_go_in_any_case
            saved_queries_are_listed_below_a_scope;
        collection:
            link_goes_when_no_manifest_needs_it
            link_that_is_relied_on_again_stays
            manifest_goes_when_nothing_holds_it;
        policies:
            policy_is_kept_and_told_in_history
            facts_are_those_of_every_manifest_of_a_blob
            new_manifest_goes_into_quarantine_where_the_policy_says_so
            pass_ends_with_its_image;
        queue:
            job_runs_once_and_is_gone
            asked_again_while_running_counts_from_then
            same_key_coalesces_while_queued
            asked_for_while_running_runs_once_more
            failed_job_waits_longer_each_time_and_dies
            buried_job_is_dead_at_once_and_can_be_revived
            lost_lease_changes_nothing
            heartbeat_keeps_a_lease
            holder_that_is_gone_gives_its_jobs_back
            claims_go_round_robin_over_subscriptions
            priority_then_due_time_decide_within_a_subscription
            only_claimed_kinds_are_given
            waiting_misses_no_job
            no_job_is_lost_or_run_by_two;
        findings:
            layer_is_read_once_but_unreadable_is_tried_again
            recording_an_image_again_replaces_its_packages
            findings_are_joined_in_order_and_paged
            findings_are_filtered
            key_outside_the_filter_opens_nothing
            new_findings_reach_every_image_of_the_package
            owner_and_module_tell_package_versions_apart
            recording_tells_what_changed
            matching_goes_on_where_it_stopped
            adopting_a_snapshot_leaves_what_changed
            deleted_image_has_no_findings;
        finding_rules:
            rules_are_put_replaced_and_told_in_history
            what_was_found_stays_beside_what_is_shown
            settled_rules_are_remembered;
        plans:
            registry_has_a_plan_of_its_own_until_it_is_deleted
            trial_begins_once;
        meter:
            image_is_charged_once_in_a_month;
        digests:
            changes_wait_once_for_each_resource;
        documents:
            documents_are_put_replaced_and_deleted
            what_was_told_is_remembered_and_forgotten;
        audit:
            entries_are_kept_in_order_and_filtered;
        reevaluation:
            standings_count_what_is_found
            images_are_given_with_their_packages
            verdict_that_flips_is_told_once
            index_is_judged_after_its_image
            what_waits_or_is_gone_is_left_alone
            confirmed_verdicts_name_the_snapshot
            history_says_what_became_of_a_finding;
        lineage:
            lineage_comes_back_and_is_replaced
            base_is_the_longest_beginning_in_the_registry
            equal_layers_are_a_base_only_where_the_image_says_so
            findings_tell_their_layer_and_whether_it_is_inherited;
        summaries:
            summary_keeps_first_sight_and_last_change
            summary_of_a_missing_image_is_not_kept
            summaries_are_filtered_and_paged
            states_are_counted
            standing_and_marks_are_found
            status_of_a_registry_follows_its_images;
        webhooks:
            webhook_is_kept_and_changed_by_its_name
            events_are_told_to_those_who_listen
            quarantine_is_told_before_the_push
            verdict_is_told_with_what_it_changes
            delivery_is_held_by_one_and_ends_once
            one_webhook_holds_back_no_other
            history_is_looked_through_and_waited_for;
        rules:
            rules_are_kept_and_told_in_history
            nothing_is_stored_beyond_the_quota
            immutable_tag_is_set_once;
        deleted:
            deleted_manifest_is_out_of_sight_and_comes_back
            index_comes_back_with_its_children
            restoration_takes_no_tag_and_no_way_around_quarantine
            what_is_over_is_gone_for_good;
        scoped_tokens:
            scope_maps_are_kept_while_they_are_used
            tokens_keep_their_principal_and_two_passwords;
    }

    /// The same database, opened again without having been closed.
    #[tokio::test]
    async fn acknowledged_push_is_there_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let store = open_sqlite(folder.path());
        let scene = crate::scene::Scene::new(store).await;
        let digest = scene.push("app", "latest", b"manifest").await;
        // What a crash leaves: the files as they are at this moment, with the log not yet folded in.
        let copy = tempfile::tempdir().unwrap();
        for name in ["records.sqlite", "records.sqlite-wal"] {
            std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        let store = open_sqlite(copy.path());
        let repository = scene.repository("app");
        assert_eq!(store.resolve_tag(&repository, &"latest".parse().unwrap()).await.unwrap(), Some(digest));
        assert!(store.installation().await.unwrap().is_some());
    }

    #[tokio::test]
    async fn what_is_shown_ahead_outlives_its_server() {
        let folder = tempfile::tempdir().unwrap();
        let again = || open_sqlite(folder.path());
        crate::flipped::what_is_shown_ahead_outlives_its_server(again(), again).await;
    }
}
