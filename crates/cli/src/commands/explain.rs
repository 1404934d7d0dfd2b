//! `lazaretto explain IMAGE VULNERABILITY [PACKAGE]`: why a finding is there, or why it is not.

use crate::client::Connection;
use crate::commands::image::encode;
use crate::commands::scan;
use crate::exit::Exit;
use crate::say;
use crate::target;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result};
use clap::Args;
use server::advisories::Shelf;
use server::api::explain::explain;
use server::api::view::ExplanationView;
use server::inspect::Inspector;
use server::judge;
use std::path::PathBuf;
use store::PackagePlace;

/// Why an image has a vulnerability, or why it has not
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    connection: Connection,
    /// REPOSITORY:TAG or REPOSITORY@DIGEST of the server; or what `scan` reads without one: `oci:DIR[:TAG]`,
    /// oci-archive:FILE, docker-archive:FILE, dir:ROOTFS
    image: String,
    /// The vulnerability, by any of its names
    vulnerability: String,
    /// Only packages of this name, or built from a source of this name
    package: Option<String>,
    /// The image of an index, for images without a server
    #[arg(long, default_value = "linux/amd64")]
    platform: String,
    /// Where the snapshot in force is kept, for images without a server
    #[arg(long, env = "LAZARETTO_DATA", value_name = "DIR", default_value = "./lazaretto-data")]
    data: PathBuf,
    /// What the jail must achieve: `required` or `best-effort`
    #[arg(long, env = "LAZARETTO_JAIL", value_name = "LEVEL")]
    jail: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: ExplainArguments, terminal: Terminal) -> Result<Exit> {
    let view = if target::is_local(&arguments.image) {
        locally(&arguments, terminal).await?
    } else {
        let mut path = format!(
            "/api/images/{}/explain?vulnerability={}",
            encode(&arguments.image),
            encode(&arguments.vulnerability)
        );
        if let Some(package) = &arguments.package {
            path.push_str(&format!("&package={}", encode(package)));
        }
        arguments.connection.client()?.get(&path).await?
    };
    if arguments.json {
        say!("{}", serde_json::to_string_pretty(&view)?);
        return Ok(Exit::Done);
    }
    for text in &view.text {
        for line in text.lines() {
            say!("{}", clean(line));
        }
    }
    for note in &view.notes {
        say!("{}", clean(note));
    }
    Ok(Exit::Done)
}

async fn locally(arguments: &ExplainArguments, terminal: Terminal) -> Result<ExplanationView> {
    let shelf = Shelf::open(&arguments.data.join("advisories"))?;
    let snapshot =
        shelf.current().context("no advisories are loaded; `lazaretto advisories update` loads them")?;
    let inspector = Inspector::new(server::configured_jail(arguments.jail.as_deref())?);
    let reading = scan::read(&arguments.image, &arguments.platform, &inspector, terminal).await?;
    let distribution = reading.inventory.distribution.as_ref();
    let layer = oci::Digest::of_sha256(b"");
    let mut packages: Vec<PackagePlace> = reading
        .inventory
        .packages
        .iter()
        .map(|installed| PackagePlace {
            package: judge::package_version(installed, distribution),
            layer: layer.clone(),
            path: installed.path.as_str().to_owned(),
        })
        .collect();
    packages.sort();
    packages.dedup_by(|one, other| one.package == other.package);
    let mut view = explain(&snapshot, &packages, &arguments.vulnerability, arguments.package.as_deref());
    view.notes.extend(reading.gaps());
    Ok(view)
}
