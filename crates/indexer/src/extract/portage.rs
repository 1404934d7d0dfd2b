//! The database of Portage: Gentoo and its kin.
//!
//! A folder for each package, `var/db/pkg/CATEGORY/NAME-VERSION/`; the file `CONTENTS` in it lists what the package owns, a
//! line each: `dir PATH`, `obj PATH MD5 TIME`, `sym PATH -> TARGET TIME`. A path may have blanks in it.
//! A version begins behind the last dash that a digit follows, but for the revision, `-r1`; no name ends like a version.
//!
//! See <https://projects.gentoo.org/pms/8/pms.html#x1-250003.2>.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

const FOLDER: &str = "var/db/pkg/";

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Portage database",
    watched: &[],
    claims: |file| package(file.path).is_some(),
    magic: &[],
    action: Action::Read { limit: |limits| limits.database_bytes, read },
};

/// Category, and name with version, of the package whose contents this file lists.
fn package(path: &str) -> Option<(&str, &str)> {
    let (category, rest) = path.strip_prefix(FOLDER)?.split_once('/')?;
    let (package, file) = rest.split_once('/')?;
    (file == "CONTENTS").then_some((category, package))
}

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::Portage, limits);
    let split = package(file.path).and_then(|(category, package)| {
        let (name, version) = name_and_version(package)?;
        Some((format!("{category}/{name}"), version))
    });
    let Some((name, version)) = split else {
        list.fault("a package whose folder has no version in its name");
        return Ok(list.finish());
    };
    for line in lines(content) {
        if let Some(path) = owned(line) {
            list.owned.note(name.as_bytes(), path);
        }
    }
    list.push(name.as_bytes(), version.as_bytes())?;
    Ok(list.finish())
}

/// `bash` and `5.2_p21-r1` of `bash-5.2_p21-r1`.
fn name_and_version(package: &str) -> Option<(&str, &str)> {
    let (before, last) = package.rsplit_once('-')?;
    let is_revision = last
        .strip_prefix('r')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    let name = if is_revision { before.rsplit_once('-')?.0 } else { before };
    let version = package.get(name.len()..)?.strip_prefix('-')?;
    let is_version = version.starts_with(|first: char| first.is_ascii_digit());
    (!name.is_empty() && is_version).then_some((name, version))
}

/// The path of a file or of a link.
fn owned(line: &[u8]) -> Option<&[u8]> {
    let path = if let Some(rest) = line.strip_prefix(b"obj ") {
        // The digest and the time stand behind it.
        let time = memchr::memrchr(b' ', rest)?;
        let rest = rest.get(..time)?;
        rest.get(..memchr::memrchr(b' ', rest)?)?
    } else {
        let rest = line.strip_prefix(b"sym ")?;
        rest.get(..memchr::memmem::find(rest, b" -> ")?)?
    };
    path.strip_prefix(b"/")
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn a_package_and_its_files() {
        let content = "dir /usr\ndir /usr/bin\nobj /usr/bin/py thon3 0123456789abcdef0123456789abcdef 1700000000\n\
                       sym /usr/lib/libssl.so -> libssl.so.3 1700000000\nobj nonsense\nsym /x\n\n";
        assert_eq!(
            shown(read, "var/db/pkg/dev-lang/python-exec-2.4.10-r1/CONTENTS", content),
            "ebuild dev-lang/python-exec 2.4.10-r1\n\
             dev-lang/python-exec owns usr/bin/py thon3\ndev-lang/python-exec owns usr/lib/libssl.so\n"
        );
    }

    #[test]
    fn names_and_versions() {
        assert_eq!(name_and_version("bash-5.2_p21-r1"), Some(("bash", "5.2_p21-r1")));
        assert_eq!(name_and_version("gtk+-2.24.33"), Some(("gtk+", "2.24.33")));
        assert_eq!(name_and_version("font-adobe-100dpi-1.0.3"), Some(("font-adobe-100dpi", "1.0.3")));
        assert_eq!(name_and_version("rr-9999"), Some(("rr", "9999")));
        assert_eq!(name_and_version("x-r1"), None);
        assert_eq!(name_and_version("1.2"), None);
        assert_eq!(name_and_version("-1.2"), None);
    }

    #[test]
    fn rubbish() {
        assert!(shown(read, "var/db/pkg/a/b/CONTENTS", "obj /a b c\n").contains("malformed"));
        assert_eq!(package("var/db/pkg/a/b-1/PF"), None);
        assert_eq!(package("srv/var/db/pkg/a/b-1/CONTENTS"), None);
        assert_eq!(package("var/db/pkg/a/CONTENTS"), None);
    }
}
