//! The official language service as oracle: what parses, where faults are, and which columns an answer has.
//!
//! The service is the npm package `@kusto/language-service-next`, which runs in node; `cargo xtask clients` puts it into
//! `target/test-clients`. Where node or the package is missing this test says so and proves nothing.
//! Each query of the corpus has to agree with it or to stand in [`explained`] with a reason, and each reason has to be
//! needed: a list that only grows would hide what is wrong.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod explained;
mod mutated;

use kql::{Diagnostic, Limits, NoTables, compile};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What most queries of the corpus are about.
const T: &str = "let T = datatable(a:long, b:string, d:dynamic, t:datetime, s:timespan, r:real, g:guid, f:bool)[1, 'x', dynamic({'k':[1,2]}), datetime(2020-01-01), 1h, 1.5, guid(null), true]; ";

/// What the service says of a query.
#[derive(Deserialize)]
struct Judgement {
    errors: Vec<Error>,
    columns: Option<Vec<String>>,
    open: bool,
}

#[derive(Deserialize)]
struct Error {
    /// In UTF-16 units; the corpus is ASCII where it is wrong.
    start: usize,
    end: usize,
    message: String,
}

/// The lines of the corpus with the queries that they stand for.
fn corpus() -> Vec<(String, String)> {
    let lines =
        |text: &'static str| text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("// "));
    let expressions = lines(include_str!("corpus/expressions.kql"))
        .map(|line| (line.to_owned(), format!("print x = {line}")));
    let operators = lines(include_str!("corpus/operators.kql")).map(|line| {
        let table = if line.starts_with('|') { "T " } else { "" };
        (line.to_owned(), format!("{T}{table}{line}"))
    });
    expressions.chain(operators).chain(of_resource_graph()).collect()
}

/// The columns of the tables of Resource Graph, as far as queries of the corpus are about them.
const RESOURCE: &str = "id:string, name:string, type:string, tenantId:string, ['kind']:string, location:string, resourceGroup:string, subscriptionId:string, managedBy:string, sku:dynamic, plan:dynamic, properties:dynamic, tags:dynamic, identity:dynamic, zones:dynamic, extendedLocation:dynamic";

/// Our own tables and their columns.
const PLAIN: &[(&str, &str)] = &[
    (
        "Images",
        "registry:string, repository:string, digest:string, image:string, state:string, cause:string, description:string, platform:string, critical:long, high:long, medium:long, low:long, unknown:long, firstSeen:datetime, changedAt:datetime, assessedAt:datetime, subscriptionId:string",
    ),
    (
        "Findings",
        "registry:string, repository:string, digest:string, image:string, vulnerability:string, severity:string, score:real, title:string, package:string, version:string, ecosystem:string, fixedVersion:string, patchable:bool, remediation:string, category:string, aliases:dynamic, path:string, layer:string, layerNumber:long, buildStep:string, inherited:bool, firstSeen:datetime, subscriptionId:string",
    ),
    (
        "Packages",
        "registry:string, repository:string, digest:string, image:string, package:string, version:string, ['kind']:string, ecosystem:string, sourcePackage:string, sourceVersion:string, module:string, installedBy:string, path:string, layer:string, subscriptionId:string",
    ),
    (
        "Layers",
        "registry:string, repository:string, digest:string, image:string, layer:string, position:long, mediaType:string, size:long, packages:long, platform:string, subscriptionId:string",
    ),
    (
        "Events",
        "sequence:long, at:datetime, ['kind']:string, registry:string, repository:string, digest:string, tag:string, actor:string, detail:dynamic, subscriptionId:string",
    ),
];

/// Queries in the forms of Resource Graph, each with the tables that it names.
fn of_resource_graph() -> impl Iterator<Item = (String, String)> {
    let text = include_str!("corpus/resource_graph.kql");
    let queries =
        text.split("\n\n").map(str::trim).filter(|query| !query.is_empty() && !query.starts_with("//"));
    queries.map(|query| {
        let words = query.split(|letter: char| !letter.is_alphanumeric());
        let named: BTreeSet<&str> = words.filter(|word| is_table(word)).collect();
        let tables = named.iter().map(|name| {
            let columns =
                PLAIN.iter().find(|(plain, _)| plain == name).map_or(RESOURCE, |(_, columns)| *columns);
            format!("let {name} = datatable({columns})[]; ")
        });
        (query.to_owned(), format!("{}{query}", tables.collect::<String>()))
    })
}

fn is_table(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let of_azure = ["resources", "resourcecontainers", "resourcechanges", "resourcecontainerchanges"];
    PLAIN.iter().any(|(name, _)| *name == word)
        || of_azure.contains(&lower.as_str())
        || (lower.ends_with("resources") && lower.len() > "resources".len())
}

