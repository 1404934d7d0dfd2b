//! No listing reads a table from end to end: what the engine plans is held against that.
//!
//! The tables hold rows when the plans are made only in the sense that matters: SQLite plans by indexes here,
//! since `ANALYZE` is never run.

use super::{
    additions, attributes, audit, catalog, census, collection, custom_assessments, deleted, events,
    finding_rules, findings, flipped, history, images, lineage, manifests, meter, migration, pulls, queue,
    reevaluation, registry_status, repositories, ruled_census, scans, software, summaries, webhooks,
};
use rusqlite::Connection;

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migration::migrate(&mut connection, migration::MIGRATIONS).unwrap();
    connection
}

/// The steps of the plan of a statement.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    for index in 1..=statement.parameter_count() {
        statement.raw_bind_parameter(index, "1").unwrap();
    }
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    assert!(!steps.is_empty(), "no plan: {sql}");
    steps
}

const LISTINGS: &[&str] = &[
    repositories::LIST,
    manifests::MANIFESTS,
    manifests::REFERRERS,
    manifests::TAGS,
    manifests::PARENTS,
    attributes::MANIFESTS_OF_BLOB,
    catalog::REPOSITORIES,
    catalog::TAGS[0],
    catalog::TAGS[1],
    catalog::TAGS[2],
    catalog::MANIFESTS[0],
    catalog::MANIFESTS[1],
    catalog::MANIFESTS[2],
    pulls::REPOSITORIES_OF_BLOB,
    collection::LINKS,
    collection::MANIFESTS,
    deleted::REPOSITORIES,
    deleted::MANIFESTS,
    deleted::OF_BLOB,
    events::LIST,
    audit::ALL,
    audit::OF_ACTOR,
    meter::USAGE,
    finding_rules::UNDER_RULES,
    registry_status::HAS_STATE,
    events::WANTED,
    webhooks::LOG,
    webhooks::WAITING,
    census::CONTENTS,
    census::IMAGES_OF_PACKAGE,
    census::HISTORY,
    census::IMAGE_COUNTS,
    ruled_census::AFFECTED_PACKAGES,
    ruled_census::RECORDS,
    ruled_census::HIDDEN,
    queue::DEAD_JOBS,
    queue::MOST_URGENT,
    queue::EARLIEST,
    scans::IMAGE_PACKAGES,
    images::OF_REGISTRY,
    images::OF_STATE,
    images::OF_REPOSITORY,
    images::OF_REPOSITORY_AND_STATE,
    images::OF_DIGEST,
    summaries::STATE_COUNTS,
    findings::TO_MATCH[0],
    findings::TO_MATCH[1],
    findings::TO_MATCH[2],
    findings::OF_IMAGE,
    findings::IMAGES_OF_VULNERABILITY,
    findings::AFFECTED_IMAGES,
    findings::OF_PACKAGES,
    software::AFFECTED,
    software::VERSIONS,
    custom_assessments::LIST,
    history::IMAGE_EVENTS,
    history::FINDING_CHANGES,
    reevaluation::STANDINGS,
    reevaluation::IMAGES_HAVING,
    flipped::OF_REGISTRY,
    flipped::OF_REPOSITORY,
    flipped::CONTENTS,
    flipped::COUNTS,
    flipped::CANDIDATES,
    reevaluation::TO_JUDGE,
    reevaluation::NUMBERED,
    reevaluation::TO_CONFIRM,
    lineage::LAYERS,
    lineage::BASE,
    additions::HAS_PACKAGE,
    additions::CONTENT,
    additions::OTHERWISE_MATCHED[0],
    additions::OTHERWISE_MATCHED[1],
    additions::OTHERWISE_MATCHED[2],
    additions::OTHERWISE_MATCHED[3],
    "SELECT id FROM job WHERE state = 1 AND due <= ?1",
    "DELETE FROM upload WHERE touched_at < ?1",
    "DELETE FROM image_package WHERE image = ?1",
    "DELETE FROM manifest_reference WHERE manifest = ?1",
    "SELECT 1 FROM manifest WHERE digest = ?1",
    "SELECT package_version FROM package_finding WHERE vulnerability = ?1",
    "SELECT * FROM image_summary WHERE mark = ?1",
];

