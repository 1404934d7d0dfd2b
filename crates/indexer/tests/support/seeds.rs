//! Small well-formed inputs for every parser of foreign bytes, built here and not stored.
//!
//! Tests mutate them, and the fuzzer begins with them. Each group of parsers is one target; its files are read under
//! their paths, as in a layer.

use indexer::body::Workspace;
use indexer::build::{LayerBuilder, LongNames, elf, media_type, native_image, note, portable_executable};
use indexer::codec::Codec;
use indexer::extract::{Action, Browse, EXTRACTORS, File};
use indexer::{Limits, index_layer};

/// The targets whose input is one file, each with files that its parsers read.
pub(crate) fn files() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut files: Vec<(&str, &str, Vec<u8>)> = vec![
        ("rpm", "var/lib/rpm/rpmdb.sqlite", database()),
        ("rpm", "var/lib/rpm/Packages.db", database_ndb()),
        ("rpm", "var/lib/rpm/Packages", database_berkeley()),
        ("rpm", "nix/var/nix/db/db.sqlite", database()),
        ("elf", "usr/bin/python3", program()),
        ("elf", "usr/bin/noted", elf(&[(".note.package", &note("FDO", 0xcafe_1a7e, NOTE))])),
        ("elf", "usr/bin/native", native_image(&bill())),
        ("elf", "lib/modules/6/a.ko", elf(&[(".modinfo", b"name=a\0version=1\0vermagic=6.1 SMP\0")])),
        ("elf", "boot/vmlinuz-6.1", kernel()),
        ("pe", "app/A.dll", portable_executable(&[("ProductName", "A"), ("FileVersion", "1.0.0.0")])),
        ("elf", "nix/store/0c0b7vlxlb0xqg2m9dyhb8wlsr2mfq4a-a-1.0/bin/a", program()),
        ("zip", "app.jar", archive()),
        ("zip", "app.zip", archive()),
        ("zip", "usr/lib/python3/site-packages/a.egg", archive()),
    ];
    files.extend(TEXTS.iter().map(|(target, path, text)| (*target, *path, text.as_bytes().to_vec())));
    files
}

