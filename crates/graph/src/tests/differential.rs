//! Every short cut beside the long way: the same query over a source that narrows, counts and folds nothing.

use super::estate::{Estate, digest, now, rule, settings, viewer};
use crate::source::{GraphCatalog, GraphSource};
use crate::viewer::{Surroundings, View};
use assessment::rules::RuleKind;
use kql::{Environment, Limits, Need, Rows, ScanRequest, Source, SourceError};
use std::cell::Cell;
use std::sync::Arc;
use store::Rule;

/// Tables without short cuts: each is asked for whole columns and everything in them.
struct LongWay<'v>(GraphSource<'v>);

struct Cut<'a> {
    rows: Box<dyn Rows + 'a>,
    needs: Vec<Need>,
}

impl Rows for Cut<'_> {
    fn next_batch(&mut self) -> Result<Option<kql::Batch>, SourceError> {
        let Some(batch) = self.rows.next_batch()? else { return Ok(None) };
        let mut cut = kql::Batch::new(self.needs.len());
        for row in batch.rows() {
            cut.push(self.needs.iter().zip(row).map(|(need, value)| need.extract(value)));
        }
        Ok(Some(cut))
    }
}

impl Source for LongWay<'_> {
    fn scan<'a>(&'a self, request: &ScanRequest) -> Result<Box<dyn Rows + 'a>, SourceError> {
        let whole = |need: &Need| Need { column: need.column.clone(), path: Arc::from([]) };
        let mut needs: Vec<Need> = request.needs.iter().map(whole).collect();
        // A column that only documents have.
        let further = if &*request.table == "Findings" { "title" } else { "properties" };
        needs.push(Need { column: Arc::from(further), path: Arc::from([]) });
        let asked = ScanRequest { needs, conditions: Vec::new(), limit: None, fold: None, ..request.clone() };
        Ok(Box::new(Cut { rows: self.0.scan(&asked)?, needs: request.needs.clone() }))
    }
}

/// The tables as they are, and whether any was asked for folded rows.
struct ShortWay<'v>(GraphSource<'v>, Cell<bool>);

impl Source for ShortWay<'_> {
    fn scan<'a>(&'a self, request: &ScanRequest) -> Result<Box<dyn Rows + 'a>, SourceError> {
        self.1.set(self.1.get() || request.fold.is_some());
        self.0.scan(request)
    }

    fn folds(&self, request: &ScanRequest) -> bool {
        self.0.folds(request)
    }
}

pub(super) fn answer(query: &str, source: &dyn Source) -> Vec<String> {
    let compiled = kql::compile(query, &GraphCatalog::default(), &Limits::default());
    let compiled = compiled.unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
    let environment =
        Environment { now_unix_nanoseconds: now().as_nanosecond(), seed: 1, interrupt: &|| false };
    let answer = compiled.run(&GraphCatalog::default(), source, &environment).unwrap();
    let line =
        |row: &[kql::Value]| row.iter().map(|value| format!("{} ", value.to_json())).collect::<String>();
    let mut lines: Vec<String> = answer.rows().map(line).collect();
    lines.sort();
    lines
}

pub(super) const SUB: &str =
    "SecurityResources | where type == 'microsoft.security/assessments/subassessments'";

