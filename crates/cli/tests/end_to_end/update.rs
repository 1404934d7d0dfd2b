//! `advisories update` from a source that behaves well, and from sources that do not.

use crate::support::feeds::{FeedServer, Served};
use crate::support::server::binary;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Alpine's form: so many packages of which each has a fix, with texts long enough to be cut.
pub(crate) fn secdb(packages: usize, release: &str) -> Vec<u8> {
    let one = |number: usize| {
        format!(
            r#"{{"pkg":{{"name":"package-{number}","secfixes":{{"1.{number}-r0":["CVE-2026-{:04}"]}}}}}}"#,
            1000 + number
        )
    };
    let packages: Vec<String> = (0..packages).map(one).collect();
    let head = format!(r#"{{"distroversion":"{release}","reponame":"main","apkurl":"x","packages":["#);
    format!("{head}{}]}}", packages.join(",")).into_bytes()
}

/// OSV's form, one record, changed on a day.
fn record(day: &str) -> Vec<u8> {
    format!(
        r#"{{"schema_version":"1.6.0","id":"GHSA-0000-0000-0001","modified":"{day}T00:00:00Z","affected":[{{"package":
        {{"ecosystem":"npm","name":"left"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"1.0.1"}}]}}]}}]}}"#
    )
    .into_bytes()
}

pub(crate) struct Site {
    folder: tempfile::TempDir,
    pub(crate) source: FeedServer,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), source: FeedServer::start() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn advisories(&self, words: &[&str]) -> Output {
        Command::new(binary()).arg("advisories").args(words).arg("--data").arg(self.data()).output().unwrap()
    }

    pub(crate) fn update(&self) -> Output {
        self.advisories(&["update", "--source", &format!("{}/feed.json", self.source.url)])
    }

    fn serve(&self, content: Vec<u8>) {
        self.source.serve("/feed.json", Served { content, ..Served::default() });
    }

    /// What is in force.
    pub(crate) fn snapshot(&self) -> Option<String> {
        let output = self.advisories(&["info", "--json"]);
        let info: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        info["snapshot"].as_str().map(str::to_owned)
    }
}

pub(crate) fn remarks(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn update_that_is_cut_off_goes_on_where_it_stopped() {
    let site = Site::new();
    let content = secdb(3000, "v3.20");
    let half = content.len() / 2;
    let served = Served {
        content: content.clone(),
        etag: Some("\"one\""),
        cut_after: Some(half),
        ..Served::default()
    };
    site.source.serve("/feed.json", served);
    let output = site.update();
    assert!(output.status.success(), "{}", remarks(&output));
    assert!(said(&output).contains("3000 advisories"), "{}", said(&output));
    let asked = site.source.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].1.get("range"), None);
    let range = asked[1].1.get("range").unwrap();
    let from: usize = range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap();
    assert!(from > 0 && from <= half, "{range}");
    assert_eq!(asked[1].1.get("if-range").map(String::as_str), Some("\"one\""));
    let in_force = site.snapshot();
    assert!(in_force.is_some());

    let again = site.update();
    assert!(again.status.success());
    assert!(
        said(&again).contains("unchanged") && said(&again).contains("nothing changed"),
        "{}",
        said(&again)
    );
    assert_eq!(site.source.asked()[0].1.get("if-none-match").map(String::as_str), Some("\"one\""));
    assert_eq!(site.snapshot(), in_force);
}

#[test]
fn line_that_breaks_again_and_again_is_enough() {
    let site = Site::new();
    let content = secdb(3000, "v3.20");
    let pieces = 8;
    let cut_each = Some(content.len().div_ceil(pieces));
    let served = Served { content, etag: Some("\"one\""), cut_each, ..Served::default() };
    site.source.serve("/feed.json", served);
    let output = site.update();
    assert!(output.status.success(), "{}", remarks(&output));
    assert!(said(&output).contains("3000 advisories"), "{}", said(&output));
    assert_eq!(site.source.asked().len(), pieces);
}

