//! OpenLDAP: its server.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "openldap",
    files: &["slapd", "ldapsearch"],
    signs: &[r"OpenLDAP: (?:slapd|ldapsearch) ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"@(#) $OpenLDAP: slapd 2.5.13+dfsg-5 (Feb  8 2023 01:56:12) $", "2.5.13"),
};
