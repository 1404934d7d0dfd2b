//! `lazaretto registry`: registries made, shown, changed and deleted, by the forms of Azure's resource manager.

use super::image::encode;
use super::resource::{REGISTRY_VERSION, RESOURCE_VERSION, list, registry, subscription, text};
use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// The registries of a subscription
#[derive(Debug, Args)]
pub(crate) struct RegistryArguments {
    #[command(flatten)]
    connection: Connection,
    /// The subscription, by its id; by default the first one
    #[arg(long, global = true)]
    subscription: Option<String>,
    /// As JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: RegistryCommand,
}

#[derive(Debug, Subcommand)]
enum RegistryCommand {
    /// Create a registry; it is served at NAME.DOMAIN at once, and covered by the plan
    Create {
        /// 5 to 50 letters and digits
        name: String,
        /// The resource group; it is created if there is none
        #[arg(long)]
        resource_group: Option<String>,
        /// Basic, Standard or Premium: told to clients, and the same here
        #[arg(long, default_value = "Premium")]
        sku: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// List the registries
    List,
    /// Show a registry
    Show {
        /// Its name
        name: String,
    },
    /// Change what is named; everything else stays
    Update {
        /// Its name
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Delete a registry with everything in it
    Delete {
        /// Its name
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Show the passwords of the registry's own account, or replace one of them
    Credentials {
        /// Its name
        name: String,
        /// Make another password
        #[arg(long, value_enum)]
        renew: Option<Slot>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Slot {
    Password,
    Password2,
}

#[derive(Debug, Args)]
struct Settings {
    /// Whether the registry has an account of its own
    #[arg(long, value_enum)]
    admin: Option<Switch>,
    /// Whether what is pushed waits in quarantine
    #[arg(long, value_enum)]
    quarantine: Option<Switch>,
    /// After so many days, manifests without a tag go; `off` keeps them
    #[arg(long, value_name = "DAYS|off")]
    retention: Option<String>,
    /// A tag of the resource, NAME=VALUE; those that were there before go
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    tags: Vec<String>,
}

impl Settings {
    /// What a body says of them.
    fn body(&self) -> Result<Value> {
        let mut body = json!({"properties": {}});
        let status = |switch| if matches!(switch, Switch::On) { "enabled" } else { "disabled" };
        if let Some(admin) = self.admin {
            body["properties"]["adminUserEnabled"] = matches!(admin, Switch::On).into();
        }
        if let Some(quarantine) = self.quarantine {
            body["properties"]["policies"]["quarantinePolicy"] = json!({"status": status(quarantine)});
        }
        if let Some(retention) = &self.retention {
            body["properties"]["policies"]["retentionPolicy"] = match retention.as_str() {
                "off" => json!({"status": "disabled"}),
                days => match days.parse::<u32>() {
                    Ok(days) => json!({"status": "enabled", "days": days}),
                    Err(_) => bail!("--retention takes a number of days, or off; got `{days}`"),
                },
            };
        }
        if !self.tags.is_empty() {
            let mut tags = Map::new();
            for tag in &self.tags {
                let Some((name, value)) = tag.split_once('=') else {
                    bail!("--tag takes NAME=VALUE; got `{tag}`");
                };
                tags.insert(name.to_owned(), value.into());
            }
            body["tags"] = Value::Object(tags);
        }
        Ok(body)
    }
}

pub(crate) async fn run(arguments: RegistryArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let subscription = subscription(&client, arguments.subscription.as_deref()).await?;
    let shown = match arguments.command {
        RegistryCommand::Create { name, resource_group, sku, settings } => {
            create(&client, &subscription, &name, resource_group, &sku, &settings).await?
        }
        RegistryCommand::List => {
            let path = format!(
                "/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry/registries?{REGISTRY_VERSION}"
            );
            let rows = list(&client, &path).await?;
            return show_list(&rows, arguments.json, terminal);
        }
        RegistryCommand::Show { name } => {
            let id = registry(&client, &subscription, &name).await?;
            client.get(&format!("{id}?{REGISTRY_VERSION}")).await?
        }
        RegistryCommand::Update { name, settings } => {
            let id = registry(&client, &subscription, &name).await?;
            let request = client.request(Method::PATCH, &format!("{id}?{REGISTRY_VERSION}"));
            client.answer(request.json(&settings.body()?)).await?
        }
        RegistryCommand::Delete { name, yes } => {
            let id = registry(&client, &subscription, &name).await?;
            if !yes {
                bail!("this deletes {name} with all its images; say --yes to do it");
            }
            client.done(client.request(Method::DELETE, &format!("{id}?{REGISTRY_VERSION}"))).await?;
            say!("{} is deleted", clean(&name));
            return Ok(Exit::Done);
        }
        RegistryCommand::Credentials { name, renew } => {
            return credentials(&client, &subscription, &name, renew, arguments.json).await;
        }
    };
    show_one(&shown, arguments.json, terminal);
    Ok(Exit::Done)
}

async fn create(
    client: &Client,
    subscription: &str,
    name: &str,
    group: Option<String>,
    sku: &str,
    settings: &Settings,
) -> Result<Value> {
    let groups =
        list(client, &format!("/subscriptions/{subscription}/resourcegroups?{RESOURCE_VERSION}")).await?;
    let first = groups.first().map(|row| (text(row, "/name").to_owned(), text(row, "/location").to_owned()));
    let location = first.as_ref().map_or_else(|| "local".to_owned(), |(_, location)| location.clone());
    let group = match (group, first) {
        (Some(group), _) => group,
        (None, Some((first, _))) => first,
        (None, None) => bail!("there is no resource group yet; name a new one with --resource-group"),
    };
    let known = groups.iter().find(|row| text(row, "/name").eq_ignore_ascii_case(&group));
    let location = match known {
        Some(known) => text(known, "/location").to_owned(),
        None => {
            let path =
                format!("/subscriptions/{subscription}/resourcegroups/{}?{RESOURCE_VERSION}", encode(&group));
            let request = client.request(Method::PUT, &path).json(&json!({"location": location}));
            let _: Value = client.answer(request).await?;
            location
        }
    };
    let path = format!(
        "/subscriptions/{subscription}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}?{REGISTRY_VERSION}",
        encode(&group),
        encode(name)
    );
    let mut body = settings.body()?;
    body["location"] = location.into();
    body["sku"] = json!({"name": sku});
    client.answer(client.request(Method::PUT, &path).json(&body)).await
}

async fn credentials(
    client: &Client,
    subscription: &str,
    name: &str,
    renew: Option<Slot>,
    as_json: bool,
) -> Result<Exit> {
    let id = registry(client, subscription, name).await?;
    let (what, body) = match renew {
        None => ("listCredentials", json!({})),
        Some(Slot::Password) => ("regenerateCredential", json!({"name": "password"})),
        Some(Slot::Password2) => ("regenerateCredential", json!({"name": "password2"})),
    };
    let request = client.request(Method::POST, &format!("{id}/{what}?{REGISTRY_VERSION}")).json(&body);
    let answer: Value = client.answer(request).await?;
    if as_json {
        say!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        say!("user name  {}", clean(text(&answer, "/username")));
        for password in answer["passwords"].as_array().into_iter().flatten() {
            say!("{:<10} {}", clean(text(password, "/name")), clean(text(password, "/value")));
        }
    }
    Ok(Exit::Done)
}

fn show_list(rows: &[Value], as_json: bool, terminal: Terminal) -> Result<Exit> {
    if as_json {
        say!("{}", serde_json::to_string_pretty(rows)?);
        return Ok(Exit::Done);
    }
    let mut table = terminal.table(&["NAME", "LOGIN SERVER", "SKU", "GROUP"]);
    for row in rows {
        let group = text(row, "/id").split('/').nth(4).unwrap_or_default();
        let cells = [text(row, "/name"), text(row, "/properties/loginServer"), text(row, "/sku/name"), group];
        table.add_row(cells.map(clean));
    }
    say!("{table}");
    Ok(Exit::Done)
}

fn show_one(row: &Value, as_json: bool, terminal: Terminal) {
    if as_json {
        say!("{row:#}");
        return;
    }
    say!("{}", terminal.heading(&clean(text(row, "/name"))));
    say!("login server  {}", clean(text(row, "/properties/loginServer")));
    say!("id            {}", clean(text(row, "/id")));
    say!("sku           {}", clean(text(row, "/sku/name")));
    let admin = row["properties"]["adminUserEnabled"].as_bool().unwrap_or_default();
    say!("own account   {}", if admin { "on" } else { "off" });
    say!("quarantine    {}", clean(text(row, "/properties/policies/quarantinePolicy/status")));
    let retention = &row["properties"]["policies"]["retentionPolicy"];
    let days = retention["days"].as_u64().unwrap_or_default();
    say!("retention     {}, {days} days", clean(text(retention, "/status")));
    for (name, value) in row["tags"].as_object().into_iter().flatten() {
        say!("tag           {}={}", clean(name), clean(value.as_str().unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(retention: &str, tag: &str) -> Settings {
        Settings {
            admin: Some(Switch::On),
            quarantine: None,
            retention: Some(retention.into()),
            tags: vec![tag.into()],
        }
    }

    #[test]
    fn settings_become_a_body() {
        let body = settings("3", "a=b=c").body().unwrap();
        assert_eq!(
            body,
            json!({"tags": {"a": "b=c"}, "properties": {
                "adminUserEnabled": true, "policies": {"retentionPolicy": {"status": "enabled", "days": 3}},
            }})
        );
        assert!(settings("often", "a=b").body().is_err());
        assert!(settings("off", "a").body().is_err());
    }
}
