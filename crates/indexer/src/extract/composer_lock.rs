//! `composer.lock`: what Composer should install for a PHP program.
//!
//! `packages-dev` is what only development needs, and is passed over.

use super::composer::{Library, read_libraries};
use super::{Action, Extractor, File, PackageList, Reading, is_project_file, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Composer lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "composer.lock"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: Vec<Library>,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Lock { packages } = json(content)?;
    read_libraries(packages, PackageList::locked(PackageKind::Composer, limits))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;

    #[test]
    fn packages_without_those_for_development() {
        let read = |text: &str| {
            let file = File { path: "composer.lock", size: 0, mode: 0 };
            show(read(&file, text.as_bytes(), &Limits::default()))
        };
        let text = r#"{"packages":[{"name":"symfony/yaml","version":"v4.4.1"}],"packages-dev":[{"name":"a/b","version":"1"}]}"#;
        assert_eq!(read(text), "composer symfony/yaml v4.4.1 locked\n");
        assert!(read("[").starts_with("malformed"));
    }
}
