//! Photon OS. Its advisories speak of `4.0`, both numbers.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "photon",
    title: "Photon OS",
    ids: &["photon"],
    release_line: Some("VMware Photon"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "tdnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://blogs.vmware.com/cloudprovider/>.
const ENDS: &[EndOfLife] = &[end("1.0", "2022-02-28"), end("2.0", "2022-12-31"), end("3.0", "2024-03-01")];

fn ecosystem(version: &str) -> Option<String> {
    (!version.is_empty()).then(|| format!("Photon OS:{version}"))
}
