//! Cabal, the builder of Haskell packages.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "haskell/cabal",
    files: &["cabal"],
    signs: &[
        r"\x00cabal-install-([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?)-",
        r"/cabal-install-([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?)-[0-9A-Za-z]+\x00",
        r"\x00Cabal-([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?)-",
    ],
    sample: (b"\x00Cabal-3.10.3.0-Kmxk5kW\x00", "3.10.3.0"),
};
