//! OpenWrt, whose packages are `opkg`'s. Nobody publishes advisories of it under a name of its own.

use super::{EndOfLife, KnownDistribution, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "openwrt",
    title: "OpenWrt",
    ids: &["openwrt"],
    release_line: None,
    version_file: Some("etc/openwrt_version"),
    packages: Some(PackageKind::Opkg),
    package_manager: "opkg",
    databases: &["usr/lib/opkg/status", "var/lib/opkg/status"],
    version: version_id,
    ecosystem: |_| None,
    end_of_life: ENDS,
};

/// See <https://openwrt.org/docs/guide-developer/security>.
const ENDS: &[EndOfLife] =
    &[end("19.07", "2022-04-30"), end("21.02", "2023-05-31"), end("22.03", "2024-04-30")];
