//! Debian's registry, which is that of Distribution.

use super::process::Process;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A running one, with its content in a folder of its own.
pub(crate) struct Distribution {
    _process: Process,
    pub(crate) url: String,
    _folder: tempfile::TempDir,
}

impl Distribution {
    /// Starts it at an address, with more of its configuration; `None` where it is not installed.
    pub(crate) async fn start(host: &str, more: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display();
        let configuration = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  delete:\n    enabled: true\n  filesystem:\n    rootdirectory: {root}\n\
             http:\n  addr: {host}\n{more}"
        );
        let path = folder.path().join("config.yml");
        std::fs::write(&path, configuration).unwrap();
        let mut command = Command::new("docker-registry");
        let child =
            command.arg("serve").arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let registry = Self { _process: Process(child), url: format!("http://{host}"), _folder: folder };
        for _ in 0..1200 {
            if reqwest::get(format!("{}/v2/", registry.url)).await.is_ok() {
                return Some(registry);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("docker-registry did not start");
    }
}

/// Why a test without it says nothing.
pub(crate) const NOT_INSTALLED: &str = "docker-registry is not installed (apt-get install docker-registry)";
