//! `lazaretto image list/show/sbom/wait`: the images of a registry and their verdicts.

use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use server::api::view::{AttachedView, BaseView, HistoryEntry, ImageView, Page, VexView};
use std::time::{Duration, Instant};

/// The images of the registry and their verdicts
#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: ImageCommand,
}

#[derive(Debug, Subcommand)]
enum ImageCommand {
    /// List images, newest first
    List {
        /// Only this repository
        #[arg(long)]
        repository: Option<String>,
        /// Only this state: Healthy, Unhealthy, NotApplicable, Unscanned, Queued, Scanning
        #[arg(long)]
        state: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one image
    Show {
        /// REPOSITORY:TAG or REPOSITORY@DIGEST
        image: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What became of an image: its verdicts, and why findings appeared or went
    History {
        /// REPOSITORY:TAG or REPOSITORY@DIGEST
        image: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The VEX documents that are attached to an image, and whether they are believed
    Vex {
        /// REPOSITORY:TAG or REPOSITORY@DIGEST
        image: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The bill of materials of an image
    Sbom {
        /// REPOSITORY:TAG or REPOSITORY@DIGEST
        image: String,
        /// cyclonedx or spdx
        #[arg(long, default_value = "cyclonedx")]
        format: String,
        /// Attach it to the image in the registry, instead of printing it
        #[arg(long)]
        attach: bool,
    },
    /// Block until the verdict is there
    Wait {
        /// REPOSITORY:TAG or REPOSITORY@DIGEST
        image: String,
        /// Give up after so many seconds
        #[arg(long, default_value_t = 600)]
        timeout: u64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(arguments: ImageArguments, terminal: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    match arguments.command {
        ImageCommand::List { repository, state, json } => {
            list(&client, terminal, repository, state, json).await
        }
        ImageCommand::Show { image, json } => {
            let image: ImageView = client.get(&format!("/api/images/{}", encode(&image))).await?;
            show(&image, terminal, json)?;
            Ok(Exit::Done)
        }
        ImageCommand::History { image, json } => {
            let path = format!("/api/images/{}/history", encode(&image));
            let page: Page<HistoryEntry> = client.get(&path).await?;
            history(&page.value, terminal, json)?;
            Ok(Exit::Done)
        }
        ImageCommand::Vex { image, json } => {
            let page: Page<VexView> = client.get(&format!("/api/images/{}/vex", encode(&image))).await?;
            vex(&page.value, terminal, json)?;
            Ok(Exit::Done)
        }
        ImageCommand::Sbom { image, format, attach } => sbom(&client, &image, &format, attach).await,
        ImageCommand::Wait { image, timeout, json } => {
            let image = wait(&client, &image, Duration::from_secs(timeout)).await?;
            show(&image, terminal, json)?;
            Ok(if image.state == "NotApplicable" { Exit::NotAssessed } else { Exit::Done })
        }
    }
}

async fn sbom(client: &Client, image: &str, format: &str, attach: bool) -> Result<Exit> {
    let path = format!("/api/images/{}/sbom?format={}", encode(image), encode(format));
    if attach {
        let attached: AttachedView = client.answer(client.request(Method::POST, &path)).await?;
        say!("{}@{}", clean(&attached.repository), attached.digest);
        return Ok(Exit::Done);
    }
    let document: serde_json::Value = client.get(&path).await?;
    say!("{document:#}");
    Ok(Exit::Done)
}

/// A reference as one part of a path. Slashes stay: the server finds the end of the name by itself.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'@' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// Asks until the verdict is there. The server answers as soon as it is, so that this does not poll.
pub(crate) async fn wait(client: &Client, image: &str, patience: Duration) -> Result<ImageView> {
    let end = Instant::now() + patience;
    loop {
        let left = end.saturating_duration_since(Instant::now()).as_secs();
        let view: ImageView =
            client.get(&format!("/api/images/{}/wait?seconds={}", encode(image), left.min(30))).await?;
        if view.is_settled() {
            return Ok(view);
        }
        if Instant::now() >= end {
            bail!("no verdict on {} after {} s: it is {}", clean(image), patience.as_secs(), view.state);
        }
    }
}

async fn list(
    client: &Client,
    terminal: Terminal,
    repository: Option<String>,
    state: Option<String>,
    json: bool,
) -> Result<Exit> {
    let mut query = String::from("?limit=500");
    for (name, value) in [("repository", &repository), ("state", &state)] {
        if let Some(value) = value {
            query.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    let mut rows = Vec::new();
    let mut after = String::new();
    loop {
        let page: Page<ImageView> = client.get(&format!("/api/images{query}{after}")).await?;
        rows.extend(page.value);
        match page.next {
            Some(next) => after = format!("&after={}", encode(&next)),
            None => break,
        }
    }
    if json {
        say!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(Exit::Done);
    }
    let mut table = terminal.table(&[
        "REPOSITORY",
        "TAGS",
        "DIGEST",
        "STATE",
        "CRITICAL",
        "HIGH",
        "MEDIUM",
        "LOW",
        "UNKNOWN",
    ]);
    for image in &rows {
        table.add_row(vec![
            clean(&image.repository),
            clean(&image.tags.join(",")),
            image.digest.chars().take(19).collect(),
            terminal.state(&image.state),
            image.findings.critical.to_string(),
            image.findings.high.to_string(),
            image.findings.medium.to_string(),
            image.findings.low.to_string(),
            image.findings.unknown.to_string(),
        ]);
    }
    say!("{table}");
    Ok(Exit::Done)
}

/// Prints the history of an image, the newest first.
fn history(entries: &[HistoryEntry], terminal: Terminal, json: bool) -> Result<()> {
    if json {
        say!("{}", serde_json::to_string_pretty(entries)?);
        return Ok(());
    }
    let mut table = terminal.table(&["WHEN", "WHAT", "OF", "BEFORE", "AFTER", "WHY"]);
    for entry in entries {
        let word = |text: &Option<String>| clean(text.as_deref().unwrap_or("-"));
        let of = match (&entry.vulnerability, &entry.package, &entry.version) {
            (Some(vulnerability), Some(package), Some(version)) => {
                clean(&format!("{vulnerability} in {package} {version}"))
            }
            _ => "-".to_owned(),
        };
        let why = entry.description.as_ref().or(entry.reason.as_ref());
        table.add_row(vec![
            entry.at.to_string(),
            clean(&entry.kind),
            of,
            word(&entry.before),
            word(&entry.after),
            clean(why.map_or("-", String::as_str)),
        ]);
    }
    say!("{table}");
    Ok(())
}

/// Prints the documents that are attached to an image.
fn vex(documents: &[VexView], terminal: Terminal, json: bool) -> Result<()> {
    if json {
        say!("{}", serde_json::to_string_pretty(documents)?);
        return Ok(());
    }
    if documents.is_empty() {
        say!("No VEX document is attached to this image.");
        return Ok(());
    }
    for document in documents {
        let standing = match &document.signer {
            Some(signer) => format!("believed, signed by {}", clean(signer)),
            None => "not believed".to_owned(),
        };
        let remark =
            if document.remark.is_empty() { String::new() } else { format!(": {}", document.remark) };
        say!("{} {} {standing}{}", document.document, clean(&document.form), clean(&remark));
        if document.statements.is_empty() {
            continue;
        }
        let mut table = terminal.table(&["VULNERABILITY", "STATUS", "ABOUT", "WHY"]);
        for statement in &document.statements {
            let products: Vec<&str> = statement
                .products
                .iter()
                .flat_map(|product| std::iter::once(&product.id).chain(&product.parts))
                .map(String::as_str)
                .collect();
            let about = if products.is_empty() { "the image".to_owned() } else { products.join(", ") };
            let why: Vec<&str> = [&statement.justification, &statement.remark]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            table.add_row(vec![
                clean(&statement.vulnerabilities.join(", ")),
                statement.status.as_str().to_owned(),
                clean(&about),
                clean(&why.join(": ")),
            ]);
        }
        say!("{table}");
    }
    Ok(())
}

/// Prints one image.
pub(crate) fn show(image: &ImageView, terminal: Terminal, json: bool) -> Result<()> {
    if json {
        say!("{}", serde_json::to_string_pretty(image)?);
        return Ok(());
    }
    say!("{}@{}", clean(&image.repository), image.digest);
    say!("  state         {}", terminal.state(&image.state));
    if let Some(cause) = &image.cause {
        say!("  cause         {}", clean(&cause.description));
    }
    let found = image.findings;
    if found.total() > 0 {
        let counts = [
            ("Critical", found.critical),
            ("High", found.high),
            ("Medium", found.medium),
            ("Low", found.low),
            ("Unknown", found.unknown),
        ];
        let words: Vec<String> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{count} {}", terminal.severity(severity)))
            .collect();
        say!("  findings      {}", words.join(", "));
    }
    let optional = |label: &str, text: &Option<String>| {
        if let Some(text) = text {
            say!("  {label:<13} {}", clean(text));
        }
    };
    if !image.tags.is_empty() {
        say!("  tags          {}", clean(&image.tags.join(", ")));
    }
    optional("platform", &image.platform);
    optional("distribution", &image.distribution);
    optional("isolation", &image.isolation);
    optional("advisories", &image.snapshot);
    if let Some(seconds) = image.advisories_age_seconds {
        let age = server::advisories::age_in_words(jiff::SignedDuration::from_secs(seconds));
        say!("  their age     {age}");
    }
    say!("  pushed        {}", image.pushed_at);
    if let Some(at) = image.assessed_at {
        say!("  assessed      {at}");
    }
    if let Some(base) = &image.base {
        show_base(base);
    }
    for layer in &image.layers {
        let digest: String = layer.digest.chars().skip(7).take(12).collect();
        let side = if layer.inherited == Some(true) { " (base)" } else { "" };
        say!("  layer         {digest}{side} {}", clean(layer.step.as_deref().unwrap_or_default()));
    }
    for note in &image.notes {
        say!("  note          {}", clean(note));
    }
    Ok(())
}

/// Prints what an image was built on.
fn show_base(base: &BaseView) {
    let digest = base.digest.as_deref().unwrap_or_default();
    match &base.repository {
        Some(repository) => {
            say!("  base          {}@{digest}, {} layers", clean(repository), base.layers);
            say!("                {} findings are inherited, {} are your own", base.inherited, base.own);
        }
        None => {
            let name = clean(base.claimed_name.as_deref().unwrap_or_default());
            say!("  base          {name} {digest}, which is not in this registry");
        }
    }
    if let Some(newer) = &base.newer {
        let name = newer.tags.first().map_or(&*newer.digest, String::as_str);
        say!("                a newer base image ({}) fixes {} of the inherited", clean(name), newer.fixes);
    }
}
