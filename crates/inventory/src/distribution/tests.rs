//! Recognising distributions from their release files.

use super::{DISTRIBUTIONS, ReleaseFile, detect, known};
use crate::{LayerPath, PackageKind};

/// A release file from lines `KEY=value`.
fn file(path: &str, lines: &str) -> ReleaseFile {
    let fields = lines.lines().filter_map(|line| line.trim().split_once('='));
    ReleaseFile {
        path: LayerPath::from_bytes(path.as_bytes()).unwrap(),
        fields: fields.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
    }
}

/// What is detected, as `id|version|pretty name|ecosystem`.
fn detected(files: &[ReleaseFile]) -> String {
    let files: Vec<&ReleaseFile> = files.iter().collect();
    detect(&files).map_or("none".to_owned(), |found| {
        let ecosystem = found.ecosystem.as_ref().map_or("none", |ecosystem| ecosystem.as_str());
        format!("{}|{}|{}|{ecosystem}", found.id, found.version, found.pretty_name)
    })
}

#[test]
fn every_distribution_file_is_registered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/distribution");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| name != "detect" && name != "tests")
        .collect();
    files.sort();
    let names: Vec<&str> = DISTRIBUTIONS.iter().map(|known| known.name).collect();
    assert_eq!(names, files);
}

#[test]
fn facts_are_sound() {
    for known in DISTRIBUTIONS {
        assert!(!known.ids.is_empty() && !known.databases.is_empty(), "{}", known.name);
        assert!(known.packages.is_none_or(PackageKind::is_os), "{}", known.name);
        assert!(known.ids.iter().any(|id| id.to_ascii_lowercase() == *id), "{}", known.name);
        for end in known.end_of_life {
            let date: Vec<&str> = end.date.split('-').collect();
            assert!(date.len() == 3 && end.date.len() == 10, "{}: {}", known.name, end.date);
        }
    }
}

#[test]
fn os_release_names_the_ecosystem() {
    let cases = [
        (
            "ID=alpine\nVERSION_ID=3.18.9\nPRETTY_NAME=Alpine Linux v3.18",
            "alpine|3.18.9|Alpine Linux v3.18|Alpine:v3.18",
        ),
        (
            "ID=alpine\nVERSION_ID=3.21.0_alpha20240807",
            "alpine|3.21.0_alpha20240807|Alpine Linux 3.21.0_alpha20240807|Alpine:edge",
        ),
        (
            "ID=debian\nVERSION_ID=12\nPRETTY_NAME=Debian GNU/Linux 12",
            "debian|12|Debian GNU/Linux 12|Debian:12",
        ),
        (
            "ID=debian\nPRETTY_NAME=Debian GNU/Linux trixie/sid",
            "debian|13|Debian GNU/Linux trixie/sid|Debian:13",
        ),
        ("ID=debian\nVERSION_CODENAME=forky", "debian|14|Debian GNU/Linux 14|Debian:14"),
        ("ID=debian\nPRETTY_NAME=Debian GNU/Linux sid", "debian||Debian GNU/Linux sid|none"),
        ("ID=ubuntu\nVERSION_ID=22.04", "ubuntu|22.04|Ubuntu 22.04|Ubuntu:22.04:LTS"),
        ("ID=ubuntu\nVERSION_ID=23.10", "ubuntu|23.10|Ubuntu 23.10|Ubuntu:23.10"),
        ("ID=ubuntu\nVERSION_ID=23.04", "ubuntu|23.04|Ubuntu 23.04|Ubuntu:23.04"),
        ("ID=wolfi\nVERSION_ID=20230201", "wolfi|20230201|Wolfi 20230201|Wolfi"),
        ("ID=chainguard\nVERSION_ID=20230214", "chainguard|20230214|Chainguard 20230214|Chainguard"),
        ("ID=almalinux\nVERSION_ID=9.4", "almalinux|9.4|AlmaLinux 9.4|AlmaLinux:9"),
        ("ID=rocky\nVERSION_ID=8.9", "rocky|8.9|Rocky Linux 8.9|Rocky Linux:8"),
        ("ID=rhel\nVERSION_ID=9.2", "rhel|9.2|Red Hat Enterprise Linux 9.2|Red Hat:enterprise_linux:9"),
        ("ID=mariner\nVERSION_ID=2.0", "mariner|2.0|CBL-Mariner 2.0|Azure Linux:2"),
        ("ID=azurelinux\nVERSION_ID=3.0", "azurelinux|3.0|Azure Linux 3.0|Azure Linux:3"),
        (
            "ID=sles\nVERSION_ID=15.3",
            "sles|15.3|SUSE Linux Enterprise Server 15.3|SUSE:Linux Enterprise Server 15 SP3",
        ),
        ("ID=opensuse-leap\nVERSION_ID=15.5", "opensuse-leap|15.5|openSUSE Leap 15.5|openSUSE:Leap 15.5"),
        (
            "ID=openEuler\nVERSION_ID=22.03\nVERSION=22.03 (LTS-SP3)",
            "openeuler|22.03-LTS-SP3|openEuler 22.03-LTS-SP3|openEuler:22.03-LTS-SP3",
        ),
        ("ID=photon\nVERSION_ID=4.0", "photon|4.0|Photon OS 4.0|Photon OS:4.0"),
        ("ID=amzn\nVERSION_ID=2023", "amzn|2023|Amazon Linux 2023|Amazon Linux:2023"),
        ("ID=amzn\nVERSION_ID=2", "amzn|2|Amazon Linux 2|Amazon Linux:2"),
        ("ID=amzn\nVERSION_ID=2018.03", "amzn|2018.03|Amazon Linux 2018.03|Amazon Linux:1"),
        ("ID=centos\nNAME=CentOS Linux\nVERSION_ID=8", "centos|8|CentOS 8|Red Hat:enterprise_linux:8"),
        ("ID=centos\nNAME=CentOS Stream\nVERSION_ID=8", "centos|8|CentOS 8|none"),
        ("ID=centos\nNAME=CentOS Stream\nVERSION_ID=9", "centos|9|CentOS 9|none"),
        ("ID=raspbian\nID_LIKE=debian\nVERSION_ID=12", "raspbian|12|raspbian|none"),
        ("ID=kali\nID_LIKE=debian\nVERSION_ID=2024.1", "kali|2024.1|kali|none"),
        ("NAME=nothing else", "none"),
        ("ID=", "none"),
    ];
    for (lines, expected) in cases {
        assert_eq!(detected(&[file("etc/os-release", lines)]), expected);
    }
}

