//! `lazaretto rules` and `lazaretto exemptions`: what people decide about findings.

use super::image::encode;
use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result, bail};
use assessment::rules::Conditions;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use server::api::view::Page;
use server::api::{RuleBody, RuleView};

/// Rules that disable findings, for a reason and for a time
#[derive(Debug, Args)]
pub(crate) struct RulesArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: RuleCommand,
}

/// Exemptions of registries, repositories and images, or of some findings in them
#[derive(Debug, Args)]
pub(crate) struct ExemptionsArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: ExemptionCommand,
}

#[derive(Debug, Subcommand)]
enum RuleCommand {
    /// List rules
    List(ListArguments),
    /// Make or change a rule
    Put(Box<PutArguments>),
    /// Delete a rule
    Delete(NameArguments),
}

#[derive(Debug, Subcommand)]
enum ExemptionCommand {
    /// List exemptions
    List(ListArguments),
    /// Make or change an exemption
    Put {
        /// The risk is met by other means, and not accepted
        #[arg(long)]
        mitigated: bool,
        #[command(flatten)]
        put: Box<PutArguments>,
    },
    /// Delete an exemption
    Delete(NameArguments),
}

#[derive(Debug, Args)]
struct ListArguments {
    /// Only those at, above and below this resource id
    #[arg(long)]
    scope: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct NameArguments {
    /// The name
    name: String,
    /// Where it holds: a resource id; by default the first subscription
    #[arg(long)]
    scope: Option<String>,
}

#[derive(Debug, Args)]
struct PutArguments {
    #[command(flatten)]
    name: NameArguments,
    /// Why
    #[arg(long)]
    reason: String,
    /// Until when, such as 2026-12-31T00:00:00Z
    #[arg(long)]
    expires: Option<Timestamp>,
    /// A name for people
    #[arg(long)]
    display_name: Option<String>,
    /// A vulnerability, by CVE or any of its names
    #[arg(long = "id", value_name = "CVE")]
    ids: Vec<String>,
    /// A distribution or a language
    #[arg(long = "category")]
    categories: Vec<String>,
    /// Severities below this one: medium, high, critical
    #[arg(long)]
    severity_below: Option<String>,
    /// CVSS scores below this one
    #[arg(long)]
    cvss_below: Option<f64>,
    /// Findings without a fix
    #[arg(long)]
    not_patchable: bool,
    /// Whether there is a fix: FixAvailable, NoFixAvailable, WontFix, Unknown
    #[arg(long = "fix-status")]
    fix_statuses: Vec<String>,
    /// An image
    #[arg(long = "digest")]
    digests: Vec<String>,
    /// A repository, `*` for any text
    #[arg(long = "repository")]
    repositories: Vec<String>,
    /// An operating system, such as 'debian 10' or 'alpine *'
    #[arg(long = "os")]
    os_versions: Vec<String>,
    /// A package, such as openssl, 'linux-*' or 'log4j-core@2.14.*'
    #[arg(long = "package")]
    packages: Vec<String>,
    /// A part of the title or the description
    #[arg(long)]
    text: Option<String>,
}

impl PutArguments {
    /// The conditions, read as the server reads them.
    fn conditions(&self) -> Result<Conditions> {
        let severity = match self.severity_below.as_deref() {
            None => None,
            Some(word) => {
                let Some(severity) = server::judge::severity(word) else {
                    bail!("`{word}` is no severity; there are medium, high and critical");
                };
                Some(severity)
            }
        };
        let read = |text: &str| serde_json::Value::from(text);
        Ok(Conditions {
            ids: self.ids.clone(),
            categories: self.categories.clone(),
            severity_below: severity,
            cvss_below: self.cvss_below,
            not_patchable: self.not_patchable,
            fix_statuses: self
                .fix_statuses
                .iter()
                .map(|word| serde_json::from_value(read(word)))
                .collect::<Result<_, _>>()
                .context("--fix-status")?,
            digests: self.digests.iter().map(|digest| digest.parse()).collect::<Result<_, _>>()?,
            repositories: self.repositories.clone(),
            os_versions: self.os_versions.clone(),
            packages: self.packages.clone(),
            text: self.text.clone(),
        })
    }

    fn body(&self, category: Option<&str>) -> Result<RuleBody> {
        Ok(RuleBody {
            scope: self.name.scope.clone(),
            category: category.map(str::to_owned),
            display_name: self.display_name.clone(),
            reason: self.reason.clone(),
            expires_at: self.expires,
            conditions: self.conditions()?,
        })
    }
}

pub(crate) async fn run(arguments: RulesArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    match arguments.command {
        RuleCommand::List(list) => show(&client, "/api/rules", &list, terminal).await,
        RuleCommand::Put(put) => put_one(&client, "/api/rules", &put.name, put.body(None)?).await,
        RuleCommand::Delete(name) => delete(&client, "/api/rules", &name).await,
    }
}

pub(crate) async fn run_exemptions(arguments: ExemptionsArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    match arguments.command {
        ExemptionCommand::List(list) => show(&client, "/api/exemptions", &list, terminal).await,
        ExemptionCommand::Put { mitigated, put } => {
            let category = if mitigated { "Mitigated" } else { "Waiver" };
            put_one(&client, "/api/exemptions", &put.name, put.body(Some(category))?).await
        }
        ExemptionCommand::Delete(name) => delete(&client, "/api/exemptions", &name).await,
    }
}

fn with_scope(path: &str, scope: Option<&str>) -> String {
    scope.map_or_else(|| path.to_owned(), |scope| format!("{path}?scope={}", encode(scope)))
}

async fn show(client: &Client, path: &str, list: &ListArguments, terminal: Terminal) -> Result<Exit> {
    let page: Page<RuleView> = client.get(&with_scope(path, list.scope.as_deref())).await?;
    if list.json {
        say!("{}", serde_json::to_string_pretty(&page.value)?);
        return Ok(Exit::Done);
    }
    let mut table =
        terminal.table(&["NAME", "KIND", "IN FORCE", "UNTIL", "CONDITIONS", "REASON", "AUTHOR", "SCOPE"]);
    for rule in &page.value {
        table.add_row(vec![
            clean(&rule.name),
            clean(&rule.kind),
            (if rule.in_force { "yes" } else { "no" }).to_owned(),
            rule.expires_at.map_or_else(|| "-".to_owned(), |at| at.to_string()),
            clean(&serde_json::to_string(&rule.conditions)?),
            clean(&rule.reason),
            clean(&rule.author),
            clean(&rule.scope),
        ]);
    }
    say!("{table}");
    Ok(Exit::Done)
}

async fn put_one(client: &Client, path: &str, name: &NameArguments, body: RuleBody) -> Result<Exit> {
    let path = format!("{path}/{}", encode(&name.name).replace('/', "%2F"));
    let rule: RuleView = client.answer(client.request(reqwest::Method::PUT, &path).json(&body)).await?;
    say!("{} `{}` holds at {}", clean(&rule.kind), clean(&rule.name), clean(&rule.scope));
    Ok(Exit::Done)
}

async fn delete(client: &Client, path: &str, name: &NameArguments) -> Result<Exit> {
    let path = format!("{path}/{}", encode(&name.name).replace('/', "%2F"));
    let path = with_scope(&path, name.scope.as_deref());
    let rule: RuleView = client.answer(client.request(reqwest::Method::DELETE, &path)).await?;
    say!("`{}` is deleted; history keeps it", clean(&rule.name));
    Ok(Exit::Done)
}
