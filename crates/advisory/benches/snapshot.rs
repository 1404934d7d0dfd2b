//! What a snapshot costs: reading the feeds, compiling, opening, verifying, looking up.
//!
//! Run it with `cargo bench -p advisory`. It reads the real advisories beside the project (or below
//! `LAZARETTO_SHARED`), and says so and stops if they are not there. It measures once and prints; there is no
//! statistics to hide behind, and nothing here fails on a slow machine.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use advisory::{
    Compiler, Query, Snapshot, SourceLimits, Verdict, match_package, parse_source, write_snapshot,
};
use inventory::{Ecosystem, PackageKind};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn main() {
    let beside = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let shared = std::env::var_os("LAZARETTO_SHARED").map_or_else(|| beside.to_owned(), PathBuf::from);
    let folder = shared.join("data/advisories");
    if !folder.is_dir() {
        println!("skipped: there are no real advisories at {}", folder.display());
        return;
    }
    let folder = folder.canonicalize().unwrap();
    let (mut compiler, mut reading) = (Compiler::new(), Duration::ZERO);
    let started = Instant::now();
    for path in sources(&folder) {
        reading += read(&mut compiler, &folder, &path);
    }
    let bytes = compiler.finish("2026-11-23T00:00:00Z".parse().unwrap()).unwrap();
    println!("read and compile  {:>10.2?}, of it reading {reading:.2?}", started.elapsed());
    println!("most memory       {:>7} MB resident", peak_megabytes());
    let target = std::env::temp_dir().join(format!("snapshot-benchmark-{}", std::process::id()));
    timed("write and sync", 1, || write_snapshot(&target, &bytes).unwrap());
    timed("open", 100, || drop(Snapshot::open(&target).unwrap()));
    let snapshot = Snapshot::open(&target).unwrap();
    timed("verify", 3, || snapshot.verify().unwrap());
    println!("{:?}", snapshot.counts());
    for (ecosystem, kind, name, version) in [
        ("Debian:12", PackageKind::Deb, "no-such-package", "1.0"),
        ("Alpine:v3.10", PackageKind::Apk, "busybox", "1.30.1-r2"),
        ("Debian:11", PackageKind::Deb, "openssl", "1.1.1w-0+deb11u1"),
        ("PyPI", PackageKind::PyPi, "Django", "2.2.0"),
        ("Alpine:edge", PackageKind::Apk, "chromium", "100.0-r0"),
    ] {
        matched(&snapshot, &Ecosystem::new(ecosystem), kind, name, version);
    }
    std::fs::remove_file(&target).unwrap();
}

/// Every zip, every secdb document and every enrichment.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.join("osv"), folder.join("alpine-secdb"), folder.join("enrichment")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending != "NOTICE") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(compiler: &mut Compiler, folder: &Path, path: &Path) -> Duration {
    let name = path.strip_prefix(folder).unwrap().display().to_string();
    compiler.begin_source(&name);
    let (started, mut compiling) = (Instant::now(), Duration::ZERO);
    let report = parse_source(File::open(path).unwrap(), &name, &SourceLimits::default(), &mut |record| {
        let started = Instant::now();
        compiler.add(record).unwrap();
        compiling += started.elapsed();
    });
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    compiler.end_source(&report);
    if report.skipped > 0 {
        println!("{name}: {} skipped, the first: {:?}", report.skipped, report.skips.first());
    }
    started.elapsed().saturating_sub(compiling)
}

fn matched(snapshot: &Snapshot, ecosystem: &Ecosystem, kind: PackageKind, name: &str, version: &str) {
    let query = Query::new(ecosystem, kind, name, version);
    let label = format!("look up {ecosystem} {name}: {}", snapshot.statements(ecosystem, name));
    timed(&label, 1_000_000, || {
        std::hint::black_box(snapshot.statements(std::hint::black_box(ecosystem), name));
    });
    let found = match_package(snapshot, &query);
    let affected = found.iter().filter(|found| found.verdict == Verdict::Affected).count();
    let label = format!("match {ecosystem} {name}: {affected} of {}", found.len());
    timed(&label, 2000, || {
        std::hint::black_box(match_package(snapshot, std::hint::black_box(&query)));
    });
}

fn timed(label: &str, times: u32, mut work: impl FnMut()) {
    let started = Instant::now();
    for _ in 0..times {
        work();
    }
    let each = started.elapsed() / times;
    println!("{label:<48} {each:>10.2?} each, {:.0} a second", 1.0 / each.as_secs_f64());
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}
