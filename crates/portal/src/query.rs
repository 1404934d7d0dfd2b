//! A query in the Kusto language over everything the visitor may see, as a form and a table.
//!
//! The query stands in the address, so that it can be kept and sent. It is read only: the language changes nothing.

use crate::frame::frame;
use crate::session::Visitor;
use crate::{Page, PageError, PortalState};
use access::Action;
use axum::extract::{Query, State};
use axum::routing::{MethodRouter, get};
use graph::{Answer, GraphError, Settings};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use std::time::{Duration, Instant};

pub(crate) const PAGE: Page = Page { path: "/portal/query", action: Some(Action::ASSESSMENT_READ), handler };

/// More rows than this nobody reads on a page; the command line and the API page through all of them.
const ROWS: usize = 500;
/// A page that takes longer is stopped.
const LONGEST: Duration = Duration::from_secs(30);

/// Queries to begin with: a title and a text.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "Critical findings",
        "Findings\n| where severity == 'Critical'\n| project repository, vulnerability, package, version, fixed",
    ),
    (
        "The most widespread vulnerabilities",
        "Findings\n| summarize images = dcount(digest) by vulnerability, severity\n| top 20 by images",
    ),
    (
        "What cannot be assessed, and why",
        "Images\n| where state == 'NotApplicable'\n| project repository, digest, cause",
    ),
    (
        "Sub-assessments, as Azure's clients see them",
        "securityresources\n| where type == 'microsoft.security/assessments/subassessments'\n| project id, status = tostring(properties.status.code), title = tostring(properties.displayName)\n| take 100",
    ),
];

fn handler() -> MethodRouter<PortalState> {
    get(query)
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn query(
    visitor: Visitor,
    State(state): State<PortalState>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    // Who may read no registry's assessments has nothing to ask for.
    visitor.registries(&state, Action::ASSESSMENT_READ).await?;
    let text = asked.q.replace("\r\n", "\n");
    let result = if text.trim().is_empty() { None } else { Some(run(&visitor, &state, &text).await?) };
    let body = html! {
        section {
            h1 { "Query" }
            form.query method="get" action="/portal/query" {
                textarea name="q" rows="6" spellcheck="false" autofocus aria-label="A query in the Kusto language" { (text) }
                button.primary { "Run" }
            }
            @if result.is_none() {
                p.faint { "Tables: Images, Packages, Findings, Resources, ResourceContainers, SecurityResources. For example:" }
                ul { @for (title, example) in EXAMPLES {
                    li { a href={ "/portal/query?q=" (crate::frame::encode(example)) } { (title) } }
                } }
            }
        }
        @if let Some(result) = &result { section { (result) } }
    };
    Ok(frame("Query", Some(visitor.name()), &body))
}

async fn run(visitor: &Visitor, state: &PortalState, text: &str) -> Result<Markup, PageError> {
    let settings = Settings {
        tenant: state.tenant.to_string(),
        scan_plan: state.scan_plan,
        now: Timestamp::now(),
        deadline: Instant::now() + LONGEST,
        subscriptions: None,
        first: 0,
        facets: Vec::new(),
        interval: None,
    };
    match graph::run(state.store.clone(), visitor.viewer(), text.to_owned(), settings).await {
        Ok(answer) => Ok(rows(&answer)),
        Err(GraphError::Store(error)) => Err(error.into()),
        Err(GraphError::Query(faults)) => Ok(html! {
            @for fault in &faults {
                p.wrong role="alert" { (fault) }
                pre { (underlined(text, fault.line, fault.column, &fault.token)) }
            }
        }),
        Err(GraphError::Evaluation(error)) => Ok(html! { p.wrong role="alert" { (error) } }),
    }
}

/// The line of a fault, with the place underlined.
fn underlined(text: &str, line: usize, column: usize, token: &str) -> String {
    let written = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let length = if token == "<EOF>" { 1 } else { token.chars().count().max(1) };
    format!("{written}\n{}{}", " ".repeat(column.saturating_sub(1)), "^".repeat(length))
}

fn rows(answer: &Answer) -> Markup {
    let total = answer.total();
    html! {
        h2 { (total) @if total == 1 { " row" } @else { " rows" } }
        div.scroll { table {
            thead { tr { @for column in &answer.columns { th scope="col" { (column.name) } } } }
            tbody { @for row in answer.page(0, ROWS) {
                tr { @for value in &row { td { (cell(value)) } } }
            } }
        } }
        @if total > ROWS {
            p.faint { "Only the first " (ROWS) " rows are shown; " code { "lazaretto query" } " prints all of them." }
        }
    }
}

/// A value for people: texts as they are, all else as JSON.
fn cell(value: &Value) -> String {
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
        expect_test::expect![[r"
            | where severty == 1
                    ^^^^^^^"]]
        .assert_eq(&underlined("Findings\n| where severty == 1", 2, 9, "severty"));
        assert_eq!(underlined("print", 1, 6, "<EOF>"), "print\n     ^");
    }
}
