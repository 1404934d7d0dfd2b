//! Layers are built with few words, and what coalescing makes of them is compared as text.

mod hostile;
mod ownership;

use super::coalesce;
use crate::{
    Displacement, ImageInventory, LayerInventory, LayerPath, Link, LinkKind, Obstacle, Package,
    PackageDatabase, PackageKind, Presence, ReleaseFile, Removal, SkipReason, Skipped,
};

const APK: &str = "lib/apk/db/installed";
const DPKG: &str = "var/lib/dpkg/status";
const ALPINE: &str = "ID=alpine VERSION_ID=3.18.9";
const DEBIAN: &str = "ID=debian VERSION_ID=12";

fn path(text: &str) -> LayerPath {
    LayerPath::from_bytes(text.as_bytes()).unwrap()
}

/// A layer under construction.
struct Layer(LayerInventory);

fn layer() -> Layer {
    Layer(LayerInventory::empty())
}

impl Layer {
    /// A database with packages written `name@version`.
    fn database(mut self, kind: PackageKind, at: &str, packages: &str) -> Self {
        let package = |(name, version): (&str, &str)| Package {
            kind,
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: None,
            source: None,
            module: None,
        };
        let packages =
            packages.split_whitespace().filter_map(|text| text.split_once('@')).map(package).collect();
        self.0.databases.push(PackageDatabase {
            path: path(at),
            kind,
            presence: Presence::Installed,
            packages,
        });
        self
    }

    fn apk(self, packages: &str) -> Self {
        self.database(PackageKind::Apk, APK, packages)
    }

    fn dpkg(self, packages: &str) -> Self {
        self.database(PackageKind::Deb, DPKG, packages)
    }

    fn release(mut self, at: &str, fields: &str) -> Self {
        let fields = fields.split(' ').filter_map(|field| field.split_once('='));
        let fields = fields.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        self.0.release_files.push(ReleaseFile { path: path(at), fields });
        self
    }

    fn os(self, fields: &str) -> Self {
        self.release("etc/os-release", fields)
    }

    fn without(mut self, at: &str) -> Self {
        self.0.removals.push(Removal::Path(path(at)));
        self
    }

    fn opaque(mut self, at: &str) -> Self {
        self.0.removals.push(Removal::Opaque(path(at)));
        self
    }

    fn link(mut self, at: &str, target: &str, kind: LinkKind) -> Self {
        self.0.links.push(Link { path: path(at), target: target.to_owned(), kind });
        self
    }

    fn symlink(self, at: &str, target: &str) -> Self {
        self.link(at, target, LinkKind::Symbolic)
    }

    fn hard_link(self, at: &str, target: &str) -> Self {
        self.link(at, target, LinkKind::Hard)
    }

    fn file(mut self, at: &str) -> Self {
        self.0.displacements.push(Displacement { path: path(at) });
        self
    }

    fn unread(mut self, at: &str) -> Self {
        let why = SkipReason::Malformed("broken".to_owned());
        self.0.skipped.push(Skipped { path: path(at), why, conceals_packages: true });
        self
    }
}

/// One line for each part of the outcome: distribution, packages with layer, obstacles.
fn text(image: &ImageInventory) -> String {
    let mut lines = Vec::new();
    if let Some(found) = &image.distribution {
        lines.push(format!("{} {}", found.id, found.version));
    }
    for installed in &image.packages {
        let package = &installed.package;
        let owner =
            installed.owned_by.as_ref().map(|owner| format!(" of {}", owner.name)).unwrap_or_default();
        let place = format!("{} L{}", installed.path, installed.layer);
        lines.push(format!("{}@{} {place}{owner}", package.name, package.version));
    }
    lines.extend(image.obstacles.iter().map(obstacle));
    lines.join("\n")
}

