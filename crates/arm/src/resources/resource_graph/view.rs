//! How an answer is worded.

use graph::{Answer, FacetFault, Faceted};
use kql::DiagnosticCode;
use serde_json::{Map, Value, json};

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

/// How often each value of a facet stands in the whole result.
pub(super) fn facet(expression: &str, counted: &Result<Faceted, FacetFault>) -> Value {
    let found = match counted {
        Ok(found) => found,
        Err(fault) => {
            return json!({"expression": expression, "resultType": "FacetError", "errors": errors(expression, fault)});
        }
    };
    let row = |values: &Vec<Value>| {
        let names = found.columns.iter().cloned().chain(["count".to_owned()]);
        Value::Object(names.zip(values.iter().cloned()).collect::<Map<String, Value>>())
    };
    json!({
        "expression": expression,
        "resultType": "FacetResult",
        "totalRecords": found.total,
        "count": found.rows.len(),
        "data": found.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn errors(expression: &str, fault: &FacetFault) -> Value {
    let message = fault.to_string();
    match fault {
        FacetFault::Expression(faults)
            if faults.iter().any(|fault| fault.code == DiagnosticCode::UnknownColumn) =>
        {
            json!([
                {"code": "NoValidColumns", "message": "No valid columns in facet expression."},
                {"code": "InvalidColumnNames", "message": format!("Invalid column names: [{expression}].")},
            ])
        }
        FacetFault::Expression(_) => json!([{"code": "InvalidFacetExpression", "message": message}]),
        FacetFault::Option(_) => json!([{"code": "InvalidFacetOptions", "message": message}]),
        FacetFault::TooMany | FacetFault::Stopped(_) => {
            json!([{"code": "FacetEvaluationFailed", "message": message}])
        }
    }
}
