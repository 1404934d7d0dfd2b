//! The table of commands in `docs/azure-compatibility.md`.

use crate::commands;
use crate::sdk::CALLS;
use std::path::PathBuf;

const BEGIN: &str = "<!-- written by `cargo xtask azure-clients --update`: begin -->\n";
const END: &str = "<!-- end -->\n";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/azure-compatibility.md")
}

fn table() -> String {
    let mut table = String::from("\n| command of `az` 2.91 | what is compared |\n|---|---|\n");
    for covered in commands::all() {
        table.push_str(&format!("| `{}` | {} |\n", covered.command, covered.compared));
    }
    table.push_str("\n| SDK | calls | what is compared |\n|---|---|---|\n");
    for (sdk, calls, compared) in CALLS {
        table.push_str(&format!("| {sdk} | {calls} | {compared} |\n"));
    }
    table.push('\n');
    table
}

/// The document with the table of today.
fn current(document: &str) -> String {
    let (before, rest) = document.split_once(BEGIN).unwrap_or_else(|| panic!("{BEGIN} is missing"));
    let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("{END} is missing"));
    format!("{before}{BEGIN}{}{END}{after}", table())
}

/// Whether the table is to be written: then it may be an older one before the run.
fn is_wanted() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

/// Fails if the document promises something else than the table.
pub(crate) fn is_the_one_of_the_table() {
    let document = std::fs::read_to_string(path()).unwrap();
    assert!(
        is_wanted() || document == current(&document),
        "docs/azure-compatibility.md is older than the table of commands: `cargo xtask azure-clients --update` runs them and writes it"
    );
}

/// Writes the table, after a run in which everything did what it should.
pub(crate) fn update_if_wanted() {
    if is_wanted() {
        let document = std::fs::read_to_string(path()).unwrap();
        std::fs::write(path(), current(&document)).unwrap();
    }
}
