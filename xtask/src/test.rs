//! `cargo xtask test`: everything that must hold before a change lands.
//!
//! Formatting, floors, file lengths, forbidden names and documents are tests of this package (see `tidy`),
//! so that `cargo test` alone finds them too.

use crate::{azure_clients, clients, debian, step};
use anyhow::{Result, bail};

/// `cargo xtask test`.
pub(crate) const COMMAND: crate::Command =
    crate::Command { name: "test", purpose: "install what the tests need, then run all of them", run };

fn run(words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        bail!(
            "`cargo xtask test` takes no further words, but got `{word}`; for a part of the tests use `cargo test -p CRATE`"
        );
    }
    debian::install()?;
    clients::install()?;
    azure_clients::install();
    step::run("cargo", &["fmt", "--all", "--check"])?;
    step::run("cargo", &["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"])?;
    if step::has("cargo-nextest") {
        step::run("cargo", &["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])?;
    } else {
        println!(
            "cargo-nextest is not installed: the tests run with `cargo test`, one package after the other"
        );
        step::run("cargo", &["test", "--workspace", "--all-targets", "--locked", "--no-fail-fast"])?;
    }
    step::run("cargo", &["test", "--workspace", "--doc", "--locked"])?;
    step::run_with(
        "cargo",
        &["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"],
        &[("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private_intra_doc_links")],
    )?;
    if step::has("cargo-deny") {
        step::run("cargo", &["deny", "--offline", "check", "bans", "licenses", "sources"])?;
    } else {
        println!(
            "skipped: cargo-deny is not installed, so licences and bans were not checked (cargo install cargo-deny)"
        );
    }
    println!("\nall tests passed");
    Ok(())
}
