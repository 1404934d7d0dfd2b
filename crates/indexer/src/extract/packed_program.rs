//! Programs that were packed by UPX: what they are made of is compressed in a form of its own, and is not read.
//!
//! The packer leaves the mark `UPX!` behind the headers of the file. Such a program may be one of Go or Rust, whose modules
//! nobody can see without unpacking it, so it is recorded and the image cannot be called healthy.

use super::{Action, Extractor, File, Reading};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::elf;
use inventory::SkipReason;

const MARK: &[u8] = b"UPX!";
/// The mark stands behind the file's header of 64 bytes and a handful of segments of 56 bytes each.
const SEARCHED: u64 = 1024;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "packed program",
    watched: &[],
    claims: |file| file.may_be_program(),
    magic: &[elf::MAGIC],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

fn browse(_: &File<'_>, body: Body<'_>, _: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let head = body.first(SEARCHED).whole().unwrap_or_default();
    if memchr::memmem::find(&head, MARK).is_some() {
        return Err(SkipReason::Unsupported(
            "a program packed by UPX, which this version does not unpack".to_owned(),
        ));
    }
    Ok(Reading::Nothing)
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::browsed;
    use super::*;

    #[test]
    fn the_mark_of_the_packer() {
        let read = |content: &[u8]| {
            let file = File { path: "app", size: 0, mode: 0o755 };
            browsed(browse, &file, content, &Limits::default())
        };
        let mut program = b"\x7fELF\x02\x01\x01".to_vec();
        program.resize(180, 0);
        assert_eq!(read(&program), "nothing\n");
        program.extend(b"\xaa\xbb\xcc\xddUPX!\x0e\x0e\x0d");
        assert!(read(&program).starts_with("unsupported: a program packed by UPX"));
        // A program that only speaks of it, as the packer itself does.
        program.splice(20..20, vec![0; 2000]);
        assert_eq!(read(&program), "nothing\n");
    }
}
