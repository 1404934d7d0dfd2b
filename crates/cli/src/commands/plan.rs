//! `lazaretto plan show/set`: whether the pushes of a subscription are scanned.
//!
//! It speaks Azure's own form, `Microsoft.Security/pricings`, as any client of that API would.

use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::say;
use crate::terminal::Terminal;
use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

/// The plan of the subscription: Standard scans every push, Free scans none
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    connection: Connection,
    /// The subscription, by its id; by default the first one
    #[arg(long, global = true)]
    subscription: Option<String>,
    #[command(subcommand)]
    command: PlanCommand,
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// Show the plan
    Show,
    /// Set the plan
    Set {
        /// The tier
        tier: Tier,
        /// Also scan images that were pushed before
        #[arg(long)]
        backfill: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tier {
    Free,
    Standard,
}

const API_VERSION: &str = "api-version=2023-01-01";

pub(crate) async fn run(arguments: PlanArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let subscription = match arguments.subscription {
        Some(subscription) => subscription,
        None => first_subscription(&client).await?,
    };
    let path = format!(
        "/subscriptions/{subscription}/providers/Microsoft.Security/pricings/ContainerRegistry?{API_VERSION}"
    );
    let pricing: Value = match arguments.command {
        PlanCommand::Show => client.get(&path).await?,
        PlanCommand::Set { tier, backfill } => {
            let tier = match tier {
                Tier::Free => "Free",
                Tier::Standard => "Standard",
            };
            let mut body = json!({"properties": {"pricingTier": tier}});
            if backfill {
                body["properties"]["extensions"] = json!([{
                    "name": "ContainerRegistriesVulnerabilityAssessments",
                    "isEnabled": "True",
                    "additionalExtensionProperties": {"ScanExistingImages": "True"},
                }]);
            }
            client.answer(client.request(reqwest::Method::PUT, &path).json(&body)).await?
        }
    };
    let tier = pricing["properties"]["pricingTier"].as_str().unwrap_or("unknown");
    say!("{} {subscription}: {tier}", terminal.heading("ContainerRegistry"));
    Ok(Exit::Done)
}

async fn first_subscription(client: &Client) -> Result<String> {
    let page: Value = client.get("/subscriptions?api-version=2022-12-01").await?;
    page["value"][0]["subscriptionId"]
        .as_str()
        .map(str::to_owned)
        .context("this account sees no subscription; name one with --subscription")
}
