//! Installed R packages: the `DESCRIPTION` of each in a library.
//!
//! A library is a folder named `library` or `site-library`; in it is a folder for each package. The
//! fields are those of Debian's stanzas.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "R package",
    watched: &[],
    claims: |file| is_in_library(file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn is_in_library(path: &str) -> bool {
    let Some(folder) = path.strip_suffix("/DESCRIPTION") else { return false };
    let library = folder.rsplit('/').nth(1);
    matches!(library, Some("library" | "site-library"))
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let field = |key: &[u8]| lines(content).find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    let mut list = PackageList::new(PackageKind::Cran, limits);
    list.push(field(b"Package:"), field(b"Version:"))?;
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn a_description() {
        let read = |text: &str| shown(read, "x", text);
        assert_eq!(
            read("Package: jsonlite\nTitle: x\n Version: no\nVersion: 1.8.0\n"),
            "cran jsonlite 1.8.0\n"
        );
        assert!(read("Title: x\n").contains("malformed"));
        assert!(is_in_library("usr/local/lib/R/site-library/jsonlite/DESCRIPTION"));
        assert!(!is_in_library("site-library/DESCRIPTION") && !is_in_library("src/jsonlite/DESCRIPTION"));
    }
}
