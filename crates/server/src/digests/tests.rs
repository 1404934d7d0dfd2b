//! Mails that are due, sent to a mail server of the test.

use super::*;
use crate::mail::tests::{MailServer, Protection, settings};
use jiff::civil::date;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;
use store::{Actor, DocumentKey, ImageState, ImageSummary, SqliteStore, testing};

fn at(hour: i8, minute: i8) -> Timestamp {
    let at = date(2026, 1, 2).at(hour, minute, 0, 0);
    jiff::tz::TimeZone::UTC.to_timestamp(at).unwrap()
}

struct Office {
    postman: Postman,
    server: MailServer,
    pauses: Mutex<Pauses>,
    _folder: tempfile::TempDir,
}

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000abc/resourceGroups/rg";

impl Office {
    async fn new(refusals: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("records.sqlite")).unwrap());
        store.install(testing::installation("Lazaretto"), at(0, 0)).await.unwrap();
        let server = MailServer::start(Protection::Plain, refusals).await;
        let mailer = Mailer::new(&settings(&server), None).unwrap().unwrap();
        let postman = Postman { store, mailer, url: "https://lazaretto.test".into() };
        Self { postman, server, pauses: Mutex::default(), _folder: folder }
    }

    async fn put(&self, is_enabled: bool) {
        let body = json!({"properties": {
            "isEnabled": is_enabled,
            "sources": [{"eventSource": "SubAssessments"}],
            "actions": [
                {"actionType": "File", "name": "f"},
                {"actionType": "Email", "recipients": ["anna@harbour.test"], "period": "Hourly"},
            ],
        }});
        let key = DocumentKey { kind: KEPT, scope: GROUP.into(), name: "tell".into() };
        self.postman.store.put_document(key, body, Actor("anna".into()), at(0, 0)).await.unwrap();
    }

    async fn note(&self, resource: &str, when: Timestamp) {
        let change = Change {
            registry: "lazaretto.test".into(),
            image: format!("{resource}@sha256:aa"),
            subject: "CVE-2021-1".into(),
            title: "something".into(),
            code: "Unhealthy".into(),
            severity: "High".into(),
            cause: String::new(),
            remediation: "apk add".into(),
        };
        let sink = format!("{GROUP}/providers/Microsoft.Security/automations/tell/1");
        let change = vec![(resource.to_owned(), serde_json::to_value(change).unwrap())];
        self.postman.store.note_for_digest(&sink, change, when).await.unwrap();
    }

    /// How many mails the server has after a look at this moment.
    async fn look(&self, now: Timestamp) -> usize {
        let mut pauses = std::mem::take(&mut *self.pauses.lock().unwrap());
        self.postman.send_due(&mut pauses, now).await.unwrap();
        *self.pauses.lock().unwrap() = pauses;
        self.server.seen().mails.len()
    }
}

#[test]
fn periods_end_at_the_full_hour_day_and_week() {
    let same = |period: Period, one: &str, other: &str| {
        period.of(one.parse().unwrap()) == period.of(other.parse().unwrap())
    };
    assert!(same(Period::Hourly, "2026-01-02T03:00:00Z", "2026-01-02T03:59:59Z"));
    assert!(!same(Period::Hourly, "2026-01-02T03:59:59Z", "2026-01-02T04:00:00Z"));
    assert!(same(Period::Daily, "2026-01-02T00:00:00Z", "2026-01-02T23:59:59Z"));
    // 2026-01-05 is a Monday.
    assert!(!same(Period::Weekly, "2026-01-04T23:59:59Z", "2026-01-05T00:00:00Z"));
    assert!(same(Period::Weekly, "2026-01-05T00:00:00Z", "2026-01-11T23:59:59Z"));
}

