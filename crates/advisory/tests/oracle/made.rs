//! Records made here, of every kind of event, list and alias that the schema knows, for every ecosystem whose order is known.

use serde_json::{Value, json};

/// Ecosystems, each with versions in its order. Neighbours are of equal numbers as often as not.
const VERSIONS: &[(&str, &[&str])] = &[
    (
        "Alpine:v3.20",
        &["1.0_rc1-r0", "1.0-r0", "1.0-r3", "1.0.1a-r0", "1.0.1_p2-r1", "1.09-r0", "1.9-r0", "2.10-r0"],
    ),
    (
        "AlmaLinux:9",
        &["1.0~rc1-1.el9", "1.0-1.el9", "1.0-1.el9_1", "1.0^git1-1.el9", "0:1.0.1-2.el9", "1:0.9-1.el9"],
    ),
    ("Debian:12", &["1.0~rc1-1", "1.0-1", "1.0-1+deb12u1", "1.0.1-2", "1.10-1", "1:0.5-1"]),
    (
        "Go",
        &[
            "0.0.0-20200101000000-abcdef012345",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "2.0.0+incompatible",
        ],
    ),
    ("Maven", &["1.0-alpha-1", "1.0-rc1", "1.0", "1.0-sp1", "1.0.1", "1.10", "2.0.Final"]),
    ("NuGet", &["1.0.0-Beta", "1.0.0", "1.0.0.1", "1.2", "1.10.0", "2.0.0"]),
    ("Packagist", &["1.0.0-alpha1", "1.0.0-RC1", "1.0.0", "1.0.1", "1.10.0", "2.0.0"]),
    ("PyPI", &["1.0.dev1", "1.0a1", "1.0", "1.0.post1", "1.0.1", "1.10", "1!0.5"]),
    ("RubyGems", &["1.0.a", "1.0.rc1", "1.0", "1.0.1", "1.10", "2.0.0"]),
    (
        "Ubuntu:24.04:LTS",
        &["1.0-1", "1.0-1ubuntu1", "1.0-1ubuntu1.1", "1.0-1ubuntu10", "1.1-0ubuntu1", "1:0.1-1"],
    ),
    ("crates.io", &["0.1.0-alpha.1", "0.1.0", "0.1.1", "0.2.0", "0.10.0", "1.0.0"]),
    ("npm", &["1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0", "1.0.1", "1.10.0", "2.0.0"]),
];

/// Events by the places of their versions, `i` introduced, `f` fixed, `a` last affected, `l` limit; `*` and `0` are said as
/// they are. Not all are in order, as in real feeds, and some are against the schema.
const EVENTS: &[&str] = &[
    "i0 f1",
    "i0 f2 i3 f4",
    "i3 f4 i0 f2",
    "f2 i0",
    "i1",
    "i1 a1",
    "i1 a2",
    "i0 a1 i2 a3",
    "i0 f1 f3",
    "i0 i2 f3",
    "i0 l2",
    "i0 l1 l3",
    "i0 f1 i2 l3",
    "i0 f1 i4 l3",
    "i0 l* f2",
    "i3 f1",
    "i2 f2",
    "f2",
    "a3",
    "i0 f0",
    "i4 a4 i0 f1",
    "i1 f5",
];

/// The records.
pub(crate) fn records() -> Vec<Value> {
    let mut records = Vec::new();
    for (ecosystem, versions) in VERSIONS {
        let base = ecosystem.split(':').next().unwrap_or_default().replace([' ', '.'], "");
        for (number, events) in EVENTS.iter().enumerate() {
            let events: Vec<Value> = events.split(' ').map(|event| said(event, versions)).collect();
            let kind = if number % 2 == 0 { "ECOSYSTEM" } else { "SEMVER" };
            let ranges = json!([{ "type": kind, "events": events }]);
            let affected =
                json!([{ "package": { "ecosystem": ecosystem, "name": "one" }, "ranges": ranges }]);
            records.push(record(&base, number, affected));
        }
        records.extend(lists(&base, ecosystem, versions));
    }
    records
}

fn record(base: &str, number: usize, affected: Value) -> Value {
    let (id, cve) = (format!("MADE-{base}-{number}"), format!("CVE-2026-{:04}", number / 2));
    json!({ "id": id, "modified": "2026-01-01T00:00:00Z", "aliases": [cve], "affected": affected })
}

/// Lists of versions, alone and beside ranges, several statements about one package, commits, names in another form, and
/// records that were taken back.
fn lists(base: &str, ecosystem: &str, versions: &[&str]) -> Vec<Value> {
    let package = |name: &str| json!({ "ecosystem": ecosystem, "name": name });
    let range = |events: Value| json!([{ "type": "ECOSYSTEM", "events": events }]);
    let commits = json!([{ "type": "GIT", "repo": "https://example.test/x",
        "events": [{ "introduced": "0" }, { "fixed": "0123456789abcdef0123456789abcdef01234567" }] }]);
    let before = |at: usize| range(json!([{ "introduced": "0" }, { "fixed": versions[at] }]));
    let after = |at: usize| range(json!([{ "introduced": versions[at] }]));
    let mut found = vec![
        json!([{ "package": package("two"), "versions": [versions[1], versions[4]] }]),
        json!([{ "package": package("two"), "versions": [versions[4]], "ranges": before(1) }]),
        json!([{ "package": package("two"), "versions": [versions[2]], "ranges": commits }]),
        json!([{ "package": package("two"), "ranges": commits }]),
        json!([{ "package": package("two"), "ranges": before(1) }, { "package": package("two"), "ranges": after(3) }]),
        json!([{ "package": package("Two_Three"), "ranges": before(3) }]),
        json!([{ "package": package("two"), "ranges": before(5) }, { "package": package("three"), "ranges": before(2) }]),
    ];
    found = found.into_iter().zip(100..).map(|(affected, number)| record(base, number, affected)).collect();
    let mut taken_back = record(base, 200, json!([{ "package": package("two"), "ranges": after(0) }]));
    taken_back["withdrawn"] = json!("2026-02-01T00:00:00Z");
    found.push(taken_back);
    found
}

fn said(event: &str, versions: &[&str]) -> Value {
    let (kind, place) = event.split_at(1);
    let kind = match kind {
        "i" => "introduced",
        "f" => "fixed",
        "a" => "last_affected",
        _ => "limit",
    };
    let version = match place.parse::<usize>() {
        // The first version stands for the beginning, as it does in most records.
        Ok(0) => "0",
        Ok(place) => versions[place],
        Err(_) => place,
    };
    json!({ kind: version })
}
