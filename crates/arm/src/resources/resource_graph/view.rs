//! How an answer is worded.

use super::body::Facet;
use graph::Answer;
use serde_json::{Map, Value, json};

/// Values of a facet, where the client names no number, and at most.
const DEFAULT_FACET: usize = 10;
const LONGEST_FACET: usize = 1000;

/// The rows: as one table, or each as an object.
pub(super) fn data(answer: &Answer, rows: &[Vec<Value>], is_table: bool) -> Value {
    if is_table {
        let columns: Vec<Value> =
            answer.columns.iter().map(|column| json!({"name": column.name, "type": column.kind})).collect();
        return json!({"columns": columns, "rows": rows});
    }
    let object = |row: &Vec<Value>| {
        let entries =
            answer.columns.iter().zip(row).map(|(column, value)| (column.name.clone(), value.clone()));
        Value::Object(entries.collect::<Map<String, Value>>())
    };
    Value::Array(rows.iter().map(object).collect())
}

/// How often each value of a column stands in the whole result.
pub(super) fn facet(answer: &Answer, facet: &Facet) -> Value {
    let failed =
        |errors: Value| json!({"expression": facet.expression, "resultType": "FacetError", "errors": errors});
    let name = facet.column();
    let Some(counts) = answer.facet(&name) else {
        return failed(json!([
            {"code": "NoValidColumns", "message": "No valid columns in facet expression."},
            {"code": "InvalidColumnNames", "message": format!("Invalid column names: [{}].", facet.expression)},
        ]));
    };
    let options = facet.options.as_ref();
    if options.is_some_and(|options| options.filter.as_ref().is_some_and(|filter| !filter.is_empty())) {
        return failed(json!([{
            "code": "UnsupportedFilter",
            "message": "Facets are not filtered here; filter in the query.",
        }]));
    }
    let mut counts = counts.to_vec();
    let total = counts.len();
    let is =
        |option: Option<&String>, word: &str| option.is_some_and(|given| given.eq_ignore_ascii_case(word));
    let by_count =
        options.is_none_or(|options| options.sort_by.is_none() || is(options.sort_by.as_ref(), "count"));
    if by_count {
        counts.sort_by_key(|(_, count)| *count);
    }
    if !options.is_some_and(|options| is(options.sort_order.as_ref(), "asc")) {
        counts.reverse();
    }
    let top = options.and_then(|options| options.top).unwrap_or(DEFAULT_FACET).clamp(1, LONGEST_FACET);
    let data: Vec<Value> = counts
        .into_iter()
        .take(top)
        .map(|(value, count)| {
            let mut row = Map::new();
            row.insert(name.clone(), value);
            row.insert("count".into(), count.into());
            Value::Object(row)
        })
        .collect();
    json!({
        "expression": facet.expression,
        "resultType": "FacetResult",
        "totalRecords": total,
        "count": data.len(),
        "data": data,
    })
}
