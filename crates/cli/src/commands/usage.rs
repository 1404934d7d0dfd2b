//! `lazaretto usage`: what was charged, by registry and day.

use crate::client::Connection;
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::Result;
use clap::{Args, ValueEnum};
use server::api::UsageView;
use server::api::view::Page;

/// Images that were charged: each once in a month
#[derive(Debug, Args)]
pub(crate) struct UsageArguments {
    #[command(flatten)]
    connection: Connection,
    /// From this day on, such as 2026-01-01; by default from the first of this month
    #[arg(long)]
    from: Option<String>,
    /// Up to this day; by default today
    #[arg(long)]
    until: Option<String>,
    /// As table, JSON or CSV
    #[arg(long, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

pub(crate) async fn run(arguments: UsageArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let mut path = "/api/usage?".to_owned();
    for (name, day) in [("from", &arguments.from), ("until", &arguments.until)] {
        if let Some(day) = day {
            path.push_str(&format!("{name}={}&", super::image::encode(day)));
        }
    }
    if arguments.format == Format::Csv {
        let csv = client.text(&format!("{path}format=csv")).await?;
        say!("{}", csv.trim_end());
        return Ok(Exit::Done);
    }
    let page: Page<UsageView> = client.get(&path).await?;
    if arguments.format == Format::Json {
        say!("{}", serde_json::to_string_pretty(&page.value)?);
        return Ok(Exit::Done);
    }
    let mut table = terminal.table(&["DAY", "REGISTRY", "IMAGES", "IN TRIAL", "AMOUNT"]);
    for row in &page.value {
        let amount = row.amount.as_deref().unwrap_or("-");
        table.add_row(vec![
            row.day.clone(),
            clean(&row.registry),
            row.images.to_string(),
            row.in_trial.to_string(),
            format!("{amount} {}", row.currency.as_deref().unwrap_or_default()).trim_end().to_owned(),
        ]);
    }
    say!("{table}");
    Ok(Exit::Done)
}
