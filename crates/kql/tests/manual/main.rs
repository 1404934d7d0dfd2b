//! The manual cannot go stale: every example of the reference is run, and the part of `docs/query-language.md` that
//! lists it is written by this test (`UPDATE_EXPECT=1`) and compared.

use kql::{Entry, EntryKind, Environment, Limits, NoTables, Value, compile, reference, refused};
use std::fmt::Write as _;
use std::path::Path;

/// The first column of an answer, as JSON.
fn first_column(query: &str) -> String {
    let compiled = compile(query, &NoTables, &Limits::default())
        .unwrap_or_else(|faults| panic!("{query}\n{}", faults[0].underlined(query)));
    let environment =
        Environment { now_unix_nanoseconds: 1_600_000_000_000_000_000, seed: 7, interrupt: &|| false };
    let answer =
        compiled.run(&NoTables, &NoTables, &environment).unwrap_or_else(|error| panic!("{query}: {error}"));
    let column = answer.rows().map(|row| row.first().map_or(serde_json::Value::Null, Value::to_json));
    serde_json::Value::Array(column.collect()).to_string()
}

#[test]
fn every_example_gives_what_it_says() {
    let mut wrong = String::new();
    for entry in reference() {
        let found = first_column(&entry.example);
        let said = serde_json::from_str::<serde_json::Value>(&entry.result).unwrap().to_string();
        if said != found {
            let _ = writeln!(wrong, "{}: {} gives {found} and not {said}", entry.name, entry.example);
        }
        if !entry.summary.ends_with('.') {
            let _ = writeln!(wrong, "{} has no summary", entry.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_example_uses_what_it_is_about() {
    for entry in reference() {
        let mut names = std::iter::once(&entry.name).chain(entry.aliases);
        assert!(names.any(|name| entry.example.contains(name)), "{}: {}", entry.name, entry.example);
    }
}

#[test]
fn nothing_is_in_the_list_twice_and_nothing_that_is_there_is_refused() {
    let mut seen = std::collections::HashSet::new();
    for entry in reference() {
        for name in std::iter::once(&entry.name).chain(entry.aliases) {
            assert!(seen.insert((entry.kind, *name)), "{name} is there twice");
            let beginning = |refused: &str| refused.ends_with('_') && name.starts_with(refused);
            assert!(
                !refused().any(|(word, _)| word == *name || beginning(word)),
                "{name} is there and refused"
            );
        }
    }
}

const BEGIN: &str =
    "<!-- The lists below are written by `UPDATE_EXPECT=1 cargo test -p kql --test manual`. -->\n";

#[test]
fn the_manual_lists_what_there_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/query-language.md");
    let manual = std::fs::read_to_string(&path).unwrap();
    let (prose, lists) = manual.split_once(BEGIN).expect("the manual says where its lists begin");
    let written = lists_of(&reference());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, format!("{prose}{BEGIN}{written}")).unwrap();
        return;
    }
    assert!(
        lists == written,
        "docs/query-language.md is behind: run UPDATE_EXPECT=1 cargo test -p kql --test manual"
    );
}

fn lists_of(entries: &[Entry]) -> String {
    let mut text = String::new();
    for kind in EntryKind::ALL {
        let (title, before) = match kind {
            EntryKind::Source => {
                ("Where a query begins", "A query begins with the name of a table, or with one of these.")
            }
            EntryKind::Operator => ("Operators", "They stand behind a `|`."),
            EntryKind::Comparison => ("Between expressions", "`!` in front of a word turns it around."),
            EntryKind::Function => {
                ("Functions", "An argument in brackets may be left out; `...` means any number more.")
            }
            EntryKind::Form => {
                ("Forms", "They look like functions, and are about the columns or about a table.")
            }
            EntryKind::Window => {
                ("Functions of other rows", "They stand in `extend`, `project`, `serialize` and `where`.")
            }
            EntryKind::Aggregate => ("Aggregates", "They stand in `summarize`, `top-nested` and `pivot`."),
            EntryKind::Plugin => ("Plugins", "They stand behind `evaluate`."),
        };
        let _ = writeln!(text, "\n## {title}\n\n{before}\n");
        for entry in entries.iter().filter(|entry| entry.kind == kind) {
            let _ = writeln!(text, "### `{}`\n", entry.name);
            if !entry.aliases.is_empty() {
                let aliases: Vec<String> = entry.aliases.iter().map(|name| format!("`{name}`")).collect();
                let _ = writeln!(text, "Also {}.\n", aliases.join(", "));
            }
            let _ = writeln!(text, "`{}`\n\n{}\n", entry.signature, entry.summary);
            let _ = writeln!(text, "```kusto\n{}\n// {}\n```\n", entry.example, entry.result);
        }
    }
    let _ = writeln!(text, "## What there is elsewhere and not here\n");
    let _ = writeln!(text, "A query that uses one of these is refused with the reason.\n");
    let _ = writeln!(text, "| name | reason |\n|---|---|");
    for (name, reason) in refused() {
        let more = if name.ends_with('_') { "…" } else { "" };
        let _ = writeln!(text, "| `{name}{more}` | {reason} |");
    }
    text
}
