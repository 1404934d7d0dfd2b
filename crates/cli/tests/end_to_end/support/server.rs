//! A real server: the built binary, started as an operator would, on a port of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The password of the owner in all tests.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_lazaretto"))
}

/// A running server, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// The tenant's id.
    pub tenant: String,
    data: PathBuf,
}

impl Server {
    /// Starts with this data folder and waits for the line that says that it is ready.
    pub(crate) fn start(data: &Path, further: &[&str]) -> Self {
        Self::start_with(data, further, &[])
    }

    /// The same with further variables in its environment.
    pub(crate) fn start_with(data: &Path, further: &[&str], variables: &[(&str, &str)]) -> Self {
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(data.join("server.log")).unwrap();
        let mut child = Command::new(binary())
            .args(["serve", "--data"])
            .arg(data)
            .args(further)
            .args(if further.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] })
            .env("LAZARETTO_ADMIN_PASSWORD", PASSWORD)
            // No test asks a public source.
            .env("LAZARETTO_ADVISORY_UPDATE_HOURS", "0")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.starts_with("lazaretto ready "))
            .unwrap_or_else(|| panic!("the server did not start: {}", read_log(data)));
        let value = |key: &str| {
            let mark = format!("{key}=");
            ready.split(' ').find_map(|word| word.strip_prefix(&mark)).unwrap_or_default().to_owned()
        };
        Self { url: value("url"), tenant: value("tenant"), child, data: data.to_owned() }
    }

    /// `HOST:PORT`, as registry clients want it.
    pub(crate) fn host(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    /// SIGKILL: no chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Runs a command of the client against this server.
    pub(crate) fn client(&self, words: &[&str]) -> Output {
        Command::new(binary())
            .args(words)
            .env("LAZARETTO_SERVER", &self.url)
            .env("LAZARETTO_USER", "admin")
            .env("LAZARETTO_PASSWORD", PASSWORD)
            .output()
            .unwrap()
    }

    /// The JSON that a command of the client prints.
    pub(crate) fn json(&self, words: &[&str]) -> serde_json::Value {
        let output = self.client(words);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!("{words:?}: {}{}", String::from_utf8_lossy(&output.stderr), read_log(&self.data))
        })
    }

    /// The verdict on an image, once it is there.
    pub(crate) fn verdict(&self, image: &str) -> serde_json::Value {
        self.json(&["image", "wait", image, "--timeout", "300", "--json"])
    }

    /// The answer of our own API, asked by `curl`-like means: a GET with Basic authentication.
    pub(crate) fn api(&self, path: &str) -> serde_json::Value {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let request = reqwest::Client::new().get(format!("{}{path}", self.url));
            let answer = request.basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
            let status = answer.status();
            let text = answer.text().await.unwrap();
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} to {path}: {text}"))
        })
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// What the server logged.
    pub(crate) fn log(&self) -> String {
        read_log(&self.data)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_log(data: &Path) -> String {
    std::fs::read_to_string(data.join("server.log")).unwrap_or_default()
}
