//! The two servers: ours, and Debian's `docker-registry` where it is installed.

use crate::line::{Answer, Keep, Line, head};
use oci::Digest;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PASSWORD: &str = "correct horse battery staple";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// A running server; it ends when this is dropped.
pub(crate) struct Peer {
    pub name: &'static str,
    pub address: String,
    child: Child,
    has_tokens: bool,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    pub(crate) async fn ours(data: &Path) -> Self {
        std::fs::create_dir_all(data).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_lazaretto"))
            .args(["serve", "--listen", "127.0.0.1:0", "--workers", "0", "--data"])
            .arg(data)
            .env("LAZARETTO_ADMIN_PASSWORD", PASSWORD)
            .env("LAZARETTO_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let ready =
            lines.find(|line| line.starts_with("lazaretto ready ")).expect("our server did not start");
        let address =
            ready.split("url=http://").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().into();
        Self { name: "lazaretto", address, child, has_tokens: true }
    }

    /// None if it is not installed.
    pub(crate) async fn distribution(data: &Path) -> Option<Self> {
        std::fs::create_dir_all(data).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let configuration = data.join("config.yml");
        let text = format!(
            "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  cache:\n    \
             blobdescriptor: inmemory\n  delete:\n    enabled: true\n  filesystem:\n    rootdirectory: {}\n\
             http:\n  addr: {address}\n",
            data.join("root").display()
        );
        std::fs::write(&configuration, text).unwrap();
        let log = std::fs::File::create(data.join("log")).unwrap();
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .ok()?;
        let end = Instant::now() + Duration::from_secs(20);
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            assert!(Instant::now() < end, "docker-registry did not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(Self { name: "docker-registry", address, child, has_tokens: false })
    }

    /// The header that opens a repository, or nothing where everything is open.
    pub(crate) async fn authorization(&self, repository: &str) -> String {
        use base64::Engine;
        if !self.has_tokens {
            return String::new();
        }
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("admin:{PASSWORD}"));
        let path = format!("/oauth2/token?service=registry.test&scope=repository:{repository}:pull,push");
        let head = head("GET", &path, &format!("Authorization: Basic {credentials}\r\n"), "", 0);
        let answer = Line::open(&self.address).await.exchange(&head, &[], Keep::Body).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        format!("Authorization: Bearer {}\r\n", answer["access_token"].as_str().unwrap())
    }

    /// The most memory that the server had, in megabytes.
    pub(crate) fn peak_memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kilobytes * 1024.0 / 1e6
    }
}

/// Somebody who pushes to one repository over one connection.
pub(crate) struct Client {
    line: Line,
    repository: String,
    authorization: String,
}

impl Client {
    pub(crate) async fn new(peer: &Peer, repository: &str) -> Self {
        let authorization = peer.authorization(repository).await;
        Self { line: Line::open(&peer.address).await, repository: repository.to_owned(), authorization }
    }

    /// The head of a request for this repository.
    pub(crate) fn head(&self, method: &str, path: &str, further: &str, length: usize) -> Vec<u8> {
        head(method, &format!("/v2/{}/{path}", self.repository), &self.authorization, further, length)
    }

    async fn exchange(&mut self, head: Vec<u8>, body: &[u8], status: u16) -> Answer {
        let answer = self.line.exchange(&head, body, Keep::Nothing).await;
        assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&head));
        answer
    }

    /// Whether a blob is here.
    pub(crate) async fn has(&mut self, digest: &Digest) -> bool {
        let head = self.head("HEAD", &format!("blobs/{digest}"), "", 0);
        self.line.exchange(&head, &[], Keep::Nothing).await.status == 200
    }

    /// Pushes a blob as docker does when it has it whole: a session, and one PUT.
    pub(crate) async fn put_blob(&mut self, digest: &Digest, content: &[u8]) {
        let opened = self.exchange(self.head("POST", "blobs/uploads/", "", 0), &[], 202).await;
        let location = opened.location.split_once("://").map_or(opened.location.as_str(), |(_, rest)| {
            rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or_default()
        });
        let mark = if location.contains('?') { '&' } else { '?' };
        let path = format!("{location}{mark}digest={digest}");
        let further = "Content-Type: application/octet-stream\r\n";
        let head = head("PUT", &path, &self.authorization, further, content.len());
        self.exchange(head, content, 201).await;
    }

    /// Reads a blob and drops it.
    pub(crate) async fn get_blob(&mut self, digest: &Digest) -> u64 {
        self.exchange(self.head("GET", &format!("blobs/{digest}"), "", 0), &[], 200).await.length
    }

    /// Pushes a manifest under a tag.
    pub(crate) async fn put_manifest(&mut self, tag: &str, manifest: &[u8]) {
        let further = format!("Content-Type: {MANIFEST_TYPE}\r\n");
        let head = self.head("PUT", &format!("manifests/{tag}"), &further, manifest.len());
        self.exchange(head, manifest, 201).await;
    }
}

/// A manifest of a configuration and layers.
pub(crate) fn manifest(config: &[u8], layers: &[&[u8]]) -> Vec<u8> {
    let descriptor = |media_type: &str, content: &[u8]| {
        serde_json::json!({
            "mediaType": media_type, "digest": Digest::of_sha256(content).as_str(), "size": content.len(),
        })
    };
    let layers: Vec<_> =
        layers.iter().map(|layer| descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)).collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": layers,
    });
    serde_json::to_vec(&manifest).unwrap()
}
