//! Azure Linux, the successor of CBL-Mariner.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, by_major, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "azurelinux",
    title: "Azure Linux",
    ids: &["azurelinux"],
    release_line: Some("Azure Linux"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "tdnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// Two years after the release, see <https://learn.microsoft.com/en-us/azure/azure-linux/support-cycle>.
const ENDS: &[EndOfLife] = &[end("3", "2027-07-31")];

fn ecosystem(version: &str) -> Option<String> {
    by_major("Azure Linux", version)
}
