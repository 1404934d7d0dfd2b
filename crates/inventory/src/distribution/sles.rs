//! SUSE Linux Enterprise Server. OSV writes service packs in words: `SUSE:Linux Enterprise Server 15 SP5`.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "sles",
    title: "SUSE Linux Enterprise Server",
    ids: &["sles"],
    release_line: None,
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "zypper",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://www.suse.com/lifecycle>.
const ENDS: &[EndOfLife] = &[
    end("12.5", "2024-10-31"),
    end("15.3", "2022-12-31"),
    end("15.4", "2023-12-31"),
    end("15.5", "2024-12-31"),
    end("12.3", "2019-06-30"),
    end("12.4", "2020-06-30"),
    end("15.1", "2021-01-31"),
    end("15.2", "2021-12-31"),
    end("15.6", "2025-12-31"),
    end("15.7", "2031-07-31"),
];

fn ecosystem(version: &str) -> Option<String> {
    let (release, service_pack) = version.split_once('.').unwrap_or((version, "0"));
    match (release, service_pack) {
        ("", _) => None,
        (_, "0") => Some(format!("SUSE:Linux Enterprise Server {release}")),
        _ => Some(format!("SUSE:Linux Enterprise Server {release} SP{service_pack}")),
    }
}
