//! Release files: which distribution an image is.
//!
//! `os-release` and `lsb-release` are lines of `KEY=value`, quoted as a shell would, see os-release(5); nothing is
//! expanded. The older files have one line, which is kept under the key `VERSION`.

use super::{Action, Extractor, File, Reading, lines, word};
use crate::Limits;
use inventory::SkipReason;

const PATHS: &[&str] = &[
    "etc/os-release",
    "usr/lib/os-release",
    "etc/lsb-release",
    "etc/alpine-release",
    "etc/debian_version",
    "etc/redhat-release",
    "etc/centos-release",
    "etc/system-release",
    // What the three above are links to, in the descendants of Red Hat.
    "etc/almalinux-release",
    "etc/amazon-linux-release",
    "etc/fedora-release",
    "usr/lib/fedora-release",
    "etc/oracle-release",
    "etc/rocky-release",
    "etc/mariner-release",
    "etc/azurelinux-release",
    "etc/photon-release",
    "etc/SuSE-release",
    "etc/arch-release",
    "etc/openwrt_version",
];

/// More keys than any release file has.
const KEYS: usize = 256;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "release file",
    watched: PATHS,
    claims: |file| PATHS.contains(&file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.release_bytes, read },
};

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    if !matches!(file.name(), "os-release" | "lsb-release") {
        let line = lines(content).find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
        // Arch Linux has an empty file, which says what it is by being there.
        let line = if line.is_empty() && file.name() == "arch-release" { b"Arch Linux" } else { line };
        let version = word(line, limits)
            .ok_or_else(|| SkipReason::Malformed("a release file whose first line is no text".to_owned()))?;
        return Ok(Reading::Release(vec![("VERSION".to_owned(), version)]));
    }
    let mut fields = Vec::new();
    for line in lines(content) {
        let Some(line) = word(line, limits).filter(|line| !line.starts_with('#')) else { continue };
        let Some((key, value)) = line.split_once('=') else { continue };
        if fields.len() >= KEYS {
            return Err(SkipReason::Limit(format!("more than {KEYS} keys in a release file")));
        }
        fields.push((key.trim().to_owned(), unquoted(value)));
    }
    Ok(Reading::Release(fields))
}

/// Takes quotes and backslashes away as a shell would. Within single quotes a backslash is itself.
fn unquoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut quote = None;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', Some('"') | None) => text.extend(characters.next()),
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(clippy::needless_pass_by_value, reason = "as expect_test is used everywhere")]
    fn check(path: &str, content: &str, expected: Expect) {
        let file = File { path, size: 0, mode: 0 };
        expected.assert_eq(&super::super::tests_support::show(read(
            &file,
            content.as_bytes(),
            &Limits::default(),
        )));
    }

    #[test]
    fn quotes_are_taken_away() {
        check(
            "etc/os-release",
            "# a comment\nID=debian\nVERSION_ID=\"12\"\nNAME='It is \\n'\nPRETTY_NAME=\"a \\\"b\\\" \\$c\"\n\nnothing\n",
            expect![[r#"
                ID = debian
                VERSION_ID = 12
                NAME = It is \n
                PRETTY_NAME = a "b" $c
            "#]],
        );
    }

    #[test]
    fn one_line_is_the_version() {
        check(
            "etc/alpine-release",
            "\n3.18.9\n",
            expect![[r#"
            VERSION = 3.18.9
        "#]],
        );
        check(
            "etc/debian_version",
            "",
            expect![[r#"
            malformed: a release file whose first line is no text
        "#]],
        );
    }
}
