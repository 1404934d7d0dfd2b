//! `lazaretto collection run/show`: taking away what nobody needs, and how that is doing.

use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use server::api::collection::CollectionView;
use std::time::Duration;

/// Collect bytes that no image needs any more, or see how much that would be
#[derive(Debug, Args)]
pub(crate) struct CollectionArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: CollectionCommand,
}

#[derive(Debug, Subcommand)]
enum CollectionCommand {
    /// Begin a collection now, and follow it to its end
    Run {
        /// Only count what would go
        #[arg(long)]
        dry_run: bool,
        /// Do not wait for the end
        #[arg(long)]
        no_wait: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show how the collection is doing, or how the last one did
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// How often the server is asked.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) async fn run(arguments: CollectionArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let (view, json) = match arguments.command {
        CollectionCommand::Run { dry_run, no_wait, json } => {
            let mode = if dry_run { "dry-run" } else { "collect" };
            let path = format!("/api/collection/run?mode={mode}");
            let begun = client.answer(client.request(reqwest::Method::POST, &path)).await?;
            (if no_wait { begun } else { follow(&client, begun).await? }, json)
        }
        CollectionCommand::Show { json } => (client.get("/api/collection").await?, json),
    };
    if json {
        say!("{}", serde_json::to_string_pretty(&view)?);
    } else {
        print(&view, terminal);
    }
    match view.error {
        Some(error) if view.state == "failed" => bail!("the collection stopped: {}", clean(&error)),
        Some(_) | None => Ok(Exit::Done),
    }
}

async fn follow(client: &Client, mut view: CollectionView) -> Result<CollectionView> {
    while view.state == "running" {
        tokio::time::sleep(PAUSE).await;
        view = client.get("/api/collection").await?;
    }
    Ok(view)
}

fn print(view: &CollectionView, terminal: Terminal) {
    let Some(mode) = &view.mode else {
        say!("there was no collection since the server started");
        return;
    };
    let phase = view.phase.as_deref().unwrap_or_default();
    say!("{} {}, {} {}", terminal.heading("collection"), clean(&view.state), clean(mode), clean(phase));
    for (what, count) in [
        ("uploads", view.uploads),
        ("manifests", view.manifests),
        ("links", view.links),
        ("blobs", view.blobs),
        ("bytes", view.bytes),
    ] {
        say!("  {what:<10} {count}");
    }
}
