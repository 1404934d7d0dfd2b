//! Documents of each form, what they change, and hostile ones.

use super::*;
use crate::{AdvisoryId, Evidence, VulnerabilityId};
use inventory::Ecosystem;
use proptest::prelude::*;

const PACKAGE: &str = "pkg:pypi/requests@2.19.0";
const IMAGE: &[&str] = &["pkg:oci/app@sha256:1", "sha256:1"];

const OPENVEX: &str = r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex-1","author":"Security","timestamp":"2024-01-01T00:00:00Z",
    "statements":[{"vulnerability":{"name":"CVE-2018-18074","aliases":["GHSA-x84v-xcm2-53pg"]},
        "products":[{"@id":"pkg:oci/app@sha256:1","subcomponents":[{"@id":"pkg:pypi/requests"}]}],
        "status":"not_affected","justification":"vulnerable_code_not_in_execute_path"}]}"#;
const CYCLONEDX: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","serialNumber":"urn:uuid:1","metadata":{"timestamp":"2024-01-01T00:00:00Z","supplier":{"name":"Security"}},
    "components":[{"bom-ref":"r","purl":"pkg:pypi/requests@2.19.0"}],
    "vulnerabilities":[{"id":"CVE-2018-18074","analysis":{"state":"not_affected","justification":"code_not_reachable"},"affects":[{"ref":"urn:cdx:1/1#r"}]}]}"#;
const CSAF: &str = r#"{"document":{"csaf_version":"2.0","publisher":{"name":"Security"},"tracking":{"id":"vex-1","current_release_date":"2024-01-01T00:00:00Z"}},
    "product_tree":{"full_product_names":[{"product_id":"app","product_identification_helper":{"purl":"pkg:oci/app@sha256:1"}},{"product_id":"req","product_identification_helper":{"purl":"pkg:pypi/requests"}}],
        "relationships":[{"full_product_name":{"product_id":"req-in-app"},"product_reference":"req","relates_to_product_reference":"app"}]},
    "vulnerabilities":[{"cve":"CVE-2018-18074","product_status":{"known_not_affected":["req-in-app"]},"flags":[{"label":"vulnerable_code_not_in_execute_path","product_ids":["req-in-app"]}]}]}"#;

fn found(verdict: Verdict) -> Match {
    Match {
        vulnerability: VulnerabilityId::new("CVE-2018-18074").unwrap(),
        advisories: vec![AdvisoryId::new("PYSEC-2018-28").unwrap()],
        aliases: vec!["GHSA-x84v-xcm2-53pg".to_owned()],
        verdict: verdict.clone(),
        fixed: Some("2.20.0".to_owned()),
        fix_state: None,
        ecosystem: Ecosystem::new("PyPI"),
        matched_as: "requests".to_owned(),
        dropped: None,
        vex: None,
        evidence: vec![Evidence {
            advisory: AdvisoryId::new("PYSEC-2018-28").unwrap(),
            feed: "test".to_owned(),
            verdict,
            rule: "r".to_owned(),
        }],
    }
}

fn after(statements: &[VexStatement], verdict: Verdict, package: &str, image: &[&str]) -> Match {
    let mut matches = [found(verdict)];
    apply(&mut matches, &VexSubject { package, image }, statements);
    let [found] = matches;
    found
}

fn statements(document: &str) -> Vec<VexStatement> {
    let read = read_document(document.as_bytes()).unwrap();
    assert_eq!(read.skips, []);
    read.statements
}

#[test]
fn each_form_takes_a_finding_away_and_says_why() {
    for document in [OPENVEX, CYCLONEDX, CSAF] {
        let statements = statements(document);
        let found = after(&statements, Verdict::Affected, PACKAGE, IMAGE);
        let Verdict::NotAffected { why } = &found.verdict else { panic!("{document}: {found:?}") };
        assert!(why.starts_with("Security says not_affected in ") && why.contains("code_not"), "{why}");
        assert_eq!(found.evidence[0].verdict, Verdict::Affected, "what the advisory said stays");
        assert_eq!(found.vex.as_ref(), statements.first());
        let other = after(&statements, Verdict::Affected, "pkg:pypi/django@1", IMAGE);
        assert_eq!((other.verdict, other.vex), (Verdict::Affected, None));
    }
}

