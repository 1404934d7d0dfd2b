//! SPDX 2.3 as JSON. See <https://spdx.github.io/spdx-spec/v2.3/>.
//!
//! Nothing is said of licences and of where packages were fetched: the inventory does not know, and `NOASSERTION`
//! is how SPDX says so.

use super::{Format, Subject};
use crate::{Distribution, ImageInventory, InstalledPackage, PackageKind, cpe, package_url};
use serde_json::{Value, json};

/// The form.
pub(super) const FORMAT: Format = Format { name: "spdx", media_type: "application/spdx+json", write };

const UNKNOWN: &str = "NOASSERTION";

fn write(inventory: &ImageInventory, subject: &Subject<'_>) -> String {
    let distribution = inventory.distribution.as_ref();
    let parts = inventory
        .packages
        .iter()
        .zip(1..)
        .map(|(installed, number)| package(installed, number, distribution));
    let parts: Vec<Value> = distribution.map(operating_system).into_iter().chain(parts).collect();
    let contained = parts.iter().filter_map(|part| part.get("SPDXID"));
    let contained = contained.map(|id| relationship("SPDXRef-image", "CONTAINS", id));
    let described = relationship("SPDXRef-DOCUMENT", "DESCRIBES", &json!("SPDXRef-image"));
    let relationships: Vec<Value> = std::iter::once(described).chain(contained).collect();
    let packages: Vec<Value> =
        std::iter::once(image(inventory, subject)).chain(parts.iter().cloned()).collect();
    let document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": subject.name,
        "documentNamespace": format!("urn:uuid:{}", subject.serial),
        "creationInfo": {
            "created": whole_seconds(subject.timestamp),
            "creators": [format!("Tool: lazaretto-{}", subject.tool_version)],
        },
        "packages": packages,
        "relationships": relationships,
    });
    format!("{document:#}")
}

/// A time without fractions of seconds, which this format does not have.
fn whole_seconds(timestamp: &str) -> String {
    match timestamp.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => timestamp.to_owned(),
    }
}

fn relationship(from: &str, kind: &str, to: &Value) -> Value {
    json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to })
}

/// A package with the members that every package must have.
fn bare(id: &str, name: &str, version: &str, purpose: &str) -> Value {
    let mut package = json!({
        "SPDXID": id,
        "name": name,
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": false,
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": UNKNOWN,
        "copyrightText": UNKNOWN,
        "primaryPackagePurpose": purpose,
    });
    if !version.is_empty() {
        package["versionInfo"] = json!(version);
    }
    package
}

fn image(inventory: &ImageInventory, subject: &Subject<'_>) -> Value {
    let mut image = bare("SPDXRef-image", subject.name, subject.digest, "CONTAINER");
    let checksum = match subject.digest.split_once(':') {
        Some(("sha256", value)) => Some(("SHA256", value)),
        Some(("sha512", value)) => Some(("SHA512", value)),
        Some(_) | None => None,
    };
    if let Some((algorithm, value)) = checksum {
        image["checksums"] = json!([{ "algorithm": algorithm, "checksumValue": value }]);
    }
    if !inventory.obstacles.is_empty() {
        let reasons: Vec<String> = inventory.obstacles.iter().map(ToString::to_string).collect();
        image["comment"] = json!(format!("This list may be incomplete. {}", reasons.join(" ")));
    }
    image
}

fn operating_system(distribution: &Distribution) -> Value {
    bare("SPDXRef-distribution", &distribution.id, &distribution.version, "OPERATING-SYSTEM")
}

fn package(installed: &InstalledPackage, number: usize, distribution: Option<&Distribution>) -> Value {
    let InstalledPackage { package, path, layer, .. } = installed;
    let purpose = if package.kind == PackageKind::Binary { "APPLICATION" } else { "LIBRARY" };
    let mut part = bare(&format!("SPDXRef-package-{number}"), &package.name, &package.version, purpose);
    part["sourceInfo"] = json!(format!("listed in {path}, brought in by layer {}", layer + 1));
    let mut references = vec![json!({
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": package_url(package, distribution),
    })];
    if let Some(name) = cpe(package) {
        references.push(json!({
            "referenceCategory": "SECURITY",
            "referenceType": "cpe23Type",
            "referenceLocator": name,
        }));
    }
    part["externalRefs"] = json!(references);
    part
}

#[cfg(test)]
mod tests {
    use super::whole_seconds;

    #[test]
    fn times_have_no_fractions() {
        assert_eq!(whole_seconds("2026-11-27T13:22:25.550528808Z"), "2026-11-27T13:22:25Z");
        assert_eq!(whole_seconds("2026-11-27T13:22:25Z"), "2026-11-27T13:22:25Z");
    }
}
