//! `bun.lock`: the packages that Bun locks for Node.js projects.
//!
//! JSON with commas behind the last members, written by a program, one package a line below `"packages": {`:
//! `"name": ["name@1.2.3", "", {…}, "sha512-…"],`. What stands before the last `@` is the package; the key may be a path of
//! who needs it. Packages from elsewhere have an address in the place of the version, and those of the project itself
//! `workspace:`. What is needed only for development is not marked. The older `bun.lockb` is binary and is not read.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use std::collections::BTreeSet;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Bun lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "bun.lock"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::locked(PackageKind::Npm, limits);
    let packages: BTreeSet<(&[u8], &[u8])> = lines(content)
        .map(<[u8]>::trim_ascii)
        .skip_while(|line| *line != b"\"packages\": {")
        .filter_map(package)
        .collect();
    for (name, version) in packages {
        list.push(name, version)?;
    }
    Ok(list.finish())
}

/// Name and version of a line.
fn package(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let sign = b"\": [\"";
    let at = memchr::memmem::find(line, sign)?.checked_add(sign.len())?;
    let text = line.get(at..)?;
    let text = text.get(..memchr::memchr(b'"', text)?)?;
    let (name, version) = text.split_at_checked(memchr::memrchr(b'@', text)?)?;
    let version = version.strip_prefix(b"@")?;
    (!name.is_empty() && version.first().is_some_and(u8::is_ascii_digit)).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn packages_of_the_registry() {
        let text = r#"{
  "lockfileVersion": 1,
  "workspaces": {
    "": { "name": "app", "dependencies": { "lodash": ["not@1.0.0"] } },
  },
  "packages": {
    "@types/node": ["@types/node@20.1.0", "", { "dependencies": { "x": "~1" } }, "sha512-a=="],

    "app/lodash": ["lodash@4.17.15", "", {}, "sha512-b=="],
    "lodash": ["lodash@4.17.15", "", {}, "sha512-b=="],
    "own": ["own@workspace:packages/own"],
    "git": ["git@github:a/b#c1d2", {}, "a-b-c1d2"],
    "cut": ["cut
  }
}
"#;
        let file = File { path: "srv/bun.lock", size: 0, mode: 0 };
        expect![[r#"
            npm @types/node 20.1.0 locked
            npm lodash 4.17.15 locked
        "#]]
        .assert_eq(&show(read(&file, text.as_bytes(), &Limits::default())));
    }
}
