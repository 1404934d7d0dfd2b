//! How repositories, tags and manifests are written for Azure's clients.
//!
//! What is not in the records is read from the content: the type of the configuration from the manifest, operating
//! system and architecture from the configuration, or, for an index, from what the index says of its children.
//! What cannot be read there is left out; it is never made up.

use crate::error::RegistryError;
use crate::router::Admitted;
use crate::{RegistryState, Site};
use oci::{Descriptor, Digest, ImageConfig, Manifest, ManifestContent, MediaType, RepositoryName};
use serde_json::{Value, json};
use store::{ChangeableAttributes, ManifestDetails, RepositoryDetails, RepositoryKey, Switch, TagDetails};

/// No configuration that is worth reading is larger.
const MAXIMUM_CONFIG_BYTES: u64 = 1024 * 1024;

/// What stands above everything: where it is.
pub(super) fn head(site: &Site, name: &RepositoryName) -> Value {
    json!({ "registry": site.registry.login_server, "imageName": name })
}

/// A repository.
pub(super) fn repository(site: &Site, name: &RepositoryName, details: &RepositoryDetails) -> Value {
    let mut document = head(site, name);
    document["createdTime"] = json!(details.created_at.to_string());
    document["lastUpdateTime"] = json!(details.updated_at.to_string());
    document["manifestCount"] = json!(details.manifests);
    document["tagCount"] = json!(details.tags);
    document["changeableAttributes"] = switches(&details.attributes);
    document
}

/// A tag.
pub(super) fn tag(details: &TagDetails) -> Value {
    let mut document = json!({
        "name": details.tag,
        "digest": details.digest,
        "createdTime": details.created_at.to_string(),
        "lastUpdateTime": details.updated_at.to_string(),
        "signed": false,
        "changeableAttributes": switches(&details.attributes),
    });
    if let Some(state) = details.attributes.quarantine {
        document["quarantineState"] = json!(state.as_str());
    }
    document
}

/// A manifest, with what its content tells.
pub(super) async fn manifest(
    admitted: &Admitted<'_>,
    key: &RepositoryKey,
    details: &ManifestDetails,
) -> Result<Value, RegistryError> {
    let mut attributes = switches(&details.attributes);
    if let Some(state) = details.attributes.quarantine {
        attributes["quarantineState"] = json!(state.as_str());
    }
    if let Some(text) = &details.attributes.quarantine_details {
        attributes["quarantineDetails"] = json!(text);
    }
    let mut document = json!({
        "digest": details.digest,
        "imageSize": details.image_size,
        "createdTime": details.pushed_at.to_string(),
        "lastUpdateTime": details.pushed_at.to_string(),
        "mediaType": details.media_type,
        "tags": details.tags,
        "changeableAttributes": attributes,
    });
    for (member, value) in content(admitted.state, key, details).await? {
        document[member] = value;
    }
    Ok(document)
}

fn switches(attributes: &ChangeableAttributes) -> Value {
    let pair = |switch: Switch| (switch.as_str().to_owned(), json!(attributes.allows(switch)));
    Value::Object(Switch::ALL.into_iter().map(pair).collect())
}

/// What the content of a manifest tells. Every stored manifest was read once, when it was pushed.
async fn content(
    state: &RegistryState,
    key: &RepositoryKey,
    details: &ManifestDetails,
) -> Result<Vec<(&'static str, Value)>, RegistryError> {
    let Some(stored) = state.store.manifest(key, &details.digest).await? else { return Ok(Vec::new()) };
    let Ok(media_type) = stored.media_type.parse::<MediaType>() else { return Ok(Vec::new()) };
    let Ok(manifest) = Manifest::parse(&media_type, &stored.bytes) else { return Ok(Vec::new()) };
    match manifest.content() {
        ManifestContent::Image(image) => {
            let mut members = vec![("configMediaType", json!(image.config.media_type.as_str()))];
            if let Some((architecture, os)) = platform(state, &image.config.digest).await? {
                members.push(("architecture", json!(architecture)));
                members.push(("os", json!(os)));
            }
            Ok(members)
        }
        ManifestContent::Index(index) => {
            let references: Vec<Value> = index.manifests.iter().map(reference).collect();
            Ok(vec![("references", Value::Array(references))])
        }
        ManifestContent::Other { .. } => Ok(Vec::new()),
    }
}

fn reference(child: &Descriptor) -> Value {
    let mut reference = json!({ "digest": child.digest });
    if let Some(platform) = &child.platform {
        reference["architecture"] = json!(platform.architecture);
        reference["os"] = json!(platform.operating_system);
    }
    reference
}

/// Architecture and operating system, where the blob is the configuration of an image.
async fn platform(state: &RegistryState, digest: &Digest) -> Result<Option<(String, String)>, RegistryError> {
    let Some(blob) = state.blobs.open(digest).await? else { return Ok(None) };
    let Ok(Some(bytes)) = blob.bytes(MAXIMUM_CONFIG_BYTES).await else { return Ok(None) };
    let Ok(config) = ImageConfig::parse(&bytes) else { return Ok(None) };
    let (architecture, os) = (config.architecture, config.operating_system);
    Ok((!architecture.is_empty() && !os.is_empty()).then_some((architecture, os)))
}