#[expect(clippy::print_stderr, reason = "a test says what it skipped, and why it failed")]
fn note(text: &str) {
    eprintln!("{text}");
}

fn package() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .with_file_name("test-clients/node/node_modules/@kusto/language-service-next");
    folder.join("bridge.min.js").is_file().then_some(folder)
}

fn judge(package: &Path, queries: &[&str]) -> Vec<Judgement> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/oracle.js");
    let mut node = Command::new("node")
        .arg(script)
        .arg(package)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(queries).unwrap();
    let mut pipe = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(&input).unwrap());
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the oracle failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The place behind blanks, so that *missing* at the end of a word and *unexpected* at the next one are one place.
fn behind_blanks(query: &str, at: usize) -> usize {
    let rest = query.get(at..).unwrap_or_default();
    at + rest.len() - rest.trim_start().len()
}

/// Whether our fault is where one of the service's is. The service marks the operator and we mark what it joins; both
/// are about one place if they touch.
fn same_place(query: &str, fault: &Diagnostic, official: &Judgement) -> bool {
    let ours = fault.span.start..=behind_blanks(query, fault.span.end);
    official.errors.iter().any(|error| {
        let (start, end) = (behind_blanks(query, error.start), behind_blanks(query, error.end));
        start <= *ours.end() && *ours.start() <= end.max(start)
    })
}

/// How our answer differs; nothing if it does not.
fn difference(query: &str, official: &Judgement) -> Option<String> {
    let ours = compile(query, &NoTables, &Limits::default());
    match (ours, official.errors.first()) {
        (Ok(_), Some(error)) => Some(format!("accepted, but: {}", error.message)),
        (Err(faults), None) => Some(format!("refused: {}", faults[0])),
        (Err(faults), Some(_)) => {
            let first = &official.errors[0];
            (!same_place(query, &faults[0], official)).then(|| {
                let theirs = query.get(first.start..).unwrap_or_default();
                format!("`{}` and not at `{theirs}`: {} / {}", faults[0].token, faults[0], first.message)
            })
        }
        (Ok(query), None) => {
            let ours = query.columns()?;
            let theirs = official.columns.as_ref().filter(|columns| !columns.is_empty() && !official.open)?;
            let ours: Vec<String> =
                ours.iter().map(|column| format!("{}:{}", column.name, column.kind)).collect();
            let known = !theirs.iter().any(|column| column.ends_with(":unknown") || column.ends_with(':'));
            (known && ours != *theirs).then(|| format!("columns\n    {ours:?} and not\n    {theirs:?}"))
        }
    }
}

/// The service, where it is installed.
fn service() -> Option<PathBuf> {
    let Some(package) = package() else {
        note("skipped: the npm package @kusto/language-service-next is not there (cargo xtask clients)");
        return None;
    };
    if Command::new("node").arg("--version").output().is_err() {
        note("skipped: node is not installed");
        return None;
    }
    Some(package)
}

#[test]
fn queries_changed_by_chance_are_judged_alike_and_at_one_place() {
    let Some(package) = service() else { return };
    let corpus = corpus();
    let all: Vec<&str> = corpus.iter().map(|(_, query)| query.as_str()).collect();
    let taken: Vec<(&str, usize)> = corpus
        .iter()
        .filter(|(_, query)| query.is_ascii() && compile(query, &NoTables, &Limits::default()).is_ok())
        .map(|(line, query)| (query.as_str(), query.len() - line.len()))
        .collect();
    assert!(taken.len() * 2 > all.len(), "only {} queries can be changed", taken.len());
    let changed = mutated::queries(&taken);
    let queries: Vec<&str> = changed.iter().map(String::as_str).collect();
    let otherwise = mutated::judged_otherwise(&changed, &judge(&package, &queries));
    assert!(otherwise.is_none(), "{}", otherwise.unwrap_or_default());
}

#[test]
fn the_official_service_agrees_or_the_difference_is_explained() {
    let Some(package) = service() else { return };
    let corpus = corpus();
    assert!(corpus.len() > 1300, "the corpus has only {} queries", corpus.len());
    let queries: Vec<&str> = corpus.iter().map(|(_, query)| query.as_str()).collect();
    let judgements = judge(&package, &queries);
    let mut explained: BTreeSet<&str> =
        explained::EXPLAINED.iter().flat_map(|(_, lines)| lines.iter().copied()).collect();
    let mut wrong = 0;
    for ((line, query), judgement) in corpus.iter().zip(&judgements) {
        let Some(difference) = difference(query, judgement) else { continue };
        if !explained.remove(line.as_str()) {
            wrong += 1;
            note(&format!("{line}\n  {difference}"));
        }
    }
    for line in &explained {
        note(&format!("{line}\n  is explained, but there is nothing to explain"));
    }
    assert!(wrong == 0 && explained.is_empty(), "{wrong} queries differ from the official service");
}
