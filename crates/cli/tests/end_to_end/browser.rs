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
    people(&server).await;
    // Browsers speak HTTP/2 where there is TLS, and so is it used.
    drop(server);
    let server = Server::start(folder.path(), &["--price-per-image", "0.25 EUR", "--tls", "self-signed"]);
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
        !["status of 401", "status of 403", "status of 404", "favicon"].iter().any(|one| text.contains(one))
    });
    assert_eq!(complaints.count(), 0, "{seen:#}");
    assert_eq!((&seen["current"], &seen["rows"]), (&json!("Images"), &json!(1)));
    assert!(seen["answer"].as_str().unwrap().contains("CVE-2099-0001"), "{seen:#}");
    for part in ["team/ill", "CVE-2099-0001", "busybox", "1.36.1-r5"] {
        assert!(seen["image"].as_str().unwrap().contains(part), "{part}: {seen:#}");
    }
    assert_eq!((&seen["first"], &seen["after"]), (&json!("To the content"), &json!("/portal/sign-in")));
    assert!(seen["file"].as_str().unwrap().ends_with(".csv"), "{seen:#}");
    everybody_sees_what_they_may(&seen);
}

/// Somebody who reads findings, somebody who only pulls, and somebody without any role.
async fn people(server: &Server) {
    for (name, role) in [
        ("sec@example.com", Some("Security Reader")),
        ("pull@example.com", Some("AcrPull")),
        ("no@example.com", None),
    ] {
        let person = json!({
            "displayName": name, "userPrincipalName": name, "accountEnabled": true, "mailNickname": "x",
            "passwordProfile": {"password": PASSWORD, "forceChangePasswordNextSignIn": false},
        });
        let request = Client::new().post(format!("{}/graph/v1.0/users", server.url)).json(&person);
        let made = request.basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
        assert_eq!(made.status(), 201, "{name}");
        if let Some(role) = role {
            let output = server.client(&["roles", "assign", role, name]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

fn everybody_sees_what_they_may(seen: &Value) {
    let page = |who: &str, path: &str| &seen["people"][who][path];
    for path in ["/portal/", "/portal/query?q=Findings", "/portal/usage", "/portal/images/team/ill:1"] {
        let shown = page("sec@example.com", path);
        assert_eq!(shown["status"], 200, "{path}: {shown}");
        for who in ["pull@example.com", "no@example.com"] {
            let refused = page(who, path);
            let text = refused["text"].as_str().unwrap();
            assert_eq!(refused["status"], 403, "{who} {path}: {refused}");
            assert!(
                !text.contains("CVE-") && !text.contains("ill") && !text.contains("0.25"),
                "{who} {path}: {text}"
            );
            // There is a way on for whoever took the wrong account.
            assert!(text.contains("Sign in as somebody else"), "{who} {path}: {text}");
        }
    }
    // What is there and what is not look alike to whoever may see neither.
    for who in ["pull@example.com", "no@example.com"] {
        assert_eq!(page(who, "/portal/images/team/ill:1"), page(who, "/portal/images/none:1"), "{who}");
    }
    let findings = page("sec@example.com", "/portal/images/team/ill:1")["text"].as_str().unwrap();
    assert!(findings.contains("CVE-2099-0001"), "{findings}");
    let missing = page("admin", "/portal/nothing");
    assert_eq!(missing["status"], 404, "{missing}");
    assert!(missing["text"].as_str().unwrap().contains("There is no page at this address"), "{missing}");
}
