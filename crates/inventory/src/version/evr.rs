//! `epoch:version-release`, in which the orders of rpm and of pacman agree; only their runs of signs differ.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded};

/// The key of `version`, whose version and release are written by `part`.
///
/// What stands before a colon is an epoch only if it is all digits, and a missing one is 0. A missing release comes
/// before any release.
pub(super) fn key(
    scheme: &Scheme,
    version: &str,
    part: fn(&mut KeyWriter, &[u8]),
) -> Result<VersionKey, VersionError> {
    let text = bounded(scheme, version)?;
    let (epoch, rest) = text
        .split_once(':')
        .filter(|(epoch, _)| epoch.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or(("", text));
    let mut key = KeyWriter::new();
    key.number(epoch.as_bytes());
    match rest.rsplit_once('-') {
        None => {
            part(&mut key, rest.as_bytes());
            key.byte(0);
        }
        Some((version, release)) => {
            part(&mut key, version.as_bytes());
            key.byte(1);
            part(&mut key, release.as_bytes());
        }
    }
    Ok(key.finish())
}
