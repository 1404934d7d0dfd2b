//! Published queries with their golden results.
//!
//! The queries are not ours and are read from beside the project, where they are; their results over the estate are
//! kept here.

use super::estate::{Estate, digest};
use super::note;
use std::path::{Path, PathBuf};

/// What a person would fill in.
const PLACEHOLDERS: &[(&str, &str)] = &[
    ("{selectedSeverity}", "All"),
    ("{selectedCategory}", "All"),
    ("{selectedVM}", "All"),
    ("{selectedRG_rg}", "All"),
    ("$registry", "lazaretto.test"),
];

fn queries(folder: &Path) -> Option<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).ok()?;
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "kql")).collect();
    paths.sort();
    Some(paths)
}

#[tokio::test(flavor = "multi_thread")]
async fn published_queries_have_their_golden_results() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(paths) = queries(&home.join("../../../shared/kql-samples")) else {
        note("skipped: the published queries are not there; those of the project's own stand without them");
        return;
    };
    assert!(paths.len() >= 40, "only {} queries were found", paths.len());
    let estate = Estate::new().await;
    for path in paths {
        let mut query = std::fs::read_to_string(&path).unwrap().replace("$digest", &digest("web"));
        for (placeholder, value) in PLACEHOLDERS {
            query = query.replace(placeholder, value);
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let number = name.split('-').next().unwrap();
        let number = name
            .split('-')
            .nth(1)
            .filter(|part| part.len() == 1)
            .map_or(number.to_owned(), |part| format!("{number}-{part}"));
        let golden = home.join(format!("tests/goldens/{number}.txt"));
        expect_test::expect_file![golden].assert_eq(&estate.text("owner", &query).await);
    }
}

/// Queries in the forms of dashboards and scripts over Resource Graph, which the official language service is asked about
/// as well: it says what parses, and this says what comes of it.
#[tokio::test(flavor = "multi_thread")]
async fn queries_in_the_forms_of_resource_graph_have_their_golden_results() {
    let text = include_str!("../../../kql/tests/oracle/corpus/resource_graph.kql");
    let queries =
        text.split("\n\n").map(str::trim).filter(|query| !query.is_empty() && !query.starts_with("//"));
    let estate = Estate::new().await;
    let mut golden = String::new();
    for query in queries {
        golden.push_str(&format!("{query}\n--\n{}\n", estate.text("owner", query).await));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/resource_graph.txt");
    expect_test::expect_file![path].assert_eq(&golden);
}
