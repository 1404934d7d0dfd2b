//! Rocky Linux, rebuilt from the sources of Red Hat Enterprise Linux.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, by_major, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "rocky",
    title: "Rocky Linux",
    ids: &["rocky"],
    release_line: Some("Rocky Linux"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://wiki.rockylinux.org/rocky/version/>.
const ENDS: &[EndOfLife] = &[end("8", "2029-05-31"), end("9", "2032-05-31"), end("10", "2035-05-31")];

fn ecosystem(version: &str) -> Option<String> {
    by_major("Rocky Linux", version)
}
