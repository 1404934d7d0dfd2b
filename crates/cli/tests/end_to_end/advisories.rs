//! What `advisories import` takes from a person's folders, and what it refuses.

use crate::support::server::binary;
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
}