#[test]
fn one_line_files_name_a_distribution_without_os_release() {
    let cases = [
        ("etc/alpine-release", "VERSION=3.18.9", "alpine|3.18.9|Alpine Linux 3.18.9|Alpine:v3.18"),
        ("etc/debian_version", "VERSION=12.5", "debian|12|Debian GNU/Linux 12|Debian:12"),
        ("etc/debian_version", "VERSION=trixie/sid", "debian|13|Debian GNU/Linux 13|Debian:13"),
        (
            "etc/redhat-release",
            "VERSION=CentOS Linux release 7.9.2009 (Core)",
            "centos|7.9.2009|CentOS 7.9.2009|Red Hat:enterprise_linux:7",
        ),
        ("etc/redhat-release", "VERSION=CentOS Stream release 8", "centos|8|CentOS 8|none"),
        (
            "etc/redhat-release",
            "VERSION=AlmaLinux release 9.0 (Emerald Puma)",
            "almalinux|9.0|AlmaLinux 9.0|AlmaLinux:9",
        ),
        ("etc/redhat-release", "VERSION=Something else 1", "none"),
        (
            "etc/lsb-release",
            "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=20.04\nDISTRIB_DESCRIPTION=Ubuntu 20.04.6 LTS",
            "ubuntu|20.04|Ubuntu 20.04.6 LTS|Ubuntu:20.04:LTS",
        ),
        ("etc/lsb-release", "DISTRIB_ID=Nobody\nDISTRIB_RELEASE=1", "none"),
    ];
    for (path, lines, expected) in cases {
        assert_eq!(detected(&[file(path, lines)]), expected);
    }
}

#[test]
fn os_release_in_etc_wins_and_debian_version_helps_it() {
    let debian = "ID=debian\nVERSION_ID=12";
    let files = [file("usr/lib/os-release", "ID=alpine\nVERSION_ID=3.18.0"), file("etc/os-release", debian)];
    assert_eq!(detected(&files), "debian|12|Debian GNU/Linux 12|Debian:12");
    let files = [file("etc/debian_version", "VERSION=bookworm/sid"), file("etc/os-release", "ID=debian")];
    assert_eq!(detected(&files), "debian|12|Debian GNU/Linux 12|Debian:12");
    let files = [file("etc/os-release", "NAME=broken"), file("usr/lib/os-release", debian)];
    assert_eq!(detected(&files), "debian|12|Debian GNU/Linux 12|Debian:12");
}

#[test]
fn end_of_life_is_found_by_release() {
    let alpine = known("alpine").unwrap();
    assert_eq!(alpine.end_of_life("3.18.9").map(|end| end.date), Some("2025-05-09"));
    assert_eq!(alpine.end_of_life("3.1.2"), None);
    assert_eq!(alpine.is_past_end_of_life("3.18.9", "2025-05-09"), Some(false));
    assert_eq!(alpine.is_past_end_of_life("3.18.9", "2025-05-10"), Some(true));
    assert_eq!(known("debian").unwrap().end_of_life("1"), None);
    let files = [file("etc/os-release", "ID=ubuntu\nVERSION_ID=24.04")];
    let ubuntu = detect(&files.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(ubuntu.end_of_life().map(|end| end.date), Some("2029-05-31"));
    let files = [file("etc/os-release", "ID=kali\nVERSION_ID=2024.1")];
    assert_eq!(detect(&files.iter().collect::<Vec<_>>()).unwrap().end_of_life(), None);
}
