//! Real clients: skopeo pushes images over the network and pulls them back, and every digest stays what it was;
//! docker signs in and reads them.
//!
//! Without these on the PATH, and for images of the shared folder without that folder, the tests say what they skipped.

use crate::harness::{Harness, descriptor};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use oci::{Digest, MediaType};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

#[expect(clippy::print_stderr, reason = "a test that could not run has to say so")]
fn skip(what: &str) {
    eprintln!("skipped: {what}");
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        skip(&format!("{program} is not on the PATH"));
    }
    found
}

fn shared_images() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = std::env::var_os("LAZARETTO_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let images = shared.join("data/images");
    if images.is_dir() {
        return Some(images);
    }
    skip("there is no shared folder with images");
    None
}

/// A registry that listens on a port of this machine, and a folder for what is pulled from it.
struct Listening {
    host: String,
    folder: TempDir,
    _harness: Harness,
}

impl Listening {
    async fn start() -> Self {
        let (harness, host) = Harness::listening().await;
        Self { host, folder: tempfile::tempdir().unwrap(), _harness: harness }
    }

    async fn skopeo(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("skopeo");
        command.arg("--insecure-policy").args(arguments);
        // Credentials of whoever runs the test are none of the test's business.
        command.env("REGISTRY_AUTH_FILE", self.folder.path().join("auth.json"));
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    async fn skopeo_succeeds(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.skopeo(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Pushes a layout, pulls it back into another one, and returns what the second one points to.
    async fn round_trip(&self, layout: &str, name: &str) -> Value {
        let remote = format!("docker://{}/{name}:1", self.host);
        let back = format!("oci:{}:1", self.folder.path().join(name.replace('/', "-")).display());
        self.skopeo_succeeds(&[
            "copy",
            "--all",
            "--preserve-digests",
            "--dest-tls-verify=false",
            "--dest-creds=owner:open sesame",
            layout,
            &remote,
        ])
        .await;
        self.skopeo_succeeds(&[
            "copy",
            "--all",
            "--preserve-digests",
            "--src-tls-verify=false",
            "--src-creds=reader:open sesame",
            &remote,
            &back,
        ])
        .await;
        let index = back.strip_prefix("oci:").and_then(|path| path.strip_suffix(":1")).unwrap();
        let index = fs::read(Path::new(index).join("index.json")).unwrap();
        serde_json::from_slice::<Value>(&index).unwrap()["manifests"][0].clone()
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Writes an OCI layout of one image with two layers, and returns the digest of its manifest.
fn write_layout(folder: &Path) -> Digest {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let write = |content: &[u8]| fs::write(blobs.join(Digest::of_sha256(content).hex()), content).unwrap();
    // An empty archive is two blocks of zeros; some more of them make another layer.
    let archives = [vec![0; 1024], vec![0; 10_240]];
    let layers = archives.clone().map(|archive| gzip(&archive));
    let config = json!({
        "os": "linux",
        "architecture": "amd64",
        "rootfs": { "type": "layers", "diff_ids": archives.map(|archive| Digest::of_sha256(&archive)) },
    })
    .to_string();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": descriptor(MediaType::OCI_CONFIG, config.as_bytes()),
        "layers": layers.clone().map(|layer| descriptor(MediaType::OCI_LAYER_GZIP, &layer)),
    })
    .to_string();
    for content in [&layers[0][..], &layers[1][..], config.as_bytes(), manifest.as_bytes()] {
        write(content);
    }
    let index = json!({ "schemaVersion": 2, "manifests": [descriptor(MediaType::OCI_MANIFEST, manifest.as_bytes())] });
    fs::write(folder.join("index.json"), index.to_string()).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    Digest::of_sha256(manifest.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_pushes_and_pulls_an_image() {
    if !has("skopeo") {
        return;
    }
    let listening = Listening::start().await;
    let layout = tempfile::tempdir().unwrap();
    let digest = write_layout(layout.path());
    let root = listening.round_trip(&format!("oci:{}", layout.path().display()), "team/app").await;
    assert_eq!(root["digest"], digest.as_str());
    let remote = format!("docker://{}/team/app", listening.host);
    let tags = listening
        .skopeo_succeeds(&["list-tags", "--tls-verify=false", "--creds=reader:open sesame", &remote])
        .await;
    assert_eq!(serde_json::from_slice::<Value>(&tags).unwrap()["Tags"], json!(["1"]));
    let image = format!("{remote}:1");
    let delete = ["delete", "--tls-verify=false"];
    let refused = listening.skopeo(&[delete[0], delete[1], "--creds=reader:open sesame", &image]).await;
    assert!(!refused.status.success());
    listening.skopeo_succeeds(&[delete[0], delete[1], "--creds=owner:open sesame", &image]).await;
    let gone =
        listening.skopeo(&["inspect", "--tls-verify=false", "--creds=reader:open sesame", &image]).await;
    assert!(!gone.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_is_refused_without_the_right() {
    if !has("skopeo") {
        return;
    }
    let listening = Listening::start().await;
    let layout = tempfile::tempdir().unwrap();
    write_layout(layout.path());
    let layout = format!("oci:{}", layout.path().display());
    let remote = format!("docker://{}/team/app:1", listening.host);
    for credentials in ["reader:open sesame", "owner:wrong", "stranger:open sesame"] {
        let credentials = format!("--dest-creds={credentials}");
        let output =
            listening.skopeo(&["copy", "--dest-tls-verify=false", &credentials, &layout, &remote]).await;
        assert!(!output.status.success(), "{credentials}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_carries_real_images_there_and_back() {
    let Some(images) = shared_images() else { return };
    if !has("skopeo") {
        return;
    }
    let listening = Listening::start().await;
    for name in [
        "alpine-3.10.3",
        "alpine-3.18-zstd",
        "alpine-3.18-docker-v2s2",
        "alpine-3.15-multiarch",
        "empty-no-layers",
        "layers-upgrade-whiteout",
    ] {
        let layout = images.join(name);
        if !layout.is_dir() {
            skip(name);
            continue;
        }
        let index = fs::read(layout.join("index.json")).unwrap();
        let source = serde_json::from_slice::<Value>(&index).unwrap()["manifests"][0].clone();
        let root = listening.round_trip(&format!("oci:{}", layout.display()), name).await;
        assert_eq!(root["digest"], source["digest"], "{name}");
        assert_eq!(root["mediaType"], source["mediaType"], "{name}");
    }
}

/// docker's own client library signs in and reads the image; that needs no daemon.
#[tokio::test(flavor = "multi_thread")]
async fn docker_reads_what_skopeo_pushed() {
    if !has("skopeo") || !has("docker") {
        return;
    }
    let listening = Listening::start().await;
    let layout = tempfile::tempdir().unwrap();
    let digest = write_layout(layout.path());
    listening.round_trip(&format!("oci:{}", layout.path().display()), "team/app").await;
    let credentials = STANDARD.encode("reader:open sesame");
    let configuration = json!({ "auths": { listening.host.clone(): { "auth": credentials } } });
    fs::write(listening.folder.path().join("config.json"), configuration.to_string()).unwrap();
    let mut docker = Command::new("docker");
    docker.env("DOCKER_CONFIG", listening.folder.path());
    docker.args(["manifest", "inspect", "--insecure", "--verbose"]);
    docker.arg(format!("{}/team/app:1", listening.host));
    let output = tokio::task::spawn_blocking(move || docker.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["Descriptor"]["digest"], digest.as_str());
}
