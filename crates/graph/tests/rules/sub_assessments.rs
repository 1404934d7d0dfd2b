//! Sub-assessments under rules: the row of a finding that is hidden says so, in both forms.

use crate::harbour::{Harbour, second};
use assessment::rules::RuleKind;
use graph::documents::Document;
use graph::documents::sub_assessment::{Form, Place, Reader};
use graph::rulebook::Rulebook;
use std::collections::BTreeSet;

pub(crate) async fn rows(harbour: &Harbour, form: Form, page: usize, at: i64) -> Vec<Document> {
    let book = Rulebook::load(&*harbour.store, second(at)).await.unwrap();
    let registries = [harbour.known.clone()];
    let reader = Reader::new(&*harbour.store, &registries, &book, form);
    let (mut all, mut place): (Vec<Document>, Option<Place>) = (Vec::new(), None);
    loop {
        let (rows, next) = reader.page_after(place, page).await.unwrap();
        assert!(rows.len() <= page + 1, "a page stays within its size");
        all.extend(rows);
        match next {
            // What travels through a client.
            Some(next) => {
                let text = serde_json::to_string(&next).unwrap();
                place = Some(serde_json::from_str(&text).unwrap());
            }
            None => break,
        }
    }
    for row in &all {
        assert_eq!(reader.by_name(&row.name).await.unwrap().as_ref(), Some(row));
    }
    all
}

fn line(row: &Document) -> String {
    let properties = &row.properties;
    let status = &properties["status"];
    let further = &properties["additionalData"];
    let package = further["softwareDetails"]["packageName"].as_str().unwrap_or_default();
    [
        further["repositoryName"].as_str().unwrap(),
        properties["id"].as_str().unwrap(),
        package,
        status["code"].as_str().unwrap(),
        status["cause"].as_str().unwrap(),
    ]
    .join(" ")
}

async fn lines(harbour: &Harbour, form: Form, page: usize, at: i64) -> Vec<String> {
    rows(harbour, form, page, at).await.iter().map(line).collect()
}

async fn furnished() -> Harbour {
    let harbour = Harbour::new().await;
    harbour
        .image(
            "app",
            &[
                ("busybox", "CVE-2021-1", "Critical"),
                ("ssl_client", "CVE-2021-1", "Critical"),
                ("musl", "CVE-2021-2", "Low"),
            ],
        )
        .await;
    harbour.image("clean", &[]).await;
    harbour
}

#[tokio::test]
async fn a_hidden_finding_says_why() {
    let harbour = furnished().await;
    harbour.put("musl", RuleKind::Disable, "", r#"{"packages": ["musl"]}"#, Some(60)).await;
    harbour.put("busybox", RuleKind::Disable, "", r#"{"packages": ["busy*"]}"#, None).await;
    harbour.resettle(1).await;
    assert_eq!(
        lines(&harbour, Form::First, 100, 1).await,
        ["app CVE-2021-1  Unhealthy ", "app CVE-2021-2  NotApplicable Exempt", "clean image  Healthy "]
    );
    assert_eq!(
        lines(&harbour, Form::Newer, 100, 1).await,
        [
            "app CVE-2021-1 busybox NotApplicable Exempt",
            "app CVE-2021-1 ssl_client Unhealthy ",
            "app CVE-2021-2 musl NotApplicable Exempt",
            "clean image  Healthy ",
        ]
    );
    let all = rows(&harbour, Form::First, 100, 1).await;
    assert_eq!(
        all[1].properties["status"]["description"],
        "Disabled by a rule `musl` of alice until 2026-01-02T03:05:05Z: because"
    );
    let packages = all[0].properties["additionalData"]["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 1, "the row is that of the package that counts: {packages:?}");
    harbour.resettle(60).await;
    assert_eq!(lines(&harbour, Form::First, 100, 60).await[1], "app CVE-2021-2  Unhealthy ");
}

#[tokio::test]
async fn an_exempt_image_shows_its_findings_as_well() {
    let harbour = furnished().await;
    harbour.put("app", RuleKind::Waiver, "/repositories/app", "{}", None).await;
    harbour.resettle(1).await;
    for page in [1, 2, 100] {
        assert_eq!(
            lines(&harbour, Form::First, page, 1).await,
            [
                "app image  NotApplicable Exempt",
                "app CVE-2021-1  NotApplicable Exempt",
                "app CVE-2021-2  NotApplicable Exempt",
                "clean image  Healthy ",
            ]
        );
    }
}

#[tokio::test]
async fn names_differ_and_pages_neither_repeat_nor_hide() {
    let harbour = furnished().await;
    let mut names = BTreeSet::new();
    for form in Form::ALL {
        let whole = rows(&harbour, form, 100, 1).await;
        for page in [1, 2, 3] {
            assert_eq!(rows(&harbour, form, page, 1).await, whole, "{form:?} {page}");
        }
        names.extend(whole.into_iter().map(|row| row.name));
    }
    assert_eq!(names.len(), 3 + 4 + 4);
}

#[tokio::test]
async fn the_newer_form_has_azures_fields() {
    let harbour = furnished().await;
    let all = rows(&harbour, Form::Newer, 100, 1).await;
    let text = serde_json::to_string_pretty(&all[0].to_rest()).unwrap() + "\n";
    expect_test::expect_file!["golden/newer.json"].assert_eq(&text);
}
