//! A table that folds rows which are alike, beside one that does not: the answers are the same.

use crate::estate::Estate;
use kql::{
    Batch, Catalog, Environment, Limits, Rows, ScanRequest, Source, SourceError, TableSchema, Value, compile,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The estate, folded as far as it may be.
struct Folding {
    /// How many rows were given for folded requests.
    given: Cell<usize>,
    /// How many requests were for single rows.
    single: Cell<usize>,
    last: RefCell<String>,
}

impl Catalog for Folding {
    fn table(&self, name: &str) -> Option<TableSchema> {
        Estate.table(name)
    }

    fn names(&self) -> Vec<Arc<str>> {
        Estate.names()
    }

    fn stem(&self, _: &str) -> Option<Arc<str>> {
        Some(Arc::from("id"))
    }

    fn default_table(&self) -> Option<Arc<str>> {
        Estate.default_table()
    }
}

struct Once(Option<Batch>);

impl Rows for Once {
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError> {
        Ok(self.0.take())
    }
}

/// Rows that may come as one.
struct Alike {
    row: Vec<Value>,
    distinct: Vec<BTreeSet<String>>,
    rows: i64,
}

fn stem(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.rfind('/').map_or("", |at| &text[..=at]).to_owned()
}

impl Source for Folding {
    fn scan<'a>(&'a self, request: &ScanRequest) -> Result<Box<dyn Rows + 'a>, SourceError> {
        let plain = ScanRequest { fold: None, ..request.clone() };
        let mut rows = Estate.scan(&plain)?;
        let Some(fold) = &request.fold else {
            self.single.set(self.single.get() + 1);
            return Ok(rows);
        };
        self.last.replace(format!("{:?} {:?} {:?}", fold.stems, fold.distinct, fold.free));
        let mut groups: BTreeMap<String, Alike> = BTreeMap::new();
        while let Some(batch) = rows.next_batch()? {
            for row in batch.rows() {
                let known = |at: &usize| {
                    let need = &request.needs[*at];
                    let mut on = request.conditions.iter().filter(|condition| condition.need == *need);
                    on.all(|condition| condition.holds(&row[*at]))
                };
                if !fold.free.iter().all(known) {
                    continue;
                }
                let key: Vec<String> = (0..row.len())
                    .map(|at| match at {
                        at if fold.distinct.contains(&at) || fold.free.contains(&at) => String::new(),
                        at if fold.stems.contains(&at) => stem(&row[at]),
                        at => format!("{:?}", row[at]),
                    })
                    .collect();
                let alike = groups.entry(key.join("|")).or_insert_with(|| Alike {
                    row: row.to_vec(),
                    distinct: vec![BTreeSet::new(); row.len()],
                    rows: 0,
                });
                alike.rows += 1;
                for at in &fold.distinct {
                    if !row[*at].is_null() {
                        alike.distinct[*at].insert(format!("{:?}", row[*at]));
                    }
                }
            }
        }
        let mut batch = Batch::new(request.needs.len() + 1);
        self.given.set(self.given.get() + groups.len());
        for alike in groups.into_values() {
            let values = alike.row.into_iter().enumerate().map(|(at, value)| {
                if fold.distinct.contains(&at) {
                    Value::Long(i64::try_from(alike.distinct[at].len()).unwrap())
                } else {
                    value
                }
            });
            batch.push(values.chain([Value::Long(alike.rows)]));
        }
        Ok(Box::new(Once(Some(batch))))
    }

    fn folds(&self, _: &ScanRequest) -> bool {
        true
    }
}

fn lines(query: &str, tables: &dyn Catalog, rows: &dyn Source) -> Vec<String> {
    let query =
        compile(query, tables, &Limits::default()).unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
    let environment =
        Environment { now_unix_nanoseconds: 1_600_000_000_000_000_000, seed: 1, interrupt: &|| false };
    let answer = query.run(tables, rows, &environment).unwrap();
    let mut lines: Vec<String> = answer
        .rows()
        .map(|row| row.iter().map(|value| value.to_json().to_string()).collect::<String>())
        .collect();
    lines.sort();
    lines
}

const SUB: &str = "where type == 'microsoft.security/assessments/subassessments'";

/// A query, how many rows the table gave for it, and whether it had to begin anew with single rows.
const QUERIES: &[(&str, usize, bool)] = &[
    ("{sub} | summarize count() by tostring(properties.status.severity)", 2, false),
    ("{sub} | summarize count() by name", 4, false),
    ("{sub} | count", 1, false),
    ("{sub} | distinct tostring(properties.status.severity)", 2, false),
    // The stem of the identifier is enough.
    (
        "{sub} | where id matches regex '(.+?)/assessments/dbd' | parse id with a '/providers/Microsoft.Security/' * | summarize n = count() by a",
        1,
        false,
    ),
    ("{sub} | where id contains '/registries/port' | summarize count()", 1, false),
    ("{sub} | where id startswith '/subscriptions/s2' | summarize count()", 1, false),
    // It is not.
    ("{sub} | where id matches regex 'f[12]$' | summarize count()", 1, true),
    ("{sub} | where id contains 'f1' | summarize count()", 1, true),
    ("{sub} | parse id with * 'subassessments/' rest | summarize count() by rest", 4, false),
    ("{sub} | extend rest = extract('([^/]*)$', 1, id) | summarize count() by rest", 4, false),
    // Different values are counted by the table.
    (
        "{sub} | summarize dcount(tostring(properties.additionalData.imageDigest)) by tostring(properties.status.severity)",
        2,
        false,
    ),
    (
        "{sub} | extend d = properties.additionalData.imageDigest, s = tostring(properties.status.severity) | where s in ('High', 'Low') | summarize dcount(d)",
        1,
        false,
    ),
    (
        "{sub} | extend d = tostring(properties.additionalData.imageDigest), s = tostring(properties.status.severity) | summarize dcount(d), count() by s == 'x'",
        2,
        true,
    ),
    (
        "{sub} | extend d = tostring(properties.additionalData.imageDigest) | where d == 'sha256:1' | summarize dcount(d), count()",
        2,
        false,
    ),
    ("{sub} | summarize dcount(name), make_set(name), max(name)", 4, false),
    ("{sub} | summarize countif(properties.status.severity == 'High'), sum(1)", 0, true),
    (
        "{sub} | where properties.status.severity =~ 'high' or properties.status.severity == 'Low' | summarize count() by tostring(properties.additionalData.imageDigest)",
        3,
        false,
    ),
];

#[test]
fn folded_rows_give_the_answers_of_single_rows() {
    for (query, given, anew) in QUERIES {
        let query = query.replace("{sub}", SUB);
        let folding =
            Folding { given: Cell::new(0), single: Cell::new(0), last: RefCell::new(String::new()) };
        assert_eq!(lines(&query, &folding, &folding), lines(&query, &Estate, &Estate), "{query}");
        let seen = (folding.given.get(), folding.single.get() > 0);
        assert_eq!(seen, (*given, *anew), "{query}: {}", folding.last.borrow());
    }
}
