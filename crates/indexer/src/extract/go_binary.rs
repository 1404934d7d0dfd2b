//! Modules in Go programs: the build information that the linker leaves in every executable.
//!
//! Go's `debug/buildinfo` is the reference. A header `\xff Go buildinf:` on a 16-byte boundary, followed, since
//! Go 1.18, by the two strings themselves with varint lengths, and before by two pointers to Go strings. The first
//! is the version of Go, the second the module lines between two sentinels of 16 bytes.
//! The standard library is a package of its own, with the version of Go, because advisories know it so.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use crate::elf::{self, Elf, Layout};
use inventory::{PackageKind, SkipReason};

const MAGIC: &[u8] = b"\xff Go buildinf:";
const HEADER: usize = 32;
/// How far Go itself looks for the header in a program without sections.
const SEARCHED: u64 = 1 << 20;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Go program",
    watched: &[],
    claims: |file| file.is_executable(),
    magic: &[elf::MAGIC],
    action: Action::Read { limit: |limits| limits.binary_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Some(elf) = Elf::parse(content) else { return Ok(Reading::Nothing) };
    let Some((version, modules)) = build_information(&elf) else {
        // The linker of Go always leaves this note, so the program is Go's and hides its modules.
        return if elf.section(b".note.go.buildid").is_some() {
            Err(SkipReason::Unsupported("a Go program without build information".to_owned()))
        } else {
            Ok(Reading::Nothing)
        };
    };
    let mut list = PackageList::new(PackageKind::Golang, limits);
    // `go1.22.1 X:boringcrypto`: what follows the blank are experiments.
    let version = version.split(|byte| *byte == b' ').next().unwrap_or_default();
    list.push(b"stdlib", version.strip_prefix(b"go").unwrap_or(version))?;
    let mut pending: Option<(&[u8], &[u8])> = None;
    for line in lines(modules) {
        let mut words = line.split(|byte| *byte == b'\t');
        let kind = words.next().unwrap_or_default();
        if !matches!(kind, b"mod" | b"dep" | b"=>") {
            continue;
        }
        let module = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        // `=>` says what was really built instead of the line before.
        if kind != b"=>"
            && let Some((name, version)) = pending
        {
            push(&mut list, name, version)?;
        }
        pending = Some(module);
    }
    if let Some((name, version)) = pending {
        push(&mut list, name, version)?;
    }
    Ok(list.finish())
}

/// A replacement by a local folder has no version; it is as unversioned as a module in development.
fn push(list: &mut PackageList, name: &[u8], version: &[u8]) -> Result<(), SkipReason> {
    list.push(name, if version.is_empty() { b"(devel)" } else { version })?;
    Ok(())
}

/// The version of Go and the module lines.
fn build_information<'a>(elf: &Elf<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let place = elf.section(b".go.buildinfo").or_else(|| elf.data(SEARCHED))?;
    let blob = find_header(place)?;
    let flags = *blob.get(15)?;
    let (version, modules) = if flags & 2 != 0 {
        let (version, rest) = split_string(blob.get(HEADER..)?)?;
        (version, split_string(rest)?.0)
    } else {
        let width = u64::from(*blob.get(14)?);
        let layout = Layout { wide: width == 8, big_endian: flags & 1 != 0 };
        let version = pointed_string(elf, layout, layout.word(blob, 16)?)?;
        let modules =
            layout.word(blob, width.checked_add(16)?).and_then(|at| pointed_string(elf, layout, at));
        (version, modules.unwrap_or_default())
    };
    if version.is_empty() {
        return None;
    }
    // The sentinels are there only together with modules.
    let inner = modules.len().checked_sub(16).and_then(|end| modules.get(16..end));
    Some((version, inner.filter(|inner| inner.ends_with(b"\n")).unwrap_or_default()))
}

fn find_header(place: &[u8]) -> Option<&[u8]> {
    memchr::memmem::find_iter(place, MAGIC)
        .filter(|at| at.is_multiple_of(16))
        .find_map(|at| place.get(at..).filter(|blob| blob.len() >= HEADER))
}

/// A string after its length in base 128.
fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        let shift = u32::try_from(index).ok()?.checked_mul(7)?;
        length |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            let start = index.checked_add(1)?;
            return bytes.get(start..)?.split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

/// A string of Go in memory: an address and a length.
fn pointed_string<'a>(elf: &Elf<'a>, layout: Layout, address: u64) -> Option<&'a [u8]> {
    let width = if layout.wide { 8 } else { 4 };
    let header = elf.at(address, width << 1)?;
    elf.at(layout.word(header, 0)?, layout.word(header, width)?)
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    /// A 64-bit file with one writable segment of these bytes at this address.
    fn elf(address: u64, data: &[u8]) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1];
        file.resize(32, 0);
        file.extend(64_u64.to_le_bytes());
        file.resize(54, 0);
        file.extend([56, 0, 1, 0]);
        file.resize(64, 0);
        file.extend([1, 0, 0, 0, 6, 0, 0, 0]);
        for number in [128, address, address, data.len() as u64, data.len() as u64, 16] {
            file.extend(number.to_le_bytes());
        }
        file.resize(128, 0);
        file.extend(data);
        file
    }

    fn read_data(address: u64, data: &[u8]) -> String {
        let file = File { path: "app", size: 0, mode: 0o755 };
        show(read(&file, &elf(address, data), &Limits::default()))
    }

    const MODULES: &str = "0123456789abcdefpath\tx\nmod\texample.com/x\t(devel)\t\ndep\tgolang.org/x/net\tv0.1.0\th1:=\n\
                           dep\told\tv1.0.0\n=>\tnew\tv2.0.0\th1:=\ndep\tlocal\tv1\n=>\t./local\t\n0123456789abcdef";

    #[test]
    fn strings_in_place() {
        let mut data = vec![0; 16];
        data.extend(MAGIC);
        data.extend([8, 2]);
        data.resize(48, 0);
        data.push(8);
        data.extend(b"go1.22.1");
        data.extend([
            u8::try_from(MODULES.len() & 0x7f).unwrap() | 0x80,
            u8::try_from(MODULES.len() >> 7).unwrap(),
        ]);
        data.extend(MODULES.as_bytes());
        expect![[r#"
            golang stdlib 1.22.1
            golang example.com/x (devel)
            golang golang.org/x/net v0.1.0
            golang new v2.0.0
            golang ./local (devel)
        "#]]
        .assert_eq(&read_data(0x1000, &data));
        for length in 0..data.len() {
            read_data(0x1000, data.get(..length).unwrap());
        }
    }

    #[test]
    fn strings_behind_pointers() {
        let mut data = MAGIC.to_vec();
        data.extend([8, 0]);
        for number in [0x1020_u64, 0x1030, 0x1040, 8, 0x1048, MODULES.len() as u64] {
            data.extend(number.to_le_bytes());
        }
        data.extend(b"go1.17.1");
        data.extend(MODULES.as_bytes());
        let text = read_data(0x1000, &data);
        assert!(text.starts_with("golang stdlib 1.17.1\ngolang example.com/x (devel)\n"), "{text}");
        // Pointers that lead nowhere are no build information.
        assert_eq!(read_data(0x9000, &data), "nothing\n");
    }

    #[test]
    fn other_programs_have_no_modules() {
        assert_eq!(read_data(0, b"nothing here"), "nothing\n");
    }
}
