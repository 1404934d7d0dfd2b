//! `cargo xtask fuzz TARGET [SECONDS]`: one fuzz target for some time.
//!
//! Fuzzing needs the nightly toolchain and `cargo-fuzz`; everything else of the project is stable Rust.

use crate::step;
use anyhow::{Context, Result, bail};

/// `cargo xtask fuzz`.
pub(crate) const COMMAND: crate::Command =
    crate::Command { name: "fuzz", purpose: "fuzz one parser of foreign bytes: TARGET [SECONDS]", run };

fn run(words: &[String]) -> Result<()> {
    let folder = step::root().join("fuzz/fuzz_targets");
    let Some(target) = words.first() else {
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .with_context(|| format!("{} cannot be listed", folder.display()))?
            .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_string_lossy().into_owned()))
            .collect();
        names.sort();
        for name in names {
            println!("cargo xtask fuzz {name}");
        }
        return Ok(());
    };
    if !step::has("cargo-fuzz") {
        bail!("cargo-fuzz is not installed; run `cargo install cargo-fuzz`");
    }
    let seconds: u32 = match words.get(1) {
        Some(word) => word.parse().with_context(|| format!("`{word}` is not a number of seconds"))?,
        None => 60,
    };
    // The seeds are built by our own code; they are written anew, so that they never fall behind it.
    step::run(
        "cargo",
        &["+nightly", "run", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--bin", "seeds"],
    )?;
    let limit = format!("-max_total_time={seconds}");
    step::run("cargo", &["+nightly", "fuzz", "run", target, "--", &limit])
}
