//! What is done with foreign bytes of advisories, and small well-formed inputs for each of it, built here and not stored.
//!
//! Tests mutate them, and the fuzzer begins with them.

#[path = "documents.rs"]
mod documents;

use advisory::{
    Compiler, Query, Snapshot, SourceLimits, SuccessionLimits, amended, changed_packages, classify, doubts,
    explain, match_package, parse_source, vex, wire,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use documents::DOCUMENTS;
use inventory::{Ecosystem, PackageKind};
use std::io::Cursor;

/// A target, with what it does with its bytes.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All targets.
pub(crate) const TARGETS: &[Target] = &[
    ("feeds", feed),
    ("snapshot", snapshot),
    ("vex", statements),
    ("envelope", envelope),
    ("records", records),
];

/// Each target with its seeds.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut seeds: Vec<(&str, Vec<u8>)> =
        DOCUMENTS.iter().map(|(_, text)| ("feeds", text.as_bytes().to_vec())).collect();
    seeds.extend(STATEMENTS.iter().map(|text| ("vex", text.as_bytes().to_vec())));
    seeds.extend(envelopes().into_iter().map(|text| ("envelope", text.into_bytes())));
    seeds.push(("snapshot", compiled()));
    seeds.push(("records", written()));
    seeds
}

/// The same of OpenVEX, CSAF and CycloneDX.
const STATEMENTS: &[&str] = &[
    r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"a","timestamp":"2024-01-01T00:00:00Z","statements":[{"vulnerability":{"name":"CVE-2022-0001"},"products":[{"@id":"pkg:oci/app@sha256%3Aab","subcomponents":[{"@id":"pkg:pypi/a@1"}]}],"status":"not_affected","justification":"component_not_present"}]}"#,
    r#"{"document":{"category":"csaf_vex","tracking":{"id":"x","current_release_date":"2024-01-01T00:00:00Z"}},"product_tree":{"full_product_names":[{"product_id":"a","name":"a","product_identification_helper":{"purl":"pkg:pypi/a@1"}}]},"vulnerabilities":[{"cve":"CVE-2022-0001","product_status":{"known_not_affected":["a"]},"flags":[{"label":"component_not_present","product_ids":["a"]}]}]}"#,
    r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"bom-ref":"a","purl":"pkg:pypi/a@1"}],"vulnerabilities":[{"id":"CVE-2022-0001","analysis":{"state":"not_affected","justification":"code_not_present"},"affects":[{"ref":"a"}]}]}"#,
];

/// A signed statement as DSSE, as a bundle of Sigstore, and one that names a manifest alone.
fn envelopes() -> Vec<String> {
    let digest = "ab".repeat(32);
    let document = STATEMENTS.first().copied().unwrap_or_default();
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://openvex.dev/ns","subject":[{{"name":"app","digest":{{"sha256":"{digest}"}}}}],"predicate":{document}}}"#
    );
    let dsse = format!(
        r#"{{"payloadType":"application/vnd.in-toto+json","payload":"{}","signatures":[{{"keyid":"","sig":"MEUC"}}]}}"#,
        STANDARD.encode(statement)
    );
    let bundle = format!(
        r#"{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{{}},"dsseEnvelope":{dsse}}}"#
    );
    let simple = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"app"}},"image":{{"docker-manifest-digest":"sha256:{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
    );
    vec![dsse, bundle, simple]
}

/// Small, so that what asks for much is noticed.
fn limits() -> SourceLimits {
    SourceLimits {
        entries: 100,
        document_bytes: 1 << 20,
        record_bytes: 1 << 18,
        total_bytes: 1 << 22,
        ratio: 200,
    }
}

/// All that the documents say, compiled.
fn compiled() -> Vec<u8> {
    let mut compiler = Compiler::new();
    for (name, text) in DOCUMENTS {
        compiler.begin_source(*name);
        let report = parse_source(Cursor::new(text), &file(name), &limits(), &mut |record| {
            let _ = compiler.add(record);
        });
        if let Ok(report) = report {
            compiler.end_source(&report);
        }
    }
    compiler.finish(jiff::Timestamp::UNIX_EPOCH).unwrap_or_default()
}

