//! `lazaretto findings`: what is wrong in the registry's images, and how to fix it.

use super::image::encode;
use crate::client::Connection;
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::Result;
use clap::Args;
use server::api::view::{FindingView, Page};

/// Findings of the images in the registry
#[derive(Debug, Args)]
pub(crate) struct FindingsArguments {
    #[command(flatten)]
    connection: Connection,
    /// Only this image: REPOSITORY:TAG or REPOSITORY@DIGEST
    image: Option<String>,
    /// Only this repository
    #[arg(long)]
    repository: Option<String>,
    /// Only this vulnerability, such as CVE-2021-36159
    #[arg(long)]
    vulnerability: Option<String>,
    /// Only this severity and above: low, medium, high, critical
    #[arg(long)]
    severity: Option<String>,
    /// Also findings that a rule or an exemption hides
    #[arg(long)]
    exempt: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: FindingsArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let base = match &arguments.image {
        Some(image) => format!("/api/images/{}/findings?limit=1000", encode(image)),
        None => "/api/findings?limit=1000".into(),
    };
    let mut query = base;
    let filters = [
        ("repository", &arguments.repository),
        ("vulnerability", &arguments.vulnerability),
        ("severity", &arguments.severity),
    ];
    for (name, value) in filters {
        if let Some(value) = value {
            query.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    if arguments.exempt {
        query.push_str("&exempt=include");
    }
    let mut rows: Vec<FindingView> = Vec::new();
    let mut after = String::new();
    loop {
        let page: Page<FindingView> = client.get(&format!("{query}{after}")).await?;
        rows.extend(page.value);
        match page.next {
            Some(next) => after = format!("&after={}", encode(&next)),
            None => break,
        }
    }
    if arguments.json {
        say!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        say!("{}", table(&rows, terminal));
    }
    Ok(Exit::Done)
}

/// The findings as a table for people.
pub(crate) fn table(rows: &[FindingView], terminal: Terminal) -> comfy_table::Table {
    let mut table =
        terminal.table(&["SEVERITY", "VULNERABILITY", "PACKAGE", "VERSION", "FIXED", "IMAGE", "REMEDIATION"]);
    for finding in rows {
        let digest: String = finding.digest.chars().skip(7).take(12).collect();
        table.add_row(vec![
            terminal.severity(&finding.severity),
            clean(&finding.vulnerability),
            clean(&finding.package),
            clean(&finding.version),
            clean(finding.fixed.as_deref().unwrap_or("-")),
            match &finding.registry {
                None => clean(&format!("{}@{digest}", finding.repository)),
                Some(registry) => clean(&format!("{registry}/{}@{digest}", finding.repository)),
            },
            match &finding.exempt {
                None => clean(&finding.remediation),
                Some(exempt) => {
                    clean(&format!("does not count ({} `{}`: {})", exempt.kind, exempt.name, exempt.reason))
                }
            },
        ]);
    }
    table
}
