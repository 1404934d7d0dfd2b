//! What packages of the distribution own, limited to the paths at which other packages are looked for.
//!
//! A large image has 200 000 owned files. Which of a few thousand belongs to whom is all that
//! is asked later, so a path is kept only if an extractor claims files of such a name, or if it lies in a folder
//! of programs.

use crate::Limits;
use crate::extract::{EXTRACTORS, File};
use inventory::{LayerPath, Owner};

/// The folders of programs, and of the programs that programs start.
const PROGRAM_FOLDERS: &[&str] = &["bin", "sbin", "libexec"];

/// How many bytes of paths are looked at in one file; an rpm header can name one long folder a million times.
const EXAMINED: usize = 256 << 20;

/// The longest path that is kept, as the Linux kernel opens them.
const LONGEST: usize = 4096;

/// Owners while they are collected, and afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The packages, each with what it owns.
    pub owners: Vec<Owner>,
    /// Whether all that there is was looked at and kept.
    pub is_complete: bool,
    examined: usize,
    kept: usize,
    limit: usize,
}

impl Owned {
    /// Nothing is owned yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { owners: Vec::new(), is_complete: true, examined: 0, kept: 0, limit: limits.owned_paths }
    }

    /// Notes that a package owns a path, if the path is of any interest.
    pub(crate) fn note(&mut self, package: &[u8], path: &[u8]) {
        self.examined = self.examined.saturating_add(path.len());
        self.forget_folder(package, path);
        if self.examined > EXAMINED || self.kept >= self.limit || path.len() > LONGEST {
            self.is_complete = false;
            return;
        }
        let (Ok(package), Ok(text)) = (std::str::from_utf8(package), std::str::from_utf8(path)) else {
            return;
        };
        let text = text.strip_prefix("./").unwrap_or(text);
        if package.is_empty() || text.ends_with('/') || !matters(text.strip_prefix('/').unwrap_or(text)) {
            return;
        }
        let Some(path) = LayerPath::from_bytes(text.as_bytes()) else { return };
        self.kept = self.kept.saturating_add(1);
        match self.owners.last_mut() {
            Some(owner) if owner.package == package => owner.paths.push(path),
            Some(_) | None => {
                self.owners.push(Owner { package: package.to_owned(), paths: vec![path] });
            }
        }
    }

    /// Lists name folders before what is in them. A folder is nothing that could be found.
    fn forget_folder(&mut self, package: &[u8], path: &[u8]) {
        let path = path.strip_prefix(b".").unwrap_or(path);
        let path = path.strip_prefix(b"/").unwrap_or(path);
        if let Some(owner) = self.owners.last_mut().filter(|owner| owner.package.as_bytes() == package)
            && let Some(last) = owner.paths.last()
            && path.strip_prefix(last.as_str().as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
        {
            owner.paths.pop();
            self.kept = self.kept.saturating_sub(1);
            if owner.paths.is_empty() {
                self.owners.pop();
            }
        }
    }
}

/// Whether packages of languages, or programs, may be found at a path.
fn matters(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let folder = parts.nth(1).unwrap_or_default();
    if PROGRAM_FOLDERS.contains(&folder) {
        return true;
    }
    let file = File { path, size: 0, mode: 0 };
    EXTRACTORS.iter().any(|extractor| (extractor.claims)(&file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_interest_are_kept() {
        let mut owned = Owned::new(&Limits { owned_paths: 4, ..Limits::default() });
        for path in [
            "/usr/share/doc/a/copyright",
            "/usr/bin/python3.11",
            "./usr/lib/python3/dist-packages/a-1.dist-info/METADATA",
            "usr/lib/python3/dist-packages/a-1.dist-info/RECORD",
            "usr/share/java/a.jar",
            "usr/lib/x86_64-linux-gnu",
            "usr/lib/x86_64-linux-gnu/libssl.so.3",
        ] {
            owned.note(b"a", path.as_bytes());
        }
        let paths: Vec<&str> =
            owned.owners.iter().flat_map(|owner| &owner.paths).map(LayerPath::as_str).collect();
        assert_eq!(
            paths,
            [
                "usr/bin/python3.11",
                "usr/lib/python3/dist-packages/a-1.dist-info/METADATA",
                "usr/share/java/a.jar",
                "usr/lib/x86_64-linux-gnu/libssl.so.3"
            ]
        );
        assert!(owned.is_complete);
        owned.note(b"b", b"usr/bin/b");
        assert!(!owned.is_complete);
        assert_eq!(owned.owners.len(), 1);
    }

    #[test]
    fn rubbish_is_passed_over() {
        let mut owned = Owned::new(&Limits::default());
        for (package, path) in
            [(&b""[..], &b"bin/a"[..]), (b"a", b"bin/\xff"), (b"\xff", b"bin/a"), (b"a", b"../bin/a")]
        {
            owned.note(package, path);
        }
        assert_eq!(owned.owners, []);
        owned.note(b"a", &b"bin/".repeat(2000));
        assert!(!owned.is_complete);
    }
}
