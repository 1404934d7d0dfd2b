//! openEuler. OSV writes the long form of the release, `openEuler:22.03-LTS-SP3`, which stands in `VERSION`.

use super::{KnownDistribution, RPM_DATABASES, Release, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "openeuler",
    title: "openEuler",
    ids: &["openEuler", "openeuler"],
    release_line: Some("openEuler"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version,
    ecosystem,
    end_of_life: &[],
};

/// `VERSION` is `22.03 (LTS-SP3)`, where `VERSION_ID` says only `22.03`.
fn version(release: &Release<'_>) -> Option<String> {
    let long = release.field("VERSION").filter(|_| release.field("ID").is_some());
    match long.and_then(|text| text.strip_suffix(')')).and_then(|text| text.split_once(" (")) {
        Some((number, name)) => Some(format!("{number}-{name}")),
        None => version_id(release),
    }
}

fn ecosystem(version: &str) -> Option<String> {
    (!version.is_empty()).then(|| format!("openEuler:{version}"))
}