/// All that the documents say, as the jail sends it.
fn written() -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(mut writer) = wire::RecordWriter::new(&mut bytes) else { return Vec::new() };
    let mut last = advisory::SourceReport::default();
    for (name, text) in DOCUMENTS {
        let report = parse_source(Cursor::new(text), &file(name), &limits(), &mut |record| {
            let _ = writer.write(&record);
        });
        last = report.unwrap_or(last);
    }
    let _ = writer.finish(&last);
    bytes
}

fn file(feed: &str) -> String {
    format!("{feed}.{}", if feed == "cvss_by_cve" { "jsonl" } else { "json" })
}

/// Reads bytes as a source, under a name that says nothing and under one that the lines of a feed have, and compiles
/// what they say.
fn feed(bytes: &[u8]) {
    for name in ["document.json", "document.jsonl"] {
        let mut compiler = Compiler::new();
        compiler.begin_source(name);
        let report = parse_source(Cursor::new(bytes), name, &limits(), &mut |record| {
            let _ = compiler.add(record);
        });
        let Ok(report) = report else { continue };
        compiler.end_source(&report);
        if let Ok(bytes) = compiler.finish(jiff::Timestamp::UNIX_EPOCH) {
            // What was compiled here is whole.
            let snapshot =
                Snapshot::from_bytes(bytes).and_then(|snapshot| snapshot.verify().map(|()| snapshot));
            ask(&snapshot.unwrap_or_else(|error| panic!("a compiled snapshot is damaged: {error}")));
        }
    }
}

/// Opens bytes as a snapshot and asks it everything.
fn snapshot(bytes: &[u8]) {
    if let Ok(snapshot) = Snapshot::from_bytes(bytes.to_vec()) {
        let _ = snapshot.verify();
        ask(&snapshot);
    }
}

/// Judges the package `a`, of which all documents speak, in every ecosystem of a snapshot.
fn ask(snapshot: &Snapshot) {
    let ecosystems: Vec<Ecosystem> = snapshot.ecosystems().map(|(name, _)| Ecosystem::new(name)).collect();
    for ecosystem in &ecosystems {
        for (kind, version) in
            [(PackageKind::Deb, "0:1-1"), (PackageKind::Rpm, "1-1.azl3"), (PackageKind::PyPi, "0.5")]
        {
            let query = Query {
                ecosystem,
                kind,
                name: "a",
                version,
                source: None,
                architecture: None,
                module: None,
                owner: None,
            };
            for found in match_package(snapshot, &query) {
                let record = snapshot.vulnerability(&found);
                let _ = classify(&record.ratings, &record.category);
            }
            let _ = explain(snapshot, &query, "CVE-2022-0001");
        }
    }
    let _ = changed_packages(snapshot, snapshot);
    if let Ok(Some(amended)) = amended(snapshot, snapshot, jiff::Timestamp::UNIX_EPOCH) {
        // What a damaged snapshot says may be nonsense; what is made of it is whole.
        let _ = Snapshot::from_bytes(amended).map(|amended| changed_packages(snapshot, &amended));
    }
    let _ = doubts(snapshot, snapshot, &SuccessionLimits::default());
    let _ = snapshot.source_ages(jiff::Timestamp::UNIX_EPOCH).count();
}

/// Reads bytes as what a user knows better.
fn statements(bytes: &[u8]) {
    let _ = vex::read_document(bytes);
}

/// Reads bytes as what somebody attached to an image and signed.
fn envelope(bytes: &[u8]) {
    for media_type in [vex::envelope::DSSE, vex::envelope::BUNDLE] {
        let Some(found) = vex::envelope::enveloped(media_type, bytes) else { continue };
        let statement = found.statement;
        let _ = (statement.predicate_type(), statement.is_signature());
        let _ = statement.is_about(&format!("sha256:{}", "ab".repeat(32)));
        // What is signed is longer than its payload, and nothing is longer than what came.
        assert!(found.signatures.iter().all(|signature| signature.len() <= bytes.len()));
        let _ = vex::read_document(&statement.document());
    }
    let _ = vex::envelope::named_manifest(bytes);
    let _ = std::str::from_utf8(bytes).ok().and_then(vex::envelope::signature);
}

/// Reads bytes as what comes out of the jail.
fn records(bytes: &[u8]) {
    let limits = wire::WireLimits { frames: 1000, ..wire::WireLimits::default() };
    let _ = wire::read_records(bytes, &limits, &mut |_| ());
}