/// Target, path and text.
const TEXTS: &[(&str, &str, &str)] = &[
    ("apk", "lib/apk/db/installed", "P:a\nV:1\no:b\nF:usr/bin\nR:a\n\nP:c\nV:2\n\n"),
    (
        "dpkg",
        "var/lib/dpkg/status",
        "Package: a\nStatus: install ok installed\nVersion: 1\nSource: b (2)\n\n",
    ),
    ("dpkg", "usr/lib/opkg/status", "Package: a\nVersion: 1\n Status: x\n"),
    ("dpkg", "var/lib/dpkg/info/a:amd64.list", "/.\n/usr/bin/a\n"),
    ("dpkg", "var/lib/dpkg/status.d/a.md5sums", "0123456789abcdef0123456789abcdef  usr/bin/a\n"),
    ("dpkg", "var/lib/pacman/local/a-1-1/desc", "%NAME%\na\n\n%VERSION%\n1-1\n\n%BASE%\nb\n"),
    ("dpkg", "var/lib/pacman/local/a-1-1/files", "%FILES%\nusr/bin/a\n"),
    ("dpkg", "var/db/pkg/app-shells/a-1-r1/CONTENTS", "dir /usr\nobj /usr/bin/a 0123 1\nsym /bin/a -> b 1\n"),
    ("dpkg", "opt/java/release", "IMPLEMENTOR=\"a\"\nJAVA_VERSION=\"17\"\n"),
    ("dpkg", "srv/packages.config", "<packages><package id=\"a\" version=\"1\"/></packages>"),
    ("dpkg", "opt/bitnami/a/.spdx-a.spdx", "ExternalRef: PACKAGE-MANAGER purl pkg:bitnami/a@1?arch=b\n"),
    ("dpkg", "etc/os-release", "ID=\"alpine\"\nVERSION_ID='3.18'\n"),
    ("dpkg", "var/lib/rpmmanifest/container-manifest-2", "a\t1-2\t0\t0\tv\t3\t0\tx86_64\t3\ta-1-2.src.rpm\n"),
    ("dpkg", "usr/lib/python3/a.dist-info/METADATA", "Name: a_b\nVersion: 1\n\n"),
    ("dpkg", "usr/lib/R/library/a/DESCRIPTION", "Package: a\nVersion: 1\n"),
    (
        "dpkg",
        "gems/specifications/a-1.gemspec",
        "  s.name = \"a\".freeze\n  s.version = Gem::Version.new(\"1\")\n",
    ),
    ("dpkg", "srv/wp-content/plugins/a/a.php", "<?php\n/*\n * Plugin Name: A\n * Version: 1\n */\n"),
    ("dpkg", "srv/wp-includes/version.php", "<?php\n$wp_version = '6.4';\n"),
    ("dpkg", "lib/a-1/ebin/a.app", "{application,a,[{vsn,\"1\"}]}.\n"),
    ("dpkg", "php/.registry/a.reg", "a:2:{s:4:\"name\";s:1:\"A\";s:7:\"version\";s:1:\"1\";}"),
    (
        "dpkg",
        "php/.registry/.channel.pecl.php.net/a.reg",
        "a:3:{s:1:\"x\";a:1:{i:0;N;}s:4:\"name\";s:1:\"a\";s:7:\"version\";a:1:{s:7:\"release\";s:1:\"1\";}}",
    ),
    ("dpkg", "rocks-5.1/a/1-1/a-1-1.rockspec", "package = \"a\"\n"),
    ("dpkg", ".opam/4/.opam-switch/packages/a.1/opam", "opam-version: \"2.0\"\n"),
    ("dpkg", "ghc/package.conf.d/a.conf", "name:\n    a\nversion: 1\npackage-name: b\n"),
    ("json_manifests", "perl5/.meta/a-1/install.json", r#"{"dist":"a-1","version":1.0}"#),
    (
        "json_manifests",
        "a.dist-info/sboms/a.cdx.json",
        r#"{"bomFormat":"CycloneDX","components":[{"purl":"pkg:cargo/a@1.0.0","scope":"required"}]}"#,
    ),
    ("json_manifests", "node_modules/a/package.json", r#"{"name":"a","version":"1.0.0","files":["x"]}"#),
    ("json_manifests", "vendor/composer/installed.json", r#"{"packages":[{"name":"a/b","version":"1"}]}"#),
    ("json_manifests", "app.deps.json", r#"{"libraries":{"a/1":{"type":"package"}}}"#),
    ("json_manifests", "opt/conda-meta/a.json", r#"{"name":"a","version":"1","subdir":"linux-64"}"#),
    ("json_manifests", "root/buildinfo/content_manifests/a.json", r#"{"content_sets":["a","b"]}"#),
    ("lock_files", "package-lock.json", LOCK),
    (
        "lock_files",
        "npm-shrinkwrap.json",
        r#"{"dependencies":{"a":{"version":"npm:b@1","dependencies":{}}}}"#,
    ),
    (
        "lock_files",
        "yarn.lock",
        "a@^1, a@^2:\n  version \"1.0.0\"\n\n\"b@npm:^1\":\n  version: 1.0.0\n  resolution: \"b@npm:1.0.0\"\n",
    ),
    (
        "lock_files",
        "pnpm-lock.yaml",
        "packages:\n\n  /a/1.0.0_b@2.0.0:\n    dev: false\n\n  '@a/b@1.0.0(c@1)':\n    x: 1\n",
    ),
    ("lock_files", "bun.lock", "\"packages\": {\n  \"a\": [\"@b/a@1.0.0\", \"\", {}, \"x\"],\n"),
    ("lock_files", "poetry.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"main\"]\n"),
    ("lock_files", "Pipfile.lock", r#"{"default":{"a":{"version":"==1"}}}"#),
    ("lock_files", "Cargo.lock", "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n"),
    ("lock_files", "composer.lock", r#"{"packages":[{"name":"a/b","version":"v1"}]}"#),
    ("lock_files", "Gemfile.lock", "GEM\n  specs:\n    a (1.0-x86_64-linux)\n      b (~> 1)\n"),
    ("lock_files", "packages.lock.json", r#"{"dependencies":{"net6.0":{"A":{"resolved":"1.0.0"}}}}"#),
    ("lock_files", "pubspec.lock", "packages:\n  a:\n    source: hosted\n    version: \"1.0.0\"\n"),
    ("lock_files", "mix.lock", "  \"a\": {:hex, :a, \"1.0.0\", \"x\"},\n"),
    ("lock_files", "rebar.lock", "[{<<\"a\">>,{pkg,<<\"a\">>,<<\"1.0.0\">>},0}].\n"),
    (
        "lock_files",
        "Package.resolved",
        r#"{"pins":[{"location":"https://x/y.git","state":{"version":"1.0.0"}}]}"#,
    ),
    ("lock_files", "stack.yaml.lock", "- completed:\n    hackage: a-1.0@sha256:x,1\n"),
    ("lock_files", "cabal.project.freeze", "constraints: any.a ==1.0,\n"),
    ("lock_files", "conan.lock", r#"{"requires":["a/1.0#x%1"],"graph_lock":{"nodes":{"1":{"ref":"b/1"}}}}"#),
    ("lock_files", "Manifest.toml", "[[deps.A]]\nuuid = \"x\"\nversion = \"1.0.0\"\n"),
];

/// A lock file of npm.
pub(crate) const LOCK: &str = r#"{"packages":{"":{},"node_modules/b":{"version":"1.0.0"}}}"#;

/// Hands bytes to every parser that reads a file of this path.
pub(crate) fn read_as(path: &str, content: &[u8], limits: &Limits) -> usize {
    let file = File { path, size: content.len() as u64, mode: 0o755 };
    let mut readers = 0;
    for extractor in EXTRACTORS.iter().filter(|extractor| (extractor.claims)(&file)) {
        match extractor.action {
            Action::Read { read, .. } => {
                let _ = read(&file, content, limits);
            }
            Action::Browse { browse, .. } => browsed(&file, content, limits, browse),
            Action::Place(place) => {
                place(path);
            }
            Action::Refuse(_) => continue,
        }
        readers += 1;
    }
    readers
}

/// Reads a file in memory and on scratch, which must come to the same.
fn browsed(file: &File<'_>, content: &[u8], limits: &Limits, browse: Browse) {
    let in_memory = browse(file, content.into(), limits, &Workspace::new(u64::MAX, None, 0));
    let scratch = Box::new(std::io::Cursor::new(Vec::new()));
    let workspace = Workspace::new(0, Some(scratch), u64::MAX);
    assert_eq!(workspace.on_scratch(content, |body| browse(file, body, limits, &workspace)), Some(in_memory));
}

/// The inventory of the layer, as it leaves the jail.
pub(crate) fn inventory() -> Vec<u8> {
    let layer = layer(Codec::Plain, LongNames::Pax);
    let inventory = index_layer(&layer[..], media_type(Codec::Plain), &Limits::default()).unwrap();
    serde_json::to_vec(&inventory).unwrap()
}

/// A layer with a bit of everything.
pub(crate) fn layer(codec: Codec, long_names: LongNames) -> Vec<u8> {
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
pub(crate) fn program() -> Vec<u8> {
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

/// What a note of a package says.
const NOTE: &[u8] = br#"{"type":"rpm","name":"a","version":"1-2.fc40","architecture":"x86_64"}"#;

/// A bill of a native image, in gzip of one block that is stored.
fn bill() -> Vec<u8> {
    let text = br#"{"components":[{"group":"g","name":"a","version":"1"}]}"#;
    let length = u16::try_from(text.len()).unwrap();
    let mut packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01".to_vec();
    packed.extend(length.to_le_bytes().into_iter().chain((!length).to_le_bytes()));
    packed.extend(text);
    packed.extend(BILL_CHECKSUM.to_le_bytes());
    packed.extend(u32::from(length).to_le_bytes());
    packed
}

/// CRC-32 of the text of the bill.
const BILL_CHECKSUM: u32 = 0x1ff00abf;

/// A kernel for x86 without anything but its version.
fn kernel() -> Vec<u8> {
    let mut file = b"MZ".to_vec();
    file.resize(0x202, 0);
    file.extend(b"HdrS\x0f\x02\0\0\0\0\0\x10\x20\0");
    file.resize(0x220, 0);
    file.extend(b"6.1.0-18-amd64 (a@b) #1 SMP\0");
    file
}

/// An rpm database of one package, in two pages of 512 bytes.
pub(crate) fn database() -> Vec<u8> {
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
pub(crate) fn database_ndb() -> Vec<u8> {
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
pub(crate) fn database_berkeley() -> Vec<u8> {
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
pub(crate) fn archive() -> Vec<u8> {
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
