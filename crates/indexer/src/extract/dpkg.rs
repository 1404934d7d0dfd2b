//! The database of dpkg: Debian, Ubuntu, and Distroless, which has one file for each package.
//!
//! Stanzas of `Key: value` lines as in deb822(5); a line that begins with a blank continues the one before.
//! The third word of `Status` says what is there: `not-installed` and `config-files` leave no program behind,
//! every other state does, also a half-configured one. Distroless has no `Status`: what is listed is there.
//! `Source: name (version)` names the source package where it differs in name or version.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason, SourcePackage};

const STATUS: &str = "var/lib/dpkg/status";
const STATUS_FOLDER: &str = "var/lib/dpkg/status.d/";

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "dpkg database",
    watched: &[STATUS, STATUS_FOLDER],
    claims,
    magic: &[],
    action: Action::Read { limit: |limits| limits.database_bytes, read },
};

fn claims(file: &File<'_>) -> bool {
    // Beside each stanza Distroless keeps the checksums of the package's files.
    file.path == STATUS
        || file
            .path
            .strip_prefix(STATUS_FOLDER)
            .is_some_and(|name| !name.contains('/') && !name.ends_with(".md5sums"))
}

#[derive(Default)]
struct Stanza<'a> {
    begun: bool,
    name: &'a [u8],
    version: &'a [u8],
    status: &'a [u8],
    architecture: &'a [u8],
    source: &'a [u8],
}

impl Stanza<'_> {
    fn is_present(&self) -> bool {
        let state = self.status.split(u8::is_ascii_whitespace).rfind(|word| !word.is_empty());
        !matches!(state, Some(b"not-installed" | b"config-files"))
    }
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    stanzas(PackageKind::Deb, content, limits)
}

/// The packages of stanzas, also those of dpkg's descendants.
pub(super) fn stanzas(kind: PackageKind, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(kind, limits);
    let mut stanza = Stanza::default();
    for line in lines(content) {
        if line.trim_ascii().is_empty() {
            stanza = finish(&stanza, &mut list)?;
            continue;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some((key, value)) = memchr::memchr(b':', line).and_then(|colon| line.split_at_checked(colon))
        else {
            list.fault("a line that is not of the form `Key: value`");
            continue;
        };
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        stanza.begun = true;
        if key.eq_ignore_ascii_case(b"Package") {
            stanza.name = value;
        } else if key.eq_ignore_ascii_case(b"Version") {
            stanza.version = value;
        } else if key.eq_ignore_ascii_case(b"Status") {
            stanza.status = value;
        } else if key.eq_ignore_ascii_case(b"Architecture") {
            stanza.architecture = value;
        } else if key.eq_ignore_ascii_case(b"Source") {
            stanza.source = value;
        }
    }
    finish(&stanza, &mut list)?;
    Ok(list.finish())
}

fn finish<'a>(stanza: &Stanza<'_>, list: &mut PackageList) -> Result<Stanza<'a>, SkipReason> {
    if stanza.begun && stanza.is_present() {
        let architecture = list.word(stanza.architecture);
        let (name, version) = split_source(stanza.source);
        let source = list.word(name).map(|name| (name, version.and_then(|version| list.word(version))));
        if let Some(package) = list.push(stanza.name, stanza.version)? {
            package.architecture = architecture;
            package.source = source.map(|(name, version)| SourcePackage {
                name,
                version: version.unwrap_or_else(|| package.version.clone()),
            });
        }
    }
    Ok(Stanza::default())
}

/// `name (version)` or `name`.
fn split_source(source: &[u8]) -> (&[u8], Option<&[u8]>) {
    let Some((name, rest)) = memchr::memchr(b'(', source).and_then(|open| source.split_at_checked(open))
    else {
        return (source, None);
    };
    let version = rest.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")"));
    (name.trim_ascii(), version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(clippy::needless_pass_by_value, reason = "as expect_test is used everywhere")]
    fn check(content: &str, expected: Expect) {
        let file = File { path: STATUS, size: 0, mode: 0 };
        expected.assert_eq(&super::super::tests_support::show(read(
            &file,
            content.as_bytes(),
            &Limits::default(),
        )));
    }

    #[test]
    fn sources_with_and_without_a_version() {
        check(
            "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\nVersion: 2.36-9\n\
             Description: x\n Package: not-a-package\n\n\
             Package: tar\nStatus: install ok installed\nVersion: 1.34+b1\nSource: tar-src (1.34)\n\n\
             package: base\nversion: 12\n",
            expect![[r#"
                deb libc6 2.36-9 amd64 from glibc 2.36-9
                deb tar 1.34+b1 from tar-src 1.34
                deb base 12
            "#]],
        );
    }

    #[test]
    fn only_what_left_no_program_is_passed_over() {
        let stanza = |name: &str, status: &str| format!("Package: {name}\nStatus: {status}\nVersion: 1\n\n");
        let content = [
            stanza("installed", "install ok installed"),
            stanza("held", "hold ok installed"),
            stanza("half", "install ok half-configured"),
            stanza("unpacked", "install reinstreq unpacked"),
            stanza("waiting", "install ok triggers-awaited"),
            stanza("removed", "deinstall ok config-files"),
            stanza("gone", "purge ok not-installed"),
        ];
        check(
            &content.concat(),
            expect![[r#"
                deb installed 1
                deb held 1
                deb half 1
                deb unpacked 1
                deb waiting 1
            "#]],
        );
    }

    #[test]
    fn a_stanza_without_a_version_is_a_fault() {
        check(
            "Package: a\nStatus: install ok installed\n\nno colon\n",
            expect![[r#"
                deb: no packages
                malformed: a package whose name or version is missing, too long or not text
                malformed: a line that is not of the form `Key: value`
            "#]],
        );
    }

    #[test]
    fn status_folder_is_claimed_without_checksums() {
        let claimed = |path| claims(&File { path, size: 0, mode: 0 });
        assert!(claimed("var/lib/dpkg/status.d/base-files"));
        assert!(!claimed("var/lib/dpkg/status.d/base-files.md5sums"));
        assert!(!claimed("var/lib/dpkg/status.d/x/y"));
        assert!(!claimed("var/lib/dpkg/status-old"));
    }
}
