//! Why a finding is there or not, and what became of it, as the command line tells it.

use crate::states::import;
use crate::support::image::{advisory, alpine};
use crate::support::push::push;
use crate::support::server::{Server, binary};
use std::path::Path;
use std::process::Command;

fn text(server: &Server, words: &[&str]) -> String {
    let output = server.client(words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn import_again(data: &Path, fixed: &str) {
    let file = data.join("advisory.json");
    std::fs::write(&file, advisory("CVE-2099-0001", "v3.99", fixed).to_string()).unwrap();
    let output = Command::new(binary())
        .args(["advisories", "import", "--data"])
        .arg(data)
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn wait_for(server: &Server, image: &str, state: &str) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while server.verdict(image)["state"] != state {
        assert!(std::time::Instant::now() < end, "{:#}", server.verdict(image));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_explained_and_their_history_is_told() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    push(&reqwest::Client::new(), &server.url, "app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    wait_for(&server, "app:1", "Unhealthy");

    let why = text(&server, &["explain", "app:1", "CVE-2099-0001"]);
    assert!(why.contains("affected: 1.36.1-r1 is below the fixed 1.36.1-r5"), "{why}");
    assert!(why.contains("about versions from the beginning to before 1.36.1-r5"), "{why}");
    let nothing = text(&server, &["explain", "app:1", "CVE-2099-7777"]);
    assert!(nothing.contains("No advisory in force connects CVE-2099-7777 with any of the"), "{nothing}");
    let other = text(&server, &["explain", "app:1", "CVE-2099-0001", "curl"]);
    assert!(other.contains("The image has no package curl"), "{other}");

    // Another word of the feed: the installed version is the fixed one after all.
    import_again(folder.path(), "1.36.1-r1");
    wait_for(&server, "app:1", "Healthy");
    let why = text(&server, &["explain", "app:1", "CVE-2099-0001", "busybox"]);
    assert!(why.contains("not affected: 1.36.1-r1 is not below the fixed 1.36.1-r1"), "{why}");
    let history = server.json(&["image", "history", "app:1", "--json"]);
    let told: Vec<String> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let word = |key: &str| entry[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", word("kind"), word("reason"), word("after"))
        })
        .collect();
    for expected in [
        "verdict-changed AdvisoriesChanged Healthy",
        "finding-gone NoLongerAffected -",
        "verdict-changed NewImage Unhealthy",
    ] {
        assert_eq!(told.iter().filter(|line| *line == expected).count(), 1, "{expected} in {told:?}");
    }
    assert!(text(&server, &["image", "history", "app:1"]).contains("is not below the fixed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_user_knows_better_is_said_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    import(&data);
    let layout = folder.path().join("image");
    alpine("3.99.0", "1.36.1-r1").write_layout(&layout);
    let vex = folder.path().join("vex.json");
    let statement = serde_json::json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.test/vex/1",
        "author": "the team",
        "timestamp": "2026-11-01T00:00:00Z",
        "version": 1,
        "statements": [{
            "vulnerability": { "name": "CVE-2099-0001" },
            "products": [{ "@id": "pkg:apk/alpine/busybox" }],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        }],
    });
    std::fs::write(&vex, statement.to_string()).unwrap();
    let target = format!("oci:{}", layout.display());
    let scan = |words: &[&str]| {
        let output = Command::new(binary())
            .args(["scan", &target, "--format", "json", "--data"])
            .arg(&data)
            .args(words)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text, remarks) = scan(&["--fail-on", "low"]);
    assert_eq!(code, Some(3), "{text} {remarks}");
    let (code, text, remarks) = scan(&["--fail-on", "low", "--vex", vex.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{text} {remarks}");
    assert!(text.contains("vulnerable_code_not_in_execute_path"), "{text}");
    std::fs::write(&vex, "{").unwrap();
    let (code, _, remarks) = scan(&["--vex", vex.to_str().unwrap()]);
    assert_eq!(code, Some(1), "a document that cannot be read is no silence: {remarks}");
    let local = Command::new(binary())
        .args(["explain", &target, "CVE-2099-0001", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let why = String::from_utf8(local.stdout).unwrap();
    assert!(why.contains("is below the fixed 1.36.1-r5"), "{why}");
}

/// What history tells: kind, reason and vulnerability of each entry.
fn told(server: &Server) -> Vec<String> {
    let history = server.json(&["image", "history", "app:1", "--json"]);
    let word = |entry: &serde_json::Value, key: &str| entry[key].as_str().unwrap_or("-").to_owned();
    let line = |entry: &serde_json::Value| {
        [word(entry, "kind"), word(entry, "reason"), word(entry, "vulnerability")].join(" ")
    };
    history.as_array().unwrap().iter().map(line).collect()
}

#[track_caller]
fn assert_told(server: &Server, expected: &str) {
    let told = told(server);
    assert_eq!(told.iter().filter(|line| *line == expected).count(), 1, "{expected} in {told:?}");
}

/// Each way in which a finding comes and goes: with a new advisory, by a published fix, by an exemption, and when its
/// advisory is withdrawn.
#[tokio::test(flavor = "multi_thread")]
async fn withdrawn_and_exempted_findings_say_so_in_history() {
    let folder = tempfile::tempdir().unwrap();
    // Somebody speaks for the distribution, whatever becomes of the advisory below.
    std::fs::write(
        folder.path().join("other.json"),
        advisory("CVE-2099-0009", "v3.99", "0.1-r0").to_string(),
    )
    .unwrap();
    let import = |file: &str| {
        let output = Command::new(binary())
            .args(["advisories", "import", "--data"])
            .arg(folder.path())
            .arg(folder.path().join(file))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    import("other.json");
    let server = Server::start(folder.path(), &[]);
    push(&reqwest::Client::new(), &server.url, "app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    wait_for(&server, "app:1", "Healthy");

    import_again(folder.path(), "1.36.1-r5");
    wait_for(&server, "app:1", "Unhealthy");
    assert_told(&server, "finding-appeared NewAdvisory CVE-2099-0001");
    let findings = server.json(&["findings", "--json"]);
    let first_seen = findings[0]["risk"]["firstSeen"].as_str().unwrap_or_default().to_owned();
    assert!(first_seen.parse::<jiff::Timestamp>().is_ok(), "{findings:#}");

    let words = ["exemptions", "put", "walled-off", "--reason", "it is walled off", "--id", "CVE-2099-0001"];
    text(&server, &words);
    wait_for(&server, "app:1", "Healthy");
    assert_told(&server, "finding-gone Exempted CVE-2099-0001");
    text(&server, &["exemptions", "delete", "walled-off"]);
    wait_for(&server, "app:1", "Unhealthy");
    assert_told(&server, "finding-appeared ExemptionEnded CVE-2099-0001");

    let mut withdrawn = advisory("CVE-2099-0001", "v3.99", "1.36.1-r5");
    withdrawn["withdrawn"] = "2026-11-02T00:00:00Z".into();
    std::fs::write(folder.path().join("advisory.json"), withdrawn.to_string()).unwrap();
    import("advisory.json");
    wait_for(&server, "app:1", "Healthy");
    assert_told(&server, "finding-gone Withdrawn CVE-2099-0001");
    let history = text(&server, &["image", "history", "app:1"]);
    assert!(history.contains("ALPINE-CVE-2099-0001 does not name the package any more."), "{history}");
    let why = text(&server, &["explain", "app:1", "CVE-2099-0001"]);
    assert!(why.contains("No advisory in force connects CVE-2099-0001"), "{why}");
}
