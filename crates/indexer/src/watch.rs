//! The watched paths: where extractors look, and the folders on the way there.
//!
//! A link or a file in such a place changes what an image shows there, although it is no database itself.

use crate::extract::EXTRACTORS;
use std::collections::HashSet;

/// How a path relates to the watched ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A file is looked for here.
    Watched,
    /// A folder on the way to such a file, or one whose files are looked at.
    Ancestor,
    /// Neither.
    Elsewhere,
}

/// All watched paths.
#[derive(Debug)]
pub(crate) struct Watch {
    files: HashSet<&'static str>,
    folders: HashSet<&'static str>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let mut watch = Self { files: HashSet::new(), folders: HashSet::new() };
        for path in EXTRACTORS.iter().flat_map(|extractor| extractor.watched) {
            // A path that ends with a slash is a folder whose files are looked at.
            if let Some(folder) = path.strip_suffix('/') {
                watch.folders.insert(folder);
            } else {
                watch.files.insert(path);
            }
            for (slash, _) in path.match_indices('/') {
                watch.folders.extend(path.get(..slash));
            }
        }
        watch
    }

    pub(crate) fn standing(&self, path: &str) -> Standing {
        if self.files.contains(path) {
            Standing::Watched
        } else if self.folders.contains(path) {
            Standing::Ancestor
        } else {
            Standing::Elsewhere
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_on_the_way_are_watched_too() {
        let watch = Watch::new();
        for folder in ["lib", "lib/apk", "lib/apk/db", "var/lib/dpkg/status.d", "usr/lib", "etc"] {
            assert_eq!(watch.standing(folder), Standing::Ancestor, "{folder}");
        }
        for file in ["lib/apk/db/installed", "var/lib/dpkg/status", "etc/os-release"] {
            assert_eq!(watch.standing(file), Standing::Watched, "{file}");
        }
        for other in ["", "li", "lib/apk/db/installed/x", "opt"] {
            assert_eq!(watch.standing(other), Standing::Elsewhere, "{other}");
        }
    }
}
