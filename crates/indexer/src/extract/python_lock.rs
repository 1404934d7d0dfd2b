//! Lock files of Python projects in TOML: `poetry.lock`, `uv.lock` and `pdm.lock`.
//!
//! Each package is a table `[[package]]`. Poetry marks what is only for development: a `category` up to 1.4, `groups`
//! since 2.0. In `uv.lock` the project itself is a package whose source is `virtual` or `editable`.
//!
//! `requirements.txt` is deliberately not read, pinned or not: it names what somebody once asked for, without what
//! those packages need, and installing it leaves metadata that is read.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, python};
use crate::Limits;
use crate::tables::tables;
use inventory::{PackageKind, SkipReason};

const NAMES: &[&str] = &["poetry.lock", "uv.lock", "pdm.lock"];

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Python lock file",
    watched: &[],
    claims: |file| file.path.ends_with(".lock") && NAMES.iter().any(|name| is_project_file(file.path, name)),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::locked(PackageKind::PyPi, limits);
    for table in tables(content).filter(|table| table.name == b"package") {
        let contains = |key, word: &[u8]| {
            table.raw(key).is_some_and(|value| memchr::memmem::find(value, word).is_some())
        };
        let is_for_development = table.string("category").is_some_and(|category| category == b"dev")
            || (table.raw("groups").is_some()
                && !contains("groups", b"\"main\"")
                && !contains("groups", b"\"default\""));
        let is_own = contains("source", b"virtual") || contains("source", b"editable");
        if is_for_development || is_own {
            continue;
        }
        let (name, version) = (table.string("name"), table.string("version"));
        if let Some(package) = list.push(name.unwrap_or_default(), version.unwrap_or_default())? {
            package.name = python::normalised(&package.name);
        }
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn what_development_needs_is_passed_over() {
        let text = "version = 1\n\n[[package]]\nname = \"Flask_Login\"\nversion = \"0.5\"\ncategory = \"main\"\n\n[package.dependencies]\nname = \"x\"\n\n\
            [[package]]\nname = \"pytest\"\nversion = \"7.0\"\ncategory = \"dev\"\n\n[[package]]\nname = \"ruff\"\nversion = \"1\"\ngroups = [\"dev\"]\n\n\
            [[package]]\nname = \"six\"\nversion = \"1.16\"\ngroups = [\"main\", \"dev\"]\n\n\
            [[package]]\nname = \"app\"\nversion = \"0.1\"\nsource = { virtual = \".\" }\n\n[[package]]\nname = \"no-version\"\n";
        let file = File { path: "poetry.lock", size: 0, mode: 0 };
        expect![[r#"
            pypi flask-login 0.5 locked
            pypi six 1.16 locked
            malformed: a package whose name or version is missing, too long or not text
        "#]]
        .assert_eq(&show(read(&file, text.as_bytes(), &Limits::default())));
    }
}
