//! CentOS Linux and CentOS Stream. It publishes no advisories of its own that OSV carries.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "centos",
    title: "CentOS",
    ids: &["centos"],
    release_line: Some("CentOS"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem: |_| None,
    end_of_life: ENDS,
};

/// See <https://www.centos.org/cl-vs-cs/>.
const ENDS: &[EndOfLife] = &[
    end("5", "2017-03-31"),
    end("6", "2020-11-30"),
    end("7", "2024-06-30"),
    end("8", "2024-05-31"),
    end("9", "2027-05-31"),
];