/// Queries, and whether rows are folded for them.
const QUERIES: &[(&str, bool)] = &[
    // Counted over everything, by registry, by image.
    ("{sub} | count", true),
    (
        "{sub} | summarize count() by tostring(properties.status.severity), tostring(properties.status.code)",
        true,
    ),
    ("{sub} | summarize count() by tostring(properties.id)", true),
    ("{sub} | summarize count() by tostring(properties.id), resourceGroup, subscriptionId", true),
    (
        "{sub} | summarize count() by tostring(properties.additionalData.imageDigest), tostring(properties.status.severity)",
        true,
    ),
    ("{sub} | summarize count() by tostring(properties.additionalData.repositoryName)", true),
    (
        "{sub} | distinct tostring(properties.additionalData.registryHost), tostring(properties.status.code)",
        true,
    ),
    (
        "{sub} | where properties.status.severity == 'High' | summarize count() by tostring(properties.id)",
        true,
    ),
    (
        "{sub} | where properties.status.severity in ('High', 'Low') | summarize n = dcount(tostring(properties.additionalData.imageDigest)) by tostring(properties.id)",
        true,
    ),
    (
        "{sub} | summarize n = dcount(tostring(properties.additionalData.imageDigest)) by tostring(properties.status.severity)",
        true,
    ),
    (
        "{sub} | summarize n = dcount(tostring(properties.additionalData.imageDigest)) by tostring(properties.status.severity), resourceGroup",
        true,
    ),
    ("{sub} | summarize dcount(tostring(properties.resourceDetails.id)), count()", true),
    (
        "{sub} | where properties.additionalData.repositoryName == 'mirror' | summarize dcount(tostring(properties.additionalData.imageDigest)) by tostring(properties.id)",
        true,
    ),
    (
        "{sub} | where tostring(properties.additionalData.repositoryName) contains 'team' | summarize count() by tostring(properties.id)",
        true,
    ),
    (
        "{sub} | where id matches regex '(.+?)/providers/Microsoft.Security/assessments/dbd0cb49' | parse id with r '/providers/Microsoft.Security/assessments/' * | parse r with * '/registries/' name2 | summarize count() by name2, tostring(properties.status.severity), tostring(properties.additionalData.imageDigest)",
        true,
    ),
    (
        "{sub} | where id contains '/registries/pratique/' | summarize count() by tostring(properties.id)",
        true,
    ),
    ("{sub} | where id matches regex 'f$' | summarize count()", true),
    (
        "{sub} | summarize array_length(make_set(tostring(properties.status.severity))), max(tostring(properties.id)) by subscriptionId",
        true,
    ),
    (
        "{sub} | where properties.status.code == 'NotApplicable' | summarize count() by tostring(properties.id)",
        true,
    ),
    // Row by row without evidence.
    ("{sub} | project id, name, tostring(properties.id), resourceGroup", false),
    (
        "{sub} | project properties.resourceDetails.id, properties.additionalData.imageDigest, properties.status.code, properties.status.severity, properties.additionalData.registryHost, properties.resourceDetails.source, properties.additionalData.assessedResourceType",
        false,
    ),
    ("{sub} | where properties.status.severity == 'Low' | project name", false),
    // With evidence.
    ("{sub} | project id, properties", false),
    ("{sub} | where properties.status.severity == 'Low' | project name, properties.description", false),
    (
        "{sub} | where tolower(properties.additionalData.imageDigest) == '{web}' | project id, properties.remediation",
        false,
    ),
    (
        "{sub} | extend further = parse_json(tostring(properties.additionalData)) | where further.imageDigest == '{web}' | project id, further",
        false,
    ),
    (
        "{sub} | where properties.additionalData.imageDigest =~ '{WEB}' | summarize count() by tostring(properties.status.severity)",
        false,
    ),
    ("{sub} | where properties.additionalData.imageDigest in ('{web}', 'none') | project id", false),
    ("{sub} | where properties.additionalData.imageDigest == 'none' | project id, properties", false),
    ("{sub} | where properties.id == 'CVE-2022-0778' | project id, properties", false),
    (
        "{sub} | where properties.id == 'CVE-2022-0778' and properties.status.severity == 'Low' | project id, properties",
        false,
    ),
    ("{sub} | where properties.id == 'image' | project id, properties", false),
    ("{sub} | where properties.additionalData.repositoryName == 'both' | project id, properties", false),
    (
        "{sub} | where properties.additionalData.repositoryName =~ 'TEAM/app' | project id, properties.displayName",
        false,
    ),
    ("{sub} | where name == 'nobody' | project id, properties", false),
    ("{sub} | where subscriptionId endswith 'b2' | project id, properties", false),
    (
        "{sub} | where id startswith '/subscriptions/00000000-0000-0000-0000-0000000000b2' | project id, properties",
        false,
    ),
    (
        "{sub} | where properties.status.code != 'Unhealthy' or properties.status.severity == 'High' | project id",
        false,
    ),
    ("{sub} | take 3 | count", false),
    ("SecurityResources | summarize count() by type", false),
    ("SecurityResources | where type != 'microsoft.security/pricings' | summarize count() by type", false),
    ("SecurityResources | where id contains 'marshland' | project id", false),
    ("SecurityResources | where type contains 'assess' | project type, id", false),
    // Our own tables.
    ("Findings | summarize count() by vulnerability", true),
    ("Findings | summarize images = dcount(digest) by vulnerability", true),
    ("Findings | summarize images = dcount(image) by vulnerability, severity", true),
    ("Findings | where severity in ('High', 'Critical') | summarize dcount(digest) by vulnerability", true),
    ("Findings | where repository startswith 'team' | summarize count(), dcount(digest) by severity", true),
    ("Findings | summarize count() by registry, severity", true),
    ("Findings | summarize count() by repository, severity", true),
    ("Findings | summarize max(score) by ecosystem", true),
    ("Findings | where vulnerability == 'CVE-2022-0778' | summarize count() by digest", false),
    ("Findings | where score > 7.0 | project vulnerability, digest", false),
    ("Findings | where registry == 'pratique.test' | project vulnerability, package", false),
    ("Findings | where severity == 'Low' and digest == '{web}' | project vulnerability, package", false),
    ("Findings | where tolower(repository) == 'team/web' | project package, path", false),
    ("Findings | where repository == 'Team/Web' | count", true),
    ("Images | summarize count() by state", true),
    ("Images | count", true),
    ("Images | summarize images = dcount(image), count() by registry, state", true),
    ("Images | summarize dcount(digest) by registry", false),
    (
        "Images | where state != 'Queued' and repository startswith 'te' | summarize count() by repository",
        true,
    ),
    ("Images | where repository == 'mirror' | summarize count() by registry, subscriptionId", true),
    ("Images | where digest == '{web}' | summarize count() by state", false),
    ("Images | where state == 'Unhealthy' | distinct repository", true),
    ("Images | summarize sum(high) by state", false),
    ("Images | summarize countif(state == 'Healthy'), count() by subscriptionId", true),
    ("Images | project digest, state", false),
    ("Images | where state in ('Healthy', 'Queued') | project image, state", false),
    ("Images | where tolower(state) == 'healthy' or state == 'Queued' | project image, state", false),
    ("Images | where registry != 'lazaretto.test' | project image", false),
    ("Images | where digest == '{web}' | project image", false),
    ("Packages | where package == 'busybox' | project image, version, path", false),
    ("Packages | where package == 'busybox' and repository == 'mirror' | project image", false),
    ("Packages | where digest == '{web}' | project package, kind, ecosystem", false),
    ("Layers | where repository == 'mirror' | project layer, position, size, packages", false),
    ("Events | where registry =~ 'MARSHLAND.test' | project kind, repository, tag, actor", false),
];

