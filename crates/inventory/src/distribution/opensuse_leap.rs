//! openSUSE Leap.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "opensuse_leap",
    title: "openSUSE Leap",
    ids: &["opensuse-leap"],
    release_line: None,
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "zypper",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://en.opensuse.org/Lifetime>.
const ENDS: &[EndOfLife] = &[
    end("15.3", "2022-12-31"),
    end("15.4", "2023-12-07"),
    end("15.5", "2024-12-31"),
    end("15.0", "2019-12-03"),
    end("15.1", "2021-02-02"),
    end("15.2", "2022-01-04"),
    end("15.6", "2026-04-30"),
];

fn ecosystem(version: &str) -> Option<String> {
    (!version.is_empty()).then(|| format!("openSUSE:Leap {version}"))
}
