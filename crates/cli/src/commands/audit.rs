//! `lazaretto audit`: who did what, when, from where, with what result.

use super::image::encode;
use crate::client::Connection;
use crate::exit::Exit;
use crate::say;
use anyhow::Result;
use clap::{Args, ValueEnum};

/// The audit log: who did what, when, from where, with what result
#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    #[command(flatten)]
    connection: Connection,
    /// Only what this person asked
    #[arg(long)]
    actor: Option<String>,
    /// Only from this moment on, such as 2026-01-01T00:00:00Z
    #[arg(long)]
    since: Option<String>,
    /// Only before this moment
    #[arg(long)]
    until: Option<String>,
    /// Only what was about paths that begin so
    #[arg(long)]
    resource: Option<String>,
    /// Only what was refused or failed
    #[arg(long)]
    failures: bool,
    /// One line of JSON for each entry, or CSV
    #[arg(long, default_value = "ndjson")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Ndjson,
    Csv,
}

pub(crate) async fn run(arguments: AuditArguments) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let format = match arguments.format {
        Format::Ndjson => "ndjson",
        Format::Csv => "csv",
    };
    let mut path = format!("/api/audit?format={format}&failures={}", arguments.failures);
    let filters = [
        ("actor", &arguments.actor),
        ("since", &arguments.since),
        ("until", &arguments.until),
        ("resource", &arguments.resource),
    ];
    for (name, value) in filters {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    let text = client.text(&path).await?;
    say!("{}", text.trim_end());
    Ok(Exit::Done)
}
