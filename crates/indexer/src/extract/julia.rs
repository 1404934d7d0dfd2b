//! `Manifest.toml`: the packages of a Julia project.
//!
//! Tables `[[deps.Name]]`, before form 2 `[[Name]]`. Parts of the standard library have no version.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file};
use crate::Limits;
use crate::tables::tables;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Julia manifest",
    watched: &[],
    claims: |file| {
        is_project_file(file.path, "Manifest.toml") || is_project_file(file.path, "JuliaManifest.toml")
    },
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::locked(PackageKind::Julia, limits);
    for table in tables(content).filter(|table| table.raw("uuid").is_some()) {
        let name = table.name.strip_prefix(b"deps.").unwrap_or(table.name);
        if let Some(version) = table.string("version") {
            list.push(name, version)?;
        }
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;

    #[test]
    fn both_forms() {
        let text = "julia_version = \"1.9.0\"\nmanifest_format = \"2.0\"\n\n[[deps.HTTP]]\ndeps = [\"Base64\"]\nuuid = \"cd3e\"\nversion = \"1.7.0\"\n\n\
            [[deps.Base64]]\nuuid = \"2a0f\"\n\n[[JSON]]\nuuid = \"682c\"\nversion = \"0.21.3\"\n\n[[other]]\nversion = \"1\"\n";
        let file = File { path: "Manifest.toml", size: 0, mode: 0 };
        let shown = show(read(&file, text.as_bytes(), &Limits::default()));
        assert_eq!(shown, "julia HTTP 1.7.0 locked\njulia JSON 0.21.3 locked\n");
    }
}
