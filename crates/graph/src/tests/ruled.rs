//! What is counted under rules beside what each finding comes to by itself: rules that chance makes, and every row.

use super::differential::{SUB, answer};
use super::estate::{Estate, now, rule, settings, viewer};
use crate::documents::KnownRegistry;
use crate::documents::sub_assessment::{Form, Reader};
use crate::rulebook::Rulebook;
use crate::settlement::{resettle, resettle_image, shown};
use crate::source::GraphSource;
use crate::viewer::{Surroundings, View};
use advisory::vex::read_document;
use assessment::rules::RuleKind;
use oci::Digest;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use store::{ImageState, PackageVersion, PageRequest, Rule, SummaryFilter, VexReading, Vulnerability};

/// What conditions may ask for; each member of a rule's conditions is one of these.
const CONDITIONS: &[(&str, &str)] = &[
    ("ids", r#"["cve-2022-0778"]"#),
    ("ids", r#"["CVE-2021-28831", "TEMP-0000001"]"#),
    ("ids", r#"["GHSA-aaaa-bbbb-dddd"]"#),
    ("categories", r#"["libraries"]"#),
    ("categories", r#"["Programs", "none"]"#),
    ("severityBelow", r#""Medium""#),
    ("severityBelow", r#""Critical""#),
    ("cvssBelow", "5.5"),
    ("cvssBelow", "9.0"),
    ("notPatchable", "true"),
    ("fixStatuses", r#"["FixAvailable"]"#),
    ("fixStatuses", r#"["NoFixAvailable", "WontFix"]"#),
    ("digests", r#"["{web}"]"#),
    ("digests", r#"["{app}", "{web}"]"#),
    ("repositories", r#"["team/*"]"#),
    ("repositories", r#"["mirror", "b*h"]"#),
    ("osVersions", r#"["alpine *"]"#),
    ("osVersions", r#"["debian 11"]"#),
    ("packages", r#"["lib*"]"#),
    ("packages", r#"["busybox@1.32*", "apt"]"#),
    ("text", r#""0778 in WORDS""#),
    ("text", r#""is about""#),
];

const SCOPES: &[&str] = &[
    "/",
    "/subscriptions/{harbour}",
    "/subscriptions/{harbour}/resourceGroups/DOCK-east",
    "{lazaretto}",
    "{lazaretto}/repositories/team:web",
    "{lazaretto}/repositories/mirror/images/{web}",
    "{lazaretto}/repositories/team:app/images/{web}",
    "/subscriptions/{elsewhere}",
];

/// Kind, scope and conditions of a rule.
type Chosen = (RuleKind, &'static str, Vec<(&'static str, &'static str)>);

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let one = (
        prop::sample::select(&RuleKind::ALL[..]),
        prop::sample::select(SCOPES),
        prop::collection::vec(prop::sample::select(CONDITIONS), 0..3),
    );
    prop::collection::vec(one, 1..5).prop_map(|all| {
        let rule = |(at, (kind, scope, conditions)): (usize, Chosen)| {
            let conditions: Map<String, Value> = conditions
                .into_iter()
                .map(|(name, value)| (name.to_owned(), serde_json::from_str(value).unwrap()))
                .collect();
            rule(&format!("rule-{at}"), kind, scope, &Value::Object(conditions).to_string())
        };
        all.into_iter().enumerate().map(rule).collect()
    })
}

/// How often each row comes, by a text of its own.
type Counts = BTreeMap<String, i64>;

fn counts(rows: impl IntoIterator<Item = (String, i64)>) -> Counts {
    let mut counts = Counts::new();
    for (row, times) in rows {
        *counts.entry(row).or_default() += times;
    }
    counts
}

/// The rows of a query whose last column says how often each comes.
fn counted(query: &str, view: &View) -> Counts {
    let rows = answer(query, &GraphSource(view));
    counts(rows.into_iter().map(|row| {
        let (key, times) = row.trim_end().rsplit_once(' ').unwrap();
        (key.to_owned(), times.parse().unwrap())
    }))
}

/// The rows of a query, each of which comes once.
fn listed(query: &str, view: &View) -> Counts {
    counts(answer(query, &GraphSource(view)).into_iter().map(|row| (row.trim_end().to_owned(), 1)))
}

/// Every row as the REST face gives it, which holds each finding against each rule.
fn documents(view: &View) -> Vec<Value> {
    let reader = Reader::new(&*view.store, &view.inspected, &view.book, Form::First);
    let mut all = Vec::new();
    let mut place = None;
    loop {
        let (rows, next) = view.runtime.block_on(reader.page_after(place, 7)).unwrap();
        all.extend(rows.into_iter().map(|row| {
            let mut properties = row.properties;
            properties["name"] = json!(row.name);
            properties
        }));
        match next {
            Some(next) => place = Some(next),
            None => return all,
        }
    }
}

fn of_documents(documents: &[Value], paths: &[&str]) -> Counts {
    let text = |document: &Value, path: &&str| match document.pointer(path) {
        Some(value) => value.to_string(),
        None => "\"\"".to_owned(),
    };
    counts(documents.iter().map(|document| {
        let row: Vec<String> = paths.iter().map(|path| text(document, path)).collect();
        (row.join(" "), 1)
    }))
}

fn check(view: &View) {
    const CODE: &str = "tostring(properties.status.code)";
    const SEVERITY: &str = "tostring(properties.status.severity)";
    const DIGEST: &str = "tostring(properties.additionalData.imageDigest)";
    let documents = documents(view);
    let paths = ["/name", "/id", "/status/code", "/status/severity"];
    let single = format!("{SUB} | project name, tostring(properties.id), {CODE}, {SEVERITY}");
    assert_eq!(listed(&single, view), of_documents(&documents, &paths), "row by row");
    let all = format!("{SUB} | summarize count() by tostring(properties.id), {CODE}, {SEVERITY}");
    assert_eq!(counted(&all, view), of_documents(&documents, &paths[1..]), "over everything");
    let images = format!("{SUB} | summarize count() by {DIGEST}, {CODE}");
    let of_images = of_documents(&documents, &["/additionalData/imageDigest", "/status/code"]);
    assert_eq!(counted(&images, view), of_images, "by image");
    let whole = format!("{SUB} | project name, properties.status.description");
    let described = of_documents(&documents, &["/name", "/status/description"]);
    assert_eq!(listed(&whole, view), described, "with evidence");
    let one = format!(
        "{SUB} | where properties.id == 'CVE-2022-0778' | project name, properties.status.description"
    );
    let of_one: Vec<Value> = documents.iter().filter(|row| row["id"] == "CVE-2022-0778").cloned().collect();
    assert_eq!(
        listed(&one, view),
        of_documents(&of_one, &["/name", "/status/description"]),
        "of one vulnerability"
    );
    // A column that only the join has.
    let joined = "Findings | project image, vulnerability, severity, package";
    let by_image = |row: &String| row.rsplit_once(' ').unwrap().0.to_owned();
    let joined = counts(listed(joined, view).iter().map(|(row, times)| (by_image(row), *times)));
    let single = listed("Findings | project image, vulnerability, severity", view);
    assert_eq!(single, joined, "findings");
    let by_severity = counts(joined.iter().map(|(row, times)| {
        let words: Vec<&str> = row.split(' ').collect();
        (format!("{} {}", words[1], words[2]), *times)
    }));
    assert_eq!(counted("Findings | summarize count() by vulnerability, severity", view), by_severity);
}

/// Every verdict that was made again beside the one that the join makes of it.
async fn check_summaries(view: &View) {
    let page = view.store.summaries(&SummaryFilter::default(), PageRequest::first(100)).await.unwrap();
    for summary in page.items {
        let is_own = |known: &&KnownRegistry| known.registry.id == summary.image.repository.registry;
        let Some(known) = view.inspected.iter().find(is_own) else { continue };
        let found = view.store.found(&summary.image).await.unwrap().unwrap();
        let again = shown(&*view.store, &view.book, known, found.within(summary.clone())).await.unwrap();
        assert_eq!(again, summary);
    }
}

/// What a signed document says that is attached to each of some images: that one vulnerability is not in them.
const DOCUMENT: &str = r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex/1","author":"dock",
    "timestamp":"2026-01-01T00:00:00Z","statements":[{"vulnerability":{"name":"CVE-2022-0778"},"status":"not_affected",
    "justification":"component_not_present","products":[{"@id":"{digest}"}]}]}"#;

/// Attaches the document to every other unhealthy image, and settles it there. Returns how many there are.
async fn attach(view: &View) -> usize {
    let filter = SummaryFilter { states: vec![ImageState::Unhealthy], ..SummaryFilter::default() };
    let page = view.store.summaries(&filter, PageRequest::first(100)).await.unwrap();
    let images: Vec<_> = page.items.into_iter().map(|summary| summary.image).step_by(2).collect();
    for image in &images {
        let text = DOCUMENT.replace("{digest}", image.digest.as_str());
        let reading = VexReading {
            document: Digest::of_sha256(text.as_bytes()),
            subject: image.digest.clone(),
            form: "OpenVEX".to_owned(),
            signer: Some("key".to_owned()),
            remark: String::new(),
            statements: read_document(text.as_bytes()).unwrap().statements,
            read_at: now(),
        };
        view.store.put_vex(image, vec![reading], now()).await.unwrap();
        let book = Rulebook::of_attached(&*view.store, now()).await.unwrap();
        let is_own = |known: &&KnownRegistry| known.registry.id == image.repository.registry;
        let known = view.inspected.iter().find(is_own).unwrap();
        resettle_image(&*view.store, &book, known, image, now()).await.unwrap();
    }
    images.len()
}

fn check_under_chosen_rules(with_documents: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let estate = runtime.block_on(Estate::new());
    let settings = settings(None);
    let surroundings = Surroundings {
        store: estate.store.clone(),
        tenant: settings.tenant,
        scan_plan: settings.scan_plan,
        now: settings.now,
    };
    let view = Mutex::new(runtime.block_on(View::of(surroundings, &viewer("owner"), None)).unwrap());
    if with_documents {
        let view = view.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        assert!(runtime.block_on(attach(&view)) > 1, "documents are attached to some images");
    }
    let vex = runtime.block_on(estate.store.trusted_vex()).unwrap();
    let mut runner = TestRunner::new(Config { cases: 60, ..Config::default() });
    let outcome = runner.run(&rules(), |rules| {
        let mut view = view.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        view.book = Rulebook::of(rules.clone(), now()).with_attached(vex.clone());
        // Before the verdicts follow the rules, and afterwards.
        check(&view);
        runtime.block_on(resettle(&*view.store, &view.book, now())).unwrap();
        check(&view);
        runtime.block_on(check_summaries(&view));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn what_is_counted_under_rules_is_what_each_finding_comes_to() {
    check_under_chosen_rules(false);
}

#[test]
fn what_documents_silence_in_single_images_is_counted_beside_rules() {
    check_under_chosen_rules(true);
}

#[test]
fn only_conditions_on_findings_may_hide_a_finding() {
    let vulnerability = |severity: &str| Vulnerability {
        id: "CVE-2026-0001".into(),
        ecosystem: inventory::Ecosystem::new("Debian:12"),
        severity: severity.into(),
        score: None,
        record: Value::Null,
    };
    let package = PackageVersion {
        ecosystem: None,
        kind: inventory::PackageKind::Deb,
        name: "curl".into(),
        version: "1".into(),
        source: None,
        module: None,
        owner: None,
        architecture: None,
    };
    let hides = |kind, conditions: Value, severity: &str| {
        let rule = rule("rule", kind, "/", &conditions.to_string());
        let book = Rulebook::of(vec![rule], now());
        !book.hiding(&vulnerability(severity), &Value::Null, &package).is_empty()
    };
    let disable = RuleKind::Disable;
    assert!(hides(disable, json!({ "ids": ["cve-2026-0001"] }), "High"));
    assert!(!hides(disable, json!({ "ids": ["CVE-2026-0002"] }), "High"));
    assert!(hides(disable, json!({ "severityBelow": "High" }), "Low"));
    assert!(!hides(disable, json!({ "severityBelow": "High" }), "High"));
    assert!(hides(disable, json!({ "repositories": ["team/*"] }), "High"), "wherever it holds");
    assert!(!hides(RuleKind::Waiver, json!({}), "High"), "a whole exemption hides no finding");
}
