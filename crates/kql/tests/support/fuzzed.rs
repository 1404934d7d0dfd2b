//! What the fuzz targets and the robustness tests do with a text, and the seeds that they begin with.

use kql::{
    Batch, Catalog, Column, Environment, Kind, Limits, Need, Rows, ScanRequest, Source, SourceError,
    TableSchema, Value, compile, parse,
};
use std::cell::Cell;
use std::sync::Arc;

/// Two tables with a column of each kind, some of whose cells are null.
pub(crate) struct Tables;

const COLUMNS: [(&str, Kind); 8] = [
    ("a", Kind::Long),
    ("b", Kind::String),
    ("d", Kind::Dynamic),
    ("t", Kind::Datetime),
    ("s", Kind::Timespan),
    ("r", Kind::Real),
    ("g", Kind::Guid),
    ("f", Kind::Bool),
];

impl Catalog for Tables {
    fn table(&self, name: &str) -> Option<TableSchema> {
        let columns = COLUMNS.iter().map(|(name, kind)| Column::new(name, *kind)).collect();
        let hidden = vec![Column::new("secret", Kind::String)];
        matches!(name, "T" | "U").then(|| TableSchema { name: Arc::from(name), columns, hidden })
    }

    fn names(&self) -> Vec<Arc<str>> {
        vec![Arc::from("T"), Arc::from("U")]
    }

    fn default_table(&self) -> Option<Arc<str>> {
        Some(Arc::from("T"))
    }
}

struct Once(Option<Batch>);

impl Rows for Once {
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError> {
        Ok(self.0.take())
    }
}

fn cell(need: &Need, row: i64) -> Value {
    let whole = match &*need.column {
        "a" if row == 1 => Value::Null,
        "a" => Value::Long(row - 2),
        "b" => {
            let texts = ["", "x", "id=7;n=größe", "[1,{\"k\":2}]"];
            Value::text(usize::try_from(row).ok().and_then(|row| texts.get(row)).unwrap_or(&""))
        }
        "d" if row == 0 => Value::Null,
        "d" if row == 1 => Value::array([Value::Long(1), Value::text("x"), Value::Null]),
        "d" => Value::bag([
            ("k", Value::array([Value::Long(row)])),
            ("l", Value::bag([("m", Value::Real(0.5))])),
        ]),
        "t" => Value::Datetime(637_134_336_000_000_000 + row * 864_000_000_000),
        "s" => Value::Timespan(row * 36_000_000_000),
        "r" if row == 3 => Value::Real(f64::NAN),
        "r" => Value::Real(1.5),
        "g" => Value::Guid(row.unsigned_abs().into()),
        "f" => Value::Bool(row % 2 == 0),
        _ => Value::text("hidden"),
    };
    need.extract(&whole)
}

impl Source for Tables {
    fn scan<'a>(&'a self, request: &ScanRequest) -> Result<Box<dyn Rows + 'a>, SourceError> {
        let mut batch = Batch::new(request.needs.len());
        for row in 0..4 {
            batch.push(request.needs.iter().map(|need| cell(need, row)));
        }
        Ok(Box::new(Once(Some(batch))))
    }
}

/// Little, so that what asks for much is noticed at once.
pub(crate) fn limits() -> Limits {
    Limits {
        query_bytes: 8 << 10,
        rows_scanned: 10_000,
        rows_produced: 20_000,
        memory_bytes: 4 << 20,
        value_bytes: 1 << 16,
        regex_bytes: 1 << 16,
        ..Limits::default()
    }
}

/// Reads a text as a query and words every fault.
pub(crate) fn read(text: &str) {
    for fault in parse(text, &limits()) {
        assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len());
        fault.underlined(text);
    }
}

/// Plans a query.
pub(crate) fn plan(text: &str) {
    match compile(text, &Tables, &limits()) {
        Ok(query) => {
            for request in query.requests() {
                assert!(Tables.table(&request.table).is_some());
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                fault.underlined(text);
            }
        }
    }
}

/// Runs a query; it is stopped after some questions, as by a deadline.
pub(crate) fn run(text: &str) {
    let Ok(query) = compile(text, &Tables, &limits()) else { return };
    let asked = Cell::new(0u32);
    let interrupt = || {
        asked.set(asked.get() + 1);
        asked.get() > 5_000
    };
    let environment =
        Environment { now_unix_nanoseconds: 1_600_000_000_000_000_000, seed: 3, interrupt: &interrupt };
    if let Ok(answer) = query.run(&Tables, &Tables, &environment) {
        for row in answer.rows() {
            assert_eq!(row.len(), answer.columns.len());
        }
        if let Some(columns) = query.columns() {
            assert_eq!(columns, answer.columns);
        }
    }
}

/// The seeds: every line of the corpus that is compared with the official service.
pub(crate) fn seeds() -> Vec<String> {
    let lines =
        |text: &'static str| text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("// "));
    let expressions =
        lines(include_str!("../oracle/corpus/expressions.kql")).map(|line| format!("print x = {line}"));
    let operators = lines(include_str!("../oracle/corpus/operators.kql"))
        .map(|line| if line.starts_with('|') { format!("T {line}") } else { line.to_owned() });
    expressions.chain(operators).collect()
}
