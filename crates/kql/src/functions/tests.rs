//! The list is complete, and every example gives what it says.

use super::{FUNCTIONS, parameters};
use crate::value::to_json_text;
use crate::{Environment, Limits, NoTables, compile};

#[test]
fn every_file_is_a_function_of_the_list() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/functions");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| {
            !["addresses", "arguments", "hashes", "list", "paths", "periods", "series", "sorting", "tests"]
                .contains(&name.as_str())
        })
        .collect();
    found.sort();
    let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    assert_eq!(found, names);
}

#[test]
fn every_function_is_documented_and_its_example_is_true() {
    for function in FUNCTIONS {
        assert!(function.summary.ends_with('.'), "{} has no summary", function.name);
        let (example, expected) = function.example;
        let called =
            std::iter::once(&function.name).chain(function.aliases).any(|name| example.contains(name));
        assert!(called, "the example of {} does not use it", function.name);
        let query = compile(&format!("print {example}"), &NoTables, &Limits::default())
            .unwrap_or_else(|errors| panic!("{example}: {}", errors[0]));
        let environment =
            Environment { now_unix_nanoseconds: 1_600_000_000_000_000_000, seed: 7, interrupt: &|| false };
        let answer = query.run(&NoTables, &NoTables, &environment).unwrap();
        let value = &answer.batches[0].row(0)[0];
        assert_eq!(to_json_text(value, 10_000).unwrap(), expected, "{example}");
    }
}

#[test]
fn every_signature_can_be_read() {
    for function in FUNCTIONS {
        for parameter in parameters(function.signature) {
            let known = ["any", "number", "summable"].contains(&parameter.kind)
                || crate::Kind::from_name(parameter.kind).is_some();
            assert!(known, "{}: {} is no kind", function.name, parameter.kind);
        }
    }
}
