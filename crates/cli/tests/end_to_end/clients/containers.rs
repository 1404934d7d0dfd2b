//! buildah builds and pushes, podman pulls and pushes on, skopeo copies and deletes.
//!
//! Each has a storage of its own (`vfs`, which needs no rights and no kernel support), so that nothing is known from
//! somewhere else. Nothing is run from an image; buildah builds in a `chroot`.

use super::{have, printed, skip};
use crate::support::push::get;
use crate::support::server::{PASSWORD, Server};
use reqwest::{Client, StatusCode};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A program with a storage and credentials of its own.
struct Tool<'a> {
    program: &'static str,
    folder: &'a Path,
}

impl Tool<'_> {
    fn command(&self) -> Command {
        let own = self.folder.join(self.program);
        fs::create_dir_all(&own).unwrap();
        let mut command = Command::new(self.program);
        command.env("HOME", &own).env("REGISTRY_AUTH_FILE", own.join("auth.json"));
        command.env("TMPDIR", &own);
        if self.program == "skopeo" {
            command.arg("--insecure-policy");
            return command;
        }
        command.args(["--storage-driver", "vfs", "--root"]).arg(own.join("storage"));
        command.arg("--runroot").arg(own.join("run"));
        if self.program == "podman" {
            command.args(["--cgroup-manager", "cgroupfs", "--events-backend", "file"]);
        }
        command
    }

    /// Runs it and returns what it printed.
    fn run(&self, words: &[&str]) -> String {
        printed(self.command().args(words))
    }

    fn login(&self, host: &str) {
        self.run(&["login", "--tls-verify=false", "--username", "admin", "--password", PASSWORD, host]);
    }
}

/// The digest of what a tag leads to, as the registry tells it.
async fn digest(client: &Client, server: &Server, path: &str) -> String {
    let answer = client
        .head(format!("{}{path}", server.url))
        .basic_auth("admin", Some(PASSWORD))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.headers()["docker-content-digest"].to_str().unwrap().to_owned()
}

/// Only as root, these storages need no user namespaces.
fn is_root() -> bool {
    let is_root = printed(Command::new("id").arg("-u")) == "0";
    if !is_root {
        skip("buildah and podman need user namespaces where they do not run as root");
    }
    is_root
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_goes_from_buildah_to_podman_to_skopeo() {
    if !is_root() || !have(&["buildah", "podman", "skopeo"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let server = Server::start(path, &["--workers", "0"]);
    let (host, client) = (server.host().to_owned(), Client::new());
    let tool = |program| Tool { program, folder: path };
    let (buildah, podman, skopeo) = (tool("buildah"), tool("podman"), tool("skopeo"));
    for tool in [&buildah, &podman, &skopeo] {
        tool.login(&host);
    }

    let context = path.join("context");
    fs::create_dir(&context).unwrap();
    fs::write(context.join("greeting"), "hello from the quay\n").unwrap();
    fs::write(context.join("Containerfile"), "FROM scratch\nCOPY greeting /greeting\nLABEL berth=7\n")
        .unwrap();
    let (built, told) = (format!("{host}/team/built:1"), path.join("digest"));
    let told = told.to_str().unwrap();
    buildah.run(&["build", "--isolation", "chroot", "--tag", &built, context.to_str().unwrap()]);
    buildah.run(&["push", "--tls-verify=false", "--digestfile", told, &built]);
    let pushed = fs::read_to_string(told).unwrap();
    assert_eq!(digest(&client, &server, "/v2/team/built/manifests/1").await, pushed.trim());

    podman.run(&["pull", "--tls-verify=false", "--quiet", &built]);
    let pulled = podman.run(&["image", "inspect", "--format", "{{.Digest}} {{.Labels.berth}}", &built]);
    assert_eq!(pulled, format!("{} 7", pushed.trim()));
    let content = podman.run(&["image", "mount", &built]);
    assert_eq!(fs::read_to_string(Path::new(&content).join("greeting")).unwrap(), "hello from the quay\n");
    podman.run(&["image", "unmount", &built]);
    let again = format!("{host}/other/again:2");
    podman.run(&["tag", &built, &again]);
    podman.run(&["push", "--tls-verify=false", "--digestfile", told, &again]);
    let pushed_again = fs::read_to_string(told).unwrap();
    assert_eq!(digest(&client, &server, "/v2/other/again/manifests/2").await, pushed_again.trim());

    let (from, to) = (format!("docker://{again}"), format!("docker://{host}/third/copy:3"));
    let copy =
        ["copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests", &from, &to];
    skopeo.run(&copy);
    assert_eq!(digest(&client, &server, "/v2/third/copy/manifests/3").await, pushed_again.trim());
    let inspected: serde_json::Value =
        serde_json::from_str(&skopeo.run(&["inspect", "--tls-verify=false", &to])).unwrap();
    assert_eq!(inspected["Digest"], pushed_again.trim());
    assert_eq!(inspected["Labels"]["berth"], "7");
    skopeo.run(&["delete", "--tls-verify=false", &to]);
    let (status, _) = get(&client, &server, "/v2/third/copy/manifests/3").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(digest(&client, &server, "/v2/other/again/manifests/2").await, pushed_again.trim());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_goes_there_and_back_with_buildah_and_podman() {
    if !is_root() || !have(&["buildah", "podman"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let server = Server::start(path, &["--workers", "0"]);
    let (host, client) = (server.host().to_owned(), Client::new());
    let (buildah, podman) =
        (Tool { program: "buildah", folder: path }, Tool { program: "podman", folder: path });
    for tool in [&buildah, &podman] {
        tool.login(&host);
    }
    let context = path.join("context");
    fs::create_dir(&context).unwrap();
    fs::write(context.join("Containerfile"), "FROM scratch\nCOPY Containerfile /\n").unwrap();
    let list = format!("{host}/team/list:1");
    for platform in ["linux/amd64", "linux/arm64"] {
        let context = context.to_str().unwrap();
        buildah.run(&[
            "build",
            "--isolation",
            "chroot",
            "--platform",
            platform,
            "--manifest",
            "quay",
            context,
        ]);
    }
    let told = path.join("digest");
    let told = told.to_str().unwrap();
    let target = format!("docker://{list}");
    buildah.run(&["manifest", "push", "--all", "--tls-verify=false", "--digestfile", told, "quay", &target]);
    let pushed = fs::read_to_string(told).unwrap();
    assert_eq!(digest(&client, &server, "/v2/team/list/manifests/1").await, pushed.trim());
    let (_, index) = get(&client, &server, "/v2/team/list/manifests/1").await;
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    for (child, architecture) in index["manifests"].as_array().unwrap().iter().zip(["amd64", "arm64"]) {
        assert_eq!(child["platform"]["architecture"], architecture);
        podman.run(&["pull", "--tls-verify=false", "--quiet", "--arch", architecture, &list]);
        let id = podman.run(&["image", "inspect", "--format", "{{.Architecture}}", &list]);
        assert_eq!(id, architecture);
    }
}
