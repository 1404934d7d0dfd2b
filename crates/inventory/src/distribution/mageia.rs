//! Mageia. Its advisories speak of major releases.

use super::{KnownDistribution, RPM_DATABASES, by_major, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "mageia",
    title: "Mageia",
    ids: &["mageia"],
    release_line: Some("Mageia"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: &[],
};

fn ecosystem(version: &str) -> Option<String> {
    by_major("Mageia", version)
}
