//! Distributions' own feeds beside an oracle: their documents, parsed, compiled and matched by us, and evaluated by a
//! program that shares nothing with us (`native.py`), with dpkg and rpm for the order of versions.

use crate::{Compared, agree, oracle, parse_or_panic};
use advisory::{Compiler, FixState, Match, Query, Snapshot, Verdict, match_package};
use inventory::{Ecosystem, PackageKind, SourcePackage};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package of a release in a version, and what each document says of it.
#[derive(Debug, Deserialize)]
struct Line {
    ecosystem: String,
    kind: String,
    name: String,
    version: String,
    module: Option<String>,
    /// Whether it is named by its source, and so not what is installed.
    is_source: bool,
    says: BTreeMap<String, Saying>,
}

#[derive(Debug, Deserialize)]
struct Saying {
    state: State,
    /// The versions that mend it; of one feed there may be several documents.
    fixed: Vec<Option<String>>,
    fix_states: Vec<Option<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Affected,
    Not,
    Unknown,
    /// The document has a version that nobody can read.
    Unread,
}

/// Evaluates documents, or some that the oracle makes in a folder. None, and a word about it, where a tool is missing.
fn evaluated(format: &str, files: &[PathBuf], made: Option<&Path>, most: usize) -> Option<Vec<Line>> {
    for tool in ["dpkg", "rpm"] {
        if Command::new(tool).arg("--version").output().is_err() {
            eprintln!("skipped: {tool} is not installed, so nothing was asked");
            return None;
        }
    }
    let mut child = oracle("native.py")?;
    let asked = serde_json::json!({ "format": format, "files": files, "made": made, "most": most });
    writeln!(child.stdin.take().unwrap(), "{asked}").unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let lines = output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert!(child.wait().unwrap().success(), "the oracle did not end well");
    Some(lines)
}

fn snapshot(files: &[PathBuf]) -> Snapshot {
    let mut compiler = Compiler::new();
    compiler.begin_source("documents");
    for path in files {
        let input = std::io::Cursor::new(std::fs::read(path).unwrap());
        let name = path.file_name().unwrap().to_string_lossy();
        parse_or_panic(input, &name, &mut |record| compiler.add(record).unwrap());
    }
    Snapshot::from_bytes(compiler.finish(jiff::Timestamp::UNIX_EPOCH).unwrap()).unwrap()
}

/// Asks both, and gives what they differ in.
fn differences(what: &str, format: &str, files: &[PathBuf], made: Option<&Path>, most: usize) -> Vec<String> {
    let Some(lines) = evaluated(format, files, made, most) else { return Vec::new() };
    let files = match made {
        Some(folder) => documents(folder),
        None => files.to_vec(),
    };
    let snapshot = snapshot(&files);
    let (mut tally, mut wrong) = (Compared::default(), Vec::new());
    for (number, line) in lines.iter().enumerate() {
        compare(&snapshot, line, number % 2 == 0, &mut tally, &mut wrong);
    }
    let Compared { versions, verdicts, affected, fixes } = tally;
    eprintln!(
        "{what}: {versions} versions, {verdicts} verdicts, {affected} of them affected, {fixes} fixes; {} differ",
        wrong.len()
    );
    assert!(affected > 0 && affected < verdicts, "too little was compared");
    wrong
}

