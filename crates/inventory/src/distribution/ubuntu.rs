//! Ubuntu. A release of April in an even year has long term support, and OSV writes so: `Ubuntu:22.04:LTS`.

use super::{DPKG_DATABASES, EndOfLife, KnownDistribution, end, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "ubuntu",
    title: "Ubuntu",
    ids: &["ubuntu"],
    release_line: None,
    version_file: None,
    packages: Some(PackageKind::Deb),
    package_manager: "apt-get",
    databases: DPKG_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// The end of standard support; see <https://ubuntu.com/about/release-cycle>.
const ENDS: &[EndOfLife] = &[
    end("14.04", "2019-04-25"),
    end("16.04", "2021-04-30"),
    end("18.04", "2023-05-31"),
    end("19.10", "2020-07-17"),
    end("20.04", "2025-05-31"),
    end("20.10", "2021-07-22"),
    end("21.04", "2022-01-20"),
    end("21.10", "2022-07-14"),
    end("22.10", "2023-07-20"),
    end("23.04", "2024-01-25"),
    end("23.10", "2024-07-11"),
    end("24.10", "2025-07-10"),
    end("22.04", "2027-06-30"),
    end("24.04", "2029-05-31"),
    end("25.04", "2026-01-15"),
];

fn ecosystem(version: &str) -> Option<String> {
    let (year, month) = version.split_once('.')?;
    let month = month.get(..2)?;
    let year_number: u16 = year.parse().ok()?;
    let lts = if month == "04" && year_number.is_multiple_of(2) { ":LTS" } else { "" };
    Some(format!("Ubuntu:{year}.{month}{lts}"))
}
