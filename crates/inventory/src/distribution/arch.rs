//! Arch Linux, a rolling distribution. Its packages are not read yet, and it has no ecosystem.

use super::{KnownDistribution, version_id};

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "arch",
    title: "Arch Linux",
    ids: &["arch"],
    release_line: Some("Arch Linux"),
    version_file: None,
    packages: None,
    package_manager: "pacman",
    databases: &["var/lib/pacman/local/"],
    version: version_id,
    ecosystem: |_| None,
    end_of_life: &[],
};
