//! From release files to the distribution they name.
//!
//! `os-release` in `etc` wins over the one in `usr/lib`, as its manual says; `lsb-release` and the older one-line files
//! are asked only where neither names an `ID`.

use super::{DISTRIBUTIONS, Distribution, KnownDistribution, Release, ReleaseFile, centos, known};
use crate::Ecosystem;

/// The files that may name the distribution, the most trusted first.
pub const RELEASE_FILES: &[&str] = &[
    "etc/os-release",
    "usr/lib/os-release",
    "etc/lsb-release",
    "etc/alpine-release",
    "etc/debian_version",
    "etc/redhat-release",
    "etc/system-release",
    "etc/centos-release",
    "etc/fedora-release",
    "etc/oracle-release",
    "etc/almalinux-release",
    "etc/rocky-release",
    "etc/mariner-release",
    "etc/azurelinux-release",
    "etc/photon-release",
    "etc/SuSE-release",
    "etc/arch-release",
    "etc/openwrt_version",
];

/// The distribution that these release files name; `None` if they name none.
pub fn detect(files: &[&ReleaseFile]) -> Option<Distribution> {
    RELEASE_FILES
        .iter()
        .filter_map(|place| files.iter().copied().find(|file| file.path.as_str() == *place))
        .find_map(|main| {
            from_os_release(main, files).or_else(|| from_lsb_release(main)).or_else(|| from_line(main, files))
        })
}

fn from_os_release(main: &ReleaseFile, files: &[&ReleaseFile]) -> Option<Distribution> {
    let id = main.field("ID")?.to_ascii_lowercase();
    let release = Release { main, files };
    if let Some(known) = known(&id) {
        return Some(describe(known, id, &release));
    }
    let version = main.field("VERSION_ID").unwrap_or_default().to_owned();
    let pretty_name = main.field("PRETTY_NAME").or(main.field("NAME")).unwrap_or(&id).to_owned();
    Some(Distribution { id, version, pretty_name, ecosystem: None })
}

/// `lsb-release` has words of its own; only distributions that the product knows are taken from it.
fn from_lsb_release(main: &ReleaseFile) -> Option<Distribution> {
    let id = main.field("DISTRIB_ID")?.to_ascii_lowercase();
    let known = known(&id)?;
    let words = [
        ("DISTRIB_RELEASE", "VERSION_ID"),
        ("DISTRIB_CODENAME", "VERSION_CODENAME"),
        ("DISTRIB_DESCRIPTION", "PRETTY_NAME"),
    ];
    let fields = words.iter().filter_map(|(from, to)| Some(((*to).to_owned(), main.field(from)?.to_owned())));
    let main = ReleaseFile { path: main.path.clone(), fields: fields.collect() };
    Some(describe(known, id, &Release { main: &main, files: &[] }))
}

fn from_line(main: &ReleaseFile, files: &[&ReleaseFile]) -> Option<Distribution> {
    let line = main.field("VERSION")?;
    if main.field("ID").is_some() {
        return None;
    }
    let speaks_of = |known: &&&KnownDistribution| {
        known.version_file == Some(main.path.as_str())
            || known.release_line.is_some_and(|beginning| line.starts_with(beginning))
    };
    let known = DISTRIBUTIONS.iter().find(speaks_of)?;
    let id = (*known.ids.first()?).to_owned();
    Some(describe(known, id, &Release { main, files }))
}

fn describe(known: &KnownDistribution, id: String, release: &Release<'_>) -> Distribution {
    let version = (known.version)(release).unwrap_or_default();
    let pretty_name = match release.field("PRETTY_NAME") {
        Some(name) => name.to_owned(),
        None => format!("{} {version}", known.title).trim_end().to_owned(),
    };
    let is_stream = known.name == centos::DISTRIBUTION.name && centos::is_stream(release);
    let ecosystem = (known.ecosystem)(&version).filter(|_| !is_stream).map(Ecosystem::new);
    Distribution { id, version, pretty_name, ecosystem }
}
