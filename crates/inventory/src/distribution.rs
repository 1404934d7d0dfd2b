//! Distributions: what the product knows of each, and how an image is recognised as one.
//!
//! One distribution is one file in `distribution/` and one line in [`DISTRIBUTIONS`]; a test fails if the line is
//! missing. A distribution that is not in the slice is still named, from its `os-release`, but it has no ecosystem:
//! nobody can say what is vulnerable in it, and the image cannot be called healthy.
//!
//! `ID_LIKE` is deliberately not followed. A derivative rebuilds and renumbers packages, so that the advisories of
//! its parent would be read against versions they do not speak of: Raspbian's `1-1+rpi1` is above Debian's fix
//! `1-1+deb12u1` and does not have it. CentOS Linux alone takes its parent's, because it does not renumber.
//!
//! See <https://www.freedesktop.org/software/systemd/man/latest/os-release.html>.

mod almalinux;
mod alpine;
mod amazon;
mod arch;
mod azurelinux;
mod centos;
mod chainguard;
mod debian;
mod detect;
mod fedora;
mod mageia;
mod mariner;
mod openeuler;
mod opensuse_leap;
mod opensuse_tumbleweed;
mod openwrt;
mod oracle;
mod photon;
mod rhel;
mod rocky;
mod sles;
#[cfg(test)]
mod tests;
mod ubuntu;
mod wolfi;

use crate::{Ecosystem, LayerPath, PackageKind};
pub use detect::{RELEASE_FILES, detect};
use serde::{Deserialize, Serialize};

/// Whether images of Red Hat list at this path the repositories that they were built from: one JSON file for each layer, or
/// since 2025 one for all of them.
pub fn is_content_manifest(path: &str) -> bool {
    let of_a_layer = path.strip_prefix("root/buildinfo/content_manifests/");
    path == "usr/share/buildinfo/content-sets.json"
        || of_a_layer.is_some_and(|name| name.ends_with(".json") && !name.contains('/'))
}

/// The key under which such a file's repositories stand as a [`ReleaseFile`].
pub const CONTENT_SET: &str = "CONTENT_SET";

/// One release file of a layer, decoded: `etc/os-release`, `etc/alpine-release`, `etc/debian_version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseFile {
    /// Where it stands.
    pub path: LayerPath,
    /// Keys and values of `os-release`; for the one-line files the key is `VERSION`.
    pub fields: Vec<(String, String)>,
}

impl ReleaseFile {
    /// The value of a key; as a shell would, the last one counts. Empty values count as absent.
    pub fn field(&self, key: &str) -> Option<&str> {
        let found = self.fields.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

/// The distribution of an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Distribution {
    /// `ID` of os-release: `alpine`, `debian`, `wolfi`.
    pub id: String,
    /// `VERSION_ID`, empty where a rolling distribution has none.
    pub version: String,
    /// A name for people: `Alpine Linux v3.18`.
    pub pretty_name: String,
    /// Where its advisories are looked up; none where the product does not know the distribution.
    pub ecosystem: Option<Ecosystem>,
}

impl Distribution {
    /// What the product knows of it; `None` for a distribution it does not know.
    pub fn known(&self) -> Option<&'static KnownDistribution> {
        known(&self.id)
    }

    /// Takes the repositories of an image into its ecosystem, where they are those of other products with advisories of
    /// their own.
    pub(crate) fn heed_repositories(&mut self, content_sets: &[String]) {
        if self.known().is_some_and(|known| known.name == rhel::DISTRIBUTION.name)
            && let Some(ecosystem) = rhel::by_content_sets(&self.version, content_sets)
        {
            self.ecosystem = Some(ecosystem);
        }
    }

    /// When this release ceases to get fixes; `None` where the product does not know.
    ///
    /// An end that is not known is no promise of fixes, and no reason to say that there are none.
    pub fn end_of_life(&self) -> Option<EndOfLife> {
        self.known()?.end_of_life(&self.version)
    }
}

/// What the product knows of a distribution.
#[derive(Debug)]
pub struct KnownDistribution {
    /// The name of its file, and of it in configuration.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The values of `ID` that mean it.
    pub ids: &'static [&'static str],
    /// How a one-line file such as `etc/redhat-release` begins if it speaks of this distribution.
    pub release_line: Option<&'static str>,
    /// A file of this distribution alone that holds its version and nothing else.
    pub version_file: Option<&'static str>,
    /// The kind of its packages; none where the product does not read them yet.
    pub packages: Option<PackageKind>,
    /// The word with which an administrator installs packages: `apk`, `apt-get`.
    pub package_manager: &'static str,
    /// Where its package databases stand, the usual place first. A name that ends in `/` is a folder of them.
    pub databases: &'static [&'static str],
    /// The version, from the release files.
    pub version: fn(&Release<'_>) -> Option<String>,
    /// The ecosystem of a version; `None` where nobody publishes advisories about its packages.
    pub ecosystem: fn(&str) -> Option<String>,
    /// When its releases cease to get fixes without a contract of their own, as far as it is announced.
    pub end_of_life: &'static [EndOfLife],
}