fn obstacle(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::DatabaseMissing { expected } => format!("! missing {}", expected.join(" ")),
        Obstacle::DatabaseDeleted { path, layer } => format!("! deleted {path} L{layer}"),
        Obstacle::DistributionUnknown => "! distribution unknown".to_owned(),
        Obstacle::NoPackageSource => "! no package source".to_owned(),
        Obstacle::Unread { layer, skipped } => match &skipped.why {
            SkipReason::Limit(text) | SkipReason::Malformed(text) | SkipReason::Unsupported(text) => {
                format!("! unread {} L{layer}: {text}", skipped.path)
            }
        },
        Obstacle::Contradiction { detail } => format!("! contradiction: {detail}"),
    }
}

#[track_caller]
fn check<const N: usize>(layers: [Layer; N], expected: &str) {
    let layers = layers.map(|layer| layer.0);
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(text(&coalesce(&layers)), expected.join("\n"));
}

/// The usual first layer: Alpine with two packages.
fn alpine() -> Layer {
    layer().os(ALPINE).apk("musl@1.2.4-r2 zlib@1.2.13-r1")
}

const TWO: &str = "alpine 3.18.9
    musl@1.2.4-r2 lib/apk/db/installed L0
    zlib@1.2.13-r1 lib/apk/db/installed L0";

#[test]
fn one_layer_is_itself() {
    check([alpine()], TWO);
}

#[test]
fn later_database_replaces_the_earlier_one_and_keeps_the_layer_of_what_stayed() {
    check(
        [alpine(), layer().apk("musl@1.2.4-r2 zlib@1.2.13-r2 curl@8.5.0-r0")],
        "alpine 3.18.9
         curl@8.5.0-r0 lib/apk/db/installed L1
         musl@1.2.4-r2 lib/apk/db/installed L0
         zlib@1.2.13-r2 lib/apk/db/installed L1",
    );
}

#[test]
fn package_that_left_and_came_back_belongs_to_the_layer_of_its_return() {
    check(
        [alpine(), layer().apk("musl@1.2.4-r2"), layer().apk("musl@1.2.4-r2 zlib@1.2.13-r1")],
        "alpine 3.18.9
         musl@1.2.4-r2 lib/apk/db/installed L0
         zlib@1.2.13-r1 lib/apk/db/installed L2",
    );
}

#[test]
fn whiteout_and_file_of_one_layer_leave_the_file() {
    check([alpine(), layer().without(APK).apk("musl@1.2.4-r2 zlib@1.2.13-r1")], TWO);
    check([alpine(), layer().opaque("lib/apk").apk("musl@1.2.4-r2 zlib@1.2.13-r1")], TWO);
}

#[test]
fn database_taken_away_is_deleted_however_it_went() {
    let gone = "alpine 3.18.9\n! deleted lib/apk/db/installed L1";
    check([alpine(), layer().without(APK)], gone);
    check([alpine(), layer().without("lib/apk")], gone);
    check([alpine(), layer().without("lib")], gone);
    check([alpine(), layer().opaque("lib/apk/db")], gone);
    check([alpine(), layer().opaque("lib")], gone);
    check([alpine(), layer().file(APK)], gone);
    check([alpine(), layer().file("lib/apk")], gone);
    check([alpine(), layer().apk("")], gone);
}

#[test]
fn whiteouts_of_others_leave_the_database() {
    check([alpine(), layer().without("lib/ap").without("lib/apk/db/installed2").opaque("lib/apk-old")], TWO);
    check([alpine(), layer().opaque(APK)], TWO);
    check([layer().without(APK).opaque("lib").os(ALPINE).apk("musl@1.2.4-r2 zlib@1.2.13-r1")], TWO);
}

#[test]
fn opaque_root_takes_all_and_whiteout_of_the_release_file_makes_it_unknown() {
    check([alpine(), layer().opaque("")], "! deleted lib/apk/db/installed L1");
    check(
        [alpine(), layer().without("etc/os-release")],
        "musl@1.2.4-r2 lib/apk/db/installed L0
         zlib@1.2.13-r1 lib/apk/db/installed L0
         ! distribution unknown",
    );
}

