//! `lazaretto keys rotate`: tokens are signed with another key.

use crate::client::Connection;
use crate::exit::Exit;
use crate::say;
use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// The keys that sign tokens
#[derive(Debug, Args)]
pub(crate) struct KeysArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Sign with the next key from now on; this happens by itself every 90 days
    Rotate {
        /// Let what was signed before hold no more: everybody signs in again. For a key that has become known
        #[arg(long)]
        revoke: bool,
    },
}

pub(crate) async fn run(arguments: KeysArguments) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let KeysCommand::Rotate { revoke } = arguments.command;
    let request = client.request(reqwest::Method::POST, "/api/keys/rotate").json(&json!({"revoke": revoke}));
    let _: Value = client.answer(request).await?;
    say!("tokens are signed with another key");
    Ok(Exit::Done)
}
