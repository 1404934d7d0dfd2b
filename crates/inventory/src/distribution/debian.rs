//! Debian. A stable release gives `VERSION_ID="12"`; testing and unstable give none, only `trixie/sid`.

use super::{DPKG_DATABASES, EndOfLife, KnownDistribution, Release, by_major, end, major};
use crate::PackageKind;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "debian",
    title: "Debian GNU/Linux",
    ids: &["debian"],
    release_line: None,
    version_file: Some("etc/debian_version"),
    packages: Some(PackageKind::Deb),
    package_manager: "apt-get",
    databases: DPKG_DATABASES,
    version,
    ecosystem,
    end_of_life: ENDS,
};

/// The end of long term support; see <https://wiki.debian.org/LTS>.
const ENDS: &[EndOfLife] = &[
    end("6", "2016-02-29"),
    end("7", "2018-05-31"),
    end("8", "2020-06-30"),
    end("9", "2022-06-30"),
    end("10", "2024-06-30"),
    end("11", "2026-08-31"),
    end("12", "2028-06-30"),
    end("13", "2030-06-30"),
];

/// Code names and the releases they became or will become.
const CODE_NAMES: &[(&str, &str)] = &[
    ("squeeze", "6"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

fn version(release: &Release<'_>) -> Option<String> {
    if let Some(version) = release.field("VERSION_ID") {
        return Some(version.to_owned());
    }
    let line = release.field("VERSION").filter(|_| release.field("ID").is_none());
    let named = [
        release.field("VERSION_CODENAME"),
        line,
        release.line("etc/debian_version"),
        release.field("PRETTY_NAME"),
    ];
    named.into_iter().flatten().find_map(number)
}

/// The number of a release in `12.5`, `trixie/sid`, `bookworm`, or `Debian GNU/Linux trixie/sid`.
fn number(text: &str) -> Option<String> {
    if text.starts_with(|sign: char| sign.is_ascii_digit()) {
        return Some(major(text).to_owned());
    }
    let is_word = |name: &str| text.split(|sign: char| !sign.is_ascii_alphabetic()).any(|word| word == name);
    CODE_NAMES.iter().find(|(name, _)| is_word(name)).map(|(_, number)| (*number).to_owned())
}

fn ecosystem(version: &str) -> Option<String> {
    by_major("Debian", version)
}
