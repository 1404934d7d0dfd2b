//! Python eggs that were left packed: `NAME-VERSION-pyX.Y.egg`, a zip archive that Python imports from as it is.
//!
//! Its metadata is `EGG-INFO/PKG-INFO`. Wheels are deliberately not read: Python does not import from them, so one that
//! lies about, as those that `ensurepip` brings, is not installed.

use super::{Action, Extractor, File, Reading, python};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::zip::{Archive, Budget, ZipError};
use inventory::SkipReason;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Python egg",
    watched: &[],
    claims: |file| file.path.ends_with(".egg") && file.path.contains("-packages/"),
    magic: &[b"PK\x03\x04"],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

fn browse(file: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let refused = |error: ZipError| SkipReason::Malformed(format!("a Python egg: {error}"));
    let mut budget = Budget { bytes: limits.manifest_bytes, members: limits.archive_members };
    let archive = Archive::open(body).map_err(refused)?;
    let mut members = archive.members();
    while let Some(next) = members.next() {
        let (name, member) = next.map_err(refused)?;
        budget.spend_member().map_err(refused)?;
        if name == b"EGG-INFO/PKG-INFO" {
            let text = archive.text(member, &mut budget).map_err(refused)?;
            return python::read(file, &text, limits);
        }
    }
    Err(SkipReason::Malformed("a Python egg without metadata".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::browsed;
    use super::*;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    #[test]
    fn metadata_inside_the_egg() {
        let egg = |name: &str| {
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(b"Metadata-Version: 1.1\nName: Six\nVersion: 1.16.0\n").unwrap();
            writer.finish().unwrap().into_inner()
        };
        let file = File { path: "usr/lib/python3/site-packages/six-1.16.0-py3.7.egg", size: 0, mode: 0 };
        let read = |content: &[u8]| {
            let limits = Limits::default();
            browsed(browse, &file, content, &limits)
        };
        let good = egg("EGG-INFO/PKG-INFO");
        assert_eq!(read(&good), "pypi six 1.16.0\n");
        assert!(read(&egg("six.py")).starts_with("malformed"));
        for length in 0..good.len() {
            read(good.get(..length).unwrap());
        }
    }
}
