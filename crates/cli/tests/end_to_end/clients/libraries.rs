//! The Python libraries `oras` and `azure-containerregistry`. Their scripts lie beside this file.

use super::{printed, python};
use crate::support::push::get;
use crate::support::server::{PASSWORD, Server};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/clients").join(name)
}

/// The last line that a script printed.
fn result(printed: &str) -> Value {
    serde_json::from_str(printed.lines().last().unwrap_or_default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn oras_pushes_pulls_and_deletes_artifacts() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--workers", "0"]);
    let own = folder.path().join("oras");
    std::fs::create_dir(&own).unwrap();
    let mut command = Command::new(python);
    command.arg(script("oras_round_trip.py")).args([server.host(), "admin", PASSWORD]).arg(&own);
    let found = result(&printed(command.env("HOME", &own)));
    let client = Client::new();
    let whole = found["whole"].as_str().unwrap();
    let (status, bytes) = get(&client, &server, "/v2/team/artifact/manifests/whole").await;
    assert_eq!((status, oci::Digest::of_sha256(&bytes).as_str()), (StatusCode::OK, whole));
    // The library deletes a tag by deleting what it leads to.
    let (status, _) = get(&client, &server, "/v2/team/artifact/manifests/chunked").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let chunked = found["chunked"].as_str().unwrap();
    let (status, _) = get(&client, &server, &format!("/v2/team/artifact/manifests/{chunked}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn azures_library_runs_every_public_operation() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--workers", "0", "--tls", "self-signed"]);
    let mut command = Command::new(python);
    command.arg(script("azure_sdk.py")).args([&server.url, &server.tenant, "admin", PASSWORD]);
    command.arg(folder.path().join("tls/ca.pem"));
    let found = result(&printed(&mut command));
    assert_eq!(found["never_called"], json!([]), "{found}");
    assert!(found["called"].as_array().unwrap().len() >= 18, "{found}");
}
