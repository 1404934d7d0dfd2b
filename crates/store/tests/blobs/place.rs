//! Places for blobs, each opened as often as a rule wants.

#[expect(unreachable_pub, reason = "in the library, others use it too")]
#[path = "../../src/testing/berth.rs"]
mod berth;

use berth::Berth;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{AzureAccess, AzureCredentials, Blobs, FolderBlobs, ObjectBlobs, S3Access, SqliteStore};
use tempfile::TempDir;

/// The account that every emulator of Azure's storage has; its key is published.
const ACCOUNT: &str = "devstoreaccount1";
const ACCOUNT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

fn account_key() -> Vec<u8> {
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, ACCOUNT_KEY).unwrap()
}

/// A place that is empty at first.
pub(crate) struct Place {
    folder: TempDir,
    kind: Kind,
}

enum Kind {
    Folder,
    S3(S3Access),
    Azure(AzureAccess),
}

impl Place {
    pub(crate) fn folder() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), kind: Kind::Folder }
    }

    /// Opens the place, as a node does when it starts. All nodes share the records.
    pub(crate) fn open(&self) -> Arc<dyn Blobs> {
        let path = self.folder.path();
        match &self.kind {
            Kind::Folder => Arc::new(FolderBlobs::open(path).unwrap()),
            Kind::S3(_) | Kind::Azure(_) => Arc::new(self.objects()),
        }
    }

    /// The same, of what only object storages have.
    pub(crate) fn objects(&self) -> ObjectBlobs {
        let path = self.folder.path();
        let records = Arc::new(SqliteStore::open(&path.join("records.sqlite")).unwrap());
        match &self.kind {
            Kind::Folder => panic!("a folder is no object storage"),
            Kind::S3(access) => ObjectBlobs::s3(access.clone(), records, path.to_owned()).unwrap(),
            Kind::Azure(access) => ObjectBlobs::azure(access.clone(), records, path.to_owned()).unwrap(),
        }
    }

    /// What S3 marks a blob with.
    pub(crate) async fn mark_of(&self, digest: &oci::Digest) -> String {
        let Kind::S3(access) = &self.kind else { panic!("only S3 has marks") };
        let S3Access { endpoint, bucket, prefix, .. } = access;
        let (endpoint, hex) = (endpoint.as_ref().unwrap(), digest.hex());
        let url = format!("{endpoint}/{bucket}/{prefix}blobs/sha256/{}/{hex}", &hex[..2]);
        // moto wants somebody to have signed, and does not look who.
        let request = reqwest::Client::new().head(url).header("authorization", "AWS test:test");
        let answer = request.send().await.unwrap();
        answer.headers()["etag"].to_str().unwrap().to_owned()
    }

    /// The same storage with records that know nothing of it.
    pub(crate) fn open_without_records(&self) -> (Arc<dyn Blobs>, TempDir) {
        let other = tempfile::tempdir().unwrap();
        let records = Arc::new(SqliteStore::open(&other.path().join("records.sqlite")).unwrap());
        let path = other.path().to_owned();
        let blobs: Arc<dyn Blobs> = match &self.kind {
            Kind::Folder => panic!("a folder has no records"),
            Kind::S3(access) => Arc::new(ObjectBlobs::s3(access.clone(), records, path).unwrap()),
            Kind::Azure(access) => Arc::new(ObjectBlobs::azure(access.clone(), records, path).unwrap()),
        };
        (blobs, other)
    }
}

/// A storage that runs on this machine until this is dropped.
pub(crate) struct Storage {
    process: Child,
    kind: Kind,
    _folder: TempDir,
    _berth: Berth,
}

impl Drop for Storage {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::print_stderr, reason = "a test that could not run has to say so")]
fn skip(what: &str) {
    eprintln!("skipped: {what} is not installed; `cargo xtask clients` does that");
}

/// What `cargo xtask clients` has installed.
fn client(path: &str) -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("test-clients").join(path);
    program.is_file().then_some(program)
}