/// Listings whose order is that of their index, so that a page ends as soon as it is full.
const UNSORTED: &[&str] = &[
    repositories::LIST,
    manifests::MANIFESTS,
    manifests::REFERRERS,
    manifests::TAGS,
    catalog::REPOSITORIES,
    catalog::TAGS[0],
    catalog::TAGS[1],
    catalog::TAGS[2],
    catalog::MANIFESTS[0],
    catalog::MANIFESTS[1],
    catalog::MANIFESTS[2],
    events::LIST,
    events::WANTED,
    webhooks::LOG,
    webhooks::WAITING,
    census::CONTENTS,
    census::HISTORY,
    census::IMAGE_COUNTS,
    ruled_census::AFFECTED_PACKAGES,
    ruled_census::RECORDS,
    ruled_census::HIDDEN,
    queue::DEAD_JOBS,
    queue::MOST_URGENT,
    images::OF_REGISTRY,
    images::OF_STATE,
    images::OF_REPOSITORY,
    images::OF_REPOSITORY_AND_STATE,
    flipped::OF_REGISTRY,
    flipped::OF_REPOSITORY,
    flipped::CONTENTS,
    reevaluation::STANDINGS,
    reevaluation::TO_JUDGE,
    reevaluation::TO_CONFIRM,
];

#[test]
fn no_listing_scans_a_table() {
    let connection = database();
    for sql in LISTINGS {
        for step in plan(&connection, sql) {
            // json_each is a list in memory, not a table; an index that holds only dead jobs is the listing.
            let harmless = step.contains("VIRTUAL TABLE") || step.contains("job_dead");
            assert!(!step.starts_with("SCAN") || harmless, "{step}: {sql}");
        }
    }
}

#[test]
fn keyset_pages_are_not_sorted() {
    let connection = database();
    for sql in UNSORTED {
        for step in plan(&connection, sql) {
            assert!(!step.contains("TEMP B-TREE"), "{step}: {sql}");
        }
    }
}

#[test]
fn job_counts_read_an_index_alone() {
    let connection = database();
    let steps = plan(&connection, queue::COUNTS);
    assert!(steps.iter().all(|step| step.contains("COVERING INDEX job_due")), "{steps:?}");
}

#[test]
fn a_census_reads_indexes_from_end_to_end_and_no_rows() {
    let connection = database();
    for (sql, index) in [
        (census::AFFECTED, "package_finding_verdict"),
        (census::RATINGS, "vulnerability_rating"),
        (census::ECOSYSTEMS, "package_version_ecosystem"),
    ] {
        let steps = plan(&connection, sql);
        assert!(steps.iter().all(|step| step.contains(&format!("COVERING INDEX {index}"))), "{steps:?}");
    }
    let steps = plan(&connection, census::CONTENTS);
    let harmless = |step: &String| step.contains("USING PRIMARY KEY") || step.starts_with("CORRELATED");
    assert!(steps[0].starts_with("SEARCH c USING PRIMARY KEY"), "{steps:?}");
    assert!(steps.iter().all(harmless), "{steps:?}");
}

#[test]
fn one_image_is_found_by_its_digest() {
    let steps = plan(&database(), images::OF_DIGEST);
    let by_digest = |step: &String| step.contains("INDEX image_summary_digest (digest=? AND registry=?");
    assert!(steps.iter().all(by_digest), "{steps:?}");
}

#[test]
fn scan_would_be_noticed() {
    let connection = database();
    let steps = plan(&connection, "SELECT * FROM tag WHERE digest = ?1");
    assert!(steps.iter().any(|step| step.starts_with("SCAN")), "{steps:?}");
}
