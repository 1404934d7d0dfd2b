//! `lazaretto query 'KQL'`: Resource Graph from the shell.
//!
//! It speaks Azure's own form, as any client of that API would, and follows the pages to the end.

use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::report::csv;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Ask about everything in the Kusto query language
#[derive(Debug, Args)]
pub(crate) struct QueryArguments {
    #[command(flatten)]
    connection: Connection,
    /// The query, such as: Findings | where severity == 'Critical' | summarize count() by repository
    query: String,
    /// How the rows are shown
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// At most this many rows
    #[arg(long, default_value_t = 10_000)]
    first: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

const PATH: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
const PAGE: usize = 1000;

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "totalRecords")]
    total: usize,
    data: Data,
    #[serde(rename = "$skipToken")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    columns: Vec<NamedColumn>,
    rows: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
struct NamedColumn {
    name: String,
}

pub(crate) async fn run(arguments: QueryArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let (names, rows, total) = ask(&client, &arguments.query, arguments.first).await?;
    match arguments.format {
        Format::Table => {
            let mut table = terminal.table(&names.iter().map(String::as_str).collect::<Vec<_>>());
            for row in &rows {
                table.add_row(row.iter().map(|value| clean(&text(value))));
            }
            say!("{table}");
        }
        Format::Json => {
            let object = |row: &Vec<Value>| -> Value {
                names.iter().cloned().zip(row.iter().cloned()).collect::<Map<_, _>>().into()
            };
            say!("{}", serde_json::to_string_pretty(&rows.iter().map(object).collect::<Vec<_>>())?);
        }
        Format::Csv => {
            let line =
                |cells: Vec<String>| cells.iter().map(|cell| csv::escape(cell)).collect::<Vec<_>>().join(",");
            let mut lines = vec![line(names.clone())];
            lines.extend(rows.iter().map(|row| line(row.iter().map(text).collect())));
            say!("{}", lines.join("\r\n"));
        }
    }
    if rows.len() < total {
        crate::output::remark(&format!("{} of {total} rows are shown", rows.len()));
    }
    Ok(Exit::Done)
}

/// The names of the columns, the rows of all pages, and how many rows there are.
async fn ask(client: &Client, query: &str, first: usize) -> Result<(Vec<String>, Vec<Vec<Value>>, usize)> {
    let mut rows = Vec::new();
    let mut options = json!({"$top": PAGE.min(first.max(1)), "resultFormat": "table"});
    loop {
        let body = json!({"query": query, "options": options});
        let page: Page = answer(client, &body, query).await?;
        rows.extend(page.data.rows);
        match page.next {
            Some(token) if rows.len() < first => options["$skipToken"] = token.into(),
            _ => {
                rows.truncate(first);
                return Ok((
                    page.data.columns.into_iter().map(|column| column.name).collect(),
                    rows,
                    page.total,
                ));
            }
        }
    }
}

/// One page; a query that is wrong becomes an error that points at the place.
async fn answer(client: &Client, body: &Value, query: &str) -> Result<Page> {
    let response = client.request(reqwest::Method::POST, PATH).json(body).send().await;
    let response = response.with_context(|| format!("no answer from {}", client.server()))?;
    if response.status() != reqwest::StatusCode::BAD_REQUEST {
        return client.decode(response).await;
    }
    let refusal: Value = response.json().await.context("the answer broke off")?;
    bail!("{}", fault(&refusal, query))
}

/// What is wrong with a query, with the place underlined.
fn fault(refusal: &Value, query: &str) -> String {
    let message = refusal["error"]["message"].as_str().unwrap_or("the query was refused");
    let details = refusal["error"]["details"].as_array();
    let placed = details.into_iter().flatten().find(|detail| detail["line"].is_u64());
    let Some(detail) = placed else { return message.to_owned() };
    let number =
        |name: &str| detail[name].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
    let (line, column) = (number("line"), number("characterPositionInLine"));
    let text = query.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let length =
        detail["token"].as_str().filter(|token| *token != "<EOF>").map_or(1, |token| token.chars().count());
    let said = detail["message"].as_str().unwrap_or(message);
    format!("{said}\n  {text}\n  {}{}", " ".repeat(column), "^".repeat(length.max(1)))
}

/// A cell for people: texts as they are, all else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_fault_is_underlined() {
        let refusal = json!({"error": {"message": "Query is invalid.", "details": [
            {"code": "InvalidQuery", "message": "Query is invalid."},
            {"code": "UnknownColumn", "message": "There is no column `severty`; did you mean `severity`?",
             "line": 2, "characterPositionInLine": 8, "token": "severty"},
        ]}});
        expect_test::expect![[r#"
            There is no column `severty`; did you mean `severity`?
              | where severty == 'High'
                      ^^^^^^^"#]]
        .assert_eq(&fault(&refusal, "Findings\n| where severty == 'High'"));
        assert_eq!(fault(&json!({"error": {"message": "no"}}), "x"), "no");
    }
}