#[test]
fn a_part_of_an_image_counts_in_that_image_alone() {
    for document in [OPENVEX, CSAF] {
        let found = after(&statements(document), Verdict::Affected, PACKAGE, &["pkg:oci/app@sha256:2"]);
        assert_eq!(found.verdict, Verdict::Affected);
    }
}

fn said(status: &str, said: &str) -> Vec<VexStatement> {
    let document = OPENVEX.replace("\"not_affected\"", &format!("\"{status}\"")).replace("2024-01-01", said);
    statements(&document)
}

#[test]
fn each_status_does_what_it_says() {
    let unclear = || Verdict::Undetermined { why: "w".to_owned() };
    let of = |status: &str, before: Verdict| {
        let found = after(&said(status, "2024-01-01"), before, PACKAGE, IMAGE);
        assert!(found.vex.is_some(), "the statement is kept beside the finding");
        found.verdict
    };
    assert!(matches!(of("fixed", Verdict::Affected), Verdict::NotAffected { .. }));
    assert!(matches!(of("not_affected", unclear()), Verdict::NotAffected { .. }));
    assert_eq!(of("affected", unclear()), Verdict::Affected);
    assert_eq!(of("affected", Verdict::Affected), Verdict::Affected);
    assert_eq!(of("under_investigation", Verdict::Affected), Verdict::Affected);
    assert_eq!(of("under_investigation", unclear()), unclear());
}

#[test]
fn the_newest_statement_counts() {
    let mut both = said("under_investigation", "2025-01-01");
    both.extend(said("not_affected", "2024-01-01"));
    assert_eq!(after(&both, Verdict::Affected, PACKAGE, IMAGE).verdict, Verdict::Affected);
    both.extend(said("fixed", "2026-01-01"));
    assert!(matches!(after(&both, Verdict::Affected, PACKAGE, IMAGE).verdict, Verdict::NotAffected { .. }));
}

#[test]
fn not_affected_without_a_reason_is_skipped() {
    let bare = OPENVEX.replace(r#","justification":"vulnerable_code_not_in_execute_path""#, "");
    let read = read_document(bare.as_bytes()).unwrap();
    assert!(read.statements.is_empty());
    assert_eq!(read.skips[0].place, "CVE-2018-18074, GHSA-x84v-xcm2-53pg");
    let unknown = OPENVEX.replace("\"not_affected\"", "\"harmless\"");
    let read = read_document(unknown.as_bytes()).unwrap();
    assert!(read.statements.is_empty() && read.skips[0].why.contains("harmless"));
}

#[test]
fn a_statement_without_a_product_concerns_nothing() {
    let nobody = OPENVEX.replace(r#""@id":"pkg:oci/app@sha256:1","#, "");
    let found = after(&statements(&nobody), Verdict::Affected, PACKAGE, IMAGE);
    assert_eq!(found.verdict, Verdict::Affected);
}

#[test]
fn broken_documents_are_refused() {
    assert_eq!(read_document(b"{}"), Err(VexError::UnknownForm));
    assert!(matches!(read_document(&vec![b' '; DOCUMENT_BYTES + 1]), Err(VexError::TooLarge { .. })));
    let nested = OPENVEX.replace("\"@id\":\"pkg:pypi/requests\"", &"\"subcomponents\":[{".repeat(10_000));
    assert!(matches!(read_document(nested.as_bytes()), Err(VexError::Broken { form: "OpenVEX", .. })));
    for document in [OPENVEX, CYCLONEDX, CSAF] {
        for length in 0..document.len() {
            let cut = document.get(..length).unwrap_or_default();
            assert!(read_document(cut.as_bytes()).is_err(), "{length}");
        }
    }
}

proptest! {
    #[test]
    fn changed_documents_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for document in [OPENVEX, CYCLONEDX, CSAF] {
            let mut bytes = document.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(read) = read_document(&bytes) {
                after(&read.statements, Verdict::Affected, PACKAGE, IMAGE);
            }
        }
    }
}
