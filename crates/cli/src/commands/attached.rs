//! `lazaretto attached`: registries elsewhere whose images are looked at here, and not kept.

use crate::client::{Client, Connection};
use crate::commands::image::encode;
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use server::api::attachments::{AttachedBody, AttachedRegistryView, FailureView};
use server::api::view::Page;
use std::io::Read;

/// Registries elsewhere whose images are scanned there, and not kept here
#[derive(Debug, Args)]
pub(crate) struct AttachedArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: AttachedCommand,
}

#[derive(Debug, Subcommand)]
enum AttachedCommand {
    /// Attach a registry, or change what is attached under that name
    Put(PutArguments),
    /// List attached registries, and when they were last seen
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one, with its repositories
    Show {
        /// The name under which it is attached
        name: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Look at it now
    Poll {
        /// The name under which it is attached
        name: String,
    },
    /// Make another secret for its notifications; the one before is void at once
    Secret {
        /// The name under which it is attached
        name: String,
    },
    /// Detach it, and forget its images
    Remove {
        /// The name under which it is attached
        name: String,
    },
}

#[derive(Debug, Args)]
struct PutArguments {
    /// The name under which it is known here: `hub` makes images `hub/library/alpine`
    name: String,
    /// Its host and port; `http://` before it asks for a line that is not encrypted
    address: String,
    /// Repositories by name, or by patterns such as `team/*`
    #[arg(long = "repository", value_name = "PATTERN", value_delimiter = ',', required = true)]
    repositories: Vec<String>,
    /// Look at it every so many minutes, beside what it tells by itself
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    every: u32,
    /// Sign in there as this user; the password is read from standard input
    #[arg(long = "as", value_name = "NAME")]
    user: Option<String>,
    /// Sign in there as nobody any more
    #[arg(long, conflicts_with = "user")]
    anonymous: bool,
}

pub(crate) async fn run(arguments: AttachedArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    match arguments.command {
        AttachedCommand::Put(wanted) => put(&client, wanted).await?,
        AttachedCommand::List { json } => list(&client, terminal, json).await?,
        AttachedCommand::Show { name, json } => {
            let view: AttachedRegistryView = client.get(&path(&name, "")).await?;
            show(&view, terminal, json)?;
        }
        AttachedCommand::Poll { name } => {
            let request = client.request(Method::POST, &path(&name, "/poll"));
            let view: AttachedRegistryView = client.answer(request).await?;
            say!("{} is looked at", clean(&view.host));
        }
        AttachedCommand::Secret { name } => {
            let request = client.request(Method::POST, &path(&name, "/secret"));
            let view: AttachedRegistryView = client.answer(request).await?;
            tell_secret(&view);
        }
        AttachedCommand::Remove { name } => {
            client.done(client.request(Method::DELETE, &path(&name, ""))).await?;
            say!("{} is attached no longer", clean(&name));
        }
    }
    Ok(Exit::Done)
}

fn path(name: &str, part: &str) -> String {
    format!("/api/attached/{}{part}", encode(name))
}

async fn put(client: &Client, wanted: PutArguments) -> Result<()> {
    let (user, password) = match (wanted.user, wanted.anonymous) {
        (Some(user), _) => (Some(user), Some(password()?)),
        (None, true) => (Some(String::new()), None),
        (None, false) => (None, None),
    };
    let body = AttachedBody {
        address: wanted.address,
        repositories: wanted.repositories,
        poll_seconds: Some(wanted.every.saturating_mul(60)),
        user,
        password,
        secret: None,
    };
    let request = client.request(Method::PUT, &path(&wanted.name, "")).json(&body);
    let view: AttachedRegistryView = client.answer(request).await?;
    say!("{} is attached as {}", clean(&view.host), clean(&view.name));
    tell_secret(&view);
    Ok(())
}

/// The password in standard input, without the end of its line.
fn password() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().take(10_000).read_to_string(&mut text).context("the password cannot be read")?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("the password is missing: pipe it in");
    }
    Ok(password.to_owned())
}

/// A secret is told once, with what to do with it.
fn tell_secret(view: &AttachedRegistryView) {
    if let Some(secret) = &view.secret {
        say!("  notifications  {}", clean(&view.notifications));
        say!("  header         Authorization: Bearer {}", clean(secret));
        say!("This secret is not shown again.");
    }
}

async fn list(client: &Client, terminal: Terminal, json: bool) -> Result<()> {
    let page: Page<AttachedRegistryView> = client.get("/api/attached").await?;
    if json {
        say!("{}", serde_json::to_string_pretty(&page.value)?);
        return Ok(());
    }
    let mut table = terminal.table(&["NAME", "HOST", "REPOSITORIES", "STATE", "SEEN", "WHY NOT SINCE"]);
    for one in &page.value {
        table.add_row(vec![
            clean(&one.name),
            clean(&one.host),
            clean(&one.repositories.join(", ")),
            clean(&one.state),
            one.seen_at.map_or_else(|| "-".to_owned(), |at| at.to_string()),
            why(one.failure.as_ref()),
        ]);
    }
    say!("{table}");
    Ok(())
}

/// Why something could not be seen.
fn why(failure: Option<&FailureView>) -> String {
    clean(failure.map_or("-", |failure| &failure.description))
}

fn show(view: &AttachedRegistryView, terminal: Terminal, json: bool) -> Result<()> {
    if json {
        say!("{}", serde_json::to_string_pretty(view)?);
        return Ok(());
    }
    say!("{} is {}", clean(&view.name), clean(&view.host));
    say!("  address        {}", clean(&view.address));
    say!("  repositories   {}", clean(&view.repositories.join(", ")));
    say!("  every          {} minutes, next {}", view.poll_seconds / 60, view.next_look);
    say!("  signs in       {}", if view.has_credentials { "yes" } else { "no" });
    say!("  notifications  {}", clean(&view.notifications));
    say!("  state          {}", clean(&view.state));
    if let Some(failure) = &view.failure {
        say!("  why            {} ({})", clean(&failure.description), failure.at);
    }
    if view.seen.is_empty() {
        return Ok(());
    }
    let mut table = terminal.table(&["REPOSITORY", "SEEN", "WHY NOT SINCE"]);
    for one in &view.seen {
        let seen = one.seen_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        table.add_row(vec![clean(&one.repository), seen, why(one.failure.as_ref())]);
    }
    say!("{table}");
    Ok(())
}
