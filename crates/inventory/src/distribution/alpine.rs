//! Alpine Linux. `VERSION_ID` is `3.18.9`; on edge it is `3.21.0_alpha20240807`, the release that edge will become.

use super::{APK_DATABASES, EndOfLife, KnownDistribution, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "alpine",
    title: "Alpine Linux",
    ids: &["alpine"],
    release_line: None,
    version_file: Some("etc/alpine-release"),
    packages: Some(PackageKind::Apk),
    package_manager: "apk",
    databases: APK_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://alpinelinux.org/releases/>.
const ENDS: &[EndOfLife] = &[
    end("3.3", "2017-11-01"),
    end("3.4", "2018-05-01"),
    end("3.5", "2018-11-01"),
    end("3.6", "2019-05-01"),
    end("3.7", "2019-11-01"),
    end("3.8", "2020-05-01"),
    end("3.9", "2020-11-01"),
    end("3.10", "2021-05-01"),
    end("3.11", "2021-11-01"),
    end("3.12", "2022-05-01"),
    end("3.13", "2022-11-01"),
    end("3.14", "2023-05-01"),
    end("3.15", "2023-11-01"),
    end("3.16", "2024-05-23"),
    end("3.17", "2024-11-22"),
    end("3.18", "2025-05-09"),
    end("3.19", "2025-11-01"),
    end("3.20", "2026-04-01"),
    end("3.21", "2026-11-01"),
    end("3.22", "2027-05-01"),
    end("3.23", "2027-11-01"),
];

fn ecosystem(version: &str) -> Option<String> {
    if version.contains(['_', '-']) || version == "edge" {
        return Some("Alpine:edge".to_owned());
    }
    let mut numbers = version.splitn(3, '.');
    let (major, minor) = (numbers.next()?, numbers.next()?);
    let are_numbers =
        [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    are_numbers.then(|| format!("Alpine:v{major}.{minor}"))
}
