//! CentOS Linux and CentOS Stream. Neither publishes advisories that machines can read.
//!
//! CentOS Linux, up to 8, is Red Hat Enterprise Linux built again: the same packages under the same names, epochs, versions
//! and releases, so that Red Hat's advisories are read for it, as its users and other scanners do. Where a package was
//! changed, its release says `.el7.centos` instead of `.el7_9` and is older in the order of rpm than the fix that it has:
//! it may be called affected although it is not, and never the other way round.
//! CentOS Stream runs ahead of Red Hat's releases with numbers of its own; nobody speaks for it.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, Release, by_major, end, major, version_id};
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
    ecosystem,
    end_of_life: ENDS,
};

fn ecosystem(version: &str) -> Option<String> {
    let is_linux = major(version).parse::<u8>().is_ok_and(|major| (5..=8).contains(&major));
    by_major("Red Hat:enterprise_linux", version).filter(|_| is_linux)
}

/// Whether these release files speak of CentOS Stream, whose releases have the same numbers.
pub(super) fn is_stream(release: &Release<'_>) -> bool {
    ["NAME", "PRETTY_NAME", "VERSION"]
        .iter()
        .filter_map(|key| release.field(key))
        .any(|said| said.contains("Stream"))
}

/// See <https://www.centos.org/cl-vs-cs/>.
const ENDS: &[EndOfLife] = &[
    end("5", "2017-03-31"),
    end("6", "2020-11-30"),
    end("7", "2024-06-30"),
    end("8", "2024-05-31"),
    end("9", "2027-05-31"),
];
