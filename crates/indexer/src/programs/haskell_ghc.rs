//! The Glasgow Haskell Compiler.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "haskell/ghc",
    files: &["ghc*"],
    signs: &[
        r"\x00GHC ([0-9]+\.[0-9]+\.[0-9]+)\x00",
        r"\x00libHSghc-([0-9]+\.[0-9]+\.[0-9]+)-(?:[0-9A-Za-z]+-)?ghc[0-9.]+\.so\x00",
    ],
    sample: (b"\x00GHC 9.4.7\x00", "9.4.7"),
};
