//! Installed Node.js packages: the `package.json` at the root of each package below a `node_modules` folder.
//!
//! Node finds a package only as `node_modules/NAME` or `node_modules/@SCOPE/NAME`, so only those are packages; on Debian
//! also in the `nodejs` folders of `/usr/share` and `/usr/lib`, which are built into its Node. Other
//! `package.json` files belong to tests and parts of packages, and some are broken on purpose.
//! One without a name or a version is no published package; there is nothing to look up for it.

use super::{Action, Extractor, File, PackageList, Reading, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Node.js package",
    watched: &[],
    claims: |file| is_package_root(file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

/// Whether Node finds a package with this manifest.
pub(super) fn is_package_root(path: &str) -> bool {
    let Some(folder) = path.strip_suffix("/package.json") else { return false };
    let mut parts = folder.rsplit('/');
    // A name that begins with a dot is the package manager's own folder, such as `.bin` or `.pnpm`.
    let Some(name) = parts.next().filter(|name| !name.starts_with('.')) else { return false };
    let mut above = parts.next();
    if let Some(scope) = above
        && scope.starts_with('@')
    {
        above = parts.next();
    } else if name.starts_with('@') {
        return false;
    }
    match above {
        Some("node_modules") => true,
        Some("nodejs") => is_debians_folder(&parts.rev().collect::<Vec<_>>()),
        Some(_) | None => false,
    }
}

/// What stands above a `nodejs` folder in which Debian's Node looks for packages. In `usr/lib` the name of the machine
/// may stand between.
fn is_debians_folder(above: &[&str]) -> bool {
    matches!(above, ["usr", "share"] | ["usr", "lib"])
        || matches!(above, ["usr", "lib", machine] if machine.contains("-linux-gnu"))
}

#[derive(Deserialize)]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Manifest { name, version } = json(content)?;
    let (Some(name), Some(version)) = (name, version) else { return Ok(Reading::Nothing) };
    let mut list = PackageList::new(PackageKind::Npm, limits);
    list.push(name.as_bytes(), version.as_bytes())?;
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn only_roots_of_packages_are_read() {
        for path in [
            "node_modules/a/package.json",
            "usr/lib/node_modules/npm/node_modules/@scope/b/package.json",
            "app/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json",
            "usr/share/nodejs/ini/package.json",
            "usr/share/nodejs/@rails/actioncable/package.json",
            "usr/lib/x86_64-linux-gnu/nodejs/bcrypt/package.json",
        ] {
            assert!(is_package_root(path), "{path}");
        }
        for path in [
            "package.json",
            "app/package.json",
            "node_modules/package.json",
            "node_modules/@scope/package.json",
            "node_modules/.bin/package.json",
            "node_modules/a/test/package.json",
            "node_modules/a/package.json/x",
        ] {
            assert!(!is_package_root(path), "{path}");
        }
    }

    #[test]
    fn manifests() {
        let read = |text: &str| {
            let file = File { path: "node_modules/a/package.json", size: 0, mode: 0 };
            show(read(&file, text.as_bytes(), &Limits::default()))
        };
        expect![[r#"
            npm @babel/core 7.1.0
        "#]]
        .assert_eq(&read("\u{feff}{\"x\":[1,{}],\"name\":\"@babel/core\",\"version\":\"7.1.0\"}"));
        assert_eq!(read("{\"private\":true}"), "nothing\n");
        assert!(read(&"[".repeat(1000)).starts_with("malformed: "));
        // What is not wanted is skipped without recursion.
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&deep), "nothing\n");
        assert!(read("{\"name\":\"a\"").starts_with("malformed: "));
    }
}
