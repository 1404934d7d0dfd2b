//! What was built into a Python package: the bills of materials that its wheel brings along.
//!
//! PEP 770 gives them a place, `NAME.dist-info/sboms/`. Builders such as maturin write there which crates are in an
//! extension module of Rust, which keeps no other trace of them.
//!
//! A bill is a claim, and it counts only on top of what was found: it can add packages and takes none away. Of its
//! components those are taken whose registry has advisories for what they are in any image, such as crates. A component
//! of a distribution is a library that the builder copied from his own machine: its version says what that distribution
//! had mended, and cannot be held against the advisories of this one.

use super::{Action, Extractor, File, PackageList, Reading, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason, parse_package_url};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "bill of a Python package",
    watched: &[],
    claims: |file| is_bill(file.path),
    magic: &[b"{", b" ", b"\n", b"\r", b"\t", b"\xef\xbb\xbf"],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn is_bill(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    parts.next().is_some_and(|name| name.ends_with(".json"))
        && parts.next() == Some("sboms")
        && parts.next().is_some_and(|folder| folder.ends_with(".dist-info"))
}

#[derive(Deserialize)]
struct Bill {
    #[serde(rename = "bomFormat", default)]
    form: String,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    purl: String,
    #[serde(default)]
    scope: String,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Bill { form, components } = json(content)?;
    if form != "CycloneDX" {
        return Ok(Reading::Nothing);
    }
    let mut list = PackageList::new(PackageKind::Cargo, limits);
    let crates: BTreeSet<(String, String)> = components
        .into_iter()
        // Excluded is what was needed to build it alone.
        .filter(|component| component.scope != "excluded" && is_published(&component.purl))
        .filter_map(|component| parse_package_url(&component.purl))
        .filter(|package| package.kind == PackageKind::Cargo)
        .map(|package| (package.name, package.version))
        .collect();
    for (name, version) in crates {
        list.push(name.as_bytes(), version.as_bytes())?;
    }
    let reading = list.finish();
    let is_empty = matches!(&reading, Reading::Packages { packages, faults, .. } if packages.is_empty() && faults.is_empty());
    Ok(if is_empty { Reading::Nothing } else { reading })
}

/// Whether a crate came from the registry. A part of the project's own repository has a name that may be a stranger's there.
fn is_published(purl: &str) -> bool {
    !purl.contains("download_url=file:")
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;
    use expect_test::expect;

    #[test]
    fn crates_of_an_extension_module() {
        let read = |text: &str| shown(read, "x", text);
        let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
            {"type":"library","name":"own","version":"0.1.0","purl":"pkg:cargo/own@0.1.0?download_url=file:///home/x"},
            {"type":"library","name":"regex","version":"1.5.4","scope":"required","purl":"pkg:cargo/regex@1.5.4"},
            {"type":"library","name":"regex","version":"1.5.4","purl":"pkg:cargo/regex@1.5.4"},
            {"type":"library","name":"cc","version":"1.0.0","scope":"excluded","purl":"pkg:cargo/cc@1.0.0"},
            {"type":"library","name":"krb5-libs","version":"1.15","purl":"pkg:rpm/centos/krb5-libs@1.15"},
            {"type":"library","name":"none"}]}"#;
        expect![[r#"
            cargo regex 1.5.4
        "#]]
        .assert_eq(&read(text));
        assert_eq!(read(r#"{"spdxVersion":"SPDX-2.3"}"#), "nothing\n");
        assert_eq!(read(r#"{"bomFormat":"CycloneDX"}"#), "nothing\n");
        assert!(read("[").starts_with("malformed"));
        assert!(is_bill("usr/lib/python3/site-packages/uv-0.5.dist-info/sboms/uv.cyclonedx.json"));
        assert!(!is_bill("sboms/uv.json") && !is_bill("a.dist-info/sboms/x.xml"));
    }
}
