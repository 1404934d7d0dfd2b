//! What Bitnami put into its images: a bill of materials beside each of its components.
//!
//! `/opt/bitnami/NAME/.spdx-NAME.spdx` is SPDX 2.3, as JSON in the newer images and as tag and value in the older ones.
//! Of its packages those of Bitnami itself are taken, by their package URLs; the libraries of languages that it names as
//! well are read where they are. Images from before the bills have a list of their components,
//! `/opt/bitnami/.bitnami_components.json`.
//!
//! See <https://github.com/bitnami/vulndb#how-to-consume-this-cve-feed>.

use super::{Action, Extractor, File, PackageList, Reading, json, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason, parse_package_url};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the URL of each of its packages begins with.
const OURS: &str = "pkg:bitnami/";

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Bitnami bill",
    watched: &[],
    claims: |file| is_list(file.path) || is_bill(file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn is_list(path: &str) -> bool {
    path == "opt/bitnami/.bitnami_components.json"
}

fn is_bill(path: &str) -> bool {
    let name = path.strip_prefix("opt/bitnami/").and_then(|rest| rest.rsplit('/').next());
    name.is_some_and(|name| name.starts_with(".spdx-") && name.ends_with(".spdx"))
}

#[derive(Deserialize)]
struct Bill {
    #[serde(default)]
    packages: Vec<Described>,
}

#[derive(Deserialize)]
struct Described {
    #[serde(default, rename = "externalRefs")]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default, rename = "referenceLocator")]
    locator: String,
}

#[derive(Deserialize)]
struct Component {
    version: String,
    #[serde(default)]
    arch: Option<String>,
}

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::Bitnami, limits);
    if is_list(file.path) {
        let components: BTreeMap<String, Component> = json(content)?;
        for (name, Component { version, arch }) in components {
            push(&mut list, &name, &version, arch.as_deref())?;
        }
        return Ok(list.finish());
    }
    for url in urls(content)? {
        match parse_package_url(&url).filter(|package| package.kind == PackageKind::Bitnami) {
            Some(package) => {
                push(&mut list, &package.name, &package.version, package.architecture.as_deref())?;
            }
            None => list.fault("a package URL of Bitnami that is none"),
        }
    }
    Ok(list.finish())
}

/// The package URLs of Bitnami in a bill of either form.
fn urls(content: &[u8]) -> Result<BTreeSet<String>, SkipReason> {
    let is_ours = |url: &&str| url.starts_with(OURS);
    if content.trim_ascii_start().starts_with(b"{") {
        let bill: Bill = json(content)?;
        let references = bill.packages.iter().flat_map(|package| &package.references);
        let urls = references.map(|reference| &*reference.locator).filter(is_ours);
        return Ok(urls.map(str::to_owned).collect());
    }
    let references = lines(content).filter_map(|line| line.strip_prefix(b"ExternalRef:"));
    let words = references.filter_map(|rest| std::str::from_utf8(rest).ok()?.split_ascii_whitespace().last());
    Ok(words.filter(is_ours).map(str::to_owned).collect())
}

fn push(
    list: &mut PackageList,
    name: &str,
    version: &str,
    architecture: Option<&str>,
) -> Result<(), SkipReason> {
    let architecture = architecture.and_then(|word| list.word(word.as_bytes()));
    if let Some(package) = list.push(name.as_bytes(), version.as_bytes())? {
        package.architecture = architecture;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    const BILL: &str = "opt/bitnami/redis/.spdx-redis.spdx";

    #[test]
    fn a_bill_of_either_form() {
        let text = r#"{"spdxVersion":"SPDX-2.3","packages":[
            {"name":"redis","externalRefs":[
                {"referenceType":"cpe23Type","referenceLocator":"cpe:2.3:*:redis:redis:7.4.1:*:*:*:*:*:*:*"},
                {"referenceType":"purl","referenceLocator":"pkg:bitnami/redis@7.4.1-2?arch=amd64&distro=debian-12"}]},
            {"name":"no references"},
            {"name":"jar","externalRefs":[{"referenceLocator":"pkg:maven/a/b@1"}]}]}"#;
        assert_eq!(shown(read, BILL, text), "bitnami redis 7.4.1-2 amd64\n");
        let text = "SPDXVersion: SPDX-2.3\nPackageName: redis\nPackageVersion: 7.4.1\n\
                    ExternalRef: PACKAGE-MANAGER purl pkg:bitnami/redis@7.4.1?arch=arm64&distro=debian-12\n\
                    ExternalRef: SECURITY cpe23Type cpe:2.3:*:redis:redis:7.4.1:*:*:*:*:*:*:*\n";
        assert_eq!(shown(read, BILL, text), "bitnami redis 7.4.1 arm64\n");
    }

    #[test]
    fn a_list_of_components() {
        let path = "opt/bitnami/.bitnami_components.json";
        let text = r#"{"postgresql":{"arch":"amd64","distro":"debian-12","type":"NAMI","version":"15.4.0-1"},
                       "gosu":{"version":"1.16.0-1"}}"#;
        assert_eq!(shown(read, path, text), "bitnami gosu 1.16.0-1\nbitnami postgresql 15.4.0-1 amd64\n");
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        assert_eq!(shown(read, BILL, "SPDXVersion: SPDX-2.3\n"), "bitnami: no packages\n");
        let broken = r#"{"packages":[{"externalRefs":[{"referenceLocator":"pkg:bitnami/@"}]}]}"#;
        assert_eq!(
            shown(read, BILL, broken),
            "bitnami: no packages\nmalformed: a package URL of Bitnami that is none\n"
        );
        assert!(shown(read, BILL, "{").starts_with("malformed"));
        assert!(!is_bill("srv/opt/bitnami/redis/.spdx-redis.spdx"));
        assert!(!is_bill("opt/bitnami/redis/redis.spdx"));
    }
}
