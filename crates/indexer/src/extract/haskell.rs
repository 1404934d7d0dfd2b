//! Lock files of Haskell: `stack.yaml.lock` and `cabal.project.freeze`.
//!
//! Stack has lines `hackage: name-1.0@sha256:…`, twice for each package, and Cabal has constraints
//! `any.name ==1.0,`. Both list what is fetched from Hackage; what is part of the snapshot or the compiler is not there.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use std::collections::BTreeSet;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Haskell lock file",
    watched: &[],
    claims: |file| {
        is_project_file(file.path, "stack.yaml.lock") || is_project_file(file.path, "cabal.project.freeze")
    },
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::locked(PackageKind::Hackage, limits);
    let packages: BTreeSet<(&[u8], &[u8])> =
        lines(content).filter_map(|line| stack(line).or_else(|| cabal(line))).collect();
    for (name, version) in packages {
        list.push(name, version)?;
    }
    Ok(list.finish())
}

fn stack(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii();
    let text = line.strip_prefix(b"- ").unwrap_or(line).strip_prefix(b"hackage:")?.trim_ascii();
    let text = text.split(|byte| *byte == b'@').next()?;
    let (name, version) = text.split_at_checked(memchr::memrchr(b'-', text)?)?;
    Some((name, version.strip_prefix(b"-")?))
}

fn cabal(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memmem::find(line, b"any.")?;
    let text = line.get(at..)?.strip_prefix(b"any.")?;
    let (name, version) = text.split_at_checked(memchr::memmem::find(text, b" ==")?)?;
    let version = version.strip_prefix(b" ==")?;
    Some((name, version.split(|byte| *byte == b',').next()?.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn both_tools() {
        let text = "packages:\n- completed:\n    hackage: aeson-1.5.6.0@sha256:abc,100\n  original:\n    hackage: aeson-1.5.6.0\n\
            constraints: any.text-short ==0.1.3,\n             text-short +asserts,\n             any.cut\n";
        let file = File { path: "stack.yaml.lock", size: 0, mode: 0 };
        expect![[r#"
            hackage aeson 1.5.6.0 locked
            hackage text-short 0.1.3 locked
        "#]]
        .assert_eq(&show(read(&file, text.as_bytes(), &Limits::default())));
    }
}
