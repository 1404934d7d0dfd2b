//! Leaving a file behind on the host, in a folder where anybody may write.

use crate::{Layer, WayOut};
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;

pub(crate) const WAY_OUT: WayOut = WayOut {
    name: "no_file_is_written",
    attempt: |folder| File::create(format!("{folder}/left-behind")).map(drop),
    prepare: || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        (folder.path().display().to_string(), Box::new(folder))
    },
    held_by: &[Layer::Landlock, Layer::Seccomp, Layer::Namespaces],
};
