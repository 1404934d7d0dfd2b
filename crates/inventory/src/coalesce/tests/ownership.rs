//! Whose files packages of languages are, and when a lock file speaks.

use super::*;
use crate::{Owner, Ownership};

const LIST: &str = "var/lib/dpkg/info/python3-six.list";
const SIX: &str = "usr/lib/python3/dist-packages/six.egg-info";

impl Layer {
    fn owns(mut self, list: &str, kind: PackageKind, package: &str, paths: &[&str]) -> Self {
        let owner = Owner { package: package.to_owned(), paths: paths.iter().map(|at| path(at)).collect() };
        self.0.ownership.push(Ownership { path: path(list), kind, owners: vec![owner] });
        self
    }

    fn lock(mut self, kind: PackageKind, at: &str, packages: &str) -> Self {
        self = self.database(kind, at, packages);
        self.0.databases.last_mut().unwrap().presence = Presence::Locked;
        self
    }
}

fn debian() -> Layer {
    layer()
        .os(DEBIAN)
        .dpkg("python3-six@1.16.0-4")
        .owns(LIST, PackageKind::Deb, "python3-six", &[SIX])
        .database(PackageKind::PyPi, SIX, "six@1.16.0")
}

const OWNED: &str = "debian 12
    six@1.16.0 usr/lib/python3/dist-packages/six.egg-info L0 of python3-six
    python3-six@1.16.0-4 var/lib/dpkg/status L0";

const OWN: &str = "debian 12
    six@1.16.0 usr/lib/python3/dist-packages/six.egg-info L0
    python3-six@1.16.0-4 var/lib/dpkg/status L0";

#[test]
fn file_of_an_installed_package_is_owned() {
    check([debian()], OWNED);
    check([debian(), layer().dpkg("python3-six@1.16.0-4")], OWNED);
}

#[test]
fn owner_that_is_gone_owns_nothing() {
    let gone =
        OWN.replace("    python3-six@1.16.0-4 var/lib/dpkg/status L0", "other@1 var/lib/dpkg/status L1");
    check([debian(), layer().dpkg("other@1")], &gone);
    check([debian(), layer().without(LIST)], OWN);
    check([debian(), layer().opaque("var/lib/dpkg/info")], OWN);
    check([debian(), layer().file(LIST)], OWN);
    check([debian(), layer().owns(LIST, PackageKind::Deb, "python3-six", &[])], OWN);
}

#[test]
fn list_of_another_package_manager_owns_nothing() {
    let other =
        layer().os(DEBIAN).dpkg("python3-six@1.16.0-4").database(PackageKind::PyPi, SIX, "six@1.16.0");
    check([other.owns(LIST, PackageKind::Rpm, "python3-six", &[SIX])], OWN);
}

#[test]
fn file_overwritten_after_its_owner_came_is_not_owned() {
    check(
        [debian(), layer().database(PackageKind::PyPi, SIX, "six@1.17.0")],
        "debian 12
         six@1.17.0 usr/lib/python3/dist-packages/six.egg-info L1
         python3-six@1.16.0-4 var/lib/dpkg/status L0",
    );
    let upgrade = layer()
        .dpkg("python3-six@1.17.0-1")
        .owns(LIST, PackageKind::Deb, "python3-six", &[SIX])
        .database(PackageKind::PyPi, SIX, "six@1.17.0");
    check(
        [debian(), upgrade],
        "debian 12
         six@1.17.0 usr/lib/python3/dist-packages/six.egg-info L1 of python3-six
         python3-six@1.17.0-1 var/lib/dpkg/status L1",
    );
}

#[test]
fn database_that_is_replaced_takes_its_ownership_along() {
    let six = "usr/lib/python3.11/site-packages/six-1.dist-info/METADATA";
    let first =
        alpine().owns(APK, PackageKind::Apk, "zlib", &[six]).database(PackageKind::PyPi, six, "six@1");
    check([first, layer().apk("musl@1.2.4-r2 zlib@1.2.13-r1")], &format!("{TWO}\nsix@1 {six} L0"));
}

#[test]
fn program_of_a_package_is_not_listed_and_one_of_nobody_is() {
    let program = |layer: Layer| layer.database(PackageKind::Binary, "usr/bin/busybox", "busybox@1.36.1");
    // The list still has the path from before `bin` became a link.
    let owned = program(alpine()).owns(APK, PackageKind::Apk, "musl", &["bin/busybox"]);
    check([owned], TWO);
    check([program(alpine())], &format!("{TWO}\nbusybox@1.36.1 usr/bin/busybox L0"));
}

#[test]
fn program_that_is_a_component_of_bitnami_is_listed_once() {
    let image = alpine()
        .database(PackageKind::Bitnami, "opt/bitnami/redis/.spdx-redis.spdx", "redis@7.4.1-2")
        .database(PackageKind::Binary, "opt/bitnami/redis/bin/redis-server", "redis@7.4.1")
        .database(PackageKind::Binary, "opt/bitnami/redis/lib/libssl.so.3", "openssl@3.0.15")
        .database(PackageKind::Binary, "opt/other/redis-server", "redis@6.2.0");
    check(
        [image],
        &format!(
            "{TWO}
             redis@7.4.1-2 opt/bitnami/redis/.spdx-redis.spdx L0
             openssl@3.0.15 opt/bitnami/redis/lib/libssl.so.3 L0
             redis@6.2.0 opt/other/redis-server L0"
        ),
    );
}

