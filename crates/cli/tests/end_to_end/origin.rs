//! Where packages come from: layers, build steps, the base image, and bills of materials.

use crate::states::import;
use crate::support::image::{Blob, Image, alpine, layer};
use crate::support::push::{get, push};
use crate::support::server::{PASSWORD, Server, binary};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::process::Command;

/// An image with a build step for each layer, and these labels.
fn built(layers: Vec<Blob>, steps: &[&str], labels: &Value) -> Image {
    let mut image = Image::of(layers);
    let mut config: Value = serde_json::from_slice(&image.config.bytes).unwrap();
    config["history"] = steps.iter().map(|step| json!({"created_by": step})).collect();
    config["config"] = json!({"Labels": labels});
    image.config.bytes = serde_json::to_vec(&config).unwrap();
    image
}

/// Alpine with a vulnerable busybox.
fn base() -> Vec<Blob> {
    alpine("3.99.0", "1.36.1-r1").layers
}

/// The same again with another package of the database: a newer base that mends nothing or all.
fn own_layer(name: &str) -> Blob {
    layer(&[(
        &format!("srv/node_modules/{name}/package.json"),
        &format!(r#"{{"name":"{name}","version":"1.0.0"}}"#),
    )])
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_tell_their_step_and_what_the_base_brought_in() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    let client = Client::new();
    let app = built(
        [base(), vec![own_layer("left-pad")]].concat(),
        &["ADD rootfs.tar /", "RUN npm install"],
        &json!({}),
    );
    push(&client, &server.url, "team/app", "1", &app).await.unwrap();
    server.verdict("team/app:1");
    let alone = server.json(&["image", "show", "team/app:1", "--json"]);
    assert_eq!(alone["base"], Value::Null, "{alone:#}");
    assert_eq!(alone["layers"][1]["step"], "RUN npm install", "{alone:#}");

    // The base is found although it was pushed later.
    push(&client, &server.url, "base/alpine", "1", &built(base(), &["ADD rootfs.tar /"], &json!({})))
        .await
        .unwrap();
    server.verdict("base/alpine:1");
    let shown = server.json(&["image", "show", "team/app:1", "--json"]);
    assert_eq!(shown["base"]["repository"], "base/alpine", "{shown:#}");
    assert_eq!(shown["base"]["layers"], 1);
    assert_eq!((&shown["base"]["inherited"], &shown["base"]["own"]), (&json!(1), &json!(0)));
    assert_eq!(shown["base"]["newer"], Value::Null);
    assert_eq!(
        (&shown["layers"][0]["inherited"], &shown["layers"][1]["inherited"]),
        (&json!(true), &json!(false))
    );
    let findings = server.json(&["findings", "team/app:1", "--json"]);
    assert_eq!(findings[0]["step"], "ADD rootfs.tar /", "{findings:#}");
    assert_eq!((&findings[0]["layerNumber"], &findings[0]["inherited"]), (&json!(1), &json!(true)));
    let text = server.client(&["image", "show", "team/app:1"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("1 findings are inherited, 0 are your own"), "{text}");

    // The same place in Resource Graph's form.
    let rows = server.json(&[
        "query",
        "Findings | project buildStep, layerNumber, inherited, repository",
        "--format",
        "json",
    ]);
    let row = rows.as_array().unwrap().iter().find(|row| row["repository"] == "team/app").unwrap();
    assert_eq!((&row["buildStep"], &row["inherited"]), (&json!("ADD rootfs.tar /"), &json!(true)), "{row:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_base_says_what_it_fixes() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    let client = Client::new();
    let old = base();
    push(&client, &server.url, "base", "1.0", &Image::of(old.clone())).await.unwrap();
    server.verdict("base:1.0");
    let app = Image::of([old, vec![own_layer("left-pad")]].concat());
    push(&client, &server.url, "app", "1", &app).await.unwrap();
    push(&client, &server.url, "base", "1.1", &alpine("3.99.0", "1.36.1-r7")).await.unwrap();
    server.verdict("app:1");
    server.verdict("base:1.1");
    let shown = server.json(&["image", "show", "app:1", "--json"]);
    assert_eq!(shown["base"]["newer"]["tags"], json!(["1.1"]), "{shown:#}");
    assert_eq!(shown["base"]["newer"]["fixes"], 1, "{shown:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_is_only_claimed_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    let labels = json!({"org.opencontainers.image.base.name": "registry.example/base:7\u{1b}[2J"});
    let image = built(base(), &["ADD rootfs.tar /"], &labels);
    push(&Client::new(), &server.url, "app", "1", &image).await.unwrap();
    server.verdict("app:1");
    let shown = server.json(&["image", "show", "app:1", "--json"]);
    assert_eq!(shown["base"]["repository"], Value::Null);
    assert_eq!(shown["base"]["claimedName"], "registry.example/base:7 [2J");
    assert_eq!(shown["layers"][0]["inherited"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_is_shown_attached_once_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    let client = Client::new();
    let digest = push(&client, &server.url, "team/app", "1", &Image::of(base())).await.unwrap();
    server.verdict("team/app:1");
    let bill = server.json(&["image", "sbom", "team/app:1"]);
    assert_eq!(bill["specVersion"], "1.6", "{bill:#}");
    assert_eq!(bill["metadata"]["component"]["version"], digest);
    assert!(bill["components"].as_array().unwrap().iter().any(|part| part["name"] == "busybox"), "{bill:#}");
    let (_, spdx) = get(&client, &server, &format!("/api/images/team/app@{digest}/sbom?format=spdx")).await;
    let spdx: Value = serde_json::from_slice(&spdx).unwrap();
    assert_eq!(spdx["spdxVersion"], "SPDX-2.3");

    // Attaching twice attaches once, and any client finds it as a referrer.
    let mut attached = Vec::new();
    for _ in 0..2 {
        let output = server.client(&["image", "sbom", "team/app:1", "--format", "spdx", "--attach"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        attached.push(String::from_utf8(output.stdout).unwrap().trim().to_owned());
    }
    assert_eq!(attached[0], attached[1]);
    let (status, referrers) = get(&client, &server, &format!("/v2/team/app/referrers/{digest}")).await;
    assert_eq!(status, StatusCode::OK);
    let referrers: Value = serde_json::from_slice(&referrers).unwrap();
    let list = referrers["manifests"].as_array().unwrap();
    assert_eq!(list.len(), 1, "{referrers:#}");
    assert_eq!(list[0]["artifactType"], "application/spdx+json");
    let own = list[0]["digest"].as_str().unwrap();
    let (_, manifest) = get(&client, &server, &format!("/v2/team/app/manifests/{own}")).await;
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let blob = manifest["layers"][0]["digest"].as_str().unwrap();
    let (_, stored) = get(&client, &server, &format!("/v2/team/app/blobs/{blob}")).await;
    assert_eq!(serde_json::from_slice::<Value>(&stored).unwrap(), spdx);

    // Read back, the bill is judged as the image is.
    for (name, bill) in [("cyclonedx", &bill), ("spdx", &spdx)] {
        let file = folder.path().join(format!("{name}.json"));
        std::fs::write(&file, bill.to_string()).unwrap();
        let output = Command::new(binary())
            .args(["scan", &format!("sbom:{}", file.display()), "--format", "json", "--data"])
            .arg(folder.path())
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{name}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(report["state"], "Unhealthy", "{name}: {report:#}");
        assert_eq!(report["findings"][0]["vulnerability"], "CVE-2099-0001", "{name}: {report:#}");
    }
    let rubbish = folder.path().join("rubbish.json");
    std::fs::write(&rubbish, "{}").unwrap();
    let output =
        Command::new(binary()).args(["scan", &format!("sbom:{}", rubbish.display())]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("neither CycloneDX nor SPDX"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bills_are_refused_without_a_scan_a_right_or_a_known_form() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--plan", "free"]);
    let client = Client::new();
    push(&client, &server.url, "app", "1", &Image::of(base())).await.unwrap();
    server.verdict("app:1");
    let ask = async |method: Method, query: &str, user: Option<&str>| {
        let request = client.request(method, format!("{}/api/images/app:1/sbom{query}", server.url));
        let request = match user {
            Some(user) => request.basic_auth(user, Some(PASSWORD)),
            None => request,
        };
        request.send().await.unwrap().status()
    };
    assert_eq!(ask(Method::GET, "", Some("admin")).await, StatusCode::CONFLICT);
    assert_eq!(ask(Method::GET, "?format=csv", Some("admin")).await, StatusCode::BAD_REQUEST);
    assert_eq!(ask(Method::GET, "", None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(Method::POST, "", None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(Method::POST, "", Some("nobody")).await, StatusCode::UNAUTHORIZED);
}
