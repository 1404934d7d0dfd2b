//! The data folder has one server at a time.

use crate::app::StartError;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// A server that was killed while it started a worker leaves the lock to that one, which lets go of it as soon as it runs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes the folder for its owner alone, and takes it until the file is dropped: two servers on one folder would undo each
/// other's work.
///
/// # Errors
/// When another server holds it, or it cannot be made or written to.
pub(crate) async fn lock(data: &Path) -> Result<File, StartError> {
    lock_within(data, PATIENCE).await
}

async fn lock_within(data: &Path, patience: Duration) -> Result<File, StartError> {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |source| StartError::Data { path: data.into(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(failed)?;
    let path = data.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    let until = Instant::now().checked_add(patience);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if until.is_none_or(|until| Instant::now() >= until) => {
                return Err(StartError::InUse(data.into()));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_that_is_let_go_of_in_a_moment_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).await.unwrap();
        let (second, ()) = tokio::join!(lock_within(folder.path(), 12 * PATIENCE), async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(first);
        });
        let second = second.unwrap();
        let third = lock_within(folder.path(), Duration::ZERO).await.unwrap_err();
        assert!(matches!(third, StartError::InUse(_)), "{third}");
        drop(second);
    }
}