async fn wait_for(port: u16) {
    let end = Instant::now() + Duration::from_secs(60);
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(Instant::now() < end, "the storage did not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl Storage {
    pub(crate) async fn s3() -> Option<Self> {
        let Some(program) = client("python/bin/moto_server") else {
            skip("moto");
            return None;
        };
        let (berth, folder) = (Berth::take(), tempfile::tempdir().unwrap());
        let port = berth.port();
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let access = S3Access {
            bucket: "blobs".into(),
            prefix: String::new(),
            region: "us-east-1".into(),
            endpoint: Some(format!("http://{}", berth.host())),
            access_key: "test".into(),
            secret_key: "test".into(),
            session_token: None,
            largest_copy: None,
        };
        let storage = Self { process, kind: Kind::S3(access), _folder: folder, _berth: berth };
        wait_for(port).await;
        let made = reqwest::Client::new().put(format!("http://127.0.0.1:{port}/blobs")).send().await.unwrap();
        assert!(made.status().is_success(), "{}", made.status());
        Some(storage)
    }

    pub(crate) async fn azure() -> Option<Self> {
        let Some(program) = client("node/node_modules/.bin/azurite-blob") else {
            skip("azurite");
            return None;
        };
        let (berth, folder) = (Berth::take(), tempfile::tempdir().unwrap());
        let port = berth.port();
        let process = Command::new(program)
            .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()])
            .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let access = AzureAccess {
            account: ACCOUNT.into(),
            container: "blobs".into(),
            prefix: String::new(),
            endpoint: Some(format!("http://127.0.0.1:{port}/{ACCOUNT}")),
            credentials: AzureCredentials::Key(account_key()),
        };
        let storage = Self { process, kind: Kind::Azure(access.clone()), _folder: folder, _berth: berth };
        wait_for(port).await;
        store_containers::make(&access).await;
        Some(storage)
    }

    /// A place in the storage, apart from all others.
    pub(crate) fn place(&self, name: &str) -> Place {
        let prefix = format!("{name}/");
        let kind = match &self.kind {
            Kind::Folder => Kind::Folder,
            Kind::S3(access) => Kind::S3(S3Access { prefix, ..access.clone() }),
            Kind::Azure(access) => Kind::Azure(AzureAccess { prefix, ..access.clone() }),
        };
        Place { folder: tempfile::tempdir().unwrap(), kind }
    }

    /// A place whose storage copies so little at once that a blob of some parts needs several.
    pub(crate) fn with_small_copies(&self, name: &str) -> Place {
        let place = self.place(name);
        let Kind::S3(access) = place.kind else { panic!("only S3 has a limit") };
        // Parts have at least 5 MiB, here as well.
        Place { kind: Kind::S3(S3Access { largest_copy: Some(5 << 20), ..access }), ..place }
    }

    /// The storage, asked with a key that is not its own.
    pub(crate) fn with_another_key(&self) -> ObjectBlobs {
        let Kind::Azure(access) = &self.kind else { panic!("only Azure's emulator checks keys") };
        let folder = tempfile::tempdir().unwrap();
        let records = Arc::new(SqliteStore::open(&folder.path().join("records.sqlite")).unwrap());
        let credentials = AzureCredentials::Key(b"another".to_vec());
        let access = AzureAccess { credentials, ..access.clone() };
        ObjectBlobs::azure(access, records, folder.path().to_owned()).unwrap()
    }

    /// A place that is opened by a signature of the account, for these permissions.
    pub(crate) fn by_signature(&self, name: &str, permissions: &str) -> Place {
        let place = self.place(name);
        let Kind::Azure(access) = place.kind else { panic!("only Azure has signatures") };
        let credentials = AzureCredentials::SharedAccessSignature(store_containers::signature(permissions));
        Place { kind: Kind::Azure(AzureAccess { credentials, ..access }), ..place }
    }
}

/// Containers are made by whoever sets the storage up, not by us; here the tests do that.
mod store_containers {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit, Mac};
    use store::AzureAccess;

    fn signed(text: &str) -> String {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&super::account_key()).unwrap();
        mac.update(text.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    /// A shared access signature of the account for all its blobs ("Create an account SAS").
    pub(super) fn signature(permissions: &str) -> String {
        let (account, end, version) = (super::ACCOUNT, "2099-01-01T00:00:00Z", "2020-10-02");
        let text = format!("{account}\n{permissions}\nb\nsco\n\n{end}\n\nhttps,http\n{version}\n");
        let signature = signed(&text).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        format!("sv={version}&ss=b&srt=sco&sp={permissions}&se={end}&spr=https,http&sig={signature}")
    }

    pub(super) async fn make(access: &AzureAccess) {
        let AzureAccess { account, container, .. } = access;
        let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let text = format!(
            "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2020-10-02\n\
             /{account}/{account}/{container}\nrestype:container"
        );
        let signature = signed(&text);
        let url = format!("{}/{container}?restype=container", access.endpoint.as_ref().unwrap());
        let made = reqwest::Client::new()
            .put(url)
            .header("x-ms-date", date)
            .header("x-ms-version", "2020-10-02")
            .header("content-length", "0")
            .header("authorization", format!("SharedKey {account}:{signature}"))
            .send()
            .await
            .unwrap();
        assert!(made.status().is_success(), "{}", made.text().await.unwrap());
    }
}
