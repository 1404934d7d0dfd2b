//! Advisories on their way from site to site through a registry: ours, and Debian's `docker-registry`.

use crate::states::import;
use crate::support::distribution::{Distribution, NOT_INSTALLED};
use crate::support::process::skipped;
use crate::support::server::{PASSWORD, Server, binary};
use std::path::Path;
use std::process::{Command, Output};
use store::testing::Berth;

fn advisories(data: &Path, words: &[&str]) -> Output {
    Command::new(binary())
        .arg("advisories")
        .args(words)
        .arg("--data")
        .arg(data)
        .env("LAZARETTO_USER", "admin")
        .env("LAZARETTO_PASSWORD", PASSWORD)
        .output()
        .unwrap()
}

fn remarks(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn snapshot(data: &Path) -> Option<String> {
    let output = advisories(data, &["info", "--json"]);
    let info: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    info["snapshot"].as_str().map(str::to_owned)
}

/// Pushes from one site, and pulls at another.
fn travels_through(host: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    std::fs::create_dir(&here).unwrap();
    import(&here);
    let keygen = |name: &str| {
        String::from_utf8(advisories(&here, &["keygen", &path(name)]).stdout).unwrap().trim().to_owned()
    };
    let (key, other) = (keygen("key"), keygen("other"));
    let reference = format!("{host}/site/advisories:today");

    let unsigned = advisories(&here, &["push", &reference]);
    assert_eq!(unsigned.status.code(), Some(2), "an artifact is signed");
    let absent = advisories(&there, &["pull", &reference, "--trust", &key]);
    assert_eq!(absent.status.code(), Some(1), "nothing was pushed yet");
    for _ in 0..2 {
        let pushed = advisories(&here, &["push", &reference, "--sign-key", &path("key")]);
        assert!(pushed.status.success(), "{}", remarks(&pushed));
    }
    let blind = advisories(&there, &["pull", &reference]);
    assert!(remarks(&blind).contains("give --trust KEY"), "{}", remarks(&blind));
    let stranger = advisories(&there, &["pull", &reference, "--trust", &other]);
    assert!(remarks(&stranger).contains("is not trusted; nothing was changed"), "{}", remarks(&stranger));
    assert_eq!(snapshot(&there), None);
    let pulled = advisories(&there, &["pull", &reference, "--trust", &key]);
    assert!(pulled.status.success(), "{}", remarks(&pulled));
    assert!(snapshot(&there).is_some());
    assert_eq!(snapshot(&there), snapshot(&here));
}

#[tokio::test(flavor = "multi_thread")]
async fn advisories_travel_through_our_own_registry() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    travels_through(server.host());
}

#[tokio::test(flavor = "multi_thread")]
async fn advisories_travel_through_debians_registry() {
    let berth = Berth::take();
    let host = berth.host();
    let Some(_registry) = Distribution::start(&host, "").await else {
        return skipped(NOT_INSTALLED);
    };
    tokio::task::spawn_blocking(move || travels_through(&host)).await.unwrap();
}
