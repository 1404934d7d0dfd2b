//! Installed Python distributions: `METADATA` in a `.dist-info` folder, `PKG-INFO` in an `.egg-info` folder, and
//! the `.egg-info` files of old distutils.
//!
//! <https://packaging.python.org/specifications/core-metadata/>: headers as of a mail, up to the first empty line.
//! Names are normalised as PyPI does it, because `Flask_Login` and `flask-login` are one project and advisories
//! know it by the latter.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Python distribution",
    watched: &[],
    claims: |file| is_metadata(file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn is_metadata(path: &str) -> bool {
    match path.rsplit_once('/') {
        Some((folder, "METADATA")) => folder.ends_with(".dist-info"),
        Some((folder, "PKG-INFO")) => folder.ends_with(".egg-info") || folder.ends_with("/EGG-INFO"),
        Some((_, name)) => name.ends_with(".egg-info"),
        None => false,
    }
}

pub(super) fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let (mut name, mut version) = (None, None);
    for line in lines(content).take_while(|line| !line.is_empty()) {
        let Some((key, value)) = memchr::memchr(b':', line).and_then(|colon| line.split_at_checked(colon))
        else {
            continue;
        };
        let value = value.strip_prefix(b":").unwrap_or(value);
        // Of two headers the first counts, as for a mail.
        if key.eq_ignore_ascii_case(b"Name") {
            name.get_or_insert(value);
        } else if key.eq_ignore_ascii_case(b"Version") {
            version.get_or_insert(value);
        }
    }
    let mut list = PackageList::new(PackageKind::PyPi, limits);
    if let Some(package) = list.push(name.unwrap_or_default(), version.unwrap_or_default())? {
        package.name = normalised(&package.name);
    }
    Ok(list.finish())
}

/// Lower case, and one hyphen for each run of hyphens, underscores and dots.
pub(super) fn normalised(name: &str) -> String {
    let parts: Vec<&str> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn metadata_is_claimed_where_it_is_installed() {
        for path in [
            "usr/lib/python3/dist-packages/a-1.dist-info/METADATA",
            "x/a.egg-info/PKG-INFO",
            "x/a-1.egg/EGG-INFO/PKG-INFO",
            "x/a-1.egg-info",
        ] {
            assert!(is_metadata(path), "{path}");
        }
        for path in
            ["METADATA", "x/METADATA", "x/PKG-INFO", "x/a.dist-info/RECORD", "x/a.egg-info/top_level.txt"]
        {
            assert!(!is_metadata(path), "{path}");
        }
    }

    #[test]
    fn headers_up_to_the_empty_line() {
        let read = |text: &str| {
            let file = File { path: "x/a.dist-info/METADATA", size: 0, mode: 0 };
            show(read(&file, text.as_bytes(), &Limits::default()))
        };
        expect![[r#"
            pypi flask-login 0.5
        "#]]
        .assert_eq(&read(
            "Metadata-Version: 2.1\r\nname: Flask__Login\r\nVersion: 0.5\r\n\r\nVersion: 9\r\n",
        ));
        expect![[r#"
            pypi: no packages
            malformed: a package whose name or version is missing, too long or not text
        "#]]
        .assert_eq(&read("Name: a\n\nVersion: 1\n"));
    }
}
