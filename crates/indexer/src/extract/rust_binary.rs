//! Crates in Rust programs that were built with `cargo auditable`.
//!
//! <https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>: the section `.dep-v0` holds JSON
//! in a zlib stream. Crates that were only needed to build are not in the program. A Rust program without the
//! section cannot be told from one in C.

use super::{Action, Extractor, File, PackageList, Reading, json};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::elf::{self, Elf};
use crate::zip::{Budget, inflate};
use flate2::bufread::ZlibDecoder;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Rust program",
    watched: &[],
    claims: |file| file.may_be_program(),
    magic: &[elf::MAGIC],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

#[derive(Deserialize)]
struct Audit {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    kind: Kind,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Build,
    #[default]
    #[serde(other)]
    Runtime,
}

fn browse(_: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let section = Elf::parse(body).and_then(|elf| elf.section(b".dep-v0"));
    let Some(section) = section else { return Ok(Reading::Nothing) };
    // The audit data of the largest programs have some hundred KiB.
    let mut budget = Budget { bytes: limits.manifest_bytes, members: 0 };
    let text = inflate(ZlibDecoder::new(section.reader()), &mut budget)
        .map_err(|error| SkipReason::Malformed(format!("the audit section: {error}")))?;
    list_crates(&text, limits)
}

fn list_crates(text: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let audit: Audit = json(text)?;
    let mut list = PackageList::new(PackageKind::Cargo, limits);
    for Crate { name, version, kind } in audit.packages {
        if kind == Kind::Runtime {
            list.push(name.as_bytes(), version.as_bytes())?;
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
    fn crates_that_only_built_the_program_are_not_in_it() {
        let text = br#"{"packages":[
            {"name":"app","version":"0.1.0","source":"local","root":true,"dependencies":[1]},
            {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
            {"name":"regex","version":"1.5.4","source":"crates.io","kind":"runtime"}]}"#;
        expect![[r#"
            cargo app 0.1.0
            cargo regex 1.5.4
        "#]]
        .assert_eq(&show(list_crates(text, &Limits::default())));
        assert!(show(list_crates(b"{}", &Limits::default())).starts_with("malformed"));
    }
}
