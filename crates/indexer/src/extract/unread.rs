//! Package sources that this version recognises and does not read.
//!
//! An image with one of them has packages of which we know nothing, so it can never be called healthy.
//! When a reader for one is written, its line here goes.

use super::{Action, Extractor, File};

/// Fixed paths, and what stands there.
const FIXED: &[(&str, &str)] = &[("usr/share/rpm/Packages", RPM), ("usr/share/rpm/Packages.db", RPM)];

const RPM: &str = "an rpm database in an unusual place, which this version does not read";
const RPM_LOG: &str =
    "an rpm database whose last changes are still in its log, which this version does not read";

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "unread package source",
    watched: &["usr/share/rpm/Packages", "usr/share/rpm/Packages.db"],
    claims: |file| source(file).is_some(),
    magic: &[],
    action: Action::Refuse(|path| source(&File { path, size: 1, mode: 0 }).unwrap_or(RPM)),
};

/// What package source a file is.
fn source(file: &File<'_>) -> Option<&'static str> {
    // An empty log is what a clean end leaves behind.
    if file.path.ends_with("/rpmdb.sqlite-wal") && file.size > 0 {
        return Some(RPM_LOG);
    }
    FIXED.iter().find(|(path, _)| *path == file.path).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_paths_are_watched() {
        let fixed: Vec<&str> = FIXED.iter().map(|(path, _)| *path).collect();
        assert_eq!(fixed, EXTRACTOR.watched);
    }

    #[test]
    fn each_source_says_what_it_is() {
        let why = |path| source(&File { path, size: 0, mode: 0 });
        assert_eq!(why("usr/share/rpm/Packages"), Some(RPM));
        assert_eq!(why("var/lib/rpm/rpmdb.sqlite-wal"), None);
        assert_eq!(why("srv/var/lib/rpm/Packages"), None);
    }
}
