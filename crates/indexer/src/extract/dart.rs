//! `pubspec.lock`: the packages of a Dart or Flutter program.
//!
//! A program writes this YAML, so its lines are told by their indentation: a package is a key two blanks deep in
//! `packages`, its fields are four deep. Only hosted packages are published ones; `direct dev` is for development.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Dart lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "pubspec.lock"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Default)]
struct Entry<'a> {
    name: &'a [u8],
    version: &'a [u8],
    is_hosted: bool,
    is_for_development: bool,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::locked(PackageKind::Pub, limits);
    let mut is_inside = false;
    let mut entry = Entry::default();
    for line in lines(content) {
        let depth = line.iter().take_while(|byte| **byte == b' ').count();
        let text = line.trim_ascii();
        match depth {
            0 if !text.is_empty() => is_inside = text == b"packages:",
            2 if is_inside => {
                push(&mut list, &entry)?;
                entry = Entry { name: text.strip_suffix(b":").unwrap_or_default(), ..Entry::default() };
            }
            4 if is_inside => {
                if let Some(version) = text.strip_prefix(b"version:") {
                    entry.version = version.trim_ascii();
                } else if text == b"source: hosted" {
                    entry.is_hosted = true;
                } else if text == b"dependency: \"direct dev\"" {
                    entry.is_for_development = true;
                }
            }
            _ => {}
        }
    }
    push(&mut list, &entry)?;
    Ok(list.finish())
}

fn push(list: &mut PackageList, entry: &Entry<'_>) -> Result<(), SkipReason> {
    if entry.is_hosted && !entry.is_for_development {
        let quoted = entry.version.strip_prefix(b"\"").and_then(|version| version.strip_suffix(b"\""));
        list.push(entry.name, quoted.unwrap_or(entry.version))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;

    #[test]
    fn hosted_packages() {
        let text = "packages:\n  http:\n    dependency: \"direct main\"\n    description:\n      name: http\n      version: no\n    source: hosted\n    version: \"0.13.3\"\n  \
            flutter:\n    dependency: \"direct main\"\n    source: sdk\n    version: \"0.0.0\"\n  test:\n    dependency: \"direct dev\"\n    source: hosted\n    version: \"1.0.0\"\nsdks:\n  dart: \">=2\"\n";
        let read = |text: &str| {
            let file = File { path: "pubspec.lock", size: 0, mode: 0 };
            show(read(&file, text.as_bytes(), &Limits::default()))
        };
        assert_eq!(read(text), "pub http 0.13.3 locked\n");
        assert!(read("packages:\n  a:\n    source: hosted\n").contains("malformed"));
    }
}
