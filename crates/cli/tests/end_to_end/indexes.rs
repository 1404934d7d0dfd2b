//! Indexes: every platform counts, attestations do not, and what is no image says so.

use crate::states::import;
use crate::support::image::{Blob, Image, alpine, layer};
use crate::support::push::{push_blob, put_manifest};
use crate::support::server::Server;
use reqwest::Client;
use serde_json::{Value, json};

/// A child of an index: its image, and what the index says of it.
struct Child {
    image: Image,
    platform: Value,
    annotations: Value,
}

fn child(image: Image, os: &str, architecture: &str) -> Child {
    let mut image = image;
    let mut config: Value = serde_json::from_slice(&image.config.bytes).unwrap();
    (config["os"], config["architecture"]) = (os.into(), architecture.into());
    image.config.bytes = serde_json::to_vec(&config).unwrap();
    Child { image, platform: json!({"os": os, "architecture": architecture}), annotations: json!({}) }
}

/// What BuildKit puts beside each image.
fn attestation(of: &Image) -> Child {
    let statement =
        Blob { media_type: "application/vnd.in-toto+json".into(), bytes: b"{\"predicate\":{}}".to_vec() };
    let mut image = Image::of(vec![statement]);
    image.config.bytes =
        br#"{"architecture":"unknown","os":"unknown","rootfs":{"type":"layers","diff_ids":[]}}"#.to_vec();
    Child {
        image,
        platform: json!({"os": "unknown", "architecture": "unknown"}),
        annotations: json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": of.manifest().digest().to_string(),
        }),
    }
}

/// Pushes the children by digest, and the index under a tag.
async fn push_index(server: &Server, repository: &str, children: &[Child]) {
    let client = Client::new();
    let mut listed = Vec::new();
    for Child { image, platform, annotations } in children {
        for blob in image.layers.iter().chain([&image.config]) {
            push_blob(&client, &server.url, repository, blob).await.unwrap();
        }
        let manifest = image.manifest();
        put_manifest(&client, &server.url, repository, &manifest.digest().to_string(), &manifest)
            .await
            .unwrap();
        let mut descriptor = manifest.descriptor();
        descriptor["platform"] = platform.clone();
        descriptor["annotations"] = annotations.clone();
        listed.push(descriptor);
    }
    let media_type = "application/vnd.oci.image.index.v1+json";
    let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": listed});
    let index = Blob { media_type: media_type.into(), bytes: serde_json::to_vec(&index).unwrap() };
    put_manifest(&client, &server.url, repository, "1", &index).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_as_bad_as_its_worst_platform() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    let good = || alpine("3.99.0", "1.36.1-r7");
    let bad = || alpine("3.99.0", "1.36.1-r1");

    let children = [child(bad(), "linux", "arm64"), child(bad(), "linux", "amd64"), attestation(&bad())];
    push_index(&server, "both", &children).await;
    let verdict = server.verdict("both:1");
    assert_eq!(verdict["state"], "Unhealthy", "{verdict:#}");
    assert_eq!(verdict["findings"]["high"], 2, "both platforms count: {verdict:#}");
    assert_eq!(verdict["children"].as_array().unwrap().len(), 2, "the attestation is no image: {verdict:#}");

    // One good platform does not make up for one that cannot be assessed.
    let windows = child(Image::of(vec![layer(&[("Files/x", "text")])]), "windows", "amd64");
    push_index(&server, "mixed", &[child(good(), "linux", "amd64"), windows]).await;
    let verdict = server.verdict("mixed:1");
    assert_eq!(verdict["state"], "NotApplicable", "{verdict:#}");
    let why = verdict["cause"]["description"].as_str().unwrap();
    assert!(why.contains("windows/amd64") || why.contains("linux/amd64"), "{why}");

    // An index of attestations alone has no image.
    push_index(&server, "none", &[attestation(&good())]).await;
    let verdict = server.verdict("none:1");
    assert_eq!(verdict["state"], "NotApplicable", "{verdict:#}");
    let text = server.client(&["image", "sbom", "both:1"]);
    assert!(String::from_utf8_lossy(&text.stderr).contains("only an image has a bill"), "{text:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_is_named_wrongly_once_is_read_rightly_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    let client = Client::new();
    let image = alpine("3.99.0", "1.36.1-r1");
    let mut liar = image.clone();
    liar.layers[0].media_type = "application/vnd.oci.image.layer.v1.tar+zstd".into();
    crate::support::push::push(&client, &server.url, "liar", "1", &liar).await.unwrap();
    let verdict = server.verdict("liar:1");
    assert_eq!(verdict["state"], "NotApplicable", "{verdict:#}");
    crate::support::push::push(&client, &server.url, "honest", "1", &image).await.unwrap();
    let verdict = server.verdict("honest:1");
    assert_eq!(verdict["state"], "Unhealthy", "{verdict:#}");
    // And the other way round: that it was read does not make the lie true.
    crate::support::push::push(&client, &server.url, "liar", "2", &liar).await.unwrap();
    let verdict = server.verdict("liar:2");
    assert_eq!(verdict["state"], "NotApplicable", "{verdict:#}");
}
