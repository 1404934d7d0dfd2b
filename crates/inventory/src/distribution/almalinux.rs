//! AlmaLinux, rebuilt from the sources of Red Hat Enterprise Linux. Its advisories speak of major releases.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, by_major, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "almalinux",
    title: "AlmaLinux",
    ids: &["almalinux"],
    release_line: Some("AlmaLinux"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://wiki.almalinux.org/release-notes/>.
const ENDS: &[EndOfLife] = &[end("9", "2032-05-31"), end("8", "2029-05-31"), end("10", "2035-05-31")];

fn ecosystem(version: &str) -> Option<String> {
    by_major("AlmaLinux", version)
}
