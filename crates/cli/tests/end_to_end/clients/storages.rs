//! The server with its blobs in S3 and in Azure: pushed, scanned, pulled, and continued after `kill -9`.
//!
//! S3 is played by moto, Azure by Azurite.

use super::skip;
use crate::support::image::{advisory, alpine};
use crate::support::push::{get, push};
use crate::support::server::{PASSWORD, Server, binary};
use reqwest::{Client, Method, StatusCode};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use store::testing::Berth;

/// The account of every Azurite; its key is published.
const ACCOUNT: &str = "devstoreaccount1";
const ACCOUNT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const SECRET: &str = "a-secret-that-no-log-may-hold";

/// A process that ends with the test.
struct Storage {
    process: Child,
    port: u16,
    _berth: Berth,
}

impl Drop for Storage {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Storage {
    /// Starts a program of `cargo xtask clients`, with words in which `PORT` stands for a free port.
    async fn start(program: &str, words: &[&str]) -> Option<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("test-clients");
        let path: PathBuf = folder.join(program);
        if !path.is_file() {
            skip(&format!("{program} is not installed; `cargo xtask clients` does that"));
            return None;
        }
        let berth = Berth::take();
        let port = berth.port();
        let words = words.iter().map(|word| word.replace("PORT", &port.to_string()));
        let process = Command::new(path)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let storage = Self { process, port, _berth: berth };
        let end = Instant::now() + Duration::from_secs(60);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < end, "{program} did not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(storage)
    }
}

/// A chunked upload that is continued by a server that was started after the first one was killed.
async fn upload_across_a_kill(data: &Path, words: &[&str], variables: &[(&str, &str)]) -> Server {
    let client = Client::new();
    let server = Server::start_with(data, words, variables);
    let send = async |server: &Server, method: Method, path: &str, body: &'static [u8]| {
        let url = format!("{}{path}", server.url);
        let request = client.request(method, url).basic_auth("admin", Some(PASSWORD)).body(body);
        request.send().await.unwrap()
    };
    let opened = send(&server, Method::POST, "/v2/team/app/blobs/uploads/", b"").await;
    assert_eq!(opened.status(), StatusCode::ACCEPTED);
    let location = opened.headers()["location"].to_str().unwrap().to_owned();
    let half = send(&server, Method::PATCH, &location, b"half of it, ").await;
    assert_eq!(half.status(), StatusCode::ACCEPTED);
    server.kill();
    let server = Server::start_with(data, words, variables);
    let status = send(&server, Method::GET, &location, b"").await;
    assert_eq!(status.headers()["range"], "0-11");
    let whole = oci::Digest::of_sha256(b"half of it, and the rest");
    let path = format!("{location}?digest={whole}");
    let done = send(&server, Method::PUT, &path, b"and the rest").await;
    assert_eq!(done.status(), StatusCode::CREATED);
    let (_, bytes) = get(&client, &server, &format!("/v2/team/app/blobs/{whole}")).await;
    assert_eq!(bytes, b"half of it, and the rest");
    server
}

async fn push_scan_and_pull(data: &Path, words: &[&str], variables: &[(&str, &str)]) {
    let feed = data.join("feed");
    std::fs::create_dir(&feed).unwrap();
    let record = advisory("CVE-2099-0001", "v3.18", "1.36.1-r5");
    std::fs::write(feed.join("one.json"), record.to_string()).unwrap();
    let imported =
        Command::new(binary()).args(["advisories", "import", "--data"]).arg(data).arg(&feed).output();
    assert!(imported.unwrap().status.success());

    let server = upload_across_a_kill(data, words, variables).await;
    let client = Client::new();
    let image = alpine("3.18.9", "1.36.1-r1");
    let digest = push(&client, &server.url, "team/app", "v1", &image).await.unwrap();
    let layer = image.layers[0].digest();
    let (status, bytes) = get(&client, &server, &format!("/v2/team/app/blobs/{layer}")).await;
    assert_eq!((status, bytes == image.layers[0].bytes), (StatusCode::OK, true));
    let part = client.get(format!("{}/v2/team/app/blobs/{layer}", server.url)).header("range", "bytes=1-3");
    let part = part.basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.unwrap()[..], image.layers[0].bytes[1..4]);
    // The layer was fetched, and read in the jail.
    let verdict = tokio::task::block_in_place(|| server.verdict(&format!("team/app@{digest}")));
    assert_eq!(verdict["state"], "Unhealthy", "{verdict:#}");
    // No blob lies in the data folder.
    assert!(!data.join("content").exists());
    let collected = tokio::task::block_in_place(|| server.json(&["collection", "run", "--json"]));
    assert_eq!((&collected["state"], &collected["blobs"]), (&"done".into(), &0.into()), "{collected:#}");
    drop(server);
    let log = std::fs::read_to_string(data.join("server.log")).unwrap();
    assert!(!log.contains(SECRET) && !log.contains(ACCOUNT_KEY), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_keeps_its_blobs_in_s3() {
    let words = ["-H", "127.0.0.1", "-p", "PORT"];
    let Some(storage) = Storage::start("python/bin/moto_server", &words).await else { return };
    let endpoint = format!("http://127.0.0.1:{}", storage.port);
    Client::new().put(format!("{endpoint}/quay")).send().await.unwrap().error_for_status().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "someone"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("LAZARETTO_LOG", "debug"),
    ];
    push_scan_and_pull(folder.path(), &["--blobs", "s3://quay/blobs/of/ours"], &variables).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_what_is_wrong_with_its_storage() {
    let words = ["--blobHost", "127.0.0.1", "--blobPort", "PORT", "--silent", "--disableTelemetry"];
    let words = [&words[..], &["--skipApiVersionCheck", "--inMemoryPersistence"]].concat();
    let Some(storage) = Storage::start("node/node_modules/.bin/azurite-blob", &words).await else { return };
    let endpoint = format!("http://127.0.0.1:{}/{ACCOUNT}", storage.port);
    let folder = tempfile::tempdir().unwrap();
    let address = format!("azure://{ACCOUNT}/nothing-here");
    let mut serve = Command::new(binary());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--blobs", &address, "--data"]).arg(folder.path());
    serve.env("AZURE_STORAGE_BLOB_ENDPOINT", &endpoint).env("AZURE_STORAGE_KEY", ACCOUNT_KEY);
    let told = serve.output().unwrap();
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("404") && told.contains("ContainerNotFound"), "{told}");
    let told = serve.env_remove("AZURE_STORAGE_KEY").output().unwrap();
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("AZURE_STORAGE_KEY"), "{told}");
}
