//! The database of apk: Alpine, Wolfi, Chainguard.
//!
//! Stanzas of `X:value` lines, ended by an empty line: <https://wiki.alpinelinux.org/wiki/Apk_spec>. `P` is the name,
//! `V` the version, `A` the machine, `o` the origin, which is the source package and has the same version.
//! The letters differ by case: `o` is not `O`. Most lines list what the package owns: `F` is a folder, and each `R` a
//! file in the folder before it.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason, SourcePackage};

const PATHS: &[&str] = &["lib/apk/db/installed", "usr/lib/apk/db/installed"];

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "apk database",
    watched: PATHS,
    claims: |file| PATHS.contains(&file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.database_bytes, read },
};

#[derive(Default)]
struct Stanza<'a> {
    begun: bool,
    name: &'a [u8],
    version: &'a [u8],
    architecture: &'a [u8],
    origin: &'a [u8],
    folder: &'a [u8],
    files: Vec<(&'a [u8], &'a [u8])>,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::Apk, limits);
    let mut stanza = Stanza::default();
    for line in lines(content) {
        match line {
            [] => stanza = finish(&stanza, &mut list)?,
            [key, b':', value @ ..] => {
                stanza.begun = true;
                match key {
                    b'P' => stanza.name = value,
                    b'V' => stanza.version = value,
                    b'A' => stanza.architecture = value,
                    b'o' => stanza.origin = value,
                    b'F' => stanza.folder = value,
                    b'R' => stanza.files.push((stanza.folder, value)),
                    _ => {}
                }
            }
            _ => list.fault("a line that is not of the form `X:value`"),
        }
    }
    finish(&stanza, &mut list)?;
    Ok(list.finish())
}

fn finish<'a>(stanza: &Stanza<'_>, list: &mut PackageList) -> Result<Stanza<'a>, SkipReason> {
    if stanza.begun {
        let architecture = list.word(stanza.architecture);
        let origin = list.word(stanza.origin);
        if let Some(package) = list.push(stanza.name, stanza.version)? {
            package.architecture = architecture;
            package.source = origin.map(|name| SourcePackage { name, version: package.version.clone() });
        }
        for (folder, file) in &stanza.files {
            list.owned.note(stanza.name, &[folder, b"/".as_slice(), file].concat());
        }
    }
    Ok(Stanza::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(clippy::needless_pass_by_value, reason = "as expect_test is used everywhere")]
    fn check(content: &str, expected: Expect) {
        let file = File { path: "lib/apk/db/installed", size: 0, mode: 0 };
        let limits = Limits { packages: 3, text_bytes: 20, ..Limits::default() };
        expected.assert_eq(&super::super::tests_support::show(read(&file, content.as_bytes(), &limits)));
    }

    #[test]
    fn two_packages_and_their_origin() {
        check(
            "C:Q1abc=\nP:busybox-binsh\nV:1.36.1-r7\nA:x86_64\nO:other\no:busybox\nF:bin\nR:sh\n\nP:musl\nV:1.2.4-r2\n",
            expect![[r#"
                apk busybox-binsh 1.36.1-r7 x86_64 from busybox 1.36.1-r7
                apk musl 1.2.4-r2
                busybox-binsh owns bin/sh
            "#]],
        );
    }

    #[test]
    fn a_bad_stanza_does_not_hide_the_others() {
        check(
            "P:a\nV:1\n\nP:no-version\n\nV:3\n\nnonsense\n\nP:b\nV:averyveryverylongversion\n\nP:c\nV:4\n\n\n",
            expect![[r#"
                apk a 1
                apk c 4
                malformed: a package whose name or version is missing, too long or not text
                malformed: a package whose name or version is missing, too long or not text
                malformed: a line that is not of the form `X:value`
                malformed: a package whose name or version is missing, too long or not text
            "#]],
        );
    }

    #[test]
    fn too_many_packages_are_a_limit() {
        check(
            "P:a\nV:1\n\nP:b\nV:1\n\nP:c\nV:1\n\nP:d\nV:1\n\n",
            expect![[r#"
                limit: more than 3 packages in one file
            "#]],
        );
    }

    #[test]
    fn an_empty_database_is_a_database() {
        check(
            "",
            expect![[r#"
            apk: no packages
        "#]],
        );
    }
}
