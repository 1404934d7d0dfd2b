//! Oracle Linux. Its advisories speak of major releases.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, by_major, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "oracle",
    title: "Oracle Linux",
    ids: &["ol"],
    release_line: Some("Oracle Linux"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://www.oracle.com/a/ocom/docs/elsp-lifetime-069338.pdf>.
const ENDS: &[EndOfLife] = &[
    end("6", "2021-03-31"),
    end("7", "2024-12-31"),
    end("8", "2029-07-31"),
    end("9", "2032-06-30"),
    end("10", "2035-06-30"),
];

fn ecosystem(version: &str) -> Option<String> {
    by_major("Oracle Linux", version)
}
