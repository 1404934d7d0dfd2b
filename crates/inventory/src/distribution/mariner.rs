//! CBL-Mariner, the name of Azure Linux up to release 2. OSV files it under the new name.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, by_major, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "mariner",
    title: "CBL-Mariner",
    ids: &["mariner"],
    release_line: Some("CBL-Mariner"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "tdnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://github.com/microsoft/azurelinux>.
const ENDS: &[EndOfLife] = &[end("1", "2023-07-31"), end("2", "2025-07-31")];

fn ecosystem(version: &str) -> Option<String> {
    by_major("Azure Linux", version)
}