/// The day on which a release ceases to get fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndOfLife {
    /// The release: `3.18` covers `3.18` and `3.18.9`.
    pub release: &'static str,
    /// The last day of support, as `YYYY-MM-DD`.
    pub date: &'static str,
}

/// A line of a table of ends: the release and its last day.
const fn end(release: &'static str, date: &'static str) -> EndOfLife {
    EndOfLife { release, date }
}

/// All distributions that the product knows.
pub const DISTRIBUTIONS: &[&KnownDistribution] = &[
    &almalinux::DISTRIBUTION,
    &alpine::DISTRIBUTION,
    &amazon::DISTRIBUTION,
    &arch::DISTRIBUTION,
    &azurelinux::DISTRIBUTION,
    &centos::DISTRIBUTION,
    &chainguard::DISTRIBUTION,
    &debian::DISTRIBUTION,
    &fedora::DISTRIBUTION,
    &mageia::DISTRIBUTION,
    &mariner::DISTRIBUTION,
    &openeuler::DISTRIBUTION,
    &opensuse_leap::DISTRIBUTION,
    &opensuse_tumbleweed::DISTRIBUTION,
    &openwrt::DISTRIBUTION,
    &oracle::DISTRIBUTION,
    &photon::DISTRIBUTION,
    &rhel::DISTRIBUTION,
    &rocky::DISTRIBUTION,
    &sles::DISTRIBUTION,
    &ubuntu::DISTRIBUTION,
    &wolfi::DISTRIBUTION,
];

/// Where apk keeps its database. Newer releases merged `/lib` into `/usr/lib`.
const APK_DATABASES: &[&str] = &["lib/apk/db/installed", "usr/lib/apk/db/installed"];

/// Where dpkg keeps its database, and where images without dpkg keep one file for each package.
const DPKG_DATABASES: &[&str] = &["var/lib/dpkg/status", "var/lib/dpkg/status.d/"];

/// Where rpm keeps its database: SQLite, NDB and Berkeley DB, in the old place and the new one.
const RPM_DATABASES: &[&str] = &[
    "var/lib/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",
    "usr/lib/sysimage/rpm/Packages.db",
    "var/lib/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages",
    "var/lib/rpmmanifest/container-manifest-2",
    "usr/share/rpm/rpmdb.sqlite",
    "usr/share/rpm/Packages.db",
    "usr/share/rpm/Packages",
];

/// What the product knows of the distribution with this `ID`.
pub fn known(id: &str) -> Option<&'static KnownDistribution> {
    DISTRIBUTIONS.iter().copied().find(|known| known.ids.contains(&id))
}

impl KnownDistribution {
    /// When the release of this version ceases to get fixes, as far as the product knows.
    pub fn end_of_life(&self, version: &str) -> Option<EndOfLife> {
        self.end_of_life.iter().copied().find(|end| {
            version.strip_prefix(end.release).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// Whether the release of this version is past its last day on `today`, a date as `YYYY-MM-DD`.
    ///
    /// `None` if the product does not know the end of that release.
    pub fn is_past_end_of_life(&self, version: &str, today: &str) -> Option<bool> {
        self.end_of_life(version).map(|end| end.date < today)
    }

    /// Whether this path is one of its package databases.
    pub fn has_database_at(&self, path: &LayerPath) -> bool {
        self.databases.iter().any(|place| is_at(path, place))
    }
}

/// Whether `path` is the place, or lies directly in it if the place is a folder.
fn is_at(path: &LayerPath, place: &str) -> bool {
    if !place.ends_with('/') {
        return path.as_str() == place;
    }
    path.as_str().strip_prefix(place).is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

/// The release files of an image, the one that named the distribution first.
#[derive(Debug, Clone, Copy)]
pub struct Release<'r> {
    /// The file that named the distribution.
    main: &'r ReleaseFile,
    /// All of them.
    files: &'r [&'r ReleaseFile],
}

impl Release<'_> {
    /// A field of the file that named the distribution.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.main.field(key)
    }

    /// The line of a one-line file.
    pub fn line(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path.as_str() == path)?.field("VERSION")
    }
}

/// The version as most distributions give it: `VERSION_ID`, or the first number of a one-line file.
fn version_id(release: &Release<'_>) -> Option<String> {
    if let Some(version) = release.field("VERSION_ID") {
        return Some(version.to_owned());
    }
    if release.field("ID").is_some() {
        return None;
    }
    let line = release.field("VERSION")?;
    let word = line.split_whitespace().find(|word| word.starts_with(|sign: char| sign.is_ascii_digit()))?;
    Some(word.to_owned())
}

/// What stands before the first dot: `9` of `9.4`.
fn major(version: &str) -> &str {
    version.split_once('.').map_or(version, |(major, _)| major)
}

/// The ecosystem `BASE:MAJOR`. `None` without a version.
fn by_major(base: &str, version: &str) -> Option<String> {
    let major = major(version);
    (!major.is_empty()).then(|| format!("{base}:{major}"))
}
