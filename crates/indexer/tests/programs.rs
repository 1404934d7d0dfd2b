//! Programs and libraries: which files are looked into, whatever their permissions say.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[expect(dead_code, reason = "shared with other tests")]
#[path = "support/seeds.rs"]
mod seeds;

use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use indexer::{Limits, index_layer};
use inventory::{LayerInventory, coalesce};

fn layer(make: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> LayerInventory {
    let mut builder = LayerBuilder::new(Vec::new(), Codec::Plain).unwrap();
    make(&mut builder);
    index_layer(&builder.finish().unwrap()[..], media_type(Codec::Plain), &Limits::default()).unwrap()
}

#[test]
fn a_program_without_permission_to_run_is_read_like_any_other() {
    let places = ["opt/app", "usr/lib/libapp.so.1", "srv/node_modules/@swc/core-linux/swc.node"];
    let found = layer(|builder| {
        for place in places {
            builder.file(place, seeds::program()).unwrap();
        }
        builder.executable("opt/app.bin", seeds::program()).unwrap();
        // A document with the bytes of a program in it is none.
        builder.file("srv/app.txt", seeds::program()).unwrap();
    });
    let paths: Vec<&str> = found.databases.iter().map(|database| database.path.as_str()).collect();
    assert_eq!(paths, [&places[..], &["opt/app.bin"]].concat());
    for database in &found.databases {
        let names: Vec<&str> = database.packages.iter().map(|package| &*package.name).collect();
        assert_eq!(names, ["stdlib"], "{}", database.path);
    }
}

#[test]
fn a_packed_program_is_recorded() {
    let mut packed = b"\x7fELF\x02\x01\x01".to_vec();
    packed.resize(240, 0);
    packed.extend(b"UPX!\x0e\x16\x0e\x0a");
    let found = layer(|builder| {
        builder.executable("usr/bin/app", &packed).unwrap();
    });
    assert!(found.databases.is_empty());
    let skipped: Vec<String> =
        found.skipped.iter().map(|skipped| format!("{} {:?}", skipped.path, skipped.why)).collect();
    assert_eq!(skipped.len(), 1, "{skipped:?}");
    assert!(skipped[0].starts_with("usr/bin/app Unsupported(\"a program packed by UPX"), "{skipped:?}");
    assert!(found.skipped[0].conceals_packages);
}

#[test]
fn a_runtime_of_java_is_named_once_by_its_release_file_or_its_program() {
    let program = b"\x7fELF\x02\x01\x01\x00\x00openjdk\x00java\x000.0\x0021.0.2+13-LTS\x00";
    let found = coalesce(&[layer(|builder| {
        builder.executable("opt/java/bin/java", program).unwrap();
        let release = "IMPLEMENTOR=\"Azul Systems, Inc.\"\nJAVA_RUNTIME_VERSION=\"21.0.2+13-LTS\"\n";
        builder.file("opt/java/release", release).unwrap();
        builder.executable("opt/small/bin/java", program).unwrap();
    })]);
    let rows: Vec<String> = found
        .packages
        .iter()
        .map(|installed| {
            format!("{} {} {}", installed.path, installed.package.name, installed.package.version)
        })
        .collect();
    assert_eq!(rows, ["opt/java/release zulu 21.0.2+13-LTS", "opt/small/bin/java openjdk 21.0.2+13-LTS"]);
}

#[test]
fn a_store_of_nix_without_its_database_is_listed_by_its_paths() {
    let store = "nix/store/0c0b7vlxlb0xqg2m9dyhb8wlsr2mfq4a-hello-2.12.1-bin";
    let found = layer(|builder| {
        builder.folder(store).unwrap();
        builder.executable(&format!("{store}/bin/hello"), seeds::program()).unwrap();
        builder.file(&format!("{store}/share/text"), "text").unwrap();
        builder.file("nix/store/1c0b7vlxlb0xqg2m9dyhb8wlsr2mfq4a-builder.sh", "text").unwrap();
        builder
            .file("nix/store/2c0b7vlxlb0xqg2m9dyhb8wlsr2mfq4a-a-1.0/package-lock.json", seeds::LOCK)
            .unwrap();
    });
    let rows: Vec<String> = found
        .databases
        .iter()
        .flat_map(|database| database.packages.iter().map(move |package| (database, package)))
        .map(|(database, package)| format!("{:?} {} {}", database.presence, package.name, package.version))
        .collect();
    assert_eq!(
        rows,
        ["Installed hello 2.12.1", "Installed stdlib 1.22.1", "Installed a 1.0", "Locked b 1.0.0"]
    );
}