#[test]
fn lock_file_is_silent_where_its_packages_are_installed() {
    let lock = |layer: Layer, at| layer.lock(PackageKind::Npm, at, "a@1.0.0 b@1.0.0 c@1.0.0");
    let installed = |layer: Layer, at| layer.database(PackageKind::Npm, at, "a@1.0.0");
    let modules = "app/node_modules/a/package.json";
    check(
        [installed(lock(layer(), "app/package-lock.json"), modules)],
        "a@1.0.0 app/node_modules/a/package.json L0",
    );
    // What is installed elsewhere is another program's, unless it is half of the lock file.
    check(
        [installed(lock(layer(), "app/package-lock.json"), "usr/lib/node_modules/a/package.json")],
        "a@1.0.0 app/package-lock.json L0
         b@1.0.0 app/package-lock.json L0
         c@1.0.0 app/package-lock.json L0
         a@1.0.0 usr/lib/node_modules/a/package.json L0",
    );
    let two = lock(layer(), "package-lock.json")
        .database(PackageKind::Npm, "x/node_modules/a/package.json", "a@2.0.0")
        .database(PackageKind::Npm, "x/node_modules/b/package.json", "b@1.0.0");
    check(
        [two],
        "a@2.0.0 x/node_modules/a/package.json L0
         b@1.0.0 x/node_modules/b/package.json L0",
    );
}

#[test]
fn silent_lock_file_is_listed_as_skipped_and_conceals_nothing() {
    let layers = [
        layer().lock(PackageKind::PyPi, "app/poetry.lock", "six@1.0").0,
        layer().database(PackageKind::PyPi, "usr/lib/python3/six.egg-info", "six@1.1").0,
    ];
    let image = coalesce(&layers);
    assert_eq!(image.packages.len(), 1);
    let [(0, skipped)] = &image.skipped[..] else { panic!("{:?}", image.skipped) };
    assert!(!skipped.conceals_packages && skipped.path.as_str() == "app/poetry.lock");
    assert_eq!(image.obstacles, []);
}

#[test]
fn content_sets_of_all_layers_are_joined() {
    let sets = |at: &str, set: &str| layer().release(at, &format!("CONTENT_SET={set}"));
    let layers = [
        sets("root/buildinfo/content_manifests/ubi9.json", "rhel-9-baseos").0,
        sets("root/buildinfo/content_manifests/app.json", "rhel-9-appstream").0,
        sets("elsewhere.json", "nothing").0,
    ];
    assert_eq!(coalesce(&layers).content_sets, ["rhel-9-appstream", "rhel-9-baseos"]);
}

#[test]
fn content_sets_of_other_products_are_heard_in_the_ecosystem() {
    let place = "root/buildinfo/content_manifests/a.json";
    let of = |set: &str| {
        let layers = [layer()
            .os("ID=rhel VERSION_ID=9.2")
            .database(PackageKind::Rpm, "var/lib/rpm/rpmdb.sqlite", "openssl@3.0.7")
            .release(place, &format!("CONTENT_SET={set}"))
            .0];
        coalesce(&layers).distribution.unwrap().ecosystem.unwrap().to_string()
    };
    assert_eq!(of("rhel-9-for-x86_64-baseos-eus-rpms"), "Red Hat:rhel_eus:9.2+enterprise_linux:9");
    assert_eq!(of("rhel-9-for-x86_64-baseos-rpms"), "Red Hat:enterprise_linux:9");
}

#[test]
fn what_a_store_of_nix_and_its_database_both_list_is_listed_once() {
    let store = "nix/store/0c0b7vlxlb0xqg2m9dyhb8wlsr2mfq4a-hello-2.12.1/bin/hello";
    let other = "nix/store/1c0b7vlxlb0xqg2m9dyhb8wlsr2mfq4a-other-1/bin/other";
    let built = layer()
        .database(PackageKind::Nix, store, "hello@2.12.1")
        .database(PackageKind::Nix, other, "other@1")
        .database(PackageKind::Nix, "nix/var/nix/db/db.sqlite", "hello@2.12.1");
    check([built], &format!("other@1 {other} L0\nhello@2.12.1 nix/var/nix/db/db.sqlite L0"));
}

#[test]
fn a_note_of_a_package_speaks_only_of_what_nobody_owns() {
    let noted = alpine().database(PackageKind::Noted, "usr/bin/ls", "coreutils@9.4-r0");
    check([noted.owns(APK, PackageKind::Apk, "zlib", &["usr/bin/ls"])], TWO);
    let noted = alpine().database(PackageKind::Noted, "usr/bin/ls", "coreutils@9.4-r0");
    let both = format!("{TWO}\ncoreutils@9.4-r0 usr/bin/ls L0");
    check([noted.owns(APK, PackageKind::Apk, "zlib", &["usr/bin/cat"])], &both);
}