#[test]
fn database_that_came_back_is_not_deleted() {
    check(
        [alpine(), layer().without(APK), layer().apk("musl@1.2.4-r2")],
        "alpine 3.18.9\nmusl@1.2.4-r2 lib/apk/db/installed L2",
    );
}

#[test]
fn database_of_the_same_kind_elsewhere_excuses_the_deletion() {
    check(
        [
            alpine(),
            layer().without(APK).database(PackageKind::Apk, "usr/lib/apk/db/installed", "musl@1.2.5-r0"),
        ],
        "alpine 3.18.9\nmusl@1.2.5-r0 usr/lib/apk/db/installed L1",
    );
    check(
        [
            alpine(),
            layer().without(APK).database(PackageKind::Npm, "srv/node_modules/a/package.json", "a@1.0.0"),
        ],
        "alpine 3.18.9\na@1.0.0 srv/node_modules/a/package.json L1\n! deleted lib/apk/db/installed L1",
    );
}

#[test]
fn files_of_status_d_are_databases_each() {
    let at = |name: &str| format!("var/lib/dpkg/status.d/{name}");
    let base = || {
        layer().os(DEBIAN).database(PackageKind::Deb, &at("base"), "base-files@12.4").database(
            PackageKind::Deb,
            &at("libssl3"),
            "libssl3@3.0.11-1",
        )
    };
    check(
        [base(), layer().without(&at("base")).database(PackageKind::Deb, &at("libssl3"), "libssl3@3.0.13-1")],
        "debian 12\nlibssl3@3.0.13-1 var/lib/dpkg/status.d/libssl3 L1",
    );
    check(
        [base(), layer().without("var/lib/dpkg/status.d")],
        "debian 12
         ! deleted var/lib/dpkg/status.d/base L1
         ! deleted var/lib/dpkg/status.d/libssl3 L1",
    );
}

#[test]
fn nothing_and_half_of_it_are_named() {
    check([], "! no package source");
    check([layer(), layer()], "! no package source");
    check([layer().os(ALPINE)], "alpine 3.18.9\n! missing lib/apk/db/installed usr/lib/apk/db/installed");
    check(
        [layer().os(ALPINE).apk("")],
        "alpine 3.18.9\n! missing lib/apk/db/installed usr/lib/apk/db/installed",
    );
    check([layer().apk("musl@1")], "musl@1 lib/apk/db/installed L0\n! distribution unknown");
    check([layer().database(PackageKind::Golang, "app", "stdlib@1.21.0")], "stdlib@1.21.0 app L0");
}

#[test]
fn foreign_packages_contradict_the_release_file() {
    check(
        [alpine(), layer().os(DEBIAN)],
        "debian 12
         musl@1.2.4-r2 lib/apk/db/installed L0
         zlib@1.2.13-r1 lib/apk/db/installed L0
         ! contradiction: the release files name Debian GNU/Linux, whose packages are deb, but there is a database of apk packages",
    );
    check(
        [alpine(), layer().dpkg("adduser@3.1")],
        "alpine 3.18.9
         musl@1.2.4-r2 lib/apk/db/installed L0
         zlib@1.2.13-r1 lib/apk/db/installed L0
         adduser@3.1 var/lib/dpkg/status L1
         ! contradiction: the release files name Alpine Linux, whose packages are apk, but there is a database of deb packages",
    );
}

#[test]
fn unread_stays_until_a_later_layer_takes_it_away() {
    let unread = "alpine 3.18.9\n! unread lib/apk/db/installed L0: broken";
    check([layer().os(ALPINE).unread(APK)], unread);
    check([layer().os(ALPINE).unread(APK), layer().os(ALPINE)], unread);
    check([layer().os(ALPINE).unread(APK).without(APK)], unread);
    check(
        [layer().os(ALPINE).unread(APK), layer().without(APK)],
        "alpine 3.18.9\n! missing lib/apk/db/installed usr/lib/apk/db/installed",
    );
    check(
        [layer().os(ALPINE).unread(APK), layer().apk("musl@1.2.4-r2 zlib@1.2.13-r1")],
        "alpine 3.18.9
         musl@1.2.4-r2 lib/apk/db/installed L1
         zlib@1.2.13-r1 lib/apk/db/installed L1",
    );
    check([layer().os(ALPINE).unread(""), layer()], "alpine 3.18.9\n! unread  L0: broken");
}

