//! The list of attacks on the control plane names tests; each of them is there.

use std::path::Path;

#[test]
fn every_test_of_the_list_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/security/control-plane-attacks.md")).unwrap();
    let words: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let (mut file, mut checked) = (String::new(), 0);
    for word in words {
        if Path::new(word).extension().is_some_and(|extension| extension == "rs") {
            let path = root.join(word);
            file = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{word} is not there"));
        } else if word.contains('_') {
            assert!(file.contains(&format!("fn {word}(")), "{word} is not in the file that the list names");
            checked += 1;
        }
    }
    assert!(checked > 10, "the list names {checked} tests");
}
