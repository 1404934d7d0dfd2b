//! The JSON documents of an image, as little of them as a scan needs.
//!
//! They are read under the bound of 4 MiB that registries set for manifests.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::HashMap;

/// A document that is larger is no manifest and no configuration.
pub(super) const LARGEST_DOCUMENT: u64 = 4 * 1024 * 1024;

/// A nested index that is deeper than this leads nowhere good.
pub(super) const DEEPEST_INDEX: usize = 4;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: String,
    #[serde(default)]
    pub(super) size: u64,
    #[serde(default)]
    pub(super) annotations: HashMap<String, String>,
    pub(super) platform: Option<Platform>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Platform {
    pub(super) os: String,
    pub(super) architecture: String,
    #[serde(default)]
    pub(super) variant: Option<String>,
}

/// A manifest or an index.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    pub(super) config: Option<Descriptor>,
    #[serde(default)]
    pub(super) layers: Option<Vec<Descriptor>>,
}

impl Document {
    pub(super) fn from_json(bytes: &[u8]) -> Result<Self> {
        let document: Self = serde_json::from_slice(bytes).context("the manifest is not valid")?;
        if document.manifests.is_some() && document.layers.is_some() {
            bail!("the manifest lists both `manifests` and `layers`, so that nobody can say what it is");
        }
        Ok(document)
    }
}

/// `linux/arm64/v8`, as far as a person gives it.
pub(super) fn matches(platform: &Platform, wanted: &str) -> bool {
    let mut parts = wanted.split('/');
    parts.next().is_none_or(|os| os == platform.os)
        && parts.next().is_none_or(|architecture| architecture == platform.architecture)
        && parts.next().is_none_or(|variant| Some(variant) == platform.variant.as_deref())
}

/// The one image of an index that runs on the wanted platform.
pub(super) fn choose<'a>(children: &'a [Descriptor], wanted: &str) -> Result<&'a Descriptor> {
    let is_attestation = |child: &&Descriptor| child.annotations.contains_key("vnd.docker.reference.type");
    let images: Vec<&Descriptor> = children.iter().filter(|child| !is_attestation(child)).collect();
    let fitting =
        images.iter().find(|child| child.platform.as_ref().is_some_and(|platform| matches(platform, wanted)));
    match (fitting, &images[..]) {
        (Some(child), _) => Ok(child),
        // A single image without a platform, or for another one, is what the person meant.
        (None, [only]) if only.platform.is_none() => Ok(only),
        (None, []) => bail!("the index lists no image"),
        (None, _) => {
            let names: Vec<String> = images
                .iter()
                .filter_map(|child| child.platform.as_ref())
                .map(|platform| format!("{}/{}", platform.os, platform.architecture))
                .collect();
            bail!(
                "the index has no image for {wanted}; it has: {} (choose with --platform)",
                names.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(os: &str, architecture: &str) -> Descriptor {
        Descriptor {
            media_type: String::new(),
            digest: format!("{os}-{architecture}"),
            size: 0,
            annotations: HashMap::new(),
            platform: Some(Platform { os: os.into(), architecture: architecture.into(), variant: None }),
        }
    }

    #[test]
    fn the_platform_decides() {
        let children = [child("linux", "amd64"), child("linux", "arm64")];
        assert_eq!(choose(&children, "linux/arm64").unwrap().digest, "linux-arm64");
        let error = choose(&children, "linux/s390x").unwrap_err().to_string();
        assert!(error.contains("linux/amd64, linux/arm64"), "{error}");
    }

    #[test]
    fn an_attestation_is_never_chosen() {
        let mut attestation = child("unknown", "unknown");
        attestation.annotations.insert("vnd.docker.reference.type".into(), "attestation-manifest".into());
        assert!(choose(&[attestation], "linux/amd64").is_err());
    }
}
