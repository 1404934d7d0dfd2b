//! A server with TLS, advisories and two images, and what the commands say to each other.

use crate::support::image::{advisory, alpine};
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server, binary};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What the commands are run against.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
    /// What stands in braces in a command.
    pub(crate) names: BTreeMap<String, String>,
    /// An HTTP client that trusts the server.
    pub(crate) http: reqwest::Client,
}

/// Where `cargo xtask azure-clients` installs.
pub(crate) fn clients() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("azure-clients")
}

/// Whether a client is installed; says so if it is not.
pub(crate) fn has(client: &str) -> bool {
    let is_there = clients().join(client).join("installed-list").is_file();
    if !is_there {
        eprintln!(
            "skipped: Azure's clients in `{client}` are not installed; `cargo xtask azure-clients` does it"
        );
    }
    is_there
}

impl World {
    /// A server, if there is any client to be tried.
    pub(crate) async fn begin() -> Option<Self> {
        if ![has("az"), has("python"), has("javascript")].contains(&true) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        import(folder.path());
        let mut world = Self::over(folder).await;
        let unhealthy = alpine("3.99.0", "1.36.1-r1");
        let digest = push(&world.http, &world.server.url, "ill", "1", &unhealthy).await.unwrap();
        push(&world.http, &world.server.url, "well", "1", &alpine("3.99.0", "1.36.1-r7")).await.unwrap();
        world.names.insert("digest".into(), digest);
        world.wait_for_verdicts();
        Some(world)
    }

    /// A server over a folder.
    pub(crate) async fn over(folder: TempDir) -> Self {
        let server = Server::start(folder.path(), &["--tls", "self-signed"]);
        let authority = folder.path().join("tls/ca.pem");
        let http = http(&authority);
        let mut names = BTreeMap::new();
        let host = server.host().to_owned();
        let mut say = |name: &str, value: &str| names.insert(name.to_owned(), value.to_owned());
        say("url", &server.url);
        say("host", &host);
        say("password", PASSWORD);
        // Quotes divide the words of a command, so that a text with quotes of its own is a name.
        let attribute = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";
        say("condition", &format!("{attribute} StringStartsWithIgnoreCase 'copied'"));
        say("ca", &authority.to_string_lossy());
        say("folder", &folder.path().to_string_lossy());
        let mut world = Self { server, folder, names, http };
        let subscriptions = world.get("/subscriptions?api-version=2022-12-01").await;
        let first = &subscriptions["value"][0];
        for (name, member) in [("subscription", "subscriptionId"), ("tenant", "tenantId")] {
            world.names.insert(name.into(), first[member].as_str().unwrap().to_owned());
        }
        let groups = format!("/subscriptions/{}/resourceGroups", world.names["subscription"]);
        let first = format!("{groups}/lazaretto/providers/Microsoft.ContainerRegistry/registries/lazaretto");
        world.names.insert("first".into(), first);
        world
    }

    /// The answer to a GET, as the owner.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.server.url)).basic_auth("admin", Some(PASSWORD));
        request.send().await.unwrap().json().await.unwrap()
    }

    fn wait_for_verdicts(&self) {
        for image in ["ill:1", "well:1"] {
            let output = Command::new(binary())
                .args(["image", "wait", image, "--timeout", "300", "--json"])
                .env("LAZARETTO_SERVER", &self.server.url)
                .env("LAZARETTO_CA", &self.names["ca"])
                .env("LAZARETTO_USER", "admin")
                .env("LAZARETTO_PASSWORD", PASSWORD)
                .output()
                .unwrap();
            // It says by its exit code too whether the image is healthy.
            let verdict: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            assert!(verdict["state"].is_string(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    /// A text with its names filled in.
    pub(crate) fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.names {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        filled
    }

    /// A name that a command has said.
    pub(crate) fn name(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }

    /// The environment in which Azure's clients find and trust the server.
    pub(crate) fn environment(&self) -> [(&'static str, String); 7] {
        let folder = self.folder.path().join("clients");
        std::fs::create_dir_all(&folder).unwrap();
        [
            ("AZURE_CONFIG_DIR", folder.join("az").to_string_lossy().into_owned()),
            ("HOME", folder.to_string_lossy().into_owned()),
            ("REQUESTS_CA_BUNDLE", self.names["ca"].clone()),
            ("SSL_CERT_FILE", self.names["ca"].clone()),
            ("NODE_EXTRA_CA_CERTS", self.names["ca"].clone()),
            ("AZURE_CORE_NO_COLOR", "true".to_owned()),
            ("AZURE_EXTENSION_DIR", clients().join("az-extensions").to_string_lossy().into_owned()),
        ]
    }
}

fn http(authority: &Path) -> reqwest::Client {
    let pem = std::fs::read(authority).unwrap();
    let authority = reqwest::Certificate::from_pem(&pem).unwrap();
    reqwest::Client::builder().add_root_certificate(authority).build().unwrap()
}

/// Imports an advisory: versions of Alpine's busybox below 1.36.1-r5 are affected.
fn import(data: &Path) {
    let file = data.join("advisory.json");
    std::fs::write(&file, advisory("CVE-2099-0001", "v3.99", "1.36.1-r5").to_string()).unwrap();
    let output = Command::new(binary())
        .args(["advisories", "import", "--data"])
        .arg(data)
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
