//! Red Hat Enterprise Linux. OSV names the product and its repository, `Red Hat:enterprise_linux:9::baseos`;
//! what is given here is the beginning that all repositories of a release share.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, by_major, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "rhel",
    title: "Red Hat Enterprise Linux",
    ids: &["rhel"],
    release_line: Some("Red Hat Enterprise Linux"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://access.redhat.com/support/policy/updates/errata>.
const ENDS: &[EndOfLife] = &[
    end("5", "2017-03-31"),
    end("6", "2020-11-30"),
    end("7", "2024-06-30"),
    end("8", "2029-05-31"),
    end("9", "2032-05-31"),
    end("10", "2035-05-31"),
];

fn ecosystem(version: &str) -> Option<String> {
    by_major("Red Hat:enterprise_linux", version)
}
