//! Java programs that `GraalVM` compiled into one executable: the bill of materials that is in them.
//!
//! `native-image --enable-sbom` puts a bill of CycloneDX, compressed by gzip, where the symbol `sbom` leads to, and its
//! length in eight bytes at `sbom_length`
//! (<https://www.graalvm.org/latest/security-guide/native-image/sbom/>). No archive is left of such a program, so the bill is
//! the only trace of its libraries.
//!
//! Symbols are looked for only where one of their names stands in the table of names: a program may have millions.

use super::{Action, Extractor, File, PackageList, Reading, json};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::elf::{self, Elf};
use crate::zip::{Budget, inflate};
use flate2::bufread::GzDecoder;
use inventory::{PackageKind, SkipReason, parse_package_url};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::{BufReader, Read};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "native image of Java",
    watched: &[],
    claims: |file| file.may_be_program(),
    magic: &[elf::MAGIC],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

/// Tables of symbols, each with that of their names. What was stripped still has the first.
const TABLES: &[(&[u8], &[u8])] = &[(b".dynsym", b".dynstr"), (b".symtab", b".strtab")];

#[derive(Deserialize)]
struct Bill {
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    purl: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
}

fn browse(_: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let Some(elf) = Elf::parse(body) else { return Ok(Reading::Nothing) };
    let Some(bill) = TABLES.iter().find_map(|(symbols, names)| bill(&elf, symbols, names)) else {
        return Ok(Reading::Nothing);
    };
    // The bills of the largest programs have some hundred KiB.
    let mut budget = Budget { bytes: limits.manifest_bytes, members: 0 };
    let text = inflate(GzDecoder::new(bill.reader()), &mut budget)
        .map_err(|error| SkipReason::Malformed(format!("the bill of a native image: {error}")))?;
    list_libraries(&text, limits)
}

/// The bytes of the bill, by this table of symbols.
fn bill<'a>(elf: &Elf<'a>, symbols: &[u8], names: &[u8]) -> Option<Body<'a>> {
    let names = elf.section(names)?;
    let length_name = place_of(names, b"\0sbom_length\0")?;
    let start_name = place_of(names, b"\0sbom\0")?;
    let (mut length, mut start) = (None, None);
    let layout = elf.layout();
    let size = if layout.wide { 24 } else { 16 };
    let mut symbol = vec![0; size];
    let mut reader = BufReader::new(elf.section(symbols)?.reader());
    while (length.is_none() || start.is_none()) && reader.read_exact(&mut symbol).is_ok() {
        let name = layout.number(&symbol, 0, 4)?;
        let address = layout.word(&symbol, if layout.wide { 8 } else { 4 })?;
        if name == length_name {
            length = Some(address);
        } else if name == start_name {
            start = Some(address);
        }
    }
    let length = layout.number(&elf.at(length?, 8)?, 0, 8)?;
    elf.loaded(start?, length)
}

/// Where a name stands in a table of names. It is searched with the NULs around it.
fn place_of(names: Body<'_>, name: &[u8]) -> Option<u64> {
    names.pieces(name.len() as u64).find_map(|(offset, piece)| {
        let at = memchr::memmem::find(&piece, name)?;
        offset.checked_add(at as u64)?.checked_add(1)
    })
}

fn list_libraries(text: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Bill { components } = json(text)?;
    let mut libraries = BTreeSet::new();
    for Component { purl, group, name, version } in components {
        if purl.is_empty() && !group.is_empty() {
            libraries.insert((format!("{group}:{name}"), version));
        } else if let Some(package) =
            parse_package_url(&purl).filter(|package| package.kind == PackageKind::Maven)
        {
            libraries.insert((package.name, package.version));
        }
    }
    let mut list = PackageList::new(PackageKind::Maven, limits);
    for (name, version) in libraries {
        list.push(name.as_bytes(), version.as_bytes())?;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::browsed;
    use super::*;
    use crate::build::{elf, native_image};
    use expect_test::expect;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn read(program: &[u8], limits: &Limits) -> String {
        let file = File { path: "app/server", size: 0, mode: 0o755 };
        browsed(browse, &file, program, limits)
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_libraries_of_a_native_image() {
        let bill = br#"{"bomFormat":"CycloneDX","specVersion":"1.4","components":[
            {"type":"library","group":"io.netty","name":"netty-codec","version":"4.1.73.Final","purl":"pkg:maven/io.netty/netty-codec@4.1.73.Final"},
            {"type":"library","group":"org.a","name":"b","version":"1"},
            {"type":"library","name":"svm","version":"21","purl":"pkg:generic/svm@21"}]}"#;
        expect![[r#"
            maven io.netty:netty-codec 4.1.73.Final
            maven org.a:b 1
        "#]]
        .assert_eq(&read(&native_image(&packed(bill)), &Limits::default()));
    }

    #[test]
    fn other_programs_have_none() {
        assert_eq!(read(&elf(&[(".dynstr", b"\0sbom_length\0sbom\0")]), &Limits::default()), "nothing\n");
        assert_eq!(
            read(&elf(&[(".dynstr", b"\0main\0"), (".dynsym", &[0; 48])]), &Limits::default()),
            "nothing\n"
        );
    }

    #[test]
    fn a_bill_that_is_damaged_or_without_end_is_recorded() {
        assert!(read(&native_image(b"no gzip"), &Limits::default()).starts_with("malformed"));
        assert!(read(&native_image(&packed(b"[")), &Limits::default()).starts_with("malformed"));
        let limits = Limits { manifest_bytes: 1000, ..Limits::default() };
        let bomb = native_image(&packed(&vec![b' '; 1_000_000]));
        assert_eq!(
            read(&bomb, &limits),
            "malformed: the bill of a native image: more is to be inflated than allowed\n"
        );
    }
}
