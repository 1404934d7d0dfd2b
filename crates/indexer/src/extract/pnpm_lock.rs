//! `pnpm-lock.yaml`: the lock file of pnpm, in the forms 5 to 9.
//!
//! A program writes it, so its few lines of YAML are told by their indentation: a package is a key two blanks deep
//! in the section `packages`. The key is `/name/1.0.0_peers` in form 5, `/name@1.0.0(peers)` in form 6, and
//! `name@1.0.0` in form 9. `dev: true` marks what is only for development, up to form 6.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "pnpm lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "pnpm-lock.yaml"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::locked(PackageKind::Npm, limits);
    let mut is_inside = false;
    let mut pending: Option<&[u8]> = None;
    for line in lines(content) {
        let depth = line.iter().take_while(|byte| **byte == b' ').count();
        let text = line.trim_ascii();
        match depth {
            0 if !text.is_empty() => is_inside = text == b"packages:",
            2 if is_inside => {
                flush(&mut list, pending.take())?;
                pending = text.strip_suffix(b":");
            }
            4 if is_inside && text == b"dev: true" => pending = None,
            _ => {}
        }
    }
    flush(&mut list, pending)?;
    Ok(list.finish())
}

fn flush(list: &mut PackageList, key: Option<&[u8]>) -> Result<(), SkipReason> {
    let Some(key) = key else { return Ok(()) };
    let key = key.strip_prefix(b"'").and_then(|key| key.strip_suffix(b"'")).unwrap_or(key);
    let key = key.split(|byte| *byte == b'(').next().unwrap_or_default();
    // Folders and archives of one's own, and packages from git, are no published ones.
    if memchr::memchr(b':', key).is_some() || key.starts_with(b"github.com/") {
        return Ok(());
    }
    let key = key.strip_prefix(b"/").unwrap_or(key);
    let split = |sign: u8| {
        let at = memchr::memrchr(sign, key).filter(|at| *at > 0)?;
        let (name, version) = key.split_at_checked(at)?;
        Some((name, version.get(1..)?))
    };
    let has_version_sign = memchr::memchr(b'@', key.get(1..).unwrap_or_default()).is_some();
    // In form 5 the version follows a slash, and the peers an underscore.
    let found = if has_version_sign && !has_peers_only(key) { split(b'@') } else { split(b'/') };
    let Some((name, version)) = found else {
        list.fault("a package that is not of the form `name@version`");
        return Ok(());
    };
    let version = version.split(|byte| *byte == b'_').next().unwrap_or_default();
    list.push(name, version)?;
    Ok(())
}

/// Whether the only `@` beyond the first sign stands in the peers of form 5: `a/1.0.0_b@2.0.0`.
fn has_peers_only(key: &[u8]) -> bool {
    let (Some(peers), Some(slash)) = (memchr::memchr(b'_', key), memchr::memchr(b'/', key)) else {
        return false;
    };
    let at = memchr::memchr(b'@', key.get(1..).unwrap_or_default()).and_then(|at| at.checked_add(1));
    at.is_some_and(|at| at > peers && slash < peers)
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;
    use expect_test::expect;

    fn read_text(text: &str) -> String {
        shown(read, "pnpm-lock.yaml", text)
    }

    #[test]
    fn all_forms() {
        let text = "lockfileVersion: 5.4\n\nspecifiers:\n  a: ^1\n\npackages:\n\n  /a/1.0.0:\n    resolution: {integrity: sha512-x}\n    dev: false\n\n\
            \x20 /@scope/b/2.0.0_react@17.0.0:\n    dev: false\n\n  /mocha/9.0.0:\n    dev: true\n\n  file:local:\n    name: local\n";
        expect![[r#"
            npm a 1.0.0 locked
            npm @scope/b 2.0.0 locked
        "#]]
        .assert_eq(&read_text(text));
        let text = "lockfileVersion: '9.0'\npackages:\n\n  '@scope/b@2.0.0':\n    resolution: {integrity: x}\n\n  c@3.0.0:\n    engines: {node: '>=6'}\n\nsnapshots:\n\n  d@4.0.0: {}\n";
        expect![[r#"
            npm @scope/b 2.0.0 locked
            npm c 3.0.0 locked
        "#]]
        .assert_eq(&read_text(text));
        let six = "packages:\n  /@scope/b@2.0.0(react@17.0.0):\n    dev: false\n  /c@3.0.0:\n    dev: true\n";
        assert_eq!(read_text(six), "npm @scope/b 2.0.0 locked\n");
    }

    #[test]
    fn rubbish() {
        assert_eq!(read_text("packages: &a [*a, *a]\n"), "npm: no packages\n");
        assert!(read_text("packages:\n  x:\n").contains("malformed"));
    }
}
