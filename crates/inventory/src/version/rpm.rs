//! The order of rpm: `epoch:version-release`, as in Red Hat, SUSE, Amazon and Azure Linux.
//!
//! Version and release are read as runs of letters and runs of digits; every other sign only separates, so that
//! `2.0` equals `2_0` and signs that are not ASCII have no say. Surprises: `~` comes before everything, even before the
//! end; `^` comes after the end and before everything else; digits come after letters; a missing release comes
//! before any release; what stands before a colon is an epoch only if it is all digits.
//!
//! See <https://rpm-software-management.github.io/rpm/man/rpm-version.7> and the test cases in
//! <https://github.com/rpm-software-management/rpm/blob/master/tests/rpmvercmp.at>.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, evr, split_digits, split_while};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme {
    name: "rpm",
    ecosystems: &[
        "AlmaLinux",
        "Amazon Linux",
        "Azure Linux",
        "CentOS",
        "Fedora",
        "Mageia",
        "Oracle Linux",
        "Photon OS",
        "Red Hat",
        "Rocky Linux",
        "SUSE",
        "openEuler",
        "openSUSE",
    ],
    key,
    comparable: None,
};

/// The places of the tokens.
const TILDE: u8 = 1;
const END: u8 = 2;
const CARET: u8 = 3;
const LETTERS: u8 = 4;
const DIGITS: u8 = 5;

fn key(version: &str) -> Result<VersionKey, VersionError> {
    evr::key(&SCHEME, version, part)
}

fn part(key: &mut KeyWriter, mut text: &[u8]) {
    loop {
        text = match text.split_first() {
            None => break,
            Some((b'~', rest)) => {
                key.byte(TILDE);
                rest
            }
            Some((b'^', rest)) => {
                key.byte(CARET);
                rest
            }
            Some((sign, _)) if sign.is_ascii_digit() => {
                let (digits, rest) = split_digits(text);
                key.byte(DIGITS);
                key.number(digits);
                rest
            }
            Some((sign, _)) if sign.is_ascii_alphabetic() => {
                let (letters, rest) = split_while(text, u8::is_ascii_alphabetic);
                key.byte(LETTERS);
                key.text(letters);
                rest
            }
            Some((_, rest)) => rest,
        };
    }
    key.byte(END);
}
