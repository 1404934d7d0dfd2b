//! Files to which automations write: lines of JSON in the folder `exports` of the data folder.
//!
//! Whoever makes an automation names a file and never a path; the server alone decides where it is.

use serde_json::Value;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The folder of the files.
#[derive(Debug, Clone)]
pub struct Exports {
    folder: PathBuf,
    /// Lines are written one after the other.
    turn: Arc<Mutex<()>>,
}

impl Exports {
    /// Files in this folder, which is made with the first of them.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, turn: Arc::default() }
    }

    /// Adds lines to a file. When this returns, they are on disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn append(&self, name: &str, lines: &[Value]) -> std::io::Result<()> {
        let _turn = self.turn.lock().await;
        let path = self.folder.join(format!("{name}.ndjson"));
        let folder = self.folder.clone();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let work = move || {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_data()
        };
        tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn lines_are_added_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let exports = Exports::new(folder.path().join("exports"));
        exports.append("one", &[json!({"a": 1})]).await.unwrap();
        exports.append("one", &[json!({"a": "line\nbreak"})]).await.unwrap();
        let path = folder.path().join("exports/one.ndjson");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"a\":1}\n{\"a\":\"line\\nbreak\"}\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
