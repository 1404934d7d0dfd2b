//! The lists of attacks on the control plane and on management name tests; each of them is there.

use std::path::Path;

/// Holds a page against the files that it names, and says how many tests it names.
fn check(page: &str) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/security").join(page)).unwrap();
    let words: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let (mut file, mut checked) = (String::new(), 0);
    for word in words {
        if Path::new(word).extension().is_some_and(|extension| extension == "rs") {
            let path = root.join(word);
            file = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{word} is not there"));
        } else if word.contains('_') {
            assert!(file.contains(&format!("fn {word}(")), "{word} is not in the file that {page} names");
            checked += 1;
        }
    }
    checked
}

#[test]
fn every_test_of_the_lists_exists() {
    for (page, least) in [("control-plane-attacks.md", 25), ("management-attacks.md", 35)] {
        let checked = check(page);
        assert!(checked >= least, "{page} names {checked} tests");
    }
}
