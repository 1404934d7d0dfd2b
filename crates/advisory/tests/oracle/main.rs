//! The whole matcher beside an oracle: OSV records, compiled and matched by us, and evaluated as the schema documents it by a
//! program that shares nothing with us (`evaluate.py`), with the tools whose orders of versions they are.
//!
//! For every package of the records, versions at each boundary and around it are asked of both: which records affect the
//! version, and which version mends it. The records of an ordinary run are made here, of every kind of event there is, and
//! a few real ones of each ecosystem where the data are at hand; `LAZARETTO_ORACLE` says how many instead.

#![expect(clippy::unwrap_used, reason = "all of this is a test, where a panic is the answer")]
#![expect(clippy::print_stderr, reason = "a test says how much it asked, or why it asked nothing")]

mod made;
mod native;
mod questions;

use advisory::{Compiler, Query, Snapshot, SourceLimits, Verdict, match_package};
use inventory::Ecosystem;
use questions::Question;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What the oracle says of one version: the records that affect it, each with the versions that mend it, and those that it
/// could not evaluate.
#[derive(Debug, serde::Deserialize)]
struct Answer {
    affected: BTreeMap<String, Vec<Option<String>>>,
    unread: Vec<String>,
}

/// The oracle's answers: for each question one for each version, or none where it cannot read the version; none for a question
/// whose tool is not installed.
type Answers = Vec<Option<Vec<Option<Answer>>>>;

/// A Python that has `packaging`, as that of the clients for tests, or any.
fn python() -> PathBuf {
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-clients/python/bin/python3");
    if installed.exists() { installed } else { PathBuf::from("python3") }
}

/// Starts a program of the oracle. `None`, and a word about it, where there is no Python.
fn oracle(program: &str) -> Option<Child> {
    Command::new(python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle").join(program))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .inspect_err(|error| eprintln!("skipped: python3 cannot be started, so nothing was asked: {error}"))
        .ok()
}

/// Asks the oracle. `None`, and a word about it, where there is no Python.
fn ask(records: &[PathBuf], questions: &[Question]) -> Option<Answers> {
    let mut child = oracle("evaluate.py")?;
    let mut input = child.stdin.take().unwrap();
    let mut lines = vec![serde_json::json!({ "records": records }).to_string()];
    lines.extend(questions.iter().map(Question::line));
    let writer = std::thread::spawn(move || {
        // An oracle that ends early has its answers missing below.
        let _ = input.write_all((lines.join("\n") + "\n").as_bytes());
    });
    let output = BufReader::new(child.stdout.take().unwrap());
    let answers: Answers = output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    writer.join().unwrap();
    assert!(child.wait().unwrap().success(), "the oracle did not end well");
    assert_eq!(answers.len(), questions.len(), "the oracle answered something else than it was asked");
    Some(answers)
}

fn snapshot(records: &[PathBuf]) -> Snapshot {
    let mut compiler = Compiler::new();
    for path in records {
        compiler.begin_source(path.display().to_string());
        let mut parse = |input: &[u8], name: &str| {
            let mut add = |record| compiler.add(record).unwrap();
            parse_or_panic(std::io::Cursor::new(input.to_vec()), name, &mut add);
        };
        if path.extension().is_some_and(|ending| ending == "zip") {
            let mut add = |record| compiler.add(record).unwrap();
            parse_or_panic(File::open(path).unwrap(), "all.zip", &mut add);
        } else {
            let text = std::fs::read_to_string(path).unwrap();
            text.lines().for_each(|line| parse(line.as_bytes(), "one.json"));
        }
    }
    let bytes = compiler.finish(jiff::Timestamp::UNIX_EPOCH).unwrap();
    Snapshot::from_bytes(bytes).unwrap()
}

fn parse_or_panic(
    input: impl std::io::Read + std::io::Seek,
    name: &str,
    add: &mut dyn FnMut(advisory::Record),
) {
    advisory::parse_source(input, name, &SourceLimits::default(), add).unwrap();
}

/// How many things were compared.
#[derive(Debug, Default)]
struct Compared {
    versions: usize,
    verdicts: usize,
    affected: usize,
    fixes: usize,
}

/// What was compared of each ecosystem, and what differs.
fn differences(records: &[PathBuf], questions: &[Question]) -> (BTreeMap<String, Compared>, Vec<String>) {
    let mut compared: BTreeMap<String, Compared> = BTreeMap::new();
    let mut wrong = Vec::new();
    let Some(answers) = ask(records, questions) else { return (compared, wrong) };
    let snapshot = snapshot(records);
    for (question, answers) in questions.iter().zip(answers) {
        let Some(answers) = answers else { continue };
        let ecosystem = Ecosystem::new(&question.ecosystem);
        let tally = compared.entry(ecosystem.base().to_owned()).or_default();
        for (version, answer) in question.versions.iter().zip(answers) {
            let Some(answer) = answer else { continue };
            let query = Query::new(&ecosystem, question.kind, &question.name, version);
            compare(&snapshot, &query, &answer, tally, &mut wrong);
        }
    }
    (compared, wrong)
}

fn compare(
    snapshot: &Snapshot,
    query: &Query<'_>,
    answer: &Answer,
    tally: &mut Compared,
    wrong: &mut Vec<String>,
) {
    tally.versions += 1;
    let mut ours: BTreeMap<String, Verdict> = BTreeMap::new();
    let matches = match_package(snapshot, query);
    for found in &matches {
        for evidence in &found.evidence {
            ours.insert(evidence.advisory.to_string(), evidence.verdict.clone());
        }
    }
    let at = format!("{} {} {}", query.ecosystem, query.name, query.version);
    for (record, verdict) in &ours {
        if answer.unread.contains(record) {
            continue;
        }
        tally.verdicts += 1;
        let theirs = answer.affected.contains_key(record);
        tally.affected += usize::from(theirs);
        if theirs != (*verdict == Verdict::Affected) {
            wrong.push(format!("{at}: {record} affects it: {theirs}, and we say {verdict:?}"));
        }
    }
    for record in answer.affected.keys().filter(|record| !ours.contains_key(*record)) {
        wrong.push(format!("{at}: {record} affects it, and we say nothing"));
    }
    for found in &matches {
        let affecting: Vec<_> =
            found.evidence.iter().filter(|one| one.verdict == Verdict::Affected).collect();
        // Of several records about one vulnerability the latest fix counts, which is another rule than the schema's.
        let ([only], Verdict::Affected) = (&affecting[..], &found.verdict) else { continue };
        let Some(fixes) = answer.affected.get(only.advisory.as_str()) else { continue };
        tally.fixes += 1;
        let known = fixes.contains(&found.fixed) || (fixes.is_empty() && found.fixed.is_none());
        if !known {
            let says = &found.fixed;
            wrong.push(format!("{at}: {} is mended by {fixes:?}, and we say {says:?}", only.advisory));
        }
    }
}

/// Asks both, and gives what they differ in.
fn check(what: &str, records: &[PathBuf], questions: &[Question], least: usize) -> Vec<String> {
    let (compared, wrong) = differences(records, questions);
    for (ecosystem, tally) in &compared {
        let Compared { versions, verdicts, affected, fixes } = tally;
        eprintln!(
            "{what}: {ecosystem}: {versions} versions, {verdicts} verdicts on records, {affected} of them affected, {fixes} fixes"
        );
    }
    let verdicts: usize = compared.values().map(|tally| tally.verdicts).sum();
    eprintln!("{what}: {verdicts} verdicts compared, {} differ", wrong.len());
    assert!(compared.is_empty() || verdicts >= least, "too little was compared: {verdicts}");
    wrong
}

/// Panics where they differ.
fn agree(wrong: &[String]) {
    let shown = wrong.len().min(100);
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong[..shown].join("\n"));
}

