//! Python of CPython: the interpreter and its library, where the version stands alone between two NULs.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "python",
    files: &["python", "python2", "python3", "python2.*", "python3.*", "libpython*.so*"],
    signs: &[
        r"\x00((?:3\.[0-9]{1,2}|2\.7)\.[0-9]{1,2}(?:(?:a|b|rc)[0-9]{1,2})?)\+?\x00",
        // A linker that merges the ends of strings leaves it only at the end of a path.
        r"(?:[Pp]ython[-/]|versions/)((?:3\.[0-9]{1,2}|2\.7)\.[0-9]{1,2}(?:(?:a|b|rc)[0-9]{1,2})?)\x00",
    ],
    sample: (b"\x00noise\x003.11.7\x00", "3.11.7"),
};
