//! `lazaretto demo`: the whole product in seconds, with nothing from outside.
//!
//! A real server starts in a temporary folder; two images are pushed over HTTP as any client would; the jail reads
//! them; and what comes out is what a person would see.

mod advisories;
mod images;

use super::image::wait;
use crate::client::Client;
use crate::exit::Exit;
use crate::progress::spinner;
use crate::say;
use crate::stopping::Stopping;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result, bail};
use clap::Args;
use images::DemoImage;
use reqwest::{Method, StatusCode, header};
use server::api::view::{FindingView, ImageView, Page};
use server::{Configuration, Overrides, Running};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// See the whole product at work: two images pushed, inspected and judged
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Leave after printing, instead of staying up with the portal
    #[arg(long)]
    exit: bool,
    /// Where to listen; a free port by default
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// What the jail must achieve: `required` or `best-effort`
    #[arg(long, env = "LAZARETTO_JAIL", value_name = "LEVEL")]
    jail: Option<String>,
}

const PASSWORD: &str = "only-for-this-demo";

pub(crate) async fn run(arguments: DemoArguments, terminal: Terminal) -> Result<Exit> {
    // Before there is anything to leave behind.
    let mut stopping = Stopping::listen()?;
    let folder = tempfile::Builder::new().prefix("lazaretto-demo-").tempdir()?;
    let given = Overrides {
        data: Some(folder.path().to_owned()),
        listen: Some(arguments.listen),
        jail: arguments.jail,
        // The demo shows what it brings along, and asks nobody.
        advisory_update_hours: Some(0),
        ..Overrides::default()
    };
    let mut configuration = Configuration::from_overrides(given)?;
    configuration.admin_password = Some(PASSWORD.into());
    say!("{}", terminal.heading("Lazaretto: a private container registry in which every push is inspected."));
    say!("");
    import(&configuration, terminal)?;
    let running = server::start(configuration).await.context("the server could not start")?;
    say!("A registry runs at {} (plan: Standard, every push is inspected).", running.url());
    let shown = async {
        let client = Client::new(running.url(), "admin", PASSWORD)?;
        for image in images::both()? {
            inspect(&client, &image, terminal).await?;
        }
        say!("");
        if !arguments.exit {
            stay(&running, terminal);
            std::future::pending::<()>().await;
        }
        anyhow::Ok(())
    };
    let shown = tokio::select! {
        shown = shown => shown,
        () = stopping.asked() => Ok(()),
    };
    running.stop().await;
    shown.map(|()| Exit::Done)
}

/// The advisories go the way that every feed goes: through the jailed parser into a snapshot.
fn import(configuration: &Configuration, terminal: Terminal) -> Result<()> {
    let feed = configuration.data.join("demo-feed");
    std::fs::create_dir_all(&feed)?;
    for (name, record) in advisories::records() {
        std::fs::write(feed.join(name), record.to_string())?;
    }
    let progress = spinner(terminal, "compiling advisories");
    let inspector = server::inspect::Inspector::new(configuration.jail);
    let imported = server::advisories::import(
        &configuration.data.join("advisories"),
        &[feed],
        &inspector,
        server::advisories::Caution::Hold,
        &|_| {},
    )?;
    progress.finish_and_clear();
    say!(
        "{} advisories are loaded (Alpine 3.10 and Debian 13; real identifiers, versions and scores).",
        imported.advisories
    );
    Ok(())
}

async fn inspect(client: &Client, image: &DemoImage, terminal: Terminal) -> Result<()> {
    let name = format!("{}:{}", image.repository, image.tag);
    say!("");
    let progress = spinner(terminal, &format!("pushing {name}"));
    push(client, image).await?;
    let acknowledged = Instant::now();
    progress.set_message(format!("inspecting {name}"));
    let view = wait(client, &name, Duration::from_secs(60)).await?;
    let moments = acknowledged.elapsed();
    progress.finish_and_clear();
    say!("{} {}", terminal.heading("▸ pushed"), terminal.heading(&name));
    let isolation = view.isolation.as_deref().unwrap_or("not recorded");
    say!("  read in a jail: {}", clean(isolation));
    say!(
        "  {}, verdict {} ms after the push",
        clean(view.distribution.as_deref().unwrap_or("no distribution")),
        moments.as_millis()
    );
    let findings: Page<FindingView> = client.get(&format!("/api/images/{name}/findings?limit=1000")).await?;
    tell(&view, &findings.value, terminal);
    Ok(())
}

