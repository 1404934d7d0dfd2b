//! What `advisories import` takes from a person's folders, and what it refuses.

use crate::support::server::binary;
use advisory::{Query, Snapshot, Verdict, match_package};
use inventory::{Ecosystem, PackageKind};
use std::path::Path;
use std::process::{Command, Output};

const LIST: &str = "[26 Jan 2021] DSA-4839-1 sudo - security update\n\t{CVE-2021-3156}\n\t[buster] - sudo 1.8.27-1+deb10u3\n";
const RECORD: &str = r#"{"schema_version": "1.6.0", "id": "GHSA-0000-0000-0001", "modified": "2024-01-01T00:00:00Z",
    "affected": [{"package": {"ecosystem": "npm", "name": "left"}, "ranges": [{"type": "SEMVER",
    "events": [{"introduced": "0"}, {"fixed": "1.0.1"}]}]}]}"#;

fn import(data: &Path, path: &Path) -> Output {
    Command::new(binary()).args(["advisories", "import", "--data"]).arg(data).arg(path).output().unwrap()
}

#[test]
fn a_folder_may_hold_files_that_are_no_sources() {
    let folder = tempfile::tempdir().unwrap();
    let feeds = folder.path().join("feeds");
    for inner in ["osv", "debian", "notes"] {
        std::fs::create_dir_all(feeds.join(inner)).unwrap();
    }
    std::fs::write(feeds.join("osv/record.json"), RECORD).unwrap();
    std::fs::write(feeds.join("debian/DSA-list"), LIST).unwrap();
    std::fs::write(feeds.join("notes/plan.json"), r#"{"to do": []}"#).unwrap();

    let output = import(&folder.path().join("data"), &feeds);

    let (said, remarks) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{remarks}");
    assert!(said.starts_with("2 advisories from 2 sources are in force"), "{said}");
    assert!(remarks.contains("notes is no source and was left out"), "{remarks}");
}

#[test]
fn what_was_a_source_must_stay_one() {
    let folder = tempfile::tempdir().unwrap();
    let (data, feeds) = (folder.path().join("data"), folder.path().join("feeds"));
    std::fs::create_dir_all(feeds.join("osv")).unwrap();
    std::fs::create_dir_all(feeds.join("other")).unwrap();
    std::fs::write(feeds.join("osv/record.json"), RECORD).unwrap();
    std::fs::write(feeds.join("other/DSA-list"), LIST).unwrap();
    assert!(import(&data, &feeds).status.success());
    std::fs::write(feeds.join("osv/record.json"), &RECORD[..40]).unwrap();

    let output = import(&data, &feeds);

    assert_eq!(output.status.code(), Some(1));
    let remarks = String::from_utf8_lossy(&output.stderr);
    assert!(remarks.contains("was not read, and nothing was changed"), "{remarks}");
}

#[test]
fn what_a_person_names_must_be_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    std::fs::write(&file, r#"{"to do": []}"#).unwrap();

    let output = import(&folder.path().join("data"), &file);

    assert_eq!(output.status.code(), Some(1));
    let remarks = String::from_utf8_lossy(&output.stderr);
    assert!(remarks.contains("was not read, and nothing was changed"), "{remarks}");
    std::fs::write(&file, "").unwrap();
    let absent = folder.path().join("absent.json");
    for (path, why) in [
        (&file, "plan.json was not read, and nothing was changed: nothing of it could be read: it is empty"),
        (&absent, "absent.json does not exist"),
    ] {
        let output = import(&folder.path().join("data"), path);
        assert_eq!(output.status.code(), Some(1));
        let remarks = String::from_utf8_lossy(&output.stderr);
        assert!(remarks.trim_end().ends_with(why), "{remarks}");
    }
}

/// What is in force.
fn snapshot(data: &Path) -> Snapshot {
    let shelf = data.join("advisories");
    let name = std::fs::read_to_string(shelf.join("current")).unwrap();
    Snapshot::open(&shelf.join(format!("{}.snapshot", name.trim()))).unwrap()
}

const CATALOGUE: &str = r#"{"catalogVersion": "2026", "vulnerabilities": [
    {"cveID": "CVE-2026-0001", "dateAdded": "2026-08-25", "dueDate": "2026-09-15"},
    {"cveID": "CVE-2026-0002", "dateAdded": "2026-08-26", "dueDate": "2026-09-16"}]}"#;

