//! Fedora Linux. OSV has no ecosystem for it yet.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "fedora",
    title: "Fedora Linux",
    ids: &["fedora"],
    release_line: Some("Fedora"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem: |_| None,
    end_of_life: ENDS,
};

/// See <https://docs.fedoraproject.org/en-US/releases/eol/>.
const ENDS: &[EndOfLife] = &[
    end("36", "2023-05-16"),
    end("37", "2023-12-05"),
    end("38", "2024-05-21"),
    end("39", "2024-11-26"),
    end("40", "2025-05-13"),
    end("41", "2025-12-15"),
];