/// All documents of a folder and of those below it.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn compare(snapshot: &Snapshot, line: &Line, as_binary: bool, tally: &mut Compared, wrong: &mut Vec<String>) {
    let ecosystem = Ecosystem::new(&line.ecosystem);
    let kind = match &*line.kind {
        "apk" => PackageKind::Apk,
        "deb" => PackageKind::Deb,
        _ => PackageKind::Rpm,
    };
    let source = SourcePackage { name: line.name.clone(), version: line.version.clone() };
    // Alpine, Debian and Ubuntu name sources, from which what is installed has its own name or another.
    let is_of_source = line.is_source || (kind != PackageKind::Rpm && as_binary);
    let built = format!("{}-built", line.name);
    let query = Query {
        source: is_of_source.then_some(&source),
        module: line.module.as_deref(),
        ..Query::new(&ecosystem, kind, if is_of_source { &built } else { &line.name }, &line.version)
    };
    tally.versions += 1;
    let matches = match_package(snapshot, &query);
    let at = format!("{ecosystem} {} {:?} {}", query.name, query.module, query.version);
    let says = |found: &Match, record: &str| {
        found
            .evidence
            .iter()
            .find(|evidence| evidence.advisory.as_str() == record)
            .map(|one| one.verdict.clone())
    };
    for (record, saying) in line.says.iter().filter(|(_, saying)| saying.state != State::Unread) {
        tally.verdicts += 1;
        tally.affected += usize::from(saying.state == State::Affected);
        let found = matches.iter().find_map(|found| Some((found, says(found, record)?)));
        let ours = match found.as_ref().map(|(_, verdict)| verdict) {
            Some(Verdict::Affected) => State::Affected,
            Some(Verdict::Undetermined { .. }) => State::Unknown,
            Some(Verdict::NotAffected { .. }) | None => State::Not,
        };
        if ours != saying.state {
            wrong.push(format!("{at}: {record} says {:?}, and we {ours:?}", saying.state));
            continue;
        }
        // Of several records about one vulnerability the latest fix counts, which is a rule of ours.
        let Some((found, _)) =
            found.filter(|(found, _)| ours == State::Affected && found.evidence.len() == 1)
        else {
            continue;
        };
        tally.fixes += 1;
        let state = found.fix_state.map(word);
        if !saying.fixed.contains(&found.fixed)
            || !saying.fix_states.iter().any(|known| known.as_deref() == state)
        {
            let theirs = (&saying.fixed, &saying.fix_states);
            wrong.push(format!(
                "{at}: {record} is mended by {theirs:?}, and we say {:?} {state:?}",
                found.fixed
            ));
        }
    }
    for evidence in matches.iter().flat_map(|found| &found.evidence) {
        let record = evidence.advisory.as_str();
        if evidence.verdict == Verdict::Affected && !line.says.contains_key(record) {
            wrong.push(format!("{at}: {record} says nothing of it, and we that it is affected"));
        }
    }
}

fn word(state: FixState) -> &'static str {
    match state {
        FixState::WillNotFix => "will_not_fix",
        FixState::Postponed => "postponed",
        FixState::EndOfLife => "end_of_life",
        FixState::Subscription => "subscription",
    }
}

#[test]
fn made_documents_of_vendors_are_judged_as_they_say() {
    let mut wrong = Vec::new();
    for format in ["secdb", "tracker", "vex", "ubuntu"] {
        let folder = tempfile::tempdir().unwrap();
        wrong.extend(differences(&format!("made, {format}"), format, &[], Some(folder.path()), 10_000));
    }
    agree(&wrong);
}

/// The folder of real documents, if it is there.
fn real() -> Option<PathBuf> {
    let folder = crate::real()?;
    Some(folder.parent().unwrap().to_owned())
}

#[test]
fn real_documents_of_vendors_are_judged_as_they_say() {
    let Some(folder) = real() else { return };
    let most = std::env::var("LAZARETTO_ORACLE").ok().and_then(|many| many.parse().ok()).unwrap_or(40);
    let unpacked = tempfile::tempdir().unwrap();
    let archives = [
        ("vex", "formats/redhat/vex/v1/fixtures/csaf_vex_2024-08-04.tar.zst"),
        ("ubuntu", "formats/ubuntu/osv/fixtures/happy/osv-all.tar.xz"),
    ];
    let mut sources = vec![
        ("secdb", documents(&folder.join("alpine-secdb"))),
        ("tracker", vec![folder.join("formats/debian/tracker/api/fixtures/advisory.json")]),
    ];
    for (format, archive) in archives {
        let target = unpacked.path().join(format);
        std::fs::create_dir(&target).unwrap();
        let unpacking =
            Command::new("tar").arg("-xf").arg(folder.join(archive)).arg("-C").arg(&target).status();
        assert!(unpacking.unwrap().success(), "{archive} cannot be unpacked");
        sources.push((format, documents(&target)));
    }
    let mut wrong = Vec::new();
    for (format, files) in sources {
        wrong.extend(differences(&format!("real, {format}"), format, &files, None, most));
    }
    agree(&wrong);
}
