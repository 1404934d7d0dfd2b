//! Layers that were made to cost much: they end soon, and nothing of them is lost quietly.

use super::{ALPINE, APK, check, coalesce, layer, path};
use crate::PackageKind;

#[test]
fn many_files_and_links_end_quickly() {
    let mut wide = layer().os(ALPINE);
    for number in 0..2000 {
        wide = wide.database(PackageKind::Npm, &format!("srv/{number}/package.json"), "a@1");
        wide = wide
            .symlink(&format!("etc/{number}"), &format!("{}", number + 1))
            .unread(&format!("opt/{number}"));
    }
    let deep = path(&"a/".repeat(2000));
    let layers = [wide.0, layer().symlink(deep.as_str(), "b").without(deep.as_str()).opaque("srv").0];
    assert!(coalesce(&layers).packages.is_empty());
}

#[test]
fn links_made_to_be_followed_without_end_are_given_up_and_named() {
    let long = "b/../".repeat(800);
    let mut trap = layer().os(ALPINE).apk("musl@1");
    for number in 0..39 {
        trap = trap.symlink(&format!("l{number}"), &format!("{long}l{}", number + 1));
    }
    for number in 0..2000 {
        trap = trap.without(&format!("l0/{number}/x"));
    }
    let upper = (0..1000).fold(layer(), |layer, number| layer.without(&format!("l0/{number}/x")));
    check(
        [trap, upper],
        "alpine 3.18.9
         musl@1 lib/apk/db/installed L0
         ! unread  L0: its links and paths have more parts than can be followed",
    );
}

#[test]
fn many_names_of_one_large_database_cost_little() {
    let packages: String = (0..2000).map(|number| format!("p{number}@1 ")).collect();
    let mut layer = layer().os(ALPINE).apk(&packages);
    for number in 0..5000 {
        layer = layer.hard_link(&format!("srv/{number}"), APK);
    }
    let image = coalesce(&[layer.0]);
    assert_eq!((image.packages.len(), image.obstacles.len()), (2000, 0));
}
