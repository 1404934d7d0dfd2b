//! Packages of a Conda environment: the JSON file that Conda writes for each into `conda-meta`.
//!
//! Conda installs programs and libraries of every language. Python packages among them have their own metadata
//! in `site-packages` as well, and are found there too, under the name by which advisories know them.

use super::{Action, Extractor, File, PackageList, Reading, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Conda package",
    watched: &[],
    claims: |file| file.path.ends_with(".json") && is_in_environment(file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn is_in_environment(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folder, _)| folder == "conda-meta" || folder.ends_with("/conda-meta"))
}

#[derive(Deserialize)]
struct Record {
    name: String,
    version: String,
    #[serde(default)]
    subdir: String,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Record { name, version, subdir } = json(content)?;
    let mut list = PackageList::new(PackageKind::Conda, limits);
    let platform = list.word(subdir.as_bytes());
    if let Some(package) = list.push(name.as_bytes(), version.as_bytes())? {
        package.architecture = platform;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;

    #[test]
    fn a_record() {
        let read = |text: &str| {
            let file = File { path: "opt/conda/conda-meta/openssl-1.1.1w-h1.json", size: 0, mode: 0 };
            show(read(&file, text.as_bytes(), &Limits::default()))
        };
        let text = r#"{"build":"h1","depends":[],"files":["bin/openssl"],"name":"openssl","subdir":"linux-64","version":"1.1.1w"}"#;
        assert_eq!(read(text), "conda openssl 1.1.1w linux-64\n");
        assert!(read("{}").starts_with("malformed"));
        assert!(is_in_environment("conda-meta/a.json") && !is_in_environment("x-conda-meta/a.json"));
    }
}