#[test]
fn unread_file_takes_the_place_of_the_one_below() {
    check([alpine(), layer().unread(APK)], "alpine 3.18.9\n! unread lib/apk/db/installed L1: broken");
}

#[test]
fn half_read_database_gives_its_packages_and_the_obstacle() {
    check(
        [layer().os(ALPINE).apk("musl@1").unread(APK)],
        "alpine 3.18.9\nmusl@1 lib/apk/db/installed L0\n! unread lib/apk/db/installed L0: broken",
    );
}

#[test]
fn unread_application_file_does_not_hide_a_missing_database() {
    check(
        [layer().os(ALPINE).unread("srv/package.json")],
        "alpine 3.18.9
         ! missing lib/apk/db/installed usr/lib/apk/db/installed
         ! unread srv/package.json L0: broken",
    );
}

#[test]
fn release_file_is_found_through_links() {
    for target in ["../usr/lib/os-release", "/usr/lib/os-release", "./.././../usr/lib/os-release"] {
        let files =
            layer().symlink("etc/os-release", target).release("usr/lib/os-release", DEBIAN).dpkg("a@1");
        check([files], "debian 12\na@1 var/lib/dpkg/status L0");
    }
    let upper = layer().release("usr/lib/os-release", "ID=debian VERSION_ID=13");
    let lower =
        layer().symlink("etc/os-release", "../usr/lib/os-release").release("usr/lib/os-release", DEBIAN);
    check([lower.dpkg("a@1"), upper], "debian 13\na@1 var/lib/dpkg/status L0");
}

#[test]
fn database_below_a_linked_folder_is_found_and_replaced_where_it_is() {
    let at = "usr/lib/apk/db/installed";
    let base =
        || layer().os(ALPINE).symlink("lib", "usr/lib").database(PackageKind::Apk, at, "musl@1 zlib@1");
    check([base()], &format!("alpine 3.18.9\nmusl@1 {at} L0\nzlib@1 {at} L0"));
    check([base(), layer().apk("musl@1 zlib@2")], &format!("alpine 3.18.9\nmusl@1 {at} L0\nzlib@2 {at} L1"));
    check([base(), layer().without(APK)], &format!("alpine 3.18.9\n! deleted {at} L1"));
    check([base(), layer().without("lib")], &format!("alpine 3.18.9\nmusl@1 {at} L0\nzlib@1 {at} L0"));
}

#[test]
fn merged_usr_without_that_database_is_no_obstacle() {
    let debian = layer().os(DEBIAN).symlink("lib", "usr/lib").dpkg("a@1");
    check([debian], "debian 12\na@1 var/lib/dpkg/status L0");
}

#[test]
fn links_to_places_that_nobody_read_are_obstacles() {
    check(
        [layer().os(DEBIAN).symlink("var/lib/dpkg/status", "/opt/status")],
        "debian 12\n! unread var/lib/dpkg/status L0: it leads by links to opt/status, where nothing was read",
    );
    check(
        [layer().os(DEBIAN).dpkg("a@1"), layer().symlink("var/lib/dpkg", "/opt/dpkg")],
        "debian 12
         ! unread var/lib/dpkg/status L1: it leads by links to opt/dpkg/status, where nothing was read
         ! unread var/lib/dpkg/status.d L1: it leads by links to opt/dpkg/status.d, where nothing was read",
    );
}