#[test]
fn line_that_brings_nothing_more_is_given_up_and_continued_by_the_next_update() {
    let site = Site::new();
    let content = secdb(3000, "v3.20");
    let half = content.len() / 2;
    let served = Served { content, etag: Some("\"one\""), ..Served::default() };
    let cut = Served { content: served.content.clone(), cut_after: Some(half), cut_each: Some(0), ..served };
    let (whole, length) = (cut.content.clone(), cut.content.len());
    site.source.serve("/feed.json", cut);
    let output = site.update();
    assert_eq!(output.status.code(), Some(1));
    let why = format!("it was cut off after {half} of {length} bytes; the next update goes on from there");
    assert!(remarks(&output).contains(&why), "{}", remarks(&output));
    assert_eq!(site.snapshot(), None);
    assert_eq!(site.source.asked().len(), 4, "one that brought half, and three in vain");
    site.source.serve("/feed.json", Served { content: whole, etag: Some("\"one\""), ..Served::default() });
    assert!(site.update().status.success());
    let asked = site.source.asked();
    assert_eq!(asked[0].1.get("range"), Some(&format!("bytes={half}-")));
}

#[test]
fn file_that_became_another_one_meanwhile_is_fetched_from_its_beginning() {
    let site = Site::new();
    let target = site.data().join("advisories/downloads");
    std::fs::create_dir_all(&target).unwrap();
    let cut = Served {
        content: secdb(3000, "v3.20"),
        etag: Some("\"one\""),
        cut_after: Some(1000),
        cut_each: Some(0),
        announced: Some(500_000),
        ..Served::default()
    };
    site.source.serve("/feed.json", cut);
    let url = format!("{}/feed.json", site.source.url);
    // Somebody stops it after its first attempt, or it gives up after some in vain; the source then has another file.
    let mut child = Command::new(binary())
        .args(["advisories", "update", "--source", &url, "--data"])
        .arg(site.data())
        .spawn()
        .unwrap();
    let part = || {
        std::fs::read_dir(&target).unwrap().flatten().any(|entry| {
            entry.path().extension().is_some_and(|ending| ending == "part")
                && entry.metadata().is_ok_and(|file| file.len() > 0)
        })
    };
    while !part() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(part(), "nothing is left of what was fetched");
    let other = Served { content: secdb(40, "v3.20"), etag: Some("\"two\""), ..Served::default() };
    site.source.serve("/feed.json", other);
    let output = site.update();
    assert!(output.status.success(), "{}", remarks(&output));
    assert!(said(&output).contains("40 advisories"), "{}", said(&output));
}

/// What is served after a good update, and must change nothing.
fn refused(served: Served, why: &str) {
    let site = Site::new();
    site.serve(secdb(100, "v3.20"));
    assert!(site.update().status.success());
    let in_force = site.snapshot();
    site.source.serve("/feed.json", served);
    let output = site.update();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(remarks(&output).contains(why), "{}", remarks(&output));
    assert_eq!(site.snapshot(), in_force, "{why}");
    let info = said(&site.advisories(&["info"]));
    assert!(info.starts_with("100 advisories are in force, compiled less than an hour ago."), "{info}");
}

#[test]
fn truncated_feed_is_refused() {
    let mut content = secdb(100, "v3.20");
    content.truncate(content.len() / 2);
    refused(Served { content, ..Served::default() }, "was not read, and nothing was changed");
}

#[test]
fn empty_feed_is_refused() {
    refused(Served::default(), "is empty; nothing was changed");
}

#[test]
fn feed_without_advisories_is_refused() {
    refused(Served { content: secdb(0, "v3.20"), ..Served::default() }, "there is no advisory in it");
}

#[test]
fn huge_feed_is_refused_by_its_length_alone() {
    let served = Served { content: secdb(100, "v3.20"), announced: Some(1 << 40), ..Served::default() };
    refused(served, "no more than");
}

#[test]
fn feed_that_never_ends_well_is_refused() {
    // It announces more than it has, again and again, and has no tag to continue by.
    let served = Served { content: secdb(100, "v3.20"), announced: Some(900_000), ..Served::default() };
    refused(served, "could not be read");
}

