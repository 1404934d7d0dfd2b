//! `advisories update` from a source of OSV that tells what changed in it.

use crate::support::feeds::{FeedServer, Served};
use crate::support::server::binary;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Output};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A record of a package of its own, changed on a day of November.
fn record(id: &str, day: u8, fixed: &str) -> Value {
    json!({
        "schema_version": "1.7.0", "id": id, "modified": format!("2026-11-{day:02}T00:00:00Z"),
        "affected": [{
            "package": { "ecosystem": "npm", "name": id.to_lowercase() },
            "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": fixed }] }],
        }],
    })
}

fn export(records: &[Value]) -> Served {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for record in records {
        let name = format!("{}.json", record["id"].as_str().unwrap());
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(record.to_string().as_bytes()).unwrap();
    }
    Served { content: writer.finish().unwrap().into_inner(), etag: Some("\"export\""), ..Served::default() }
}

fn list(lines: &[(u8, &str)], etag: &'static str) -> Served {
    let text: String = lines.iter().map(|(day, id)| format!("2026-11-{day:02}T00:00:00Z,{id}\n")).collect();
    Served { content: text.into_bytes(), etag: Some(etag), ..Served::default() }
}

fn plain(record: &Value) -> Served {
    Served { content: record.to_string().into_bytes(), ..Served::default() }
}

struct Site {
    folder: tempfile::TempDir,
    source: FeedServer,
}

impl Site {
    /// A site that has read three records.
    fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap(), source: FeedServer::start() };
        let records = [record("X-1", 1, "1.0.0"), record("X-2", 2, "1.0.0"), record("X-3", 3, "1.0.0")];
        site.source.serve("/npm/all.zip", export(&records));
        site.source.serve("/npm/modified_id.csv", list(&[(3, "X-3"), (2, "X-2"), (1, "X-1")], "\"one\""));
        let output = site.update();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(site.asked(), ["/npm/all.zip"]);
        site
    }

    fn data(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::new(binary()).arg("advisories").args(words).arg("--data").arg(self.data()).output().unwrap()
    }

    fn update(&self) -> Output {
        self.run(&["update", "--source", &format!("{}/npm/all.zip", self.source.url)])
    }

    /// The paths that were asked for since the last time, each once.
    fn asked(&self) -> Vec<String> {
        let asked = self.source.asked();
        let path = |line: &str| line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut paths: Vec<String> = asked.iter().map(|(line, _)| path(line)).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    fn snapshot_file(&self) -> std::path::PathBuf {
        let shelf = self.data().join("advisories");
        let name = std::fs::read_to_string(shelf.join("current")).unwrap();
        shelf.join(format!("{}.snapshot", name.trim()))
    }

    /// The packages that two snapshots judge differently.
    fn changed(&self, before: &Path) -> Vec<String> {
        let (before, after) = (before.to_str().unwrap(), self.snapshot_file());
        let output = self.run(&["diff", before, after.to_str().unwrap()]);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter_map(|line| line.split('\t').nth(1)).map(str::to_owned).collect()
    }
}

#[test]
fn only_what_changed_is_fetched_and_the_rest_is_kept() {
    let site = Site::new();
    let before = site.data().join("before");
    std::fs::copy(site.snapshot_file(), &before).unwrap();
    // One is another, one is new, one is gone, and one stays; a connection is cut meanwhile.
    let lines = [(6, "X-4"), (5, "X-2"), (4, "X-1"), (3, "X-3")];
    let mut changes = list(&lines, "\"two\"");
    changes.cut_after = Some(30);
    site.source.serve("/npm/modified_id.csv", changes);
    let mut cut = plain(&record("X-4", 6, "4.0.0"));
    (cut.cut_after, cut.etag) = (Some(40), Some("\"x4\""));
    site.source.serve("/npm/X-4.json", cut);
    site.source.serve("/npm/X-2.json", plain(&record("X-2", 5, "2.0.0")));
    site.source.serve("/npm/X-3.json", plain(&record("X-3", 3, "1.0.0")));
    let output = site.update();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("3 advisories"), "{said}");
    let expected =
        ["/npm/X-1.json", "/npm/X-2.json", "/npm/X-3.json", "/npm/X-4.json", "/npm/modified_id.csv"];
    assert_eq!(site.asked(), expected, "the export is left alone");
    assert_eq!(site.changed(&before), ["x-1", "x-2", "x-4"]);

    let again = site.update();
    assert!(String::from_utf8_lossy(&again.stdout).contains("nothing changed"), "{again:?}");
    assert_eq!(site.asked(), ["/npm/modified_id.csv"]);
}

#[test]
fn a_list_or_record_that_is_none_leads_to_the_whole_export() {
    let site = Site::new();
    site.source.serve("/npm/modified_id.csv", list(&[(4, "../X-2")], "\"two\""));
    assert!(site.update().status.success());
    assert_eq!(site.asked(), ["/npm/all.zip", "/npm/modified_id.csv"]);
    // A record that cannot be read takes nothing away; the next time the export is asked for.
    let before = site.snapshot_file();
    site.source.serve("/npm/modified_id.csv", list(&[(5, "X-2")], "\"three\""));
    let broken = Served { content: b"{\"id\":".to_vec(), ..Served::default() };
    site.source.serve("/npm/X-2.json", broken);
    let output = site.update();
    let remarks = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(remarks.contains("was not read") || remarks.contains("kept"), "{remarks}");
    assert_eq!(site.snapshot_file(), before);
    site.asked();
    site.update();
    assert_eq!(site.asked(), ["/npm/all.zip"]);
}