/// Pushes blobs and manifest, as the distribution specification has it.
async fn push(client: &Client, image: &DemoImage) -> Result<()> {
    for blob in &image.blobs {
        let open =
            client.request(Method::POST, &format!("/v2/{}/blobs/uploads/", image.repository)).send().await?;
        let location = open.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        let location = location.context("the registry opened no upload")?;
        let path = location.strip_prefix(client.server()).unwrap_or(location);
        let mark = if path.contains('?') { '&' } else { '?' };
        let put = client.request(Method::PUT, &format!("{path}{mark}digest={}", blob.digest));
        expect(put.body(blob.bytes.clone()).send().await?)?;
    }
    let manifest = client
        .request(Method::PUT, &format!("/v2/{}/manifests/{}", image.repository, image.tag))
        .header(header::CONTENT_TYPE, &image.manifest.media_type)
        .body(image.manifest.bytes.clone());
    expect(manifest.send().await?)
}

fn expect(answer: reqwest::Response) -> Result<()> {
    match answer.status() {
        StatusCode::CREATED => Ok(()),
        status => bail!("the registry answered {status} to a push"),
    }
}

/// What one upgrade repairs.
#[derive(Default)]
struct Upgrade<'a> {
    findings: Vec<&'a FindingView>,
    packages: Vec<&'a str>,
}

/// The recommendation: only where there is something to fix.
fn tell(view: &ImageView, findings: &[FindingView], terminal: Terminal) {
    say!("  {}", terminal.state(&view.state));
    if let Some(cause) = &view.cause {
        say!("  {}", clean(&cause.description));
    }
    if findings.is_empty() {
        say!("  Nothing to fix, so nothing to say: no recommendation.");
        return;
    }
    let counts = view.findings;
    say!("");
    say!(
        "  {} {} findings: {} critical, {} high, {} medium, {} low",
        terminal.heading("Recommendation: rebuild this image with the upgrades below."),
        counts.total(),
        counts.critical,
        counts.high,
        counts.medium,
        counts.low
    );
    let mut upgrades: BTreeMap<&str, Upgrade<'_>> = BTreeMap::new();
    for finding in findings {
        let upgrade = upgrades.entry(&finding.remediation).or_default();
        upgrade.findings.push(finding);
        if !upgrade.packages.contains(&&*finding.package) {
            upgrade.packages.push(&finding.package);
        }
    }
    let mut upgrades: Vec<_> = upgrades.into_iter().collect();
    upgrades.sort_by_key(|(_, upgrade)| std::cmp::Reverse(worst(upgrade)));
    for (remediation, upgrade) in upgrades {
        say!("");
        for finding in &upgrade.findings {
            let score = finding.score.map_or_else(String::new, |score| format!(" {score:.1}"));
            say!(
                "  {:<8}{score}  {}  {}",
                terminal.severity(&finding.severity),
                clean(&finding.vulnerability),
                clean(&finding.title)
            );
            say!("                {}", terminal.faint(&clean(&evidence(finding))));
        }
        say!("    fix: {}", terminal.heading(&clean(remediation)));
    }
}

fn worst(upgrade: &Upgrade<'_>) -> Option<advisory::Severity> {
    upgrade.findings.iter().filter_map(|finding| server::judge::severity(&finding.severity)).max()
}

fn evidence(finding: &FindingView) -> String {
    let layer: String = finding.layer.chars().skip(7).take(12).collect();
    format!(
        "{} {} in /{}, layer {layer}: {}",
        finding.package, finding.version, finding.path, finding.evidence
    )
}

fn stay(running: &Running, terminal: Terminal) {
    say!("{}", terminal.heading("It stays up. Look around:"));
    say!("  portal       {}/   (user admin, password {PASSWORD})", running.url());
    say!("  push yours   skopeo copy --dest-tls-verify=false --dest-creds admin:{PASSWORD} \\");
    let host = running.url().split_once("://").map_or("", |(_, host)| host);
    say!("                 docker://debian:13-slim docker://{host}/debian:13-slim");
    say!("  ask          curl -u admin:{PASSWORD} {}/api/findings", running.url());
    say!("Ctrl-C ends it and leaves nothing behind.");
}
