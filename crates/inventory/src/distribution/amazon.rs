//! Amazon Linux. OSV has no ecosystem for it; its errata speak of the release that stands in the versions of packages: `.amzn2`.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, end, major, version_id};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "amazon",
    title: "Amazon Linux",
    ids: &["amzn"],
    release_line: Some("Amazon Linux"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://aws.amazon.com/amazon-linux-2/faqs/>.
const ENDS: &[EndOfLife] = &[end("2018", "2023-12-31"), end("2", "2026-06-30"), end("2023", "2029-06-30")];

/// Before it had numbers, the first release had dates: `2018.03`.
fn ecosystem(version: &str) -> Option<String> {
    let release = match major(version) {
        "" => return None,
        "2" => "2",
        year if year >= "2022" => year,
        _ => "1",
    };
    Some(format!("Amazon Linux:{release}"))
}
