//! Real images, pushed by a real client: packages and findings are compared with what others list.
//!
//! The samples are not part of the project; where they are missing, the test says what it skipped.

use crate::support::server::{PASSWORD, Server, binary};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The images whose package database is read completely, with the ecosystem of their findings.
const IMAGES: &[&str] = &[
    "alpine-3.10.3",
    "alpine-3.18",
    "alpine-3.18-zstd",
    "alpine-3.18-docker-v2s2",
    "debian-11.11-slim-dpkgonly",
    "debian-12-slim-dpkgonly",
];

/// The folder of samples, if it is there.
fn shared() -> Option<PathBuf> {
    let given = std::env::var_os("LAZARETTO_SHARED").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    folder.join("data/images").is_dir().then_some(folder)
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn skipped(what: &str) {
    eprintln!("skipped: {what}");
}

fn skopeo(words: &[&str]) {
    let output =
        Command::new("skopeo").args(["--insecure-policy", "copy", "--all"]).args(words).output().unwrap();
    assert!(output.status.success(), "skopeo {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Name and version of every package of these kinds.
fn names(rows: &Value, kinds: &[&str], kind: &str) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.as_array()
        .unwrap()
        .iter()
        .filter(|row| kinds.contains(&row[kind].as_str().unwrap_or_default()))
        .map(|row| (text(&row["name"]), text(&row["version"])))
        .collect()
}

#[test]
fn real_images_get_the_packages_and_findings_of_the_references() {
    let Some(shared) = shared() else {
        return skipped("there is no folder of sample images");
    };
    if !has("skopeo") {
        return skipped("skopeo is not installed (cargo xtask setup)");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut import = Command::new(binary());
    import.args(["advisories", "import", "--data"]).arg(folder.path());
    let output = import.arg(shared.join("data/advisories/osv")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let server = Server::start(folder.path(), &[]);
    let credentials = format!("admin:{PASSWORD}");
    for name in IMAGES {
        let layout = shared.join("data/images").join(name);
        let source = format!("oci:{}", layout_folder(&layout).display());
        let target = format!("docker://{}/samples/{name}:1", server.host());
        skopeo(&["--dest-tls-verify=false", "--dest-creds", &credentials, &source, &target]);

        let pulled = folder.path().join(format!("pulled-{name}"));
        let copy = format!("oci:{}:1", pulled.display());
        skopeo(&["--src-tls-verify=false", "--src-creds", &credentials, &target, &copy]);

        let image = server.verdict(&format!("samples/{name}:1"));
        let digest = image["digest"].as_str().unwrap();
        if *name != "alpine-3.18-docker-v2s2" {
            let pulled = read(&pulled.join("index.json"));
            assert_eq!(pulled["manifests"][0]["digest"], digest, "{name} came back with another digest");
        }
        compare(&server, &shared, name, &image);
    }
}

/// The folder that holds `index.json`: the sample's own, or the one folder inside it.
fn layout_folder(sample: &Path) -> PathBuf {
    if sample.join("index.json").is_file() {
        return sample.to_owned();
    }
    let mut inside = std::fs::read_dir(sample).unwrap().map(|entry| entry.unwrap().path());
    inside.find(|path| path.join("index.json").is_file()).unwrap()
}

fn compare(server: &Server, shared: &Path, name: &str, image: &Value) {
    let kinds = ["apk", "deb"];
    let reference = read(&shared.join("data/inventory").join(format!("{name}.json")));
    let reference_name = image["digest"].as_str().unwrap();
    let expected = names(&reference["syft"]["packages"], &kinds, "type");
    let path = format!("/api/images/samples/{name}@{reference_name}/packages");
    let packages = server.api(&path);
    assert_eq!(names(&packages["value"], &kinds, "kind"), expected, "packages of {name}");

    let reference = read(&shared.join("data/truth/reference-matches").join(format!("{name}.json")));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let expected: BTreeSet<(String, String)> = reference["matches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(&row["package"]), text(&row["id"])))
        .collect();
    let findings = server.json(&["findings", &format!("samples/{name}:1"), "--json"]);
    let found: BTreeSet<(String, String)> = findings
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| {
            let package = text(&row["package"]);
            row["advisories"]
                .as_array()
                .unwrap()
                .iter()
                .map(move |id| (package.clone(), text(id)))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(found, expected, "findings of {name}");
    // The samples without a finding are of Alpine 3.18, whose support ended: that nothing is known says nothing.
    let state = if expected.is_empty() { "NotApplicable" } else { "Unhealthy" };
    assert_eq!(image["state"], state, "{name}: {image:#}");
    if expected.is_empty() {
        assert_eq!(image["cause"]["code"], "DistributionOutOfSupport", "{name}: {image:#}");
    }
}
