//! The real advisories as a snapshot, and the same with one more.

use advisory::{
    Advisory, AdvisoryId, AffectedPackage, Compiler, End, Extent, Range, Record, Snapshot, SourceLimits,
    normalised_name, parse_source, write_snapshot,
};
use inventory::Ecosystem;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::PackageVersion;

/// The word by which the benchmark starts itself again to compile.
pub(crate) const COMPILE: &str = "compile";
/// The word by which it starts itself again to import an advisory.
pub(crate) const AMEND: &str = "amend";

/// An advisory that nobody has published, about one version of one package.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NewAdvisory {
    pub(crate) number: usize,
    ecosystem: String,
    name: String,
    version: String,
}

impl NewAdvisory {
    /// The advisory about a package version, in the words of its feed.
    pub(crate) fn about(number: usize, package: &PackageVersion) -> Self {
        let ecosystem = package.ecosystem.as_ref().unwrap();
        let (name, version) = match &package.source {
            Some(source) => (source.name.clone(), source.version.clone()),
            None => (normalised_name(ecosystem, &package.name).into_owned(), package.version.clone()),
        };
        Self { number, ecosystem: ecosystem.as_str().to_owned(), name, version }
    }
}

/// What a new advisory is called.
pub(crate) fn name(number: usize) -> String {
    format!("CVE-2099-{number:04}")
}

thread_local! {
    /// What was added by now, so that no later snapshot loses it.
    static ADDED: RefCell<Vec<Record>> = const { RefCell::new(Vec::new()) };
}

/// Compiles the real advisories, or made-up ones, and some more, as the words of [`in_a_child`] say.
pub(crate) fn compile(words: &[String]) {
    let [shared, target, names, created_at] = words else { panic!("four words are needed") };
    let began = Instant::now();
    let (target, names) = (Path::new(target), names.parse().unwrap());
    write_snapshot(target, &compiled(Path::new(shared), names, created_at)).unwrap();
    println!("{:?}", Snapshot::open(target).unwrap().counts());
    println!("compiled in {:.1?}, {}", began.elapsed(), crate::memory::now());
}

/// What packages are called in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// As their feeds call them.
    AsTheyAre,
    /// So that nobody has them.
    Foreign,
}

impl std::str::FromStr for Names {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "AsTheyAre" => Ok(Self::AsTheyAre),
            "Foreign" => Ok(Self::Foreign),
            _ => Err(format!("unknown: {word}")),
        }
    }
}

impl Names {
    fn put_into(self, record: &mut Record) {
        if let (Self::Foreign, Record::Advisory(advisory)) = (self, record) {
            advisory.affected.iter_mut().for_each(|affected| affected.name.push_str("-of-nobody"));
        }
    }
}

/// Compiles in a process of its own, so that its memory is not counted here.
pub(crate) fn in_a_child(shared: &Path, target: &Path, names: Names, created_at: &str) {
    let compiled = std::process::Command::new(std::env::current_exe().unwrap())
        .arg(COMPILE)
        .args([shared, target])
        .args([&format!("{names:?}"), created_at])
        .status();
    assert!(compiled.unwrap().success(), "the advisories could not be compiled");
}

fn compiled(shared: &Path, names: Names, created_at: &str) -> Vec<u8> {
    let mut compiler = Compiler::new();
    let folder = shared.join("data/advisories");
    if folder.is_dir() {
        for path in sources(&folder) {
            let name = path.strip_prefix(&folder).unwrap().display().to_string();
            compiler.begin_source(&name);
            let report = parse_source(
                File::open(&path).unwrap(),
                &name,
                &SourceLimits::default(),
                &mut |mut record| {
                    names.put_into(&mut record);
                    compiler.add(record).unwrap();
                },
            );
            compiler.end_source(&report.unwrap());
        }
    } else {
        println!("there are no real advisories at {}; they are made up", folder.display());
        compiler.begin_source("made up");
        for number in 0..3000 {
            let ecosystem = if number % 2 == 0 { "Alpine:v3.18" } else { "PyPI" };
            let name = format!("package-{}", number % 400);
            let range = Range { introduced: None, end: End::Fixed(format!("1.2.{}", number % 60)) };
            let extent = Extent::Versions { ranges: vec![range], versions: Vec::new() };
            let mut record = about(&format!("CVE-2026-{number:04}"), ecosystem, name, extent);
            names.put_into(&mut record);
            compiler.add(record).unwrap();
        }
    }
    compiler.begin_source("new");
    compiler.finish(created_at.parse().unwrap()).unwrap()
}

fn about(id: &str, ecosystem: &str, name: String, extent: Extent) -> Record {
    let mut advisory = Advisory::new(AdvisoryId::new(id).unwrap());
    advisory.affected.push(AffectedPackage::new(Ecosystem::new(ecosystem), name, extent));
    Record::Advisory(Box::new(advisory))
}

/// Writes the same advisories, a minute younger, compiled anew.
pub(crate) fn again(shared: &Path, before: &Path, target: &Path) {
    in_a_child(shared, target, Names::AsTheyAre, &a_minute_after(before).to_string());
}

fn a_minute_after(before: &Path) -> jiff::Timestamp {
    Snapshot::open(before).unwrap().created_at() + jiff::SignedDuration::from_mins(1)
}

/// Begins with no import.
pub(crate) fn forget_imports() {
    ADDED.with_borrow_mut(Vec::clear);
}

/// Puts a new advisory in force as an import does, but for the jail: what was in force is amended, looked at and
/// replaced. In a process of its own, as an import is.
pub(crate) fn import(shelf: &Path, before: &Path, target: &Path, advisory: &NewAdvisory) {
    let NewAdvisory { number, ecosystem, name: package, version } = advisory;
    let extent = Extent::Versions { ranges: Vec::new(), versions: vec![version.clone()] };
    ADDED.with_borrow_mut(|added| added.push(about(&name(*number), ecosystem, package.clone(), extent)));
    let more = ADDED.with_borrow(|added| serde_json::to_string(added).unwrap());
    let imported = std::process::Command::new(std::env::current_exe().unwrap())
        .arg(AMEND)
        .args([shelf, before, target])
        .arg(more)
        .status();
    assert!(imported.unwrap().success(), "the advisory could not be imported");
}

/// What [`import`] does in its process.
pub(crate) fn amend(words: &[String]) {
    let [shelf, before, target, more] = words else { panic!("four words are needed") };
    let records: Vec<Record> = serde_json::from_str(more).unwrap();
    let mut compiler = Compiler::new();
    compiler.begin_source("new");
    records.into_iter().for_each(|record| compiler.add(record).unwrap());
    let at = a_minute_after(Path::new(before));
    let (base, fresh) = (Snapshot::open(Path::new(before)).unwrap(), compiler.finish(at).unwrap());
    let amended = advisory::amended(&base, &Snapshot::from_bytes(fresh).unwrap(), at).unwrap().unwrap();
    std::fs::write(target, amended).unwrap();
    crate::install(Path::new(shelf), Path::new(target));
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
