//! The page that says which test holds against which attack, held against the tests.

use std::path::Path;

#[test]
fn every_test_that_the_page_names_exists() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(crate_folder.join("../../docs/security/registry-attacks.md")).unwrap();
    let mut named = 0;
    // Every second piece stands between backticks.
    for name in page.split('`').skip(1).step_by(2) {
        let Some((file, test)) = name.split_once("::") else { continue };
        // Unit tests are named by their module, and introductory words by what they stand for.
        if test.ends_with("tests") || name == "file::test" {
            continue;
        }
        let folders =
            ["tests/api", "../server/tests/live", "../store/tests/conformance", "../cli/tests/end_to_end"];
        let read = |folder: &&str| {
            std::fs::read_to_string(crate_folder.join(format!("{folder}/{file}.rs"))).unwrap_or_default()
        };
        let is_there = folders.iter().any(|folder| read(folder).contains(&format!("fn {test}(")));
        assert!(is_there, "there is no test {name}");
        named += 1;
    }
    assert!(named > 40, "the page names only {named} tests");
}
