//! The past: what was said of images and registries after each thing that happened.

use super::estate::{Estate, digest, now, settings, viewer};
use crate::{Answer, Settings, run};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{Conclusion, FindingReason, ImageState, PackageFindings, SnapshotVersion, SummaryFilter};

async fn ask(estate: &Estate, who: &str, query: &str, from: Timestamp) -> Answer {
    let asked = Settings { interval: Some((from, now())), ..settings(None) };
    run(estate.store.clone(), viewer(who), query.to_owned(), asked).await.unwrap()
}

async fn rows(estate: &Estate, who: &str, query: &str) -> Vec<Vec<Value>> {
    ask(estate, who, query, Timestamp::MIN).await.page(0, 1000)
}

/// Lets an image be assessed again, with something else found in it.
async fn judge(estate: &Estate, registry: &str, repository: &str, content: &str, severity: &str, days: i64) {
    let key = estate.key(registry, repository, content).await;
    let summary = estate.store.summary(&key).await.unwrap().unwrap();
    let at = now() - SignedDuration::from_hours(24 * days);
    let counts: BTreeMap<String, u64> =
        if severity.is_empty() { BTreeMap::new() } else { [(severity.to_owned(), 3)].into() };
    let state = if counts.is_empty() { ImageState::Healthy } else { ImageState::Unhealthy };
    let summary = store::ImageSummary {
        state,
        counts,
        assessed_at: Some(at),
        changed_at: at,
        snapshot: Some(SnapshotVersion(format!("of {days} days ago"))),
        ..summary
    };
    let conclusion = Conclusion { summary, is_asked_for: true, link: String::new() };
    assert!(estate.store.conclude(conclusion, at).await.unwrap());
}

/// The assessments of today, and the last of each in the past, side by side.
const STANDS: &str = "SecurityResources
    | where type == 'microsoft.security/assessments'
    | project id, name, subscriptionId, resourceGroup, code = properties.status.code,
        severity = properties.status.severity, description = properties.status.description,
        details = properties.resourceDetails,
        further = bag_remove_keys(properties.additionalData, dynamic(['pendingImages'])),
        shown = properties.displayName
    | order by id asc";

