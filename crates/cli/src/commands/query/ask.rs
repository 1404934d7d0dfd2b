//! One question to Resource Graph: all pages of its answer, or what is wrong with it with the place underlined.

use crate::client::Client;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

const PATH: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
const PAGE: usize = 1000;

/// Seconds that are waited at once, and how often, where the server has had enough questions for now.
const LONGEST_WAIT: u64 = 10;
const MOST_WAITS: usize = 3;

/// The rows of all pages.
pub(super) struct Asked {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Value>>,
    /// How many rows there are in all.
    pub(super) total: usize,
}

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

pub(super) async fn ask(client: &Client, query: &str, first: usize) -> Result<Asked> {
    let mut rows = Vec::new();
    let mut options = json!({"$top": PAGE.min(first.max(1)), "resultFormat": "table"});
    loop {
        let body = json!({"query": query, "options": options});
        let page: Page = page(client, &body, query).await?;
        rows.extend(page.data.rows);
        match page.next {
            Some(token) if rows.len() < first => options["$skipToken"] = token.into(),
            _ => {
                rows.truncate(first);
                let columns = page.data.columns.into_iter().map(|column| column.name).collect();
                return Ok(Asked { columns, rows, total: page.total });
            }
        }
    }
}

/// One page; a query that is wrong becomes an error that points at the place.
async fn page(client: &Client, body: &Value, query: &str) -> Result<Page> {
    let mut waits = 0;
    let response = loop {
        let response = client.request(reqwest::Method::POST, PATH).json(body).send().await;
        let response = response.with_context(|| format!("no answer from {}", client.server()))?;
        // Who asks much waits a moment for more, as the server says.
        match wait(&response).filter(|_| waits < MOST_WAITS) {
            Some(time) => tokio::time::sleep(time).await,
            None => break response,
        }
        waits += 1;
    };
    if response.status() != reqwest::StatusCode::BAD_REQUEST {
        return client.decode(response).await;
    }
    let refusal: Value = response.json().await.context("the answer broke off")?;
    bail!("{}", fault(&refusal, query))
}

/// How long the server asks to wait, if that is not long.
fn wait(response: &reqwest::Response) -> Option<Duration> {
    if response.status() != reqwest::StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let seconds: u64 = response.headers().get(reqwest::header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    (seconds <= LONGEST_WAIT).then(|| Duration::from_secs(seconds))
}

/// Everything that is wrong with a query, each with its place underlined.
fn fault(refusal: &Value, query: &str) -> String {
    let message = refusal["error"]["message"].as_str().unwrap_or("the query was refused");
    let details = refusal["error"]["details"].as_array();
    let placed = details.into_iter().flatten().filter(|detail| detail["line"].is_u64());
    let faults: Vec<String> = placed.map(|detail| underlined(detail, message, query)).collect();
    if !faults.is_empty() {
        return faults.join("\n");
    }
    // Without a place, the last detail is the one that says the most.
    let said = details.and_then(|details| details.last()).and_then(|detail| detail["message"].as_str());
    said.unwrap_or(message).to_owned()
}

fn underlined(detail: &Value, message: &str, query: &str) -> String {
    let number =
        |name: &str| detail[name].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
    let (line, column) = (number("line"), number("characterPositionInLine"));
    let text = query.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let shown: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let room = shown.chars().count().saturating_sub(column).max(1);
    let length = match detail["token"].as_str() {
        None | Some("<EOF>") => 1,
        Some(token) => token.lines().next().map_or(1, |token| token.chars().count()).clamp(1, room),
    };
    let said = detail["message"].as_str().unwrap_or(message);
    format!("{said}\n  {shown}\n  {}{}", " ".repeat(column), "^".repeat(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_fault_is_underlined() {
        let refusal = json!({"error": {"message": "Query is invalid.", "details": [
            {"code": "InvalidQuery", "message": "Query is invalid."},
            {"code": "UnknownColumn", "message": "There is no column `severty`; did you mean `severity`?",
             "line": 2, "characterPositionInLine": 8, "token": "severty"},
            {"code": "ParserFailure", "message": "the query ends too early", "line": 2,
             "characterPositionInLine": 25, "token": "<EOF>"},
        ]}});
        expect_test::expect![[r#"
            There is no column `severty`; did you mean `severity`?
              | where severty == 'High'
                      ^^^^^^^
            the query ends too early
              | where severty == 'High'
                                       ^"#]]
        .assert_eq(&fault(&refusal, "Findings\n| where severty == 'High'"));
    }

    #[test]
    fn a_fault_without_a_place_is_told_all_the_same() {
        assert_eq!(fault(&json!({"error": {"message": "no"}}), "x"), "no");
        let execution = json!({"error": {"message": "Query is invalid.", "details": [
            {"message": "Query is invalid."}, {"message": "the query needs more than 5 bytes of memory in `sort`"},
        ]}});
        assert_eq!(fault(&execution, "x"), "the query needs more than 5 bytes of memory in `sort`");
    }
}