#[test]
fn made_records_are_judged_as_the_schema_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.jsonl");
    let records = made::records();
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(&path, text).unwrap();
    let questions = questions::about(&records, usize::MAX);
    agree(&check("made records", &[path], &questions, 10_000));
}

/// The folder of real records, if it is there.
fn real() -> Option<PathBuf> {
    let beside = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let shared = std::env::var_os("LAZARETTO_SHARED").map_or_else(|| beside.to_owned(), PathBuf::from);
    let folder = shared.join("data/advisories/osv");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there are no real records at {}", folder.display());
    None
}

#[test]
fn real_records_are_judged_as_the_schema_says() {
    let Some(folder) = real() else { return };
    let asked = std::env::var("LAZARETTO_ORACLE").ok().and_then(|many| many.parse().ok());
    let (records, packages) = asked.map_or((40, 30), |many: usize| (many, many));
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut wrong = Vec::new();
    for ecosystem in folders {
        let name = ecosystem.file_name().unwrap().to_string_lossy().into_owned();
        let sample = read(&ecosystem.join("all.zip"), records);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sample.jsonl");
        let text: String = sample.iter().map(|record| format!("{record}\n")).collect();
        std::fs::write(&path, text).unwrap();
        wrong.extend(check(&name, &[path], &questions::about(&sample, packages), 50));
    }
    agree(&wrong);
}

/// Records of an archive, up to so many, from all over it.
fn read(archive: &Path, most: usize) -> Vec<Value> {
    let mut archive = zip::ZipArchive::new(File::open(archive).unwrap()).unwrap();
    let step = archive.len().div_ceil(most).max(1);
    (0..archive.len())
        .step_by(step)
        .filter_map(|index| {
            let mut file = archive.by_index(index).unwrap();
            let is_record = file.name().unwrap().ends_with(".json");
            is_record.then(|| serde_json::from_reader(&mut file).unwrap())
        })
        .collect()
}