#[test]
fn stray_release_file_counts_only_where_no_other_says_more() {
    let fedora = || layer().symlink("etc/fedora-release", "../usr/lib/fedora-release").apk("musl@1");
    check([fedora().os(ALPINE)], "alpine 3.18.9\nmusl@1 lib/apk/db/installed L0");
    check(
        [fedora()],
        "musl@1 lib/apk/db/installed L0
         ! distribution unknown
         ! unread etc/fedora-release L0: it leads by links to usr/lib/fedora-release, where nothing was read",
    );
}

#[test]
fn links_in_circles_are_obstacles() {
    let circle = "it leads in circles, or through more than 40 links";
    check(
        [layer().os(ALPINE).symlink(APK, "installed")],
        &format!("alpine 3.18.9\n! unread {APK} L0: {circle}"),
    );
    let chain = |length: usize| {
        let first = layer().os(ALPINE).symlink(APK, "/link1");
        let links =
            (1..length).fold(first, |layer, n| layer.symlink(&format!("link{n}"), &format!("link{}", n + 1)));
        links.symlink(&format!("link{length}"), "usr/lib/apk/db/installed").database(
            PackageKind::Apk,
            "usr/lib/apk/db/installed",
            "musl@1",
        )
    };
    check([chain(39)], "alpine 3.18.9\nmusl@1 usr/lib/apk/db/installed L0");
    check(
        [chain(40)],
        &format!("alpine 3.18.9\nmusl@1 usr/lib/apk/db/installed L0\n! unread {APK} L0: {circle}"),
    );
}

#[test]
fn hard_links_are_other_names_of_the_same_file() {
    let one = "alpine 3.18.9\nmusl@1 lib/apk/db/installed L0";
    check([layer().os(ALPINE).apk("musl@1").hard_link("usr/lib/apk/db/installed", APK)], one);
    check([layer().os(ALPINE).apk("musl@1"), layer().hard_link("usr/lib/apk/db/installed", APK)], one);
    check(
        [layer().os(ALPINE).apk("musl@1").hard_link("usr/lib/apk/db/installed", APK), layer().without(APK)],
        "alpine 3.18.9\nmusl@1 usr/lib/apk/db/installed L0",
    );
    check(
        [layer()
            .apk("musl@1")
            .release("usr/lib/os-release", ALPINE)
            .hard_link("etc/os-release", "usr/lib/os-release")],
        one,
    );
    check(
        [layer().os(ALPINE).hard_link(APK, "opt/installed")],
        "alpine 3.18.9
         ! unread lib/apk/db/installed L0: a hard link to \"opt/installed\", where no package database or release file was read",
    );
}

#[test]
fn file_takes_the_place_of_a_folder_and_a_folder_that_of_a_file() {
    check(
        [layer().os(ALPINE).file("lib"), layer().apk("musl@1")],
        "alpine 3.18.9\nmusl@1 lib/apk/db/installed L1",
    );
    check(
        [alpine(), layer().file("lib/apk"), layer().apk("musl@1.2.4-r2")],
        "alpine 3.18.9\nmusl@1.2.4-r2 lib/apk/db/installed L2",
    );
}

#[test]
fn file_that_is_two_databases_gives_both() {
    let both = |version: &str| {
        let layer = layer().database(PackageKind::Maven, "app.jar", &format!("a:a@{version}"));
        layer.database(PackageKind::Npm, "app.jar", "b@1")
    };
    check([both("1")], "a:a@1 app.jar L0\nb@1 app.jar L0");
    check([both("1"), both("2")], "a:a@2 app.jar L1\nb@1 app.jar L0");
}

#[test]
fn everything_skipped_is_kept_with_its_layer() {
    let layers = [alpine().0, layer().unread("a").0, layer().without("a").0];
    let image = coalesce(&layers);
    assert!(image.obstacles.is_empty(), "{:?}", image.obstacles);
    assert_eq!(image.skipped.iter().map(|(layer, _)| *layer).collect::<Vec<_>>(), [1]);
}
