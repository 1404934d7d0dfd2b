//! Mutated layers and files: the indexer never panics, and never reads for ever.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use indexer::build::{LayerBuilder, LongNames, media_type};
use indexer::codec::Codec;
use indexer::extract::{Action, EXTRACTORS, File};
use indexer::tar::{Bounds, Reader};
use indexer::{Limits, index_layer};
use proptest::collection::vec;
use proptest::prelude::*;

/// Small enough that a mutation that asks for much is noticed.
fn limits() -> Limits {
    Limits {
        uncompressed_bytes: 1 << 20,
        entries: 200,
        header_bytes: 4096,
        database_bytes: 1 << 16,
        binary_bytes: 1 << 16,
        inflated_bytes: 1 << 16,
        ..Limits::default()
    }
}

/// A layer with a bit of everything.
fn layer(codec: Codec, long_names: LongNames) -> Vec<u8> {
    let mut layer = LayerBuilder::new(Vec::new(), codec).unwrap().with_long_names(long_names);
    let long = "folder/".repeat(30);
    layer.folder("lib").unwrap().file("lib/apk/db/installed", "P:a\nV:1\no:b\n\nP:c\nV:2\n\n").unwrap();
    layer.file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n").unwrap();
    layer.file("etc/os-release", "ID=\"alpine\"\nVERSION_ID=3.18\n").unwrap();
    layer
        .symbolic_link(&format!("{long}link"), &long)
        .unwrap()
        .hard_link("lib/x", "lib/apk/db/installed")
        .unwrap();
    layer.whiteout("etc/motd").unwrap().opaque("var/cache").unwrap();
    layer.file("node_modules/a/package.json", r#"{"name":"a","version":"1.0.0","files":["x"]}"#).unwrap();
    layer
        .pax(b'x', &[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")])
        .unwrap()
        .file("s", "1\n0\n")
        .unwrap();
    layer.executable("bin/app", program()).unwrap();
    layer.file("app.jar", archive()).unwrap().file("var/lib/rpm/rpmdb.sqlite", database()).unwrap();
    layer.file("var/lib/rpm/Packages.db", database_ndb()).unwrap();
    layer.file("var/lib/rpm/Packages", database_berkeley()).unwrap();
    layer.finish().unwrap()
}

/// An ELF file with a section of its own, in 64-bit little endian.
fn program() -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(64, 0);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(32, &64_u64.to_le_bytes());
    put(40, &256_u64.to_le_bytes());
    put(54, &[56, 0, 1, 0, 64, 0, 2, 0, 1, 0]);
    file.extend([1, 0, 0, 0, 6, 0, 0, 0]);
    for number in [128_u64, 4096, 4096, 64, 64, 16] {
        file.extend(number.to_le_bytes());
    }
    file.resize(128, 0);
    file.extend(b"\xff Go buildinf:\x08\x02");
    file.resize(160, 0);
    file.extend(b"\x08go1.22.1\x00");
    file.resize(192, 0);
    file.extend(b"\0.go.buildinfo\0.dep-v0\0");
    file.resize(256, 0);
    for (name, offset, size) in [(1_u32, 128_u64, 64_u64), (15, 192, 24)] {
        file.extend(name.to_le_bytes());
        file.extend([1, 0, 0, 0]);
        file.extend([0; 16]);
        file.extend(offset.to_le_bytes());
        file.extend(size.to_le_bytes());
        file.extend([0; 24]);
    }
    file
}

/// An rpm database of one package, in two pages of 512 bytes.
fn database() -> Vec<u8> {
    let mut file = b"SQLite format 3\0\x02\0".to_vec();
    file.resize(1024, 0);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(100, &[0x0d, 0, 0, 0, 1, 1, 0x90, 0, 1, 0x90]);
    put(400, b"\x14\x01\x06\x17\x1d\0\x01\0tablePackages\x02");
    put(512, &[0x0d, 0, 0, 0, 1, 0, 100, 0, 0, 100]);
    // One row: nothing, and a blob of 62 bytes.
    put(612, b"\x42\x01\x04\0\x81\x08");
    put(618, &[0, 0, 0, 3, 0, 0, 0, 6]);
    for (index, tag) in [0xe8, 0xe9, 0xea].into_iter().enumerate() {
        put(
            626 + index * 16,
            &[0, 0, 3, tag, 0, 0, 0, 6, 0, 0, 0, u8::try_from(index * 2).unwrap(), 0, 0, 0, 1],
        );
    }
    put(674, b"a\x001\x002\0");
    file
}

/// The same package in the form of NDB.
fn database_ndb() -> Vec<u8> {
    let header = &database()[618..680];
    let mut file = b"RpmP\0\0\0\0\0\0\0\0\x01\0\0\0".to_vec();
    file.resize(32, 0);
    file.extend(b"Slot\x01\0\0\0\0\x01\0\0\x05\0\0\0");
    while file.len() < 4096 {
        file.extend(b"Slot\0\0\0\0\0\0\0\0\0\0\0\0");
    }
    file.extend(b"BlbS\x01\0\0\0\x01\0\0\0\x3e\0\0\0");
    file.extend(header);
    file
}

/// The same package in the form of Berkeley DB.
fn database_berkeley() -> Vec<u8> {
    let header = database()[618..680].to_vec();
    let mut file = vec![0; 3 * 512];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(12, b"\x61\x15\x06\0");
    put(20, &[0, 2, 0, 0]);
    put(512 + 20, &[2, 0, 0, 0, 0, 13, 0, 1, 0, 1]);
    put(512 + 256, &[3, 0, 0, 0, 2, 0, 0, 0, 62, 0, 0, 0]);
    put(1024 + 22, &[62, 0, 0, 7]);
    put(1024 + 26, &header);
    file
}

/// A zip archive of one stored `pom.properties`.
fn archive() -> Vec<u8> {
    let name = b"META-INF/maven/g/a/pom.properties";
    let content = b"groupId=g\nartifactId=a\nversion=1\n";
    let short = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
    let long = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let mut file = b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([long(content.len()), long(content.len())].concat());
    file.extend([short(name.len()), short(0)].concat());
    file.extend(name);
    file.extend(content);
    let start = file.len();
    file.extend(b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0");
    file.extend([long(content.len()), long(content.len())].concat());
    file.extend(short(name.len()));
    file.extend([0; 16]);
    file.extend(name);
    let size = file.len() - start;
    file.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    file.extend([long(size), long(start)].concat());
    file.extend([0, 0]);
    file
}

/// One change of a file.
#[derive(Debug, Clone)]
enum Mutation {
    Set(usize, u8),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let interesting = prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(b'0'), Just(b'7'), Just(b'\n')];
    let one = prop_oneof![
        8 => (any::<usize>(), interesting).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        1 => (any::<usize>(), 1..600_usize).prop_map(|(at, count)| Mutation::Remove(at, count)),
        1 => (any::<usize>(), 1..600_usize).prop_map(|(at, count)| Mutation::Repeat(at, count)),
    ];
    vec(one, 1..12)
}

fn mutate(mut bytes: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations {
        if bytes.is_empty() {
            return bytes;
        }
        let (Mutation::Set(at, _) | Mutation::Remove(at, _) | Mutation::Repeat(at, _)) = mutation;
        let at = at % bytes.len();
        match mutation {
            Mutation::Set(_, byte) => bytes[at] = *byte,
            Mutation::Remove(_, count) => {
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Mutation::Repeat(_, count) => {
                let piece = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// Gives every block that looks like a header its right checksum, so that mutations get past it.
fn reseal(archive: &mut [u8]) {
    for block in archive.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn mutated_archives_end(mutations in mutations(), gnu in any::<bool>()) {
        let names = if gnu { LongNames::Gnu } else { LongNames::Pax };
        let mut archive = mutate(layer(Codec::Plain, names), &mutations);
        reseal(&mut archive);
        if let Ok(inventory) = index_layer(&archive[..], media_type(Codec::Plain), &limits()) {
            prop_assert!(inventory.statistics.entries <= 200);
            prop_assert_eq!(inventory.statistics.uncompressed_bytes, archive.len() as u64);
        }
        let mut reader = Reader::new(&archive[..], Bounds::from(&limits()));
        let mut bodies = 0;
        while let Ok(true) = reader.advance() {
            while let Ok(Some(chunk)) = reader.next_chunk() {
                prop_assert!(!chunk.is_empty());
                bodies += chunk.len();
            }
        }
        prop_assert!(bodies <= archive.len());
    }

    #[test]
    fn mutated_streams_end(mutations in mutations(), zstd in any::<bool>()) {
        let codec = if zstd { Codec::Zstd } else { Codec::Gzip };
        let stream = mutate(layer(codec, LongNames::Pax), &mutations);
        // Whatever comes out: an inventory or an error, but an end.
        let _ = index_layer(&stream[..], media_type(codec), &limits());
    }

    #[test]
    fn mutated_files_are_read_or_refused(mutations in mutations(), which in any::<prop::sample::Index>()) {
        let seeds = [
            program(),
            archive(),
            database(),
            database_ndb(),
            database_berkeley(),
            br#"{"packages":[{"name":"a","version":"1"}],"libraries":{"a/1":{"type":"package"}}}"#.to_vec(),
            b"Package: a\nVersion: 1\nSource: b (2)\n\nName: c\nP:d\nV:3\ns.name = \"e\"\nID='f'\n".to_vec(),
        ];
        let content = mutate(which.get(&seeds).clone(), &mutations);
        for extractor in EXTRACTORS {
            if let Action::Read { read, .. } = extractor.action {
                let file = File { path: "etc/os-release", size: content.len() as u64, mode: 0o755 };
                let _ = read(&file, &content, &limits());
            }
        }
    }
}

#[test]
fn the_seeds_are_read() {
    let inventory =
        index_layer(&layer(Codec::Plain, LongNames::Pax)[..], media_type(Codec::Plain), &limits()).unwrap();
    let packages: usize = inventory.databases.iter().map(|database| database.packages.len()).sum();
    assert_eq!(inventory.databases.len(), 8, "{:?}", inventory.databases);
    assert_eq!(packages, 9);
}
