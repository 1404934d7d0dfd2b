//! Whole layers, built in memory: what the inventory says of them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use expect_test::{Expect, expect};
use indexer::build::{HeaderBlock, LayerBuilder, media_type};
use indexer::codec::Codec;
use indexer::{IndexError, LayerOutcome, Limits, index_layer};
use inventory::{LayerInventory, LinkKind, Removal, SkipReason};
use std::fmt::Write;

const INSTALLED: &str = "P:musl\nV:1.2.4-r2\n\n";

fn build(make: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> Vec<u8> {
    let mut layer = LayerBuilder::new(Vec::new(), Codec::Plain).unwrap();
    make(&mut layer);
    layer.finish().unwrap()
}

fn index(layer: &[u8]) -> Result<LayerInventory, IndexError> {
    index_layer(layer, media_type(Codec::Plain), &Limits::default())
}

/// The inventory as lines.
fn show(inventory: &LayerInventory) -> String {
    let mut text = String::new();
    for database in &inventory.databases {
        let names: Vec<String> =
            database.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
        writeln!(text, "{}: {}", database.path, names.join(", ")).unwrap();
    }
    for file in &inventory.release_files {
        writeln!(text, "{}: {:?}", file.path, file.fields).unwrap();
    }
    for removal in &inventory.removals {
        match removal {
            Removal::Path(path) => writeln!(text, "removed {path}").unwrap(),
            Removal::Opaque(path) => writeln!(text, "opaque {path}").unwrap(),
        }
    }
    for link in &inventory.links {
        let arrow = match link.kind {
            LinkKind::Symbolic => "->",
            LinkKind::Hard => "=>",
            LinkKind::Lower => "=> in a lower layer",
        };
        writeln!(text, "link {} {arrow} {}", link.path, link.target).unwrap();
    }
    for displacement in &inventory.displacements {
        writeln!(text, "displaced {}", displacement.path).unwrap();
    }
    for skipped in &inventory.skipped {
        let (SkipReason::Limit(why) | SkipReason::Malformed(why) | SkipReason::Unsupported(why)) =
            &skipped.why;
        let conceals = if skipped.conceals_packages { " (conceals packages)" } else { "" };
        writeln!(text, "skipped {}: {why}{conceals}", skipped.path).unwrap();
    }
    text
}

#[expect(clippy::needless_pass_by_value, reason = "as expect_test is used everywhere")]
fn check(make: impl FnOnce(&mut LayerBuilder<Vec<u8>>), expected: Expect) {
    expected.assert_eq(&show(&index(&build(make)).unwrap()));
}

#[test]
fn databases_and_release_files() {
    check(
        |layer| {
            layer.folder("lib").unwrap().file("./lib/apk/db/installed", INSTALLED).unwrap();
            layer.file("/etc/alpine-release", "3.18.9\n").unwrap();
            layer.file("var/lib/dpkg//status.d/base", "Package: base-files\nVersion: 12\n").unwrap();
            layer.file("opt/x/../node_modules/a/package.json", r#"{"name":"a","version":"1"}"#).unwrap();
        },
        expect![[r#"
            lib/apk/db/installed: musl 1.2.4-r2
            var/lib/dpkg/status.d/base: base-files 12
            opt/node_modules/a/package.json: a 1
            etc/alpine-release: [("VERSION", "3.18.9")]
        "#]],
    );
}

#[test]
fn the_last_of_two_entries_stays() {
    check(
        |layer| {
            layer.file("lib/apk/db/installed", "P:old\nV:1\n\n").unwrap();
            layer.file("lib/apk/db/installed", INSTALLED).unwrap();
            layer.file("etc/alpine-release", "1\n").unwrap().folder("etc/alpine-release").unwrap();
            layer
                .symbolic_link("etc/os-release", "x")
                .unwrap()
                .file("etc/os-release", "ID=alpine\n")
                .unwrap();
        },
        expect![[r#"
            lib/apk/db/installed: musl 1.2.4-r2
            etc/os-release: [("ID", "alpine")]
            displaced etc/alpine-release
        "#]],
    );
}

#[test]
fn a_file_in_the_place_of_a_folder_takes_away_what_it_held() {
    check(
        |layer| {
            layer.file("lib/apk/db/installed", INSTALLED).unwrap().file("lib", "").unwrap();
            layer.file("a/node_modules/b/package.json", r#"{"name":"b","version":"1"}"#).unwrap();
            layer.file("a!/node_modules/b/package.json", r#"{"name":"c","version":"1"}"#).unwrap();
            layer.symbolic_link("a", "elsewhere").unwrap();
            layer.file("a/node_modules/d/package.json", r#"{"name":"d","version":"1"}"#).unwrap();
        },
        expect![[r#"
            a!/node_modules/b/package.json: c 1
            a/node_modules/d/package.json: d 1
            displaced lib
        "#]],
    );
}

#[test]
fn whiteouts_in_all_their_forms() {
    check(
        |layer| {
            layer.whiteout("lib/apk/db/installed").unwrap().whiteout("top").unwrap();
            layer.opaque("app").unwrap().file(".wh..wh..opq", "").unwrap();
            layer.file("lib/apk/db/installed", INSTALLED).unwrap();
            layer.file(".wh..wh.plnk/1.2", "x").unwrap().folder(".wh..wh.aufs").unwrap();
            layer.file("a/.wh.", "").unwrap().file("b/.wh..", "").unwrap().file("c/.wh...", "").unwrap();
        },
        expect![[r#"
            lib/apk/db/installed: musl 1.2.4-r2
            removed lib/apk/db/installed
            removed top
            opaque app
            opaque 
            skipped a/.wh.: a whiteout without a name (conceals packages)
            skipped b/.wh..: a whiteout without a name (conceals packages)
            skipped c/.wh...: a whiteout without a name (conceals packages)
        "#]],
    );
}

#[test]
fn links_on_watched_paths_and_on_the_way_there() {
    check(
        |layer| {
            layer.symbolic_link("lib", "usr/lib").unwrap();
            layer.symbolic_link("var/lib/dpkg", "/srv/dpkg").unwrap();
            layer.hard_link("var/lib/rpm/Packages", "./tmp//x").unwrap();
            layer.symbolic_link("usr/bin", "bin").unwrap();
        },
        expect![[r#"
            link lib -> usr/lib
            link var/lib/dpkg -> /srv/dpkg
            link var/lib/rpm/Packages => tmp/x
            displaced lib
            displaced var/lib/dpkg
            displaced var/lib/rpm/Packages
        "#]],
    );
}

#[test]
fn links_to_manifests_are_followed_as_far_as_it_is_safe() {
    check(
        |layer| {
            layer.file("x/node_modules/a/package.json", r#"{"name":"a","version":"1"}"#).unwrap();
            layer.hard_link("y/node_modules/a/package.json", "x/node_modules/a/package.json").unwrap();
            layer
                .symbolic_link("z/node_modules/a/package.json", "../../../x/node_modules/a/package.json")
                .unwrap();
            layer.hard_link("z/node_modules/b/package.json", "store/12ab").unwrap();
            layer.symbolic_link("usr/share/java/a.jar", "a-1.0.jar").unwrap();
        },
        expect![[r#"
            x/node_modules/a/package.json: a 1
            y/node_modules/a/package.json: a 1
            link z/node_modules/b/package.json => in a lower layer store/12ab
            skipped z/node_modules/b/package.json: Node.js package: a link to a file that is not read itself (conceals packages)
        "#]],
    );
}

#[test]
fn a_hard_link_to_a_program_lists_its_packages_too() {
    let text = br#"{"packages":[{"name":"regex","version":"1.5.4"}]}"#;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text).unwrap();
    let program = program_with_section(".dep-v0", &encoder.finish().unwrap());
    check(
        |layer| {
            layer.executable("bin/a", program).unwrap();
            layer.raw(HeaderBlock::new("bin/b", b'1', 0).link("bin/a").mode(0o755).sealed()).unwrap();
            layer.raw(HeaderBlock::new("bin/c", b'1', 0).link("bin/other").mode(0o755).sealed()).unwrap();
        },
        expect![[r#"
            bin/a: regex 1.5.4
            bin/b: regex 1.5.4
            link bin/c => in a lower layer bin/other
        "#]],
    );
}

/// A 32-bit big-endian ELF file with one section beside that of the names.
fn program_with_section(name: &str, content: &[u8]) -> Vec<u8> {
    let word = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let names = format!("\0{name}\0");
    let table = 52 + names.len() + content.len();
    let mut file = b"\x7fELF\x01\x02\x01".to_vec();
    file.resize(32, 0);
    file.extend(word(table));
    file.resize(46, 0);
    file.extend([0, 40, 0, 2, 0, 0]);
    file.extend(names.as_bytes());
    file.extend(content);
    for (name, offset, size) in [(0, 52, names.len()), (1, 52 + names.len(), content.len())] {
        file.extend([word(name), word(1), [0; 4], [0; 4], word(offset), word(size)].concat());
        file.extend([0; 16]);
    }
    file
}

#[test]
fn devices_and_pipes_are_no_databases() {
    check(
        |layer| {
            layer.raw(HeaderBlock::new("lib/apk/db/installed", b'3', 0).sealed()).unwrap();
            layer.raw(HeaderBlock::new("var/lib/dpkg/status", b'6', 0).sealed()).unwrap();
            layer.raw(HeaderBlock::new("etc/os-release", b'V', 0).sealed()).unwrap();
            layer.raw(HeaderBlock::new("dev/null", b'3', 0).sealed()).unwrap();
        },
        expect![[r#"
            displaced lib/apk/db/installed
            displaced var/lib/dpkg/status
            displaced etc/os-release
            skipped lib/apk/db/installed: a device, a pipe or an unknown thing stands where a file is expected (conceals packages)
            skipped var/lib/dpkg/status: a device, a pipe or an unknown thing stands where a file is expected (conceals packages)
            skipped etc/os-release: a device, a pipe or an unknown thing stands where a file is expected (conceals packages)
        "#]],
    );
}

#[test]
fn odd_paths() {
    let deep = "d/".repeat(20_000) + "node_modules/a/package.json";
    let inventory = index(&build(|layer| {
        layer.file(&deep, r#"{"name":"a","version":"1"}"#).unwrap();
        layer.file("../../lib/apk/db/installed", INSTALLED).unwrap();
        let header = HeaderBlock::new("", b'0', 26).with(0, b"\xff/node_modules/b/package.json");
        layer
            .raw(header.sealed())
            .unwrap()
            .raw(r#"{"name":"b","version":"1"}"#)
            .unwrap()
            .raw([0; 486])
            .unwrap();
    }))
    .unwrap();
    let text = show(&inventory).replace(&deep, "DEEP");
    expect![[r#"
        DEEP: a 1
        \xff/node_modules/b/package.json: b 1
        skipped lib/apk/db/installed: the path climbs out of the root with `..` (conceals packages)
    "#]]
    .assert_eq(&text);
}

#[test]
fn unread_sources_and_sparse_files_are_recorded() {
    check(
        |layer| {
            layer.file("usr/share/rpm/Packages", "x").unwrap();
            layer.pax(b'x', &[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")]).unwrap();
            layer.file("lib/apk/db/installed", "1\n0\n").unwrap();
            layer.executable("app", b"\x7fELF").unwrap();
            layer.pax(b'x', &[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")]).unwrap();
            layer.executable("sparse-app", "1\n0\n").unwrap();
        },
        expect![[r#"
            skipped usr/share/rpm/Packages: an rpm database in an unusual place, which this version does not read (conceals packages)
            skipped lib/apk/db/installed: apk database: a sparse file (conceals packages)
            skipped sparse-app: Go program: a sparse file (conceals packages)
            skipped sparse-app: Rust program: a sparse file (conceals packages)
            skipped sparse-app: native image of Java: a sparse file (conceals packages)
            skipped sparse-app: note of a package: a sparse file (conceals packages)
            skipped sparse-app: packed program: a sparse file (conceals packages)
        "#]],
    );
}

#[test]
fn reached_limits_are_recorded() {
    let limits =
        Limits { packages: 2, links: 1, removals: 1, skipped: 1, database_bytes: 100, ..Limits::default() };
    let layer = build(|layer| {
        layer.whiteout("a").unwrap().whiteout("b").unwrap();
        layer.symbolic_link("lib", "x").unwrap();
        layer.file("var/lib/dpkg/status", [b'\n'; 101]).unwrap();
        layer.file("usr/share/rpm/Packages", "").unwrap();
        for name in ["a", "b", "c"] {
            let text = format!(r#"{{"name":"{name}","version":"1"}}"#);
            layer.file(&format!("node_modules/{name}/package.json"), text).unwrap();
        }
    });
    let inventory = index_layer(&layer[..], media_type(Codec::Plain), &limits).unwrap();
    expect![[r#"
        node_modules/a/package.json: a 1
        node_modules/b/package.json: b 1
        removed a
        link lib -> x
        skipped var/lib/dpkg/status: dpkg database: 101 bytes, more than 100 (conceals packages)
        skipped : more than 1 links on watched paths (conceals packages)
        skipped : more than 1 skipped files (conceals packages)
        skipped : more than 1 whiteouts (conceals packages)
        skipped : more than 2 packages (conceals packages)
    "#]]
    .assert_eq(&show(&inventory));
}

#[test]
fn long_paths_and_empty_databases_are_bounded_together() {
    let limits = Limits { inventory_bytes: 10_000, packages: 3, ..Limits::default() };
    let layer = build(|layer| {
        for name in ["a", "b", "c", "d"] {
            layer.file(&format!("var/lib/dpkg/status.d/{name}"), "").unwrap();
        }
        for name in ["x", "y", "z"] {
            layer.whiteout(&format!("{}{name}", "long/".repeat(1000))).unwrap();
        }
    });
    let inventory = index_layer(&layer[..], media_type(Codec::Plain), &limits).unwrap();
    assert_eq!((inventory.databases.len(), inventory.removals.len()), (3, 1));
    expect![[r#"
        skipped : more than 10000 bytes of inventory (conceals packages)
        skipped : more than 3 packages (conceals packages)
    "#]]
    .assert_eq(&show(&LayerInventory { databases: vec![], removals: vec![], ..inventory }));
}

/// A layer of one file, compressed.
fn compressed(codec: Codec) -> Vec<u8> {
    let mut layer = LayerBuilder::new(Vec::new(), codec).unwrap();
    layer.file("lib/apk/db/installed", INSTALLED).unwrap();
    layer.finish().unwrap()
}

#[test]
fn media_type_and_content_must_agree() {
    let codecs = [Codec::Plain, Codec::Gzip, Codec::Zstd];
    for promised in codecs {
        for actual in codecs {
            let result = index_layer(&compressed(actual)[..], media_type(promised), &Limits::default());
            match result {
                Ok(inventory) => {
                    assert_eq!(promised, actual);
                    assert_eq!(inventory.databases.len(), 1);
                    assert_eq!(inventory.statistics.entries, 1);
                    assert_eq!(inventory.statistics.uncompressed_bytes, 2048);
                    assert_eq!(inventory.statistics.compressed_bytes, compressed(actual).len() as u64);
                }
                Err(error) => {
                    assert_ne!(promised, actual);
                    assert!(matches!(error, IndexError::Mismatch { .. }), "{error}");
                }
            }
        }
    }
    let unknown =
        index_layer(&[][..], "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", &Limits::default());
    assert!(matches!(unknown, Err(IndexError::UnknownMediaType { .. })));
    let xz = index_layer(&b"\xfd7zXZ\0..."[..], media_type(Codec::Plain), &Limits::default());
    assert!(matches!(xz, Err(IndexError::Mismatch { .. })));
    assert!(index_layer(&[][..], media_type(Codec::Plain), &Limits::default()).unwrap().databases.is_empty());
    assert!(index_layer(&[][..], media_type(Codec::Gzip), &Limits::default()).is_err());
}

#[test]
fn damaged_and_short_streams_are_unreadable() {
    for codec in [Codec::Gzip, Codec::Zstd] {
        let whole = compressed(codec);
        for length in 0..whole.len() {
            let result = index_layer(&whole[..length], media_type(codec), &Limits::default());
            assert!(result.is_err(), "{codec} cut at {length} of {}", whole.len());
        }
        let trailing = [&whole[..], b"garbage"].concat();
        let result = index_layer(&trailing[..], media_type(codec), &Limits::default());
        assert!(matches!(result, Err(IndexError::Compression { .. })), "{codec}: {result:?}");
    }
}

#[test]
fn all_members_of_a_gzip_stream_are_read_and_counted() {
    let whole = build(|layer| {
        layer.file("etc/alpine-release", "3.18\n").unwrap().file("lib/apk/db/installed", INSTALLED).unwrap();
    });
    let member = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    };
    let mut stream = Vec::new();
    for piece in whole.chunks(100) {
        stream.extend(member(piece));
        stream.extend(member(b""));
    }
    let inventory = index_layer(&stream[..], media_type(Codec::Gzip), &Limits::default()).unwrap();
    assert_eq!((inventory.databases.len(), inventory.release_files.len()), (1, 1));
    assert_eq!(inventory.statistics.compressed_bytes, stream.len() as u64);
    let limits = Limits { gzip_members: 5, ..Limits::default() };
    let error = index_layer(&stream[..], media_type(Codec::Gzip), &limits).unwrap_err();
    assert_eq!(error, IndexError::Limit { what: "gzip members".to_owned(), value: 5 });
}

#[test]
fn what_lazy_pulling_formats_add_is_passed_over() {
    // zstd:chunked ends with skippable frames, eStargz with an empty member that has an extra field.
    let mut chunked = compressed(Codec::Zstd);
    chunked.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b't', b'o', b'c']);
    let footer =
        flate2::GzBuilder::new().extra(*b"SG\x04\0toc!").write(Vec::new(), flate2::Compression::none());
    let stargz = [compressed(Codec::Gzip), footer.finish().unwrap()].concat();
    for (codec, layer) in [(Codec::Zstd, chunked), (Codec::Gzip, stargz)] {
        let inventory = index_layer(&layer[..], media_type(codec), &Limits::default()).unwrap();
        assert_eq!(inventory.databases.len(), 1, "{codec}");
        assert_eq!(inventory.statistics.compressed_bytes, layer.len() as u64, "{codec}");
    }
}

#[test]
fn bombs_end_at_their_limits() {
    let zeros = |codec| {
        let mut layer = LayerBuilder::new(Vec::new(), codec).unwrap();
        layer.streamed_file("zeros", 8 << 20, std::io::repeat(0)).unwrap();
        layer.finish().unwrap()
    };
    for codec in [Codec::Gzip, Codec::Zstd] {
        let bomb = zeros(codec);
        let with = |limits: Limits| index_layer(&bomb[..], media_type(codec), &limits).unwrap_err();
        let error = with(Limits { ratio_floor: 1 << 20, ..Limits::default() });
        assert_eq!(error, IndexError::Limit { what: "times its compressed size".to_owned(), value: 500 });
        let error = with(Limits { uncompressed_bytes: 1 << 20, ..Limits::default() });
        assert_eq!(error, IndexError::Limit { what: "uncompressed bytes".to_owned(), value: 1 << 20 });
    }
    // A window of 8 MiB, where 1 MiB is allowed.
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(23).unwrap();
    std::io::Write::write_all(&mut encoder, &vec![1; 16 << 20]).unwrap();
    let limits = Limits { zstd_window_log: 20, ..Limits::default() };
    let error = index_layer(&encoder.finish().unwrap()[..], media_type(Codec::Zstd), &limits).unwrap_err();
    assert!(matches!(error, IndexError::Compression { .. }), "{error}");
}

/// Fails after some bytes, now and then interrupted before.
struct Failing<'a> {
    rest: &'a [u8],
    interrupted: bool,
}

impl std::io::Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        if self.rest.is_empty() {
            return Err(std::io::Error::other("the cable is cut"));
        }
        let most = buffer.len().min(7);
        self.rest.read(&mut buffer[..most])
    }
}

#[test]
fn a_failing_source_is_no_damaged_layer() {
    for codec in [Codec::Plain, Codec::Gzip, Codec::Zstd] {
        let source = Failing { rest: &compressed(codec), interrupted: false };
        let error = index_layer(source, media_type(codec), &Limits::default()).unwrap_err();
        assert_eq!(error, IndexError::Input { detail: "the cable is cut".to_owned() }, "{codec}");
    }
}

#[test]
fn outcomes_survive_the_way_out_of_the_jail() {
    for layer in [compressed(Codec::Plain), vec![b'x'; 600]] {
        let outcome = LayerOutcome::from(index(&layer));
        let text = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<LayerOutcome>(&text).unwrap(), outcome);
    }
    let LayerOutcome::Unreadable { why, .. } = LayerOutcome::from(index(&[b'x'; 600])) else {
        unreachable!()
    };
    assert_eq!(
        why,
        "the tar archive of the layer cannot be read at byte 0: the checksum of a header is wrong"
    );
}
