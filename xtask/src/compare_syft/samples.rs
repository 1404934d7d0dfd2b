//! The samples: a family of them is one file here, and each sample one line in [`SAMPLES`].

mod by_hand;
pub(crate) mod debian;
mod distroless;
pub(crate) mod node;
pub(crate) mod python;
mod rpm;
mod upstream;
mod written;

use super::Sample;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// All samples.
pub(super) const SAMPLES: &[Sample] = &[
    debian::PYTHON,
    debian::RUBY,
    debian::PHP,
    debian::NODE,
    debian::GO,
    debian::JAVA,
    debian::R,
    debian::NEXT,
    debian::BEFORE,
    debian::UNSTABLE,
    debian::GO_MORE,
    debian::JAVA_MORE,
    debian::ERLANG,
    debian::MONO,
    debian::KERNEL,
    debian::STATISTICS,
    by_hand::PROGRAMS,
    by_hand::MORE,
    distroless::HOST,
    node::APPLICATION,
    node::LINKED,
    python::APPLICATION,
    python::PROGRAMS,
    python::JARS,
    python::DOTNET,
    rpm::SQLITE,
    upstream::SERVERS,
    upstream::COMPILED,
    written::ARCH,
    written::GENTOO,
    written::LANGUAGES,
    written::BUILT,
];

/// Runs a program that makes a sample; what it says is shown only if it fails.
pub(crate) fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<()> {
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(5).collect();
    bail!("{program} failed: {}", last.into_iter().rev().collect::<Vec<_>>().join("\n"))
}
