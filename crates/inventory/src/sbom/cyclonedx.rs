//! CycloneDX 1.6 as JSON. See <https://cyclonedx.org/docs/1.6/json/>.

use super::{Format, Subject};
use crate::{Distribution, ImageInventory, InstalledPackage, PackageKind, Presence, cpe, package_url};
use serde_json::{Value, json};

/// The form.
pub(super) const FORMAT: Format =
    Format { name: "cyclonedx", media_type: "application/vnd.cyclonedx+json", write };

fn write(inventory: &ImageInventory, subject: &Subject<'_>) -> String {
    let distribution = inventory.distribution.as_ref();
    let packages = inventory
        .packages
        .iter()
        .zip(1..)
        .map(|(installed, number)| component(installed, number, distribution));
    let components: Vec<Value> = distribution.map(operating_system).into_iter().chain(packages).collect();
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", subject.serial),
        "version": 1,
        "metadata": {
            "timestamp": subject.timestamp,
            "tools": {
                "components": [{ "type": "application", "name": "lazaretto", "version": subject.tool_version }],
            },
            "component": {
                "type": "container",
                "bom-ref": "image",
                "name": subject.name,
                "version": subject.digest,
            },
            "properties": obstacles(inventory),
        },
        "components": components,
        "compositions": [{ "aggregate": aggregate(inventory), "assemblies": ["image"] }],
    });
    format!("{document:#}")
}

/// No list of packages can promise that nothing else is in the image, so at best it is unknown whether it is all.
fn aggregate(inventory: &ImageInventory) -> &'static str {
    if inventory.obstacles.is_empty() { "unknown" } else { "incomplete" }
}

fn obstacles(inventory: &ImageInventory) -> Vec<Value> {
    let property = |text: String| json!({ "name": "lazaretto:obstacle", "value": text });
    inventory.obstacles.iter().map(|obstacle| property(obstacle.to_string())).collect()
}

fn operating_system(distribution: &Distribution) -> Value {
    json!({
        "type": "operating-system",
        "bom-ref": "distribution",
        "name": distribution.id,
        "version": distribution.version,
        "description": distribution.pretty_name,
    })
}

fn component(installed: &InstalledPackage, number: usize, distribution: Option<&Distribution>) -> Value {
    let mut properties = vec![
        json!({ "name": "lazaretto:path", "value": installed.path.as_str() }),
        json!({ "name": "lazaretto:layer", "value": installed.layer.to_string() }),
    ];
    if let Some(source) = &installed.package.source {
        properties.push(json!({ "name": "lazaretto:source:name", "value": source.name }));
        properties.push(json!({ "name": "lazaretto:source:version", "value": source.version }));
    }
    if let Some(owner) = &installed.owned_by {
        properties.push(json!({ "name": "lazaretto:owned-by", "value": owner.name }));
    }
    if installed.presence == Presence::Locked {
        properties.push(json!({ "name": "lazaretto:presence", "value": "lock file" }));
    }
    let mut component = json!({
        "type": if installed.package.kind == PackageKind::Binary { "application" } else { "library" },
        "bom-ref": format!("package-{number}"),
        "name": installed.package.name,
        "version": installed.package.version,
        "purl": package_url(&installed.package, distribution),
        "properties": properties,
    });
    if let Some(name) = cpe(&installed.package) {
        component["cpe"] = json!(name);
    }
    component
}