#[tokio::test(flavor = "multi_thread")]
async fn the_last_snapshot_of_each_assessment_is_that_of_today() {
    let estate = Estate::new().await;
    judge(&estate, "Lazaretto", "clean", "clean", "Critical", 2).await;
    judge(&estate, "pratique", "debian", "debian", "", 1).await;
    let today = estate.text("owner", STANDS).await;
    let last = STANDS.replacen(
        "| where type",
        "| summarize arg_max(tolong(properties.change.sequence), *) by id | where type",
        1,
    );
    let past = ask(&estate, "owner", &last, Timestamp::MIN).await;
    let told: Vec<String> = past
        .page(0, 1000)
        .iter()
        .map(|row| row.iter().map(Value::to_string).collect::<Vec<_>>().join(" | "))
        .collect();
    let today: Vec<&str> = today.lines().skip(1).collect();
    assert!(today.len() > 8, "{today:#?}");
    assert_eq!(told.len(), today.len());
    for (told, today) in told.iter().zip(today) {
        assert_eq!(told, today);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_seen_as_it_was_assessed_at_a_time() {
    let estate = Estate::new().await;
    judge(&estate, "Lazaretto", "clean", "clean", "Critical", 2).await;
    judge(&estate, "Lazaretto", "clean", "clean", "High", 1).await;
    let of_image = format!("where id contains '{}' and subscriptionId endswith '0a1'", digest("clean"));
    let columns = "properties.status.code, properties.additionalData.criticalFindings, \
                   properties.additionalData.highFindings, properties.change.kind, \
                   properties.additionalData.advisories, format_datetime(todatetime(properties.status.statusChangeDate), 'dd')";
    let query =
        format!("ResourcesHistory | {of_image} | where type endswith '/assessments' | project {columns}");
    let told = rows(&estate, "reader", &query).await;
    let told: Vec<Vec<&str>> =
        told.iter().map(|row| row.iter().map(|value| value.as_str().unwrap_or("-")).collect()).collect();
    assert_eq!(
        told,
        [
            ["Healthy", "0", "0", "verdict-changed", "one", "30"],
            ["Unhealthy", "3", "0", "verdict-changed", "of 2 days ago", "31"],
            ["Unhealthy", "3", "0", "image-assessed", "of 2 days ago", "31"],
            ["Unhealthy", "0", "3", "image-assessed", "of 1 days ago", "31"],
        ]
    );
    // What is older than the interval counts for how things stand in it, and is not shown.
    let since = now() - SignedDuration::from_hours(30);
    let late = ask(&estate, "reader", &query, since).await;
    assert_eq!((late.total(), late.page(0, 1)[0][2].as_str()), (1, Some("3")));
    // At a moment: the last snapshot before it.
    let at = now() - SignedDuration::from_hours(36);
    let query = format!(
        "SecurityResources | {of_image} | where timestamp <= datetime({at})
         | summarize arg_max(timestamp, properties) by id | project properties.additionalData.criticalFindings"
    );
    assert_eq!(rows(&estate, "reader", &query).await, [[Value::from("3")]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_registry_came_to_is_counted_from_its_images() {
    let estate = Estate::new().await;
    let query = "SecurityResources
        | where properties.resourceDetails.ResourceName == 'marshland'
        | extend code = properties.status.code, all = properties.additionalData
        | project strcat(properties.change.kind, ' ', code, ' ', all.healthyImages, '+', all.unhealthyImages)";
    let told = |rows: Vec<Vec<Value>>| -> Vec<String> {
        rows.iter().map(|row| row[0].as_str().unwrap_or_default().to_owned()).collect()
    };
    let before = told(rows(&estate, "marsh-reader", query).await);
    assert_eq!(
        before,
        [
            "verdict-changed Unhealthy 0+1",
            "registry-status-changed Unhealthy 0+1",
            "verdict-changed Unhealthy 1+1"
        ]
    );
    let ill = estate.key("marshland", "mirror", "web").await;
    let owner = store::Actor("owner".into());
    let removal = estate.store.delete_manifest(&ill.repository, &ill.digest, &owner, now()).await;
    assert!(matches!(removal, Ok(store::Removal::Removed)), "{removal:?}");
    let after = told(rows(&estate, "marsh-reader", query).await);
    assert_eq!(after[3..], ["manifest-deleted Healthy 1+0", "registry-status-changed Healthy 1+0"]);
    // The image has a last snapshot without a verdict.
    let query = format!(
        "SecurityResources | where id contains '{}' | summarize arg_max(timestamp, properties) by id
         | project isnull(properties.status), properties.change.kind",
        ill.digest
    );
    let last = rows(&estate, "marsh-reader", &query).await;
    assert_eq!(last, [[Value::from(true), Value::from("manifest-deleted")]]);
    let filter = SummaryFilter { digest: Some(ill.digest.clone()), ..SummaryFilter::default() };
    let left = estate.store.summaries(&filter, store::PageRequest::first(10)).await.unwrap().items;
    assert!(left.iter().all(|summary| summary.image != ill));
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_of_the_past_are_for_those_who_may_read_assessments() {
    let estate = Estate::new().await;
    for who in ["puller", "foreigner"] {
        let of_ours = "ResourcesHistory | where subscriptionId !endswith 'ee'";
        assert_eq!(rows(&estate, who, of_ours).await.len(), 0, "{who}");
    }
    // Who may read assessments sees verdicts, also where the registry itself is hidden from them.
    let types = "ResourcesHistory | summarize count() by type | project type | order by type asc";
    let names =
        |rows: Vec<Vec<Value>>| -> Vec<String> { rows.iter().map(|row| row[0].to_string()).collect() };
    let all = ["\"microsoft.containerregistry/registries\"", "\"microsoft.security/assessments\""];
    assert_eq!(names(rows(&estate, "reader", types).await), all);
    assert_eq!(names(rows(&estate, "security-reader", types).await), all[1..]);
    // `Resources` of the past are registries alone.
    let of_resources = types.replace("ResourcesHistory", "Resources");
    assert_eq!(names(rows(&estate, "reader", &of_resources).await), all[..1]);
    let of_security = types.replace("ResourcesHistory", "SecurityResources");
    assert_eq!(names(rows(&estate, "reader", &of_security).await), all[1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_in_an_image_is_told_as_it_changed() {
    let estate = Estate::new().await;
    let newer = SnapshotVersion("two".into());
    let versions = estate.store.package_versions_to_match(&newer, 100).await.unwrap();
    let (busybox, _) = versions.into_iter().find(|(_, version)| version.name == "busybox").unwrap();
    let reason = FindingReason { code: "AdvisoryWithdrawn".into(), sentence: "It was withdrawn.".into() };
    let nothing = PackageFindings {
        package_version: busybox,
        findings: Vec::new(),
        reasons: [("CVE-2021-28831".to_owned(), reason)].into(),
    };
    let at = now() - SignedDuration::from_hours(24);
    estate.store.record_findings(&newer, vec![nothing], Vec::new(), at).await.unwrap();
    let told = async |image: &str, further: &str| -> Vec<String> {
        let query = format!(
            "SecurityResources
             | where type == 'microsoft.security/assessments/subassessments'
             | where properties.additionalData.repositoryName == '{image}' {further}
             | extend packages = array_length(properties.additionalData.packages)
             | project line = strcat_delim(' ', format_datetime(timestamp, 'dd'), properties.id,
                 properties.status.code, properties.status.cause, packages, properties.change.kind)
             | order by line asc"
        );
        let rows = rows(&estate, "reader", &query).await;
        rows.iter().map(|row| row[0].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(
        told("team/app", "").await,
        [
            "01 CVE-2021-28831 Unhealthy AdvisoryWithdrawn 1 Gone",
            "28 CVE-2020-28928 Unhealthy  1 found-at-first",
            "28 CVE-2021-28831 Unhealthy  2 found-at-first",
        ],
        "another package still has it"
    );
    let of_web = told("team/web", "and properties.id == 'CVE-2021-28831'").await;
    assert_eq!(
        of_web,
        [
            "01 CVE-2021-28831 Healthy AdvisoryWithdrawn 0 Gone",
            "28 CVE-2021-28831 Unhealthy  1 found-at-first"
        ]
    );
    assert_eq!(told("team/web", "and timestamp > ago(2d)").await.len(), 1);
    // The row has the id that it has today, and is for those who may read findings.
    let ids = "| where properties.id == 'CVE-2020-28928' and properties.additionalData.repositoryName == 'team/app' | project id";
    let of_type = "SecurityResources | where type == 'microsoft.security/assessments/subassessments'";
    let today = estate.text("reader", &format!("{of_type} {ids}")).await;
    let past = rows(&estate, "reader", &format!("{of_type} {ids}")).await;
    assert_eq!(today.lines().nth(1).unwrap(), past[0][0].to_string());
    assert!(rows(&estate, "puller", of_type).await.is_empty());
    // A query that does not ask for them is not about them.
    let kinds = rows(&estate, "reader", "SecurityResources | distinct type").await;
    assert_eq!(kinds, [[Value::from("microsoft.security/assessments")]]);
}