#[test]
fn malicious_feeds_are_refused() {
    // Nothing but opening brackets; bytes of no form; a gzip member that unpacks to what it does not have.
    refused(Served { content: vec![b'['; 1 << 20], ..Served::default() }, "nothing was changed");
    refused(Served { content: vec![0xff; 1 << 16], ..Served::default() }, "nothing was changed");
    refused(
        Served { content: b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff".to_vec(), ..Served::default() },
        "nothing was changed",
    );
    refused(
        Served { content: b"PK\x03\x04../../../../etc/cron.d/evil".to_vec(), ..Served::default() },
        "nothing was changed",
    );
}

#[test]
fn redirect_to_another_host_is_not_followed() {
    let elsewhere = FeedServer::start();
    elsewhere.serve("/feed.json", Served { content: secdb(100, "v3.20"), ..Served::default() });
    let redirect = Some(format!("{}/feed.json", elsewhere.url));
    refused(Served { redirect, ..Served::default() }, "redirects to another host");
    assert!(elsewhere.asked().is_empty(), "nobody else was asked");
    let site = Site::new();
    let redirect = Some(format!("{}/feed.json", elsewhere.url));
    site.source.serve("/feed.json", Served { redirect, ..Served::default() });
    let _ = site.update();
    assert_eq!(site.source.asked().len(), 1, "asking again would not help");
}

#[test]
fn feed_that_lost_its_advisories_is_held_until_somebody_accepts_it() {
    let site = Site::new();
    site.serve(secdb(100, "v3.20"));
    assert!(site.update().status.success());
    let in_force = site.snapshot();
    site.serve(secdb(60, "v3.20"));
    let output = site.update();
    assert_eq!(output.status.code(), Some(1));
    let why = "Alpine:v3.20 has 60 advisories, and in the one in force 100";
    assert!(remarks(&output).contains(why), "{}", remarks(&output));
    assert_eq!(site.snapshot(), in_force, "the last good one stays");
    assert!(said(&site.advisories(&["info"])).contains(why));
    // Discarded, it is as if it had never come.
    assert!(site.advisories(&["discard"]).status.success());
    assert!(!said(&site.advisories(&["info"])).contains(why));
    assert_eq!(site.advisories(&["accept"]).status.code(), Some(1), "nothing is held any more");
    // Accepted, it is in force.
    assert_eq!(site.update().status.code(), Some(1));
    let output = site.advisories(&["accept"]);
    assert!(output.status.success(), "{}", remarks(&output));
    assert_ne!(site.snapshot(), in_force);
    assert!(said(&site.advisories(&["info"])).starts_with("60 advisories are in force"));
}

#[test]
fn feed_that_was_rolled_back_is_held() {
    let site = Site::new();
    site.serve(record("2026-11-20"));
    assert!(site.update().status.success());
    let in_force = site.snapshot();
    site.serve(record("2026-10-01"));
    let output = site.update();
    assert_eq!(output.status.code(), Some(1));
    assert!(remarks(&output).contains("ends at 2026-10-01"), "{}", remarks(&output));
    assert_eq!(site.snapshot(), in_force);
}

#[test]
fn one_bad_source_leaves_the_others_alone() {
    let site = Site::new();
    let urls = [format!("{}/good", site.source.url), format!("{}/bad", site.source.url)];
    let update = || site.advisories(&["update", "--source", &urls[0], "--source", &urls[1]]);
    site.source.serve("/good", Served { content: secdb(100, "v3.20"), ..Served::default() });
    site.source.serve("/bad", Served { content: secdb(50, "v3.19"), ..Served::default() });
    assert!(update().status.success());
    site.source.serve("/good", Served { content: secdb(120, "v3.20"), ..Served::default() });
    site.source.serve("/bad", Served { content: b"{".to_vec(), ..Served::default() });
    let output = update();
    assert_eq!(output.status.code(), Some(1), "what failed is said");
    assert!(said(&output).contains("170 advisories"), "what it said before is kept: {}", said(&output));
    // It has not become younger by that, as the other has.
    let info: serde_json::Value =
        serde_json::from_slice(&site.advisories(&["info", "--json"]).stdout).unwrap();
    let read_at = |source: &str| {
        let sources = info["sources"].as_array().unwrap();
        let source = sources.iter().find(|found| found["name"].as_str().unwrap().ends_with(source)).unwrap();
        source["readAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    assert!(read_at("/bad") < read_at("/good"), "{info:#}");
}

#[test]
fn a_source_that_says_that_it_is_what_it_was_counts_as_read() {
    let site = Site::new();
    let urls = [format!("{}/one", site.source.url), format!("{}/other", site.source.url)];
    let update = || site.advisories(&["update", "--source", &urls[0], "--source", &urls[1]]);
    let tagged = |content| Served { content, etag: Some("\"1\""), ..Served::default() };
    site.source.serve("/one", Served { content: secdb(100, "v3.20"), ..Served::default() });
    site.source.serve("/other", tagged(secdb(50, "v3.19")));
    assert!(update().status.success());
    let confirmed = || {
        let folder = site.data().join("advisories/records");
        let listed = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        listed.filter(|name| name.to_str().unwrap().ends_with(".confirmed")).count()
    };
    assert_eq!(confirmed(), 0);
    site.source.serve("/one", Served { content: secdb(120, "v3.20"), ..Served::default() });
    let output = update();
    assert!(output.status.success() && said(&output).contains("unchanged"), "{}", said(&output));
    assert_eq!(confirmed(), 1);
}

#[test]
fn mirror_in_a_folder_takes_the_place_of_the_public_sources() {
    let site = Site::new();
    let mirror = site.folder.path().join("mirror");
    let folder = mirror.join("alpine-secdb/v3.20");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("main.json"), secdb(30, "v3.20")).unwrap();
    let output = site.advisories(&["update", "--mirror", mirror.to_str().unwrap()]);
    assert!(said(&output).contains("alpine-secdb/v3.20/main.json: 30 records"), "{}", said(&output));
    assert!(said(&output).contains("30 advisories"), "{}", said(&output));
    assert!(remarks(&output).contains("osv/PyPI/all.zip"), "what the mirror does not have is named");
    let listed = site.advisories(&["update", "--list"]);
    assert!(said(&listed).contains("https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"));
}

#[test]
fn configured_sources_are_read() {
    let site = Site::new();
    site.serve(secdb(20, "v3.20"));
    let config = site.folder.path().join("lazaretto.toml");
    let text = format!("[[advisory-sources]]\nname = \"own\"\nurl = \"{}/feed.json\"\n", site.source.url);
    std::fs::write(&config, text).unwrap();
    let output = site.advisories(&["update", "--config", config.to_str().unwrap()]);
    assert!(said(&output).contains("own: 20 records"), "{} {}", said(&output), remarks(&output));
}

#[test]
fn signed_bundle_travels_as_a_file_and_as_an_artifact() {
    let site = Site::new();
    site.serve(secdb(100, "v3.20"));
    assert!(site.update().status.success());
    let path = |name: &str| site.folder.path().join(name).to_str().unwrap().to_owned();
    let key = said(&site.advisories(&["keygen", &path("key")])).trim().to_owned();
    let other = said(&site.advisories(&["keygen", &path("other")])).trim().to_owned();
    assert!(site.advisories(&["export", &path("bundle"), "--sign-key", &path("key")]).status.success());
    let artifact = format!("oci:{}:v1", path("layout"));
    let unsigned = site.advisories(&["export", &artifact]);
    assert_eq!(unsigned.status.code(), Some(1), "an artifact is signed");
    assert!(site.advisories(&["export", &artifact, "--sign-key", &path("key")]).status.success());
    for carried in [path("bundle"), artifact] {
        let there = Site::new();
        let stranger = there.advisories(&["import", &carried, "--trust", &other]);
        assert_eq!(stranger.status.code(), Some(1));
        assert!(remarks(&stranger).contains("is not trusted; nothing was changed"), "{}", remarks(&stranger));
        assert_eq!(there.snapshot(), None);
        let output = there.advisories(&["import", &carried, "--trust", &key]);
        assert!(output.status.success(), "{}", remarks(&output));
        assert_eq!(there.snapshot(), site.snapshot());
    }
    tampered(&site, &key);
}

fn tampered(site: &Site, key: &str) {
    let bundle: &Path = &site.folder.path().join("bundle");
    let mut bytes = std::fs::read(bundle).unwrap();
    let at = bytes.len() - 10;
    bytes[at] ^= 1;
    std::fs::write(bundle, bytes).unwrap();
    let there = Site::new();
    let output = there.advisories(&["import", bundle.to_str().unwrap(), "--trust", key]);
    assert_eq!(output.status.code(), Some(1));
    assert!(remarks(&output).contains("is not the one that was signed"), "{}", remarks(&output));
    assert_eq!(there.snapshot(), None);
}

#[test]
fn old_advisories_are_called_old() {
    let site = Site::new();
    site.serve(secdb(100, "v3.20"));
    assert!(site.update().status.success());
    let info = said(&site.advisories(&["info", "--age-limit-days", "0"]));
    assert!(info.contains("They are too old: no image can be called healthy"), "{info}");
}
