//! Chainguard: rolling, with the packages of Wolfi and its own beside them.

use super::{APK_DATABASES, KnownDistribution, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "chainguard",
    title: "Chainguard",
    ids: &["chainguard"],
    release_line: None,
    version_file: None,
    packages: Some(PackageKind::Apk),
    package_manager: "apk",
    databases: APK_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: &[],
};

fn ecosystem(_: &str) -> Option<String> {
    Some("Chainguard".to_owned())
}
