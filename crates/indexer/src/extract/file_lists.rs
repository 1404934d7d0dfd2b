//! Which files the packages of dpkg and opkg own: a list for each package beside the database.
//!
//! `var/lib/dpkg/info/NAME.list` or `NAME:ARCHITECTURE.list` has a path a line. Distroless keeps no lists, but the
//! checksums `var/lib/dpkg/status.d/NAME.md5sums`, whose lines are `SUM  PATH`. opkg has `info/NAME.list` with the
//! mode behind a tab in newer versions.

use super::{Action, Extractor, File, Reading, lines};
use crate::Limits;
use crate::ownership::Owned;
use inventory::{PackageKind, SkipReason};

/// The folders, the ending of the lists in them, and whose they are.
const LISTS: &[(&str, &str, PackageKind)] = &[
    ("var/lib/dpkg/info/", ".list", PackageKind::Deb),
    ("var/lib/dpkg/status.d/", ".md5sums", PackageKind::Deb),
    ("usr/lib/opkg/info/", ".list", PackageKind::Opkg),
    ("var/lib/opkg/info/", ".list", PackageKind::Opkg),
];

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "list of a package's files",
    watched: &[],
    claims: |file| list(file.path).is_some(),
    // A path or a checksum, so that a link of such a name is no matter: without the list, nothing is owned.
    magic: &[
        b"/", b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9", b"a", b"b", b"c", b"d", b"e", b"f",
    ],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

/// The package manager and the package of a list.
fn list(path: &str) -> Option<(PackageKind, &str)> {
    LISTS.iter().find_map(|(folder, ending, kind)| {
        let name = path.strip_prefix(folder)?.strip_suffix(ending)?;
        let name = name.split(':').next().unwrap_or(name);
        (!name.is_empty() && !name.contains('/')).then_some((*kind, name))
    })
}

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Some((kind, package)) = list(file.path) else { return Ok(Reading::Nothing) };
    let mut owned = Owned::new(limits);
    let has_sums = file.path.ends_with(".md5sums");
    for line in lines(content) {
        let path = if has_sums {
            line.get(32..).unwrap_or_default().trim_ascii_start()
        } else {
            line.split(|byte| *byte == b'\t').next().unwrap_or_default()
        };
        owned.note(package.as_bytes(), path);
    }
    Ok(Reading::Owned(kind, owned))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn lists_and_checksums() {
        let read = |path, text: &str| shown(read, path, text);
        let list = "/.\n/usr\n/usr/bin\n/usr/bin/python3.11\n/usr/share/doc/x\n";
        assert_eq!(
            read("var/lib/dpkg/info/python3.11:amd64.list", list),
            "python3.11 owns usr/bin/python3.11\n"
        );
        let sums = "0123456789abcdef0123456789abcdef  usr/bin/python3.11\nshort\n";
        assert_eq!(
            read("var/lib/dpkg/status.d/python3.11.md5sums", sums),
            "python3.11 owns usr/bin/python3.11\n"
        );
        assert_eq!(read("usr/lib/opkg/info/a.list", "/bin/busybox\t0100755\n"), "a owns bin/busybox\n");
        assert_eq!(read("etc/passwd", list), "nothing\n");
        for path in ["var/lib/dpkg/info/a.md5sums", "var/lib/dpkg/info/x/a.list", "var/lib/dpkg/info/.list"] {
            assert_eq!(super::list(path), None, "{path}");
        }
    }
}
