//! The vendors' own documents, as they publish them: each is read, and says what a person reads in it.

use super::{data, snapshot};
use advisory::{Query, Snapshot, Verdict, match_package};
use inventory::{Ecosystem, PackageKind};

/// `vulnerability verdict fixed` of each match of a package.
fn matches(
    snapshot: &Snapshot,
    ecosystem: &str,
    kind: PackageKind,
    name: &str,
    version: &str,
) -> Vec<String> {
    let ecosystem = Ecosystem::new(ecosystem);
    let query = Query::new(&ecosystem, kind, name, version);
    let line = |found: &advisory::Match| {
        let word = match &found.verdict {
            Verdict::Affected => "affected",
            Verdict::NotAffected { .. } => "not affected",
            Verdict::Undetermined { .. } => "undetermined",
        };
        format!("{} {word} {}", found.vulnerability, found.fixed.as_deref().unwrap_or("-"))
    };
    match_package(snapshot, &query).iter().map(line).collect()
}

#[test]
fn documents_of_vendors_are_read_as_they_publish_them() {
    let Some(data) = data() else { return };
    let snapshot = snapshot(
        &data,
        &[
            "formats/redhat/vex/v1/fixtures/csaf_vex_2024-08-04.tar.zst",
            "formats/suse/csaf_vex/fixtures/csaf-vex.tar.bz2",
            "formats/ubuntu/osv/fixtures/happy/osv-all.tar.xz",
            "formats/ubuntu/vex/fixtures/vex-all.tar.xz",
            "formats/microsoft/azure/oval/fixtures/happy/main.tar.gz",
            "formats/oracle/linux/fixtures/com.oracle.elsa-all.xml.bz2",
            "formats/photon/cve/fixtures/happy/cve_data_photon4.0.json",
            "formats/debian/tracker/api/fixtures/advisory.json",
            "formats/rocky/osv/fixtures/all.zip",
            "debian-lists/DSA-list",
            "debian-lists/DLA-list",
        ],
    );
    let of = |ecosystem: &str, kind: PackageKind, name: &str, version: &str| {
        matches(&snapshot, ecosystem, kind, name, version)
    };
    let (rpm, deb) = (PackageKind::Rpm, PackageKind::Deb);
    let rhel9 = "Red Hat:enterprise_linux:9";
    assert_eq!(of(rhel9, rpm, "libtiff", "4.4.0-10.el9"), ["CVE-2023-6228 affected 4.4.0-12.el9"]);
    assert_eq!(of(rhel9, rpm, "libtiff", "4.4.0-12.el9"), ["CVE-2023-6228 not affected -"]);
    assert_eq!(of(rhel9, rpm, "edk2", "20230524-4.el9"), ["CVE-2023-6237 affected -"]);
    assert_eq!(
        of("openSUSE:Tumbleweed", rpm, "ctdb", "4.18-1.1"),
        ["CVE-2023-5568 affected 4.19.2+git.322.7e9201cef5-1.1"]
    );
    assert_eq!(
        of("Ubuntu:22.04:LTS", deb, "rabbitmq-server", "3.9.13-1"),
        ["CVE-2024-51988 affected 3.9.27-0ubuntu0.1"]
    );
    assert_eq!(of("Ubuntu:22.04:LTS", deb, "curl", "7.81.0-1ubuntu1.20"), ["CVE-2025-0167 affected -"]);
    assert_eq!(
        of("Azure Linux:3", rpm, "qtbase", "6.6.3-2.azl3"),
        ["CVE-2025-30348 affected 0:6.6.3-3.azl3"]
    );
    assert_eq!(
        of("Oracle Linux:5", rpm, "bind", "30:9.3.3-7.el5"),
        ["CVE-2007-0493 affected 30:9.3.3-8.el5", "CVE-2007-0494 affected 30:9.3.3-8.el5"]
    );
    assert_eq!(of("Photon OS:4.0", rpm, "curl", "8.15-1.ph4"), ["CVE-2025-9086 affected 8.16.0-1.ph4"]);
    let xorg = of("Debian:11", deb, "xorg-server", "2:1.20.11-1+deb11u5");
    assert!(xorg.contains(&"CVE-2023-1393 affected 2:1.20.11-1+deb11u6".to_owned()), "{xorg:?}");
}
