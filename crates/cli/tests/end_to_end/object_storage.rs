//! A server over an object storage, as moto plays S3: it goes on where it was, and nobody else comes beside it.

use crate::states::import;
use crate::support::image::alpine;
use crate::support::process::{Process, skipped};
use crate::support::push::{get, push};
use crate::support::server::{PASSWORD, Server, binary};
use reqwest::{Client, StatusCode};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use store::testing::Berth;

const BLOBS: [&str; 2] = ["--blobs", "s3://blobs/here"];

/// A storage on this machine, ended when it is dropped.
struct Storage {
    _process: Process,
    _berth: Berth,
    endpoint: String,
}

impl Storage {
    /// Starts it with a bucket; `None` where it is not installed.
    async fn start() -> Option<Self> {
        let program =
            Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("test-clients/python/bin/moto_server");
        let berth = Berth::take();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &berth.port().to_string()]).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let endpoint = format!("http://{}", berth.host());
        let storage = Self { _process: Process(child), _berth: berth, endpoint };
        let end = Instant::now() + Duration::from_secs(60);
        while Client::new().put(format!("{}/blobs", storage.endpoint)).send().await.is_err() {
            assert!(Instant::now() < end, "the storage did not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(storage)
    }

    fn variables(&self) -> [(&str, &str); 4] {
        [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "moto-secret"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_S3", &self.endpoint),
        ]
    }

    fn server(&self, data: &Path) -> Server {
        Server::start_with(data, &BLOBS, &self.variables())
    }

    /// Starts a server that is expected to end by itself.
    fn refused(&self, data: &Path) -> Output {
        Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(BLOBS)
            .env("LAZARETTO_ADMIN_PASSWORD", PASSWORD)
            .env("LAZARETTO_ADVISORY_UPDATE_HOURS", "0")
            .envs(self.variables())
            .output()
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_is_one_servers_alone() {
    let Some(storage) = Storage::start().await else {
        return skipped("moto is not installed; `cargo xtask clients` does that");
    };
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    import(one.path());
    let server = storage.server(one.path());
    let client = Client::new();
    let image = alpine("3.99.0", "1.36.1-r1");
    push(&client, &server.url, "team/app", "1", &image).await.unwrap();
    assert_eq!(server.verdict("team/app:1")["state"], "Unhealthy");

    let refused = storage.refused(other.path());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("another installation"), "{said}");
    assert!(said.contains("choose another bucket or prefix") && !said.contains("moto-secret"), "{said}");

    // Whoever was killed goes on at once, and a collection takes nothing that is needed.
    server.kill();
    let server = storage.server(one.path());
    let collected = server.json(&["collection", "run", "--json"]);
    assert_eq!(
        (&collected["state"], &collected["error"]),
        (&"done".into(), &serde_json::Value::Null),
        "{collected}"
    );
    let path = format!("/v2/team/app/blobs/{}", image.layers[0].digest());
    assert_eq!(get(&client, &server, &path).await, (StatusCode::OK, image.layers[0].bytes.clone()));
}
