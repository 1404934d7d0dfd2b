//! `lazaretto roles`: what roles there are, who has them, giving and taking them away.

use super::image::encode;
use super::resource::{list, registry, subscription, text};
use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;
use uuid::Uuid;

/// Roles, and who has them
#[derive(Debug, Args)]
pub(crate) struct RolesArguments {
    #[command(flatten)]
    connection: Connection,
    /// The subscription, by its id; by default the first one
    #[arg(long, global = true)]
    subscription: Option<String>,
    /// Where: a resource id, REGISTRY or REGISTRY/REPOSITORY; by default the subscription
    #[arg(long, global = true)]
    scope: Option<String>,
    /// As JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: RolesCommand,
}

#[derive(Debug, Subcommand)]
enum RolesCommand {
    /// List the roles that can be given
    List,
    /// Show who has which role at the scope, above it and below it
    Show {
        /// Only those of this user, group or program
        #[arg(long)]
        of: Option<String>,
    },
    /// Give a role
    Assign {
        /// The role, such as AcrPull
        role: String,
        /// A user name, the name of a group or program, an application id or an object id
        who: String,
    },
    /// Take a role away that was given at this very scope
    Revoke {
        /// The role
        role: String,
        /// From whom
        who: String,
    },
    /// Define a role, or change one, from a JSON file as Azure's: roleName, permissions, assignableScopes
    Define {
        /// The file
        file: PathBuf,
    },
    /// Delete a role of one's own
    Delete {
        /// Its name
        role: String,
    },
}

const VERSION: &str = "api-version=2022-04-01";

pub(crate) async fn run(arguments: RolesArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let subscription = subscription(&client, arguments.subscription.as_deref()).await?;
    let scope = scope(&client, &subscription, arguments.scope.as_deref()).await?;
    match arguments.command {
        RolesCommand::List => {
            let rows = definitions(&client, &scope).await?;
            show_definitions(&rows, arguments.json, terminal)?;
        }
        RolesCommand::Show { of } => {
            let of = match of {
                Some(who) => Some(principal(&client, &who).await?),
                None => None,
            };
            show_assignments(&client, &scope, of.as_deref(), arguments.json, terminal).await?;
        }
        RolesCommand::Assign { role, who } => {
            let principal = principal(&client, &who).await?;
            let definition = definition(&client, &scope, &role).await?;
            let path = format!("{}/{}?{VERSION}", assignments(&scope), Uuid::new_v4());
            let body = json!({"properties": {"roleDefinitionId": text(&definition, "/id"), "principalId": principal}});
            let _: Value = client.answer(client.request(Method::PUT, &path).json(&body)).await?;
            say!("{} has the role {} at {}", clean(&who), clean(&role), clean(&scope));
        }
        RolesCommand::Revoke { role, who } => {
            let principal = principal(&client, &who).await?;
            revoke(&client, &scope, &role, &principal).await?;
            say!("{} has the role {} at {} no more", clean(&who), clean(&role), clean(&scope));
        }
        RolesCommand::Define { file } => define(&client, &scope, &file).await?,
        RolesCommand::Delete { role } => {
            let definition = definition(&client, &scope, &role).await?;
            let path = format!("{}?{VERSION}", text(&definition, "/id"));
            client.done(client.request(Method::DELETE, &path)).await?;
            say!("the role {} is deleted", clean(&role));
        }
    }
    Ok(Exit::Done)
}

fn assignments(scope: &str) -> String {
    format!("{}/providers/Microsoft.Authorization/roleAssignments", scope.trim_end_matches('/'))
}

/// The resource id that somebody means.
async fn scope(client: &Client, subscription: &str, given: Option<&str>) -> Result<String> {
    let Some(given) = given else { return Ok(format!("/subscriptions/{subscription}")) };
    if given.starts_with('/') {
        return Ok(given.to_owned());
    }
    let (name, repository) = match given.split_once('/') {
        Some((name, repository)) => (name, Some(repository)),
        None => (given, None),
    };
    let id = registry(client, subscription, name).await?;
    Ok(match repository {
        // A resource id is made of pairs, so that the slashes of a repository's name are written as colons.
        Some(repository) => format!("{id}/repositories/{}", repository.replace('/', ":")),
        None => id,
    })
}

async fn definitions(client: &Client, scope: &str) -> Result<Vec<Value>> {
    let scope = scope.trim_end_matches('/');
    list(client, &format!("{scope}/providers/Microsoft.Authorization/roleDefinitions?{VERSION}")).await
}

async fn definition(client: &Client, scope: &str, role: &str) -> Result<Value> {
    let all = definitions(client, scope).await?;
    all.into_iter()
        .find(|row| {
            text(row, "/properties/roleName").eq_ignore_ascii_case(role) || text(row, "/name") == role
        })
        .with_context(|| format!("there is no role {role} at this scope; `lazaretto roles list` shows them"))
}

