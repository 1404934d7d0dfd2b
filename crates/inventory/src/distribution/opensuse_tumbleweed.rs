//! openSUSE Tumbleweed, a rolling distribution; `VERSION_ID` is the date of a snapshot.

use super::{KnownDistribution, RPM_DATABASES, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "opensuse_tumbleweed",
    title: "openSUSE Tumbleweed",
    ids: &["opensuse-tumbleweed"],
    release_line: None,
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "zypper",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: &[],
};

fn ecosystem(_: &str) -> Option<String> {
    Some("openSUSE:Tumbleweed".to_owned())
}
