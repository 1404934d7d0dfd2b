//! `lazaretto users`: who signs in.
//!
//! Programs are made with `az ad sp create-for-rbac`, or by the directory's REST form; people here.

use super::image::encode;
use super::resource::{list, text};
use crate::client::Connection;
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::BufRead;

/// The people who sign in
#[derive(Debug, Args)]
pub(crate) struct UsersArguments {
    #[command(flatten)]
    connection: Connection,
    /// As JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: UsersCommand,
}

#[derive(Debug, Subcommand)]
enum UsersCommand {
    /// List them
    List,
    /// Create one; the password is read from standard input
    Create {
        /// The name to sign in with, such as anna@example.com
        name: String,
        /// The name for people
        #[arg(long)]
        display_name: Option<String>,
    },
    /// Set another password, read from standard input; all sessions end
    Password {
        /// The name
        name: String,
    },
    /// Disable an account; all sessions end
    Disable {
        /// The name
        name: String,
    },
    /// Enable it again
    Enable {
        /// The name
        name: String,
    },
    /// Delete an account with its roles
    Delete {
        /// The name
        name: String,
    },
}

const USERS: &str = "/graph/v1.0/users";

pub(crate) async fn run(arguments: UsersArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let change = async |name: &str, body: Value| {
        let path = format!("{USERS}/{}", encode(name));
        client.done(client.request(Method::PATCH, &path).json(&body)).await
    };
    match arguments.command {
        UsersCommand::List => {
            let rows = list(&client, USERS).await?;
            if arguments.json {
                say!("{}", serde_json::to_string_pretty(&rows)?);
                return Ok(Exit::Done);
            }
            let mut table = terminal.table(&["USER", "NAME", "STATE"]);
            for row in &rows {
                let is_enabled = row["accountEnabled"].as_bool().unwrap_or_default();
                let state = if is_enabled { "enabled" } else { "disabled" };
                table.add_row([text(row, "/userPrincipalName"), text(row, "/displayName"), state].map(clean));
            }
            say!("{table}");
        }
        UsersCommand::Create { name, display_name } => {
            let shown = display_name.as_deref().unwrap_or(&name);
            let body = json!({
                "userPrincipalName": name, "displayName": shown, "accountEnabled": true,
                "passwordProfile": {"password": password()?},
            });
            let made: Value = client.answer(client.request(Method::POST, USERS).json(&body)).await?;
            say!("{} is created ({})", clean(&name), clean(text(&made, "/id")));
        }
        UsersCommand::Password { name } => {
            change(&name, json!({"passwordProfile": {"password": password()?}})).await?;
            say!("{} has another password", clean(&name));
        }
        UsersCommand::Disable { name } => {
            change(&name, json!({"accountEnabled": false})).await?;
            say!("{} is disabled", clean(&name));
        }
        UsersCommand::Enable { name } => {
            change(&name, json!({"accountEnabled": true})).await?;
            say!("{} is enabled", clean(&name));
        }
        UsersCommand::Delete { name } => {
            let path = format!("{USERS}/{}", encode(&name));
            client.done(client.request(Method::DELETE, &path)).await?;
            say!("{} is deleted", clean(&name));
        }
    }
    Ok(Exit::Done)
}

/// The line that somebody pipes in.
fn password() -> Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        bail!("the password is missing: pipe it in");
    }
    Ok(line.to_owned())
}