/// The object id of a user, group or program.
async fn principal(client: &Client, who: &str) -> Result<String> {
    if who.parse::<Uuid>().is_ok() {
        let by_app = filtered(client, "servicePrincipals", "appId", who).await?;
        return Ok(by_app.first().map_or_else(|| who.to_owned(), |row| text(row, "/id").to_owned()));
    }
    let mut found = Vec::new();
    for (kind, member) in
        [("users", "userPrincipalName"), ("groups", "displayName"), ("servicePrincipals", "displayName")]
    {
        found.extend(filtered(client, kind, member, who).await?);
    }
    match found.as_slice() {
        [one] => Ok(text(one, "/id").to_owned()),
        [] => bail!("there is no user, group or program named {who}"),
        _ => bail!("{} users, groups or programs are named {who}; use the object id", found.len()),
    }
}

async fn filtered(client: &Client, kind: &str, member: &str, value: &str) -> Result<Vec<Value>> {
    let filter = format!("{member} eq '{}'", value.replace('\'', "''"));
    list(client, &format!("/graph/v1.0/{kind}?$filter={}", encode(&filter))).await
}

async fn revoke(client: &Client, scope: &str, role: &str, principal: &str) -> Result<()> {
    let definition = definition(client, scope, role).await?;
    let filter = encode(&format!("principalId eq '{principal}'"));
    let rows = list(client, &format!("{}?{VERSION}&$filter={filter}", assignments(scope))).await?;
    let given = rows.iter().find(|row| {
        text(row, "/properties/scope").eq_ignore_ascii_case(scope)
            && text(row, "/properties/roleDefinitionId").rsplit('/').next()
                == Some(text(&definition, "/name"))
    });
    let given =
        given.context("the role was not given at this very scope; `lazaretto roles show` tells where")?;
    client.done(client.request(Method::DELETE, &format!("{}?{VERSION}", text(given, "/id")))).await
}

async fn define(client: &Client, scope: &str, file: &std::path::Path) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut body: Value =
        serde_json::from_slice(&bytes).with_context(|| format!("{} is not JSON", file.display()))?;
    if !body["properties"].is_object() {
        body = json!({ "properties": body });
    }
    let properties = &mut body["properties"];
    if properties["assignableScopes"].is_null() {
        properties["assignableScopes"] = json!([scope]);
    }
    let name = text(&body, "/properties/roleName").to_owned();
    let present = definitions(client, scope).await?;
    let present = present.iter().find(|row| text(row, "/properties/roleName").eq_ignore_ascii_case(&name));
    let id = present.map_or_else(|| Uuid::new_v4().to_string(), |row| text(row, "/name").to_owned());
    let scope = scope.trim_end_matches('/');
    let path = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{id}?{VERSION}");
    let _: Value = client.answer(client.request(Method::PUT, &path).json(&body)).await?;
    say!("the role {} is defined", clean(&name));
    Ok(())
}

fn show_definitions(rows: &[Value], as_json: bool, terminal: Terminal) -> Result<()> {
    if as_json {
        say!("{}", serde_json::to_string_pretty(rows)?);
        return Ok(());
    }
    let mut table = terminal.table(&["ROLE", "KIND", "WHAT IT IS FOR"]);
    for row in rows {
        let kind = if text(row, "/properties/type") == "CustomRole" { "own" } else { "built in" };
        table.add_row(
            [text(row, "/properties/roleName"), kind, text(row, "/properties/description")].map(clean),
        );
    }
    say!("{table}");
    Ok(())
}

async fn show_assignments(
    client: &Client,
    scope: &str,
    of: Option<&str>,
    as_json: bool,
    terminal: Terminal,
) -> Result<()> {
    let filter = of.map(|id| format!("&$filter={}", encode(&format!("assignedTo('{id}')"))));
    let path = format!("{}?{VERSION}{}", assignments(scope), filter.unwrap_or_default());
    let rows = list(client, &path).await?;
    if as_json {
        say!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    let roles = definitions(client, scope).await?;
    let ids: Vec<&str> = rows.iter().map(|row| text(row, "/properties/principalId")).collect();
    let request = client.request(Method::POST, "/graph/v1.0/directoryObjects/getByIds");
    let stubs: Value = client.answer(request.json(&json!({ "ids": ids }))).await?;
    let stubs = stubs["value"].as_array().cloned().unwrap_or_default();
    let mut table = terminal.table(&["WHO", "KIND", "ROLE", "SCOPE"]);
    for row in &rows {
        let id = text(row, "/properties/principalId");
        let stub = stubs.iter().find(|stub| text(stub, "/id") == id);
        let who = stub.map_or(id, |stub| match text(stub, "/userPrincipalName") {
            "" => text(stub, "/displayName"),
            name => name,
        });
        let role = text(row, "/properties/roleDefinitionId").rsplit('/').next().unwrap_or_default();
        let definition = roles.iter().find(|definition| text(definition, "/name") == role);
        let role = definition.map_or(role, |definition| text(definition, "/properties/roleName"));
        let kind = text(row, "/properties/principalType");
        table.add_row([who, kind, role, text(row, "/properties/scope")].map(clean));
    }
    say!("{table}");
    Ok(())
}