#[tokio::test]
async fn a_mail_is_sent_once_when_its_hour_has_ended_and_none_where_nothing_changed() {
    let office = Office::new(0).await;
    office.put(true).await;
    assert_eq!(office.look(at(3, 0)).await, 0);
    office.note("app", at(3, 10)).await;
    office.note("web", at(3, 50)).await;
    assert_eq!(office.look(at(3, 59)).await, 0, "the hour is not over");
    assert_eq!(office.look(at(4, 0)).await, 1);
    let mail = &office.server.seen().mails[0];
    assert!(mail.contains("Subject: Lazaretto: 2 changes in 1 registry, 2 high"), "{mail}");
    assert!(mail.contains("app@sha256:aa CVE-2021-1 something"), "{mail}");
    assert_eq!(office.look(at(5, 0)).await, 1, "nothing changed");
    office.note("app", at(5, 1)).await;
    assert_eq!(office.look(at(6, 0)).await, 2);
    office.put(false).await;
    office.note("app", at(6, 1)).await;
    assert_eq!(office.look(at(7, 0)).await, 2, "it is switched off");
    let key = DocumentKey { kind: KEPT, scope: GROUP.into(), name: "tell".into() };
    office.postman.store.delete_document(&key).await.unwrap();
    assert_eq!(office.look(at(8, 0)).await, 2);
    office.put(true).await;
    assert_eq!(office.look(at(9, 0)).await, 2, "what waited for a deleted automation is forgotten");
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_after_a_pause() {
    let office = Office::new(2).await;
    office.put(true).await;
    office.note("app", at(3, 10)).await;
    assert_eq!(office.look(at(4, 0)).await, 0, "refused");
    assert_eq!(office.look(at(4, 0)).await, 0, "it rests");
    assert_eq!(office.look(at(4, 1)).await, 0, "refused again");
    assert_eq!(office.look(at(4, 2)).await, 0, "it rests for longer");
    assert_eq!(office.look(at(4, 3)).await, 1);
    assert_eq!(office.look(at(5, 30)).await, 1);
}

/// Owners of registries and of images, those by repository; none of another subscription, nor of what is healthy.
#[tokio::test]
async fn a_mail_says_who_resolves_what_until_when() {
    let office = Office::new(0).await;
    let store = &office.postman.store;
    let registry = store.registry_by_name("Lazaretto").await.unwrap().unwrap().id;
    for (repository, content, state) in [
        ("team/app", "one", ImageState::Unhealthy),
        ("team/app", "two", ImageState::Unhealthy),
        ("team/web", "three", ImageState::Unhealthy),
        ("team/well", "four", ImageState::Healthy),
    ] {
        let push = testing::push(registry, repository, content, at(0, 0));
        let mut summary = ImageSummary::begun(testing::image_of(&push), state, at(0, 0));
        summary.counts = BTreeMap::from([("High".to_owned(), 1)]);
        let _ = store.put_manifest(push).await.unwrap();
        assert!(store.put_summary(summary).await.unwrap());
    }
    let rule = json!({
        "displayName": "All", "remediationTimeframe": "7.00:00:00", "rulePriority": 1,
        "ruleType": "Integrated", "sourceResourceType": "Assessments",
        "conditionSets": [{"conditions": [{"property": "$.Severity", "operator": "Equals", "value": "High"}]}],
        "ownerSource": {"type": "Manually", "value": "anna"},
    });
    let subscription = GROUP.split("/resourceGroups").next().unwrap();
    let key = DocumentKey {
        kind: graph::governance::RULE_KEPT,
        scope: subscription.into(),
        name: "5a0b2ab9-a3c5-4a0f-9b2b-0a4b3f6f2a11".into(),
    };
    store.put_document(key, rule, Actor("anna".into()), at(0, 0)).await.unwrap();
    office.put(true).await;
    let kept = store.documents(KEPT).await.unwrap().pop().unwrap();
    let duties = duties::of(&**store, &kept, at(1, 0)).await.unwrap();
    let mut said: Vec<String> =
        duties.iter().map(|duty| format!("{} {} {}", duty.place, duty.images, duty.owner)).collect();
    said.sort();
    assert_eq!(
        said,
        ["lazaretto.test 0 anna", "lazaretto.test/team/app 2 anna", "lazaretto.test/team/web 1 anna"]
    );
    assert!(duties.iter().all(|duty| duty.due.to_string().starts_with("2026-01-09") && !duty.is_overdue));
    let elsewhere = KeptDocument { scope: GROUP.replace("abc", "abd"), ..kept };
    assert!(duties::of(&**store, &elsewhere, at(1, 0)).await.unwrap().is_empty());
}
