//! Arch Linux, a rolling distribution. Its advisories have no ecosystem in OSV.

use super::{KnownDistribution, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "arch",
    title: "Arch Linux",
    ids: &["arch", "archarm"],
    release_line: Some("Arch Linux"),
    version_file: None,
    packages: Some(PackageKind::Alpm),
    package_manager: "pacman",
    databases: &["var/lib/pacman/local/"],
    version: version_id,
    ecosystem: |_| None,
    end_of_life: &[],
};
