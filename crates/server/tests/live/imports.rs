//! Images from other registries: another one of ours, and Debian's `docker-registry`.

use crate::harness::{INDEX, MANIFEST, PASSWORD, Server, descriptor};
use jiff::Timestamp;
use oci::Digest;
use reqwest::Method;
use serde_json::{Value, json};
use server::Overrides;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use store::testing::Berth;
use store::{Actor, Import, ImportCredentials, ImportSource, ImportState, ImportTarget, ImportWish};
use uuid::Uuid;

fn wish(source: ImportSource, targets: &[(&str, Option<&str>)]) -> ImportWish {
    ImportWish {
        source,
        targets: targets
            .iter()
            .map(|(repository, tag)| ImportTarget {
                repository: repository.parse().unwrap(),
                tag: tag.map(|tag| tag.parse().unwrap()),
            })
            .collect(),
        force: false,
        has_credentials: false,
        actor: Actor("importer".into()),
    }
}

fn remote(host: &str, repository: &str, reference: &str) -> ImportSource {
    ImportSource::Remote { host: host.into(), repository: repository.into(), reference: reference.into() }
}

fn admin() -> Option<ImportCredentials> {
    Some(ImportCredentials { user: "admin".into(), password: PASSWORD.into() })
}

/// Asks for an import as the resource manager does, over the server's own records, and waits for its end.
async fn import(server: &Server, wish: ImportWish, credentials: Option<ImportCredentials>) -> Import {
    let wish = ImportWish { has_credentials: credentials.is_some(), ..wish };
    let (id, registry) = (Uuid::new_v4(), &server.registry);
    let store = server.running.as_ref().unwrap().store();
    let begun =
        store.begin_import(id, registry.id, registry.subscription, wish, credentials, Timestamp::now());
    assert_eq!(begun.await.unwrap().state, ImportState::Running);
    loop {
        let import = store.import(id).await.unwrap().unwrap();
        if import.state != ImportState::Running {
            assert!(store.import_credentials(id).await.is_none(), "credentials are forgotten");
            return import;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn manifest(server: &Server, path: &str) -> (u16, Vec<u8>) {
    let answer = server.get(path).await;
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_comes_with_its_images_under_all_its_names() {
    let (source, target) = (Server::start().await, Server::start().await);
    let mut children = Vec::new();
    for platform in ["amd64", "arm64"] {
        let image = source.image("app", format!("layer {platform}").as_bytes()).await;
        let text = image.to_string();
        let digest = Digest::of_sha256(text.as_bytes()).to_string();
        source.put_manifest("app", &digest, MANIFEST, &image).await;
        children.push(descriptor(MANIFEST, text.as_bytes()));
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children });
    let digest = source.put_manifest("app", "1.0", INDEX, &index).await;
    let names = [("copy", Some("1.0")), ("copy", Some("latest")), ("other", None)];
    let import = import(&target, wish(remote(source.host(), "app", "1.0"), &names), admin()).await;
    assert_eq!((import.state, import.error.as_deref()), (ImportState::Succeeded, None));
    assert_eq!(import.digest, Some(digest.clone()));
    assert_eq!((import.done, import.total > 0), (import.total, true));
    for path in ["copy/manifests/1.0", "copy/manifests/latest", &format!("other/manifests/{digest}")] {
        assert_eq!(manifest(&target, &format!("/v2/{path}")).await, (200, index.to_string().into_bytes()));
    }
    for child in &children {
        let path = format!("/v2/copy/manifests/{}", child["digest"].as_str().unwrap());
        let (status, bytes) = manifest(&target, &path).await;
        assert_eq!(status, 200);
        let layer = serde_json::from_slice::<Value>(&bytes).unwrap()["layers"][0]["digest"].clone();
        let path = format!("/v2/other/blobs/{}", layer.as_str().unwrap());
        assert_eq!(manifest(&target, &path).await.0, 200);
    }
    let events = target.json("/api/events?kind=manifest-pushed&repository=copy").await;
    let last = events["value"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["actor"], &last["tag"]), (&"importer".into(), &"latest".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_moved_only_by_force() {
    let (source, target) = (Server::start().await, Server::start().await);
    let digest = source.push_image("app", "1.0", b"new").await;
    let old = target.push_image("app", "1.0", b"old").await;
    let wanted = wish(remote(source.host(), "app", "1.0"), &[("app", Some("1.0"))]);
    let refused = import(&target, wanted.clone(), admin()).await;
    assert_eq!(refused.state, ImportState::Failed);
    assert!(refused.error.unwrap().contains("app:1.0 is there already"));
    let repository = store::RepositoryKey { registry: target.registry.id, name: "app".parse().unwrap() };
    let tag = "1.0".parse().unwrap();
    assert_eq!(target.store.resolve_tag(&repository, &tag).await.unwrap(), Some(old));
    let forced = import(&target, ImportWish { force: true, ..wanted }, admin()).await;
    assert_eq!(forced.state, ImportState::Succeeded, "{:?}", forced.error);
    assert_eq!(target.store.resolve_tag(&repository, &tag).await.unwrap(), Some(digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_says_why_and_leaves_nothing() {
    let (source, target) = (Server::start().await, Server::start().await);
    source.push_image("app", "1.0", b"layer").await;
    let names = [("app", Some("1.0"))];
    let why = async |source: ImportSource, credentials| {
        let import = import(&target, wish(source, &names), credentials).await;
        assert_eq!(import.state, ImportState::Failed);
        import.error.unwrap()
    };
    let wrong = Some(ImportCredentials { user: "admin".into(), password: "wrong".into() });
    for (given, expected) in [
        (why(remote(source.host(), "app", "1.0"), None).await, "wants a sign-in"),
        (why(remote(source.host(), "app", "1.0"), wrong).await, "wants a sign-in"),
        (why(remote(source.host(), "app", "2.0"), admin()).await, "has no `app/manifests/2.0`"),
        (why(remote("nowhere/x", "app", "1.0"), None).await, "is no name"),
        (why(remote("192.168.255.1:5000", "app", "1.0"), None).await, "outbound-allow"),
        (why(remote("http://169.254.169.254", "app", "1.0"), None).await, "outbound-allow"),
    ] {
        assert!(given.contains(expected), "{given}");
        assert!(!given.contains(PASSWORD) && !given.contains("wrong"), "{given}");
    }
    assert_eq!(target.get("/v2/app/manifests/1.0").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_no_private_network_is_reached() {
    let source = Server::start().await;
    source.push_image("app", "1.0", b"layer").await;
    let target = Server::with(Overrides::default()).await;
    let wanted = wish(remote(source.host(), "app", "1.0"), &[("app", Some("1.0"))]);
    let refused = import(&target, wanted, admin()).await;
    assert!(refused.error.unwrap().contains("private network"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_copied_within_the_installation() {
    let server = Server::start().await;
    let digest = server.push_image("app", "1.0", b"layer").await;
    let source = ImportSource::Here {
        registry: server.registry.id,
        repository: "app".parse().unwrap(),
        reference: "1.0".into(),
    };
    let import = import(&server, wish(source, &[("copy", Some("one"))]), None).await;
    assert_eq!((import.state, import.digest), (ImportState::Succeeded, Some(digest.clone())));
    let copied = server.get("/v2/copy/manifests/one").await;
    assert_eq!(copied.headers()["docker-content-digest"], digest.to_string().as_str());
}

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Debian's registry on a port of its own, stopped when it is dropped.
struct Distribution {
    child: Child,
    host: String,
    _folder: tempfile::TempDir,
    _berth: Berth,
}

impl Distribution {
    /// Starts it; `None` where it is not installed.
    async fn start() -> Option<Self> {
        let (folder, berth) = (tempfile::tempdir().unwrap(), Berth::take());
        let host = berth.host();
        let configuration = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {host}\n",
            folder.path().display()
        );
        let path = folder.path().join("config.yml");
        std::fs::write(&path, configuration).unwrap();
        let started = Command::new("docker-registry")
            .arg("serve")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else { return None };
        let registry = Self { child, host, _folder: folder, _berth: berth };
        for _ in 0..1200 {
            if reqwest::get(format!("http://{}/v2/", registry.host)).await.is_ok() {
                return Some(registry);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("docker-registry did not start");
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        // A process that is gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_comes_from_debians_registry() {
    let Some(source) = Distribution::start().await else {
        return skipped("docker-registry is not installed (apt-get install docker-registry)");
    };
    let target = Server::start().await;
    // The image is made here and pushed there, by hand.
    let http = reqwest::Client::new();
    let layer: Vec<u8> = (0..=250_u8).cycle().take(3_000_000).collect();
    let config =
        b"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
    for blob in [&layer[..], &config[..]] {
        let begin = http.post(format!("http://{}/v2/app/blobs/uploads/", source.host)).send().await.unwrap();
        let place = begin.headers()["location"].to_str().unwrap().to_owned();
        let mark = if place.contains('?') { '&' } else { '?' };
        let put = http.put(format!("{place}{mark}digest={}", Digest::of_sha256(blob))).body(blob.to_vec());
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &layer)],
    });
    let put = http.put(format!("http://{}/v2/app/manifests/1.0", source.host));
    let put = put.header("content-type", MANIFEST).body(manifest.to_string()).send().await.unwrap();
    assert_eq!(put.status(), 201);
    let import =
        import(&target, wish(remote(&source.host, "app", "1.0"), &[("copy", Some("1.0"))]), None).await;
    assert_eq!((import.state, import.error), (ImportState::Succeeded, None));
    assert_eq!(import.total, layer.len() as u64 + config.len() as u64);
    let path = format!("/v2/copy/blobs/{}", Digest::of_sha256(&layer));
    let blob = target.as_user("admin", Method::GET, &path).send().await.unwrap();
    assert_eq!(blob.bytes().await.unwrap(), layer);
}
