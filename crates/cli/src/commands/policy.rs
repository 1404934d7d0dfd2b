//! `lazaretto policy`: what the registry asks of images and users, and how glass is broken.

use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::say;
use crate::terminal::Terminal;
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};
use server::api::view::{PassView, PassWish, PolicyView};

/// What the registry asks of images before they are pulled, and of its users
#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Show the policy and the rules
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Change the policy: what is not named stays as it is
    Set(SetArguments),
    /// Let a held image be pulled for some hours; the reason stands in history
    Pass {
        /// REPOSITORY:TAG or REPOSITORY@DIGEST
        image: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// For how long
        #[arg(long, default_value_t = 24)]
        hours: u32,
    },
}

#[derive(Debug, Args)]
struct SetArguments {
    /// New images wait until their verdict lets them pass: on or off
    #[arg(long, value_name = "SWITCH", value_parser = switch)]
    quarantine: Option<bool>,
    /// Hold unhealthy images from this severity on: low, medium, high, critical, or none
    #[arg(long, value_name = "SEVERITY")]
    hold_severity: Option<String>,
    /// Hold images that were not assessed, or cannot be: on or off
    #[arg(long, value_name = "SWITCH", value_parser = switch)]
    hold_unassessed: Option<bool>,
    /// For so many seconds after a push an image is not held for that
    #[arg(long, value_name = "SECONDS")]
    grace: Option<u32>,
    /// Whether anybody may pull without signing in: on or off
    #[arg(long, value_name = "SWITCH", value_parser = switch)]
    anonymous_pull: Option<bool>,
    /// Keep deleted manifests for so many days; 0 keeps none
    #[arg(long, value_name = "DAYS")]
    soft_delete: Option<u32>,
    /// The most bytes of the registry; 0 for no limit
    #[arg(long, value_name = "BYTES")]
    quota: Option<u64>,
    /// The most bytes of one repository; 0 for no limit
    #[arg(long, value_name = "BYTES")]
    repository_quota: Option<u64>,
    /// The most manifests that are about one image; 0 for what is usual
    #[arg(long, value_name = "COUNT")]
    referrers: Option<u32>,
    /// Tags that are set once, such as v* or team/*:release-*; an empty text for none
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    immutable_tags: Option<Vec<String>>,
}

fn switch(word: &str) -> Result<bool, String> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".into()),
    }
}

const POLICY: &str = "/api/registry/policy";
const RULES: &str = "/api/registry/rules";

pub(crate) async fn run(arguments: PolicyArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    match arguments.command {
        PolicyCommand::Show { json } => show(&client, json, terminal).await?,
        PolicyCommand::Set(set) => change(&client, set, terminal).await?,
        PolicyCommand::Pass { image, reason, hours } => {
            let wish = PassWish { image, reason, hours };
            let pass: PassView =
                client.answer(client.request(Method::POST, "/api/passes").json(&wish)).await?;
            say!("{}@{} may be pulled until {}", pass.repository, pass.digest, pass.until);
        }
    }
    Ok(Exit::Done)
}

async fn show(client: &Client, json: bool, terminal: Terminal) -> Result<()> {
    let policy: Map<String, Value> = client.get(POLICY).await?;
    let rules: Map<String, Value> = client.get(RULES).await?;
    if json {
        say!("{}", serde_json::to_string_pretty(&json!({ "policy": policy, "rules": rules }))?);
        return Ok(());
    }
    let mut table = terminal.table(&["SETTING", "VALUE"]);
    for (name, value) in policy.iter().chain(&rules) {
        table.add_row(vec![name.clone(), in_words(value)]);
    }
    say!("{table}");
    Ok(())
}

/// A setting for people.
fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::Bool(true) => "on".into(),
        Value::Bool(false) => "off".into(),
        Value::Array(values) if values.is_empty() => "-".into(),
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Value::String(text) => crate::terminal::clean(text),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

async fn change(client: &Client, set: SetArguments, terminal: Terminal) -> Result<()> {
    let mut policy: PolicyView = client.get(POLICY).await?;
    let before = policy.clone();
    policy.quarantine = set.quarantine.unwrap_or(policy.quarantine);
    policy.hold_unassessed = set.hold_unassessed.unwrap_or(policy.hold_unassessed);
    policy.grace_seconds = set.grace.unwrap_or(policy.grace_seconds);
    if let Some(word) = set.hold_severity {
        policy.hold_severity = (word != "none").then_some(word);
    }
    let mut rules: Map<String, Value> = client.get(RULES).await?;
    let rules_before = rules.clone();
    // Zero takes a limit away.
    let limit = |number: u64| if number == 0 { Value::Null } else { json!(number) };
    let wishes = [
        ("anonymousPull", set.anonymous_pull.map(Value::Bool)),
        ("softDeleteDays", set.soft_delete.map(|days| limit(days.into()))),
        ("quotaBytes", set.quota.map(limit)),
        ("repositoryQuotaBytes", set.repository_quota.map(limit)),
        ("referrersPerSubject", set.referrers.map(|count| limit(count.into()))),
        (
            "immutableTags",
            set.immutable_tags
                .map(|tags| json!(tags.into_iter().filter(|tag| !tag.is_empty()).collect::<Vec<_>>())),
        ),
    ];
    for (name, wish) in wishes {
        if let Some(wish) = wish {
            rules.insert(name.to_owned(), wish);
        }
    }
    if policy == before && rules == rules_before {
        bail!("nothing would change; name what is to be changed, `lazaretto policy set --help` lists it");
    }
    if rules != rules_before {
        let _: Value = client.answer(client.request(Method::PUT, RULES).json(&rules)).await?;
    }
    if policy != before {
        let _: Value = client.answer(client.request(Method::PUT, POLICY).json(&policy)).await?;
    }
    show(client, false, terminal).await
}