#[tokio::test(flavor = "multi_thread")]
async fn short_cuts_lead_to_the_same_place() {
    let estate = Estate::new().await;
    for who in ["owner", "group-reader", "security-reader"] {
        check(&estate, who).await;
    }
}

/// Rules that are in force together: conditions on findings and on images, and exemptions at every level.
const RULES: &[&[(RuleKind, &str, &str)]] = &[
    &[(RuleKind::Disable, "/", r#"{"severityBelow": "High"}"#)],
    &[
        (RuleKind::Disable, "{lazaretto}", r#"{"ids": ["cve-2022-0778"]}"#),
        (RuleKind::Waiver, "{lazaretto}/repositories/both", "{}"),
        (
            RuleKind::Mitigated,
            "{lazaretto}/repositories/team:web/images/{web}",
            r#"{"categories": ["programs"]}"#,
        ),
    ],
    &[
        (RuleKind::Disable, "/", r#"{"ids": ["GHSA-aaaa-bbbb-DDDD"], "repositories": ["team/*"]}"#),
        (RuleKind::Disable, "/", r#"{"packages": ["lib*@1.1.1k-r0"], "osVersions": ["alpine 3.*"]}"#),
        (RuleKind::Disable, "/", r#"{"notPatchable": true}"#),
    ],
    &[(RuleKind::Waiver, "/subscriptions/{harbour}", "{}")],
    &[
        (RuleKind::Waiver, "/", r#"{"digests": ["{web}"]}"#),
        (RuleKind::Disable, "{lazaretto}", r#"{"text": "0778 is ABOUT"}"#),
        (RuleKind::Disable, "/", r#"{"osVersions": ["debian *"]}"#),
    ],
];

#[tokio::test(flavor = "multi_thread")]
async fn short_cuts_lead_to_the_same_place_under_rules() {
    let estate = Estate::new().await;
    let mut before = Vec::new();
    for rules in RULES {
        let rules: Vec<Rule> = rules
            .iter()
            .enumerate()
            .map(|(at, (kind, scope, conditions))| rule(&format!("rule-{at}"), *kind, scope, conditions))
            .collect();
        estate.set_rules(&before, &rules).await;
        before = rules;
        for who in ["owner", "security-reader"] {
            check(&estate, who).await;
        }
    }
}

/// Holds every query against the long way, as one of the people asks it.
async fn check(estate: &Estate, who: &'static str) {
    let settings = settings(None);
    let surroundings = Surroundings {
        store: estate.store.clone(),
        tenant: settings.tenant,
        scan_plan: settings.scan_plan,
        now: settings.now,
    };
    let view = View::of(surroundings, &viewer(who), None).await.unwrap();
    let checked = move || {
        for (query, folds) in QUERIES {
            let query = query.replace("{sub}", SUB).replace("{web}", &digest("web"));
            let query = query.replace("{WEB}", &digest("web").to_uppercase());
            let short = ShortWay(GraphSource(&view), Cell::new(false));
            let rows = answer(&query, &short);
            assert_eq!(rows, answer(&query, &LongWay(GraphSource(&view))), "{who}: {query}");
            assert_eq!(short.1.get(), *folds, "{query}");
        }
    };
    tokio::task::spawn_blocking(checked).await.unwrap();
}
