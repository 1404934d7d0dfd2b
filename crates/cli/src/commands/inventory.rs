//! `lazaretto inventory TARGET`: what is in an image, without any judgement.

use super::scan::{Reading, read};
use crate::exit::Exit;
use crate::output::remark;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Result, bail};
use clap::Args;
use inventory::ImageInventory;
use server::inspect::Inspector;

/// List the packages of an image, read in the jail
#[derive(Debug, Args)]
pub(crate) struct InventoryArguments {
    /// `oci:DIR[:TAG]`, oci-archive:FILE, docker-archive:FILE, dir:ROOTFS, or a reference to a registry
    target: String,
    /// table, json, cyclonedx or spdx
    #[arg(long, default_value = "table")]
    format: String,
    /// The image of an index to read
    #[arg(long, default_value = "linux/amd64")]
    platform: String,
    /// What the jail must achieve: `required` or `best-effort`
    #[arg(long, env = "LAZARETTO_JAIL", value_name = "LEVEL")]
    jail: Option<String>,
}

pub(crate) async fn run(arguments: InventoryArguments, terminal: Terminal) -> Result<Exit> {
    let inspector = Inspector::new(server::configured_jail(arguments.jail.as_deref())?);
    let reading = read(&arguments.target, &arguments.platform, &inspector, terminal).await?;
    match arguments.format.as_str() {
        "table" => table(&reading, terminal),
        "json" => say!("{}", serde_json::to_string_pretty(&reading.inventory)?),
        name => match inventory::sbom::FORMATS.iter().find(|format| format.name == name) {
            Some(format) => say!(
                "{}",
                crate::report::sbom::write(
                    format,
                    &arguments.target,
                    reading.digest.as_deref(),
                    &reading.inventory
                )?
            ),
            None => bail!("there is no format `{name}`; there are: table, json, cyclonedx, spdx"),
        },
    }
    // The list may not be the whole truth: whoever reads only the exit code must not take it for that.
    if reading.is_complete() {
        return Ok(Exit::Done);
    }
    for sentence in reading.gaps() {
        remark(&format!("lazaretto: {}", clean(&sentence)));
    }
    Ok(Exit::NotAssessed)
}

fn table(reading: &Reading, terminal: Terminal) {
    let ImageInventory { distribution, packages, .. } = &reading.inventory;
    if let Some(distribution) = distribution {
        say!("{}", terminal.heading(&clean(&distribution.pretty_name)));
    }
    let mut table = terminal.table(&["NAME", "VERSION", "KIND", "SOURCE", "LAYER", "PATH"]);
    for installed in packages {
        let package = &installed.package;
        let source = package.source.as_ref().map_or_else(String::new, |source| source.name.clone());
        let layer = reading.layer_names.get(installed.layer).cloned().unwrap_or_default();
        table.add_row(vec![
            clean(&package.name),
            clean(&package.version),
            package.kind.purl_type().to_owned(),
            clean(&source),
            clean(&layer.chars().take(19).collect::<String>()),
            clean(installed.path.as_str()),
        ]);
    }
    say!("{table}");
}