/// An advisory of our own about a package of npm.
fn own(fixed: &str, alias: &str, withdrawn: &str) -> String {
    format!(
        r#"{{"schema_version": "1.6.0", "id": "OWN-1", "modified": "2026-11-01T00:00:00Z", {withdrawn} "aliases": ["{alias}"],
            "affected": [{{"package": {{"ecosystem": "npm", "name": "left"}}, "ranges": [{{"type": "SEMVER",
            "events": [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]}}]}}"#
    )
}

/// What is said of a version of the package, with the dates on which its vulnerabilities were known to be exploited.
fn said(data: &Path, version: &str) -> Vec<(String, Option<String>, Option<String>)> {
    let (snapshot, npm) = (snapshot(data), Ecosystem::new("npm"));
    let query = Query::new(&npm, PackageKind::Npm, "left", version);
    let found =
        match_package(&snapshot, &query).into_iter().filter(|found| found.verdict == Verdict::Affected);
    found
        .map(|found| {
            let known = snapshot.vulnerability(&found).known_exploit.map(|known| known.added.to_string());
            (found.vulnerability.to_string(), found.fixed, known)
        })
        .collect()
}

/// An advisory that is imported alone is laid over what is in force: what is said then is what is said if everything is
/// compiled at once, and what a catalogue knew of its vulnerability all along is found.
#[test]
fn one_advisory_is_laid_over_what_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let (data, feeds) = (folder.path().join("data"), folder.path().join("feeds"));
    std::fs::create_dir_all(feeds.join("osv")).unwrap();
    std::fs::create_dir_all(feeds.join("kev")).unwrap();
    std::fs::write(feeds.join("osv/record.json"), RECORD).unwrap();
    std::fs::write(feeds.join("kev/catalogue.json"), CATALOGUE).unwrap();
    std::fs::write(feeds.join("DSA-list"), LIST).unwrap();
    assert!(import(&data, &feeds).status.success());
    let entry = |id: &str, fixed: &str, known: Option<&str>| {
        (id.to_owned(), Some(fixed.to_owned()), known.map(str::to_owned))
    };
    let record = entry("GHSA-0000-0000-0001", "1.0.1", None);
    assert_eq!(said(&data, "1.0.0"), std::slice::from_ref(&record));

    let file = folder.path().join("own.json");
    std::fs::write(&file, own("2.0.0", "CVE-2026-0001", "")).unwrap();
    let output = import(&data, &file);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.starts_with("3 advisories from 1 source are in force"), "{printed}");
    let first = entry("CVE-2026-0001", "2.0.0", Some("2026-08-25"));
    assert_eq!(said(&data, "1.0.0"), [first.clone(), record.clone()]);
    assert_eq!(said(&data, "1.5.0"), [first]);
    assert!(snapshot(&data).verify().is_ok());
    let sources = snapshot(&data).sources().len();
    assert_eq!(sources, 4);

    // Another fix and another number, and at last it is withdrawn.
    std::fs::write(&file, own("1.2.0", "CVE-2026-0002", "")).unwrap();
    assert!(import(&data, &file).status.success());
    assert_eq!(said(&data, "1.1.0"), [entry("CVE-2026-0002", "1.2.0", Some("2026-08-26"))]);
    assert_eq!(said(&data, "1.5.0"), []);
    assert_eq!(snapshot(&data).sources().len(), sources);
    let amended = snapshot(&data);
    let everything = folder.path().join("everything");
    for path in [&feeds, &file] {
        assert!(import(&everything, path).status.success());
    }
    let coverage = |snapshot: &Snapshot| {
        snapshot.ecosystems().map(|(name, count)| (name.to_owned(), count)).collect::<Vec<_>>()
    };
    assert_eq!(coverage(&amended), coverage(&snapshot(&everything)));
    assert_eq!(said(&everything, "1.1.0"), said(&data, "1.1.0"));

    std::fs::write(&file, own("1.2.0", "CVE-2026-0002", r#""withdrawn": "2026-11-02T00:00:00Z","#)).unwrap();
    assert!(import(&data, &file).status.success());
    assert_eq!(said(&data, "1.0.0"), [record]);
}
