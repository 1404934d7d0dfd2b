//! What is held back, and what becomes of it when its source says something else.

use crate::support::feeds::Served;
use crate::update::{Site, remarks, said, secdb};
use serde_json::Value;

/// A mirror with two sources, both of which tell one state from another.
struct Mirror {
    site: Site,
    urls: [String; 2],
}

impl Mirror {
    fn new() -> Self {
        let site = Site::new();
        let urls = ["one", "other"].map(|name| format!("{}/{name}", site.source.url));
        let mirror = Self { site, urls };
        mirror.serve("/one", 100, "\"good\"");
        mirror.serve("/other", 50, "\"first\"");
        assert_eq!(mirror.update(), (Some(0), "150 advisories are in force".into()));
        mirror
    }

    /// The first source has so many advisories about a release, the other about another one.
    fn serve(&self, path: &str, packages: usize, etag: &'static str) {
        let release = if path == "/one" { "v3.20" } else { "v3.19" };
        let served = Served { content: secdb(packages, release), etag: Some(etag), ..Served::default() };
        self.site.source.serve(path, served);
    }

    /// The exit code, and how many advisories are in force then. It says so when nothing is held any more.
    fn update(&self) -> (Option<i32>, String) {
        let [one, other] = &self.urls;
        let before = self.held();
        let output = self.site.advisories(&["update", "--source", one, "--source", other]);
        let is_released = before.is_some() && self.held().is_none();
        assert_eq!(said(&output).contains("is held no more"), is_released, "{output:?}");
        let info = said(&self.site.advisories(&["info"]));
        (
            output.status.code(),
            info.split(',').next().unwrap().lines().next().unwrap().trim_end_matches('.').into(),
        )
    }

    fn held(&self) -> Option<Value> {
        let info = self.site.advisories(&["info", "--json"]);
        let mut info: Value = serde_json::from_slice(&info.stdout).unwrap();
        Some(info["held"].take()).filter(|held| !held.is_null())
    }
}

fn in_force(count: usize) -> String {
    format!("{count} advisories are in force")
}

#[test]
fn what_was_held_is_gone_when_its_source_says_again_what_is_in_force() {
    let mirror = Mirror::new();
    mirror.serve("/one", 60, "\"bad\"");
    assert_eq!(mirror.update(), (Some(1), in_force(150)));
    let held = mirror.held().unwrap();
    // It says the same once more: that is no other snapshot.
    assert_eq!(mirror.update(), (Some(1), in_force(150)));
    assert_eq!(mirror.held(), Some(held));
    mirror.serve("/one", 100, "\"good\"");
    assert_eq!(mirror.update(), (Some(0), in_force(150)));
    assert_eq!(mirror.held(), None);
    assert_eq!(mirror.site.advisories(&["accept"]).status.code(), Some(1), "there is nothing to accept");
}

#[test]
fn what_was_held_is_superseded_by_what_is_newer_and_sound() {
    let mirror = Mirror::new();
    mirror.serve("/one", 60, "\"bad\"");
    assert_eq!(mirror.update(), (Some(1), in_force(150)));
    mirror.serve("/one", 110, "\"better\"");
    assert_eq!(mirror.update(), (Some(0), in_force(160)));
    assert_eq!(mirror.held(), None);
    // Nor does what is worse than that come into force because something else was held before.
    mirror.serve("/one", 40, "\"worse\"");
    assert_eq!(mirror.update(), (Some(1), in_force(160)));
    let doubts = mirror.held().unwrap()["doubts"].to_string();
    assert!(doubts.contains("40 advisories, and in the one in force 110"), "{doubts}");
}

#[test]
fn source_that_goes_on_saying_what_is_held_does_not_hold_up_the_others() {
    let mirror = Mirror::new();
    mirror.serve("/one", 60, "\"bad\"");
    assert_eq!(mirror.update(), (Some(1), in_force(150)));
    let held = mirror.held().unwrap();
    mirror.serve("/other", 55, "\"second\"");
    assert_eq!(mirror.update(), (Some(1), in_force(155)), "what is held is still said");
    assert_eq!(mirror.held(), Some(held), "since when it is held, and why, stays");
    // Accepted, it does not take away what came into force since.
    let output = mirror.site.advisories(&["accept"]);
    assert!(output.status.success(), "{}", remarks(&output));
    assert_eq!(mirror.update(), (Some(0), in_force(115)));
    assert_eq!(mirror.held(), None);
}
