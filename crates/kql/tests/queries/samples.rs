//! Published queries over a small estate: all of them run, and the rows of the best known are right.

use crate::estate::{Estate, answer, check};
use crate::note;
use expect_test::expect;

#[test]
fn every_published_query_runs() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/kql-samples");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        note("skipped: the published queries are not there; the queries below stand on their own");
        return;
    };
    let mut count = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "kql") {
            let query = std::fs::read_to_string(&path).unwrap();
            if let Err(error) = answer(&query, &Estate) {
                panic!("{}:\n{error}", path.display());
            }
            count += 1;
        }
    }
    assert!(count >= 40, "only {count} queries were found");
}

#[test]
fn findings_are_counted_by_image_and_severity() {
    check(
        r#"securityresources
        | where type == 'microsoft.security/assessments/subassessments'
        | where id matches regex '(.+?)/providers/Microsoft.Security/assessments/dbd0cb49-b563-45e7-9724-889e799fa648/'
        | parse id with registryResourceId '/providers/Microsoft.Security/assessments/' *
        | parse registryResourceId with * "/providers/Microsoft.ContainerRegistry/registries/" registryName
        | extend imageDigest = tostring(properties.additionalData.imageDigest)
        | extend severity = tostring(properties.status.severity), scanStatus = tostring(properties.status.code)
        | summarize n = count() by severity, scanStatus, registryName, imageDigest
        | summarize bag = make_bag(pack(severity, n)) by registryName, imageDigest, scanStatus"#,
        expect![[r#"
            registryName:string | imageDigest:string | scanStatus:string | bag:dynamic
            "port" | "sha256:1" | "Unhealthy" | {"High":2,"Low":1}
            "port" | "sha256:2" | "Unhealthy" | {"Low":1}
        "#]],
    );
}

#[test]
fn findings_are_joined_to_their_assessment() {
    check(
        r#"SecurityResources
        | where type == 'microsoft.security/assessments'
        | where properties.displayName contains 'should have vulnerability'
        | summarize by assessmentKey=name //the key
        | join kind=inner (
            securityresources
            | where type == 'microsoft.security/assessments/subassessments'
            | extend assessmentKey = extract('.*assessments/(.+?)/.*',1,  id)
        ) on assessmentKey
        | project assessmentKey, subassessmentKey=name, parse_json(properties)
        | extend severity = properties.status.severity
        | project assessmentKey, assessment1 = subassessmentKey, severity | order by assessment1 asc"#,
        expect![[r#"
            assessmentKey:string | assessment1:string | severity:dynamic
            "dbd0cb49-b563-45e7-9724-889e799fa648" | "f1" | "High"
            "dbd0cb49-b563-45e7-9724-889e799fa648" | "f2" | "Low"
            "dbd0cb49-b563-45e7-9724-889e799fa648" | "f3" | "High"
            "dbd0cb49-b563-45e7-9724-889e799fa648" | "f4" | "Low"
        "#]],
    );
}

#[test]
fn healthy_and_unhealthy_are_counted() {
    check(
        "where type == 'microsoft.security/assessments' | extend name2 = properties.displayName, state = properties.status.code | summarize n = count(name) by tostring(name2), tostring(state)",
        expect![[r#"
            name2:string | state:string | n:long
            "Container registry images should have vulnerability findings resolved" | "Unhealthy" | 1
        "#]],
    );
}

#[test]
fn a_table_is_asked_for_no_more_than_is_needed() {
    let query = "securityresources | where type == 'x' and name in~ ('a', 'b') | extend d = tostring(properties.additionalData.imageDigest) | where d == 'sha256:1' | summarize count() by tostring(properties.status.code)";
    let query = kql::compile(query, &Estate, &kql::Limits::default()).unwrap();
    expect_test::expect_file!["request.txt"].assert_debug_eq(&query.requests());
}
