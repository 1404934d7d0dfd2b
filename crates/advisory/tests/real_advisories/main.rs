//! Real advisories, real packages, and the matches that an independent matcher found among them.
//!
//! The data lie beside the project, not in it. Without them every test here prints what it skipped; what they prove
//! is proved by small fixtures of our own in the unit tests, one quirk at a time.

#![expect(clippy::unwrap_used, reason = "all of this is a test, where a panic is the answer")]

mod formats;
mod inventory_list;
mod labels;
mod quality;
mod reference;
mod secdb;

use advisory::{Compiler, Snapshot, SourceLimits, parse_source};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The folder of real data, if it is there.
#[expect(clippy::print_stderr, reason = "a test that proves nothing must say so")]
fn data() -> Option<PathBuf> {
    let beside = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let shared = std::env::var_os("LAZARETTO_SHARED").map_or_else(|| beside.to_owned(), PathBuf::from);
    let data = shared.join("data");
    if data.is_dir() {
        return Some(data);
    }
    eprintln!("skipped: there are no real advisories at {}", data.display());
    None
}

/// A snapshot of some files below the folder of advisories.
fn snapshot(data: &Path, files: &[&str]) -> Snapshot {
    let mut compiler = Compiler::new();
    for file in files {
        compiler.begin_source(*file);
        let path = data.join("advisories").join(file);
        let input = File::open(&path).unwrap();
        let report =
            parse_source(input, file, &SourceLimits::default(), &mut |record| compiler.add(record).unwrap())
                .unwrap_or_else(|error| panic!("{error}"));
        compiler.end_source(&report);
    }
    let bytes = compiler.finish("2026-11-23T00:00:00Z".parse().unwrap()).unwrap();
    Snapshot::from_bytes(bytes).unwrap()
}
