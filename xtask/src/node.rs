//! The npm packages that the tests use, and getting them into `target/clients`.
//!
//! The product itself needs none of them, and neither does most of the tests: what needs one says what it skipped.
//! Each is of one exact version, so that a test compares with the same thing everywhere.

use crate::step;
use anyhow::{Context, Result};

/// A package.
struct Needed {
    package: &'static str,
    version: &'static str,
    why: &'static str,
}

const NEEDED: &[Needed] = &[Needed {
    package: "@kusto/language-service-next",
    version: "12.4.1",
    why: "the oracle of the query language",
}];

/// Installs what is missing, if there is an npm.
pub(crate) fn install() -> Result<()> {
    let folder = step::root().join("target/clients");
    let is_there = |needed: &&Needed| {
        let manifest = folder.join("node_modules").join(needed.package).join("package.json");
        let text = std::fs::read_to_string(manifest).unwrap_or_default();
        serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{feff}'))
            .is_ok_and(|manifest| manifest["version"] == needed.version)
    };
    let missing: Vec<&Needed> = NEEDED.iter().filter(|needed| !is_there(needed)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for needed in &missing {
        println!("missing: {} {} {}", needed.package, needed.version, needed.why);
    }
    if !step::has("npm") {
        println!(
            "skipped: npm is not installed, so the tests that need these packages will say that they skip"
        );
        return Ok(());
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let prefix = folder.display().to_string();
    let wanted: Vec<String> =
        missing.iter().map(|needed| format!("{}@{}", needed.package, needed.version)).collect();
    let mut words =
        vec!["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", &prefix];
    words.extend(wanted.iter().map(String::as_str));
    step::run("npm", &words)
}
