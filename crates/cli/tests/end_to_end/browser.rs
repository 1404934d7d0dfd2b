//! The portal in a real browser, where one is installed: by keyboard, in light and dark, on wide and narrow screens, with
//! enough contrast and a name for each field.

use crate::states::import;
use crate::support::image::alpine;
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server};
use reqwest::Client;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A browser that can be driven, and the folder of the library that drives it.
fn browser() -> Option<(&'static str, PathBuf)> {
    let is_there = |program: &&str| {
        Command::new(program).arg("--version").output().is_ok_and(|one| one.status.success())
    };
    let program = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(is_there)?;
    let clients = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("test-clients/node");
    clients.join("node_modules/playwright-core").is_dir().then_some((program, clients))
}

/// Where a program of the search path is.
fn found(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(program));
    places.find(|place| place.is_file()).unwrap_or_else(|| program.into())
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[tokio::test(flavor = "multi_thread")]
async fn the_portal_is_used_by_keyboard_and_read_by_everybody() {
    let Some((program, clients)) = browser() else {
        println!(
            "skipped: no Chromium, or playwright-core is not installed (`cargo xtask clients` does that)"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &["--price-per-image", "0.25 EUR"]);
    for (name, version) in [("team/ill", "1.36.1-r1"), ("team/well", "1.36.1-r7")] {
        push(&Client::new(), &server.url, name, "1", &alpine("3.99.0", version)).await.unwrap();
        server.verdict(&format!("{name}:1"));
    }
    let output = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/browser.mjs"))
        .env("LAZARETTO_URL", &server.url)
        .env("LAZARETTO_PASSWORD", PASSWORD)
        .env("LAZARETTO_CLIENTS", &clients)
        .env("LAZARETTO_BROWSER", found(program))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    for fault in ["faint", "wide", "nameless"] {
        assert_eq!(seen[fault], json!([]), "{fault}: {seen:#}");
    }
    // A browser tells its console of each refused answer; of anything else it complains rightly.
    let complaints = seen["errors"].as_array().unwrap().iter().filter(|one| {
        let text = one.as_str().unwrap();
        !text.contains("status of 401") && !text.contains("status of 404") && !text.contains("favicon")
    });
    assert_eq!(complaints.count(), 0, "{seen:#}");
    assert_eq!((&seen["current"], &seen["rows"]), (&json!("Images"), &json!(1)));
    assert!(seen["answer"].as_str().unwrap().contains("CVE-2099-0001"), "{seen:#}");
    for part in ["team/ill", "CVE-2099-0001", "busybox", "1.36.1-r5"] {
        assert!(seen["image"].as_str().unwrap().contains(part), "{part}: {seen:#}");
    }
    assert_eq!((&seen["first"], &seen["after"]), (&json!("To the content"), &json!("/portal/sign-in")));
    assert!(seen["file"].as_str().unwrap().ends_with(".csv"), "{seen:#}");
}
