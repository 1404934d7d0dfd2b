//! Installed PHP packages: `vendor/composer/installed.json`, which Composer writes.
//!
//! Composer 2 has the list under `packages`, Composer 1 has it bare. `composer.lock` says what should be installed,
//! not what is, so it is not read.

use super::{Action, Extractor, File, PackageList, Reading, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "PHP packages",
    watched: &[],
    claims: |file| file.path == "composer/installed.json" || file.path.ends_with("/composer/installed.json"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Deserialize)]
#[serde(untagged)]
enum Installed {
    Two { packages: Vec<Library> },
    One(Vec<Library>),
}

/// A package, as all files of Composer name it.
#[derive(Deserialize)]
pub(super) struct Library {
    name: String,
    version: String,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let (Installed::Two { packages } | Installed::One(packages)) = json(content)?;
    read_libraries(packages, PackageList::new(PackageKind::Composer, limits))
}

/// Puts `libraries` in `list`.
///
/// # Errors
///
/// There are more than the limits let through.
pub(super) fn read_libraries(libraries: Vec<Library>, mut list: PackageList) -> Result<Reading, SkipReason> {
    for Library { name, version } in libraries {
        list.push(name.as_bytes(), version.as_bytes())?;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn both_versions_of_composer() {
        let read = |text: &str| {
            let file = File { path: "vendor/composer/installed.json", size: 0, mode: 0 };
            show(read(&file, text.as_bytes(), &Limits::default()))
        };
        let list = r#"[{"name":"symfony/http-kernel","version":"v4.4.1","require":{"php":"*"}}]"#;
        let expected = expect![[r#"
            composer symfony/http-kernel v4.4.1
        "#]];
        expected.assert_eq(&read(list));
        expected.assert_eq(&read(&format!(r#"{{"dev":true,"packages":{list}}}"#)));
        assert!(read("{}").starts_with("malformed"));
    }
}
