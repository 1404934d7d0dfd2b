//! Programs that no package manager put there, by the rules in [`crate::programs`].
//!
//! Executables and libraries are ELF files; Go and Erlang say who they are in a text file, Elixir in the script that starts
//! it, and what is written in PHP comes as a script with an archive behind it.

use super::{Action, Extractor, File, PackageList, Reading};
use crate::body::{Body, Workspace};
use crate::programs::{is_named, recognise};
use crate::{Limits, elf};
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "program",
    watched: &[],
    claims: |file| is_named(file.path),
    magic: &[elf::MAGIC, b"go1.", b"#!", b"{application", b"1", b"2", b"3"],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

fn browse(file: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let found = recognise(file.path, body);
    if found.is_empty() {
        return Ok(Reading::Nothing);
    }
    let mut list = PackageList::new(PackageKind::Binary, limits);
    for (name, version) in found {
        list.push(name.as_bytes(), &version)?;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::browsed;
    use super::*;

    #[test]
    fn a_program_by_its_name_and_content() {
        let read = |path, content: &[u8]| {
            let file = File { path, size: 0, mode: 0o755 };
            browsed(browse, &file, content, &Limits::default())
        };
        let busybox = b"\x7fELF\0\0BusyBox v1.36.1 (2023)\0";
        assert_eq!(read("bin/[", busybox), "generic busybox 1.36.1\n");
        assert_eq!(read("bin/other", busybox), "nothing\n");
        let script = b"#!/bin/sh\nset -e\nELIXIR_VERSION=1.15.7\n";
        assert_eq!(read("usr/local/bin/elixir", script), "generic elixir 1.15.7\n");
    }
}
