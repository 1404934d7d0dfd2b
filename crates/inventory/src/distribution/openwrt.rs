//! OpenWrt. Its `opkg` packages are not read yet, and it has no ecosystem.

use super::{KnownDistribution, version_id};

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "openwrt",
    title: "OpenWrt",
    ids: &["openwrt"],
    release_line: None,
    version_file: Some("etc/openwrt_version"),
    packages: None,
    package_manager: "opkg",
    databases: &["usr/lib/opkg/status", "var/lib/opkg/status"],
    version: version_id,
    ecosystem: |_| None,
    end_of_life: &[],
};
