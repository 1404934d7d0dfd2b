//! The package that an ELF file says it is a part of.
//!
//! <https://systemd.io/ELF_PACKAGE_METADATA/>: the section `.note.package` holds notes of the owner `FDO` and the type
//! 0xcafe1a7e with JSON, by which Fedora, Azure Linux, Wolfi, Debian and others say from which of their source packages a file
//! was built. Others write the JSON alone.
//!
//! Where the package manager's lists are there too, they own the file, and the note adds nothing. It speaks for what somebody
//! copied out of such a distribution, of which there is no other trace. What it says was written by whoever built the file.

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::elf::{self, Elf, Layout};
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "note of a package",
    watched: &[],
    claims: |file| file.may_be_program(),
    magic: &[elf::MAGIC],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

/// Real ones have some hundred bytes.
const LONGEST: u64 = 64 << 10;

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    architecture: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

fn browse(_: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let Some(elf) = Elf::parse(body) else { return Ok(Reading::Nothing) };
    let Some(section) = elf.section(b".note.package").filter(|section| section.len() <= LONGEST) else {
        return Ok(Reading::Nothing);
    };
    let section = section.whole().unwrap_or_default();
    let found = note(&section).or_else(|| note(content(elf.layout(), &section)?));
    // A note that says nothing hides nothing: the package is as unknown as without it.
    let Some(Note { name, version, architecture, kind }) = found else { return Ok(Reading::Nothing) };
    let mut list = PackageList::new(PackageKind::Noted, limits);
    let architecture = architecture.and_then(|text| list.word(text.as_bytes()));
    let kind = kind.and_then(|text| list.word(text.as_bytes()));
    if list.word(name.as_bytes()).is_none() || list.word(version.as_bytes()).is_none() {
        return Ok(Reading::Nothing);
    }
    if let Some(package) = list.push(name.as_bytes(), version.as_bytes())? {
        package.architecture = architecture;
        package.module = kind;
    }
    Ok(list.finish())
}

fn note(text: &[u8]) -> Option<Note> {
    let end = text.iter().rposition(|byte| *byte != 0)?.checked_add(1)?;
    serde_json::from_slice(text.get(..end)?).ok()
}

/// What the first note of packages holds.
fn content(layout: Layout, mut notes: &[u8]) -> Option<&[u8]> {
    const OWNER: &[u8] = b"FDO\0";
    const KIND: u64 = 0xcafe_1a7e;
    loop {
        let length = |offset| usize::try_from(layout.number(notes, offset, 4)?).ok();
        let (owner, size) = (length(0)?, length(4)?);
        let kind = layout.number(notes, 8, 4)?;
        let start = owner.checked_next_multiple_of(4)?.checked_add(12)?;
        let content = notes.get(start..start.checked_add(size)?)?;
        if kind == KIND && notes.get(12..)?.starts_with(OWNER) {
            return Some(content);
        }
        // A note has at least its own header, so this ends.
        notes = notes.get(start.checked_add(size.checked_next_multiple_of(4)?)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::browsed;
    use super::*;
    use crate::build::{elf, note};

    const JSON: &[u8] = br#"{"type":"rpm","name":"coreutils","version":"9.4-6.fc40","architecture":"x86_64","osCpe":"cpe:/o:fedoraproject:fedora:40"}"#;

    fn read(section: &[u8]) -> String {
        let file = File { path: "usr/local/bin/ls", size: 0, mode: 0o755 };
        browsed(browse, &file, &elf(&[(".note.package", section)]), &Limits::default())
    }

    #[test]
    fn what_a_note_says() {
        let expected = "generic coreutils 9.4-6.fc40 x86_64 in rpm\n";
        assert_eq!(read(&note("FDO", 0xcafe_1a7e, JSON)), expected);
        let others = [note("GNU", 3, b"0123"), note("FDO", 0xcafe_1a7e, JSON)].concat();
        assert_eq!(read(&others), expected);
        assert_eq!(read(&[JSON, b"\n\0\0"].concat()), expected);
    }

    #[test]
    fn what_says_nothing_is_nothing() {
        for section in [
            note("FDO", 1, JSON),
            note("FDO", 0xcafe_1a7e, b"{}"),
            note("FDO", 0xcafe_1a7e, b"{\"name\":\"a\",\"version\":\"\\u0007\"}"),
            note("FDO", 0xcafe_1a7e, b"{"),
            vec![0xff; 64],
            vec![0; 64],
            Vec::new(),
        ] {
            assert_eq!(read(&section), "nothing\n", "{section:?}");
        }
    }
}
