//! Elixir: the script that starts it, and its description for Erlang.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "elixir",
    files: &["elixir", "elixir/ebin/elixir.app"],
    signs: &[
        r"ELIXIR_VERSION=([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z0-9]+(?:\.[0-9]+)?)?)",
        r#"\{vsn,"([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z0-9]+(?:\.[0-9]+)?)?)"\}"#,
    ],
    sample: (b"#!/bin/sh\x0aset -e\x0aELIXIR_VERSION=1.15.7\x0a", "1.15.7"),
};
