//! Putting a compiled snapshot on disk: written once, never changed.

use super::SnapshotError;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Writes a snapshot: under a temporary name beside it, synced, made read-only, renamed, and the folder synced.
///
/// Two writers of the same path at the same time disturb each other; the caller sees to it that there is one.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write_snapshot(path: &Path, bytes: &[u8]) -> Result<(), SnapshotError> {
    let partial = path.with_added_extension("partial");
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| SnapshotError::File { action, path, source }
    };
    // Left over from a writer that was killed.
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(failed("remove the rest of", &partial)(error));
        }
        Ok(()) | Err(_) => {}
    }
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&partial)?;
        file.write_all(bytes)?;
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions)?;
        file.sync_all()
    };
    write().map_err(failed("write", &partial))?;
    fs::rename(&partial, path).map_err(failed("rename", path))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync the folder of", path))
}
