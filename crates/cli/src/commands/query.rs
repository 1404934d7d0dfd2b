//! `lazaretto query 'KQL'`: Resource Graph from the shell; without a query, a prompt.
//!
//! It speaks Azure's own form, as any client of that API would, and follows the pages to the end.

mod ask;
mod complete;
mod prompt;

use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::report::csv;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Result, bail};
use ask::{Asked, ask};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use std::io::{IsTerminal, Read};

/// Ask about everything in the Kusto query language
#[derive(Debug, Args)]
pub(crate) struct QueryArguments {
    #[command(flatten)]
    connection: Connection,
    /// The query, such as: Findings | where severity == 'Critical' | summarize count() by repository.
    /// Without one it is read from standard input, and on a terminal asked for again and again
    query: Option<String>,
    /// How the rows are shown
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// At most this many rows
    #[arg(long, default_value_t = 10_000)]
    first: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

/// A longer query is refused by the server anyway.
const LONGEST: u64 = 1 << 20;

pub(crate) async fn run(arguments: QueryArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let query = match arguments.query {
        Some(query) => query,
        None if std::io::stdin().is_terminal() => {
            return prompt::run(client, arguments.format, arguments.first, terminal).await;
        }
        None => {
            let mut text = String::new();
            std::io::stdin().lock().take(LONGEST).read_to_string(&mut text)?;
            if text.trim().is_empty() {
                bail!("there is no query: give one as an argument or on standard input");
            }
            text
        }
    };
    match answer(&client, &query, arguments.format, arguments.first, terminal).await {
        Ok(()) => Ok(Exit::Done),
        Err(error) => {
            // A fault is told in lines, the last of which underlines its place.
            for (number, line) in format!("{error:#}").lines().enumerate() {
                let who = if number == 0 { "lazaretto: " } else { "" };
                crate::output::remark(&format!("{who}{}", clean(line)));
            }
            Ok(Exit::Failed)
        }
    }
}

/// Asks, and shows the rows.
async fn answer(
    client: &Client,
    query: &str,
    format: Format,
    first: usize,
    terminal: Terminal,
) -> Result<()> {
    let Asked { columns, rows, total } = ask(client, query, first).await?;
    match format {
        Format::Table => {
            let mut table = terminal.table(&columns.iter().map(String::as_str).collect::<Vec<_>>());
            for row in &rows {
                table.add_row(row.iter().map(|value| clean(&text(value))));
            }
            say!("{table}");
        }
        Format::Json => {
            let object = |row: &Vec<Value>| -> Value {
                columns.iter().cloned().zip(row.iter().cloned()).collect::<Map<_, _>>().into()
            };
            say!("{}", serde_json::to_string_pretty(&rows.iter().map(object).collect::<Vec<_>>())?);
        }
        Format::Csv => {
            let line =
                |cells: Vec<String>| cells.iter().map(|cell| csv::escape(cell)).collect::<Vec<_>>().join(",");
            let mut lines = vec![line(columns)];
            lines.extend(rows.iter().map(|row| line(row.iter().map(text).collect())));
            say!("{}", lines.join("\r\n"));
        }
    }
    if rows.len() < total {
        crate::output::remark(&format!("{} of {total} rows are shown", rows.len()));
    }
    Ok(())
}

/// A cell for people: texts as they are, all else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
