//! The configuration of an image: what it runs on, and how its layers came to be.
//!
//! Real configurations are of many ages and makers, so that only what is used here is read, everything is optional, and
//! `null` is nothing. What *is* read must be unambiguous: a configuration that says `os` twice could be Linux to a runtime
//! and Windows, hence not applicable, to a scanner.

use crate::Digest;
use crate::descriptor::null_is_empty;
use crate::json::{self, Vocabulary};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many bytes of configuration are read. Real ones have some thousand.
const MAXIMUM_BYTES: usize = 8 * 1024 * 1024;

const VOCABULARY: Vocabulary = Vocabulary {
    known: &[
        "architecture",
        "os",
        "os.version",
        "variant",
        "rootfs",
        "diff_ids",
        "history",
        "empty_layer",
        "created_by",
    ],
    free: &["Labels", "ExposedPorts", "Volumes"],
};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Too many bytes.
    #[error("an image configuration has at most {MAXIMUM_BYTES} bytes, not {0}")]
    Large(usize),
    /// Not JSON, ambiguous, or a member of the wrong form.
    #[error("the image configuration cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

/// The parts of an image configuration that say what an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageConfig {
    /// `linux`, `windows`, …; empty where the configuration does not say.
    pub operating_system: String,
    /// `amd64`, …; empty where the configuration does not say.
    pub architecture: String,
    /// `v7`, …
    pub variant: Option<String>,
    /// The version of the operating system; Windows images have it.
    pub operating_system_version: Option<String>,
    /// The digests of the unpacked layers, bottom first.
    pub diff_ids: Vec<Digest>,
    /// The build steps, oldest first.
    pub history: Vec<HistoryEntry>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// When it was made, as the configuration writes it.
    pub created: Option<String>,
}

/// One build step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HistoryEntry {
    /// When, as the configuration writes it.
    pub created: Option<String>,
    /// The command.
    pub created_by: Option<String>,
    /// Who.
    pub author: Option<String>,
    /// A remark of the builder.
    pub comment: Option<String>,
    /// Whether the step made no layer.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub empty_layer: bool,
}

impl ImageConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// When it is too large, not JSON, ambiguous, or has a member of the wrong form.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        if bytes.len() > MAXIMUM_BYTES {
            return Err(ConfigError::Large(bytes.len()));
        }
        json::refuse_ambiguity(bytes, VOCABULARY)?;
        let document: Document = serde_json::from_slice(bytes)?;
        Ok(Self {
            operating_system: document.os,
            architecture: document.architecture,
            variant: document.variant,
            operating_system_version: document.os_version,
            diff_ids: document.rootfs.diff_ids,
            history: document.history,
            labels: document.config.labels,
            created: document.created,
        })
    }

    /// Whether the image is made for Windows.
    pub fn is_windows(&self) -> bool {
        self.operating_system.eq_ignore_ascii_case("windows")
    }

    /// The chain ids: each names a layer together with everything below it, bottom first.
    ///
    /// Images with the same chain id have the same files up to there, however their layers are compressed.
    /// See <https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid>.
    pub fn chain_ids(&self) -> Vec<Digest> {
        let mut below: Option<Digest> = None;
        self.diff_ids
            .iter()
            .map(|diff_id| {
                let chain = match &below {
                    None => diff_id.clone(),
                    Some(below) => Digest::of_sha256(format!("{below} {diff_id}").as_bytes()),
                };
                below = Some(chain.clone());
                chain
            })
            .collect()
    }

    /// The build step that made a layer, counted from 0 at the bottom.
    ///
    /// Steps without a layer are left out of the count. The answer is `None` where the history does not fit the layers,
    /// because a wrong step is worse than none.
    pub fn step_of_layer(&self, layer: usize) -> Option<&HistoryEntry> {
        let mut steps = self.history.iter().filter(|step| !step.empty_layer);
        let fits = steps.clone().count() == self.diff_ids.len();
        if fits { steps.nth(layer) } else { None }
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(default, deserialize_with = "null_is_empty")]
    os: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    architecture: String,
    variant: Option<String>,
    #[serde(rename = "os.version")]
    os_version: Option<String>,
    created: Option<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    rootfs: RootFileSystem,
    #[serde(default, deserialize_with = "null_is_empty")]
    history: Vec<HistoryEntry>,
    #[serde(default, deserialize_with = "null_is_empty")]
    config: Execution,
}

#[derive(Default, Deserialize)]
struct RootFileSystem {
    #[serde(default, deserialize_with = "null_is_empty")]
    diff_ids: Vec<Digest>,
}

#[derive(Default, Deserialize)]
struct Execution {
    #[serde(rename = "Labels", default, deserialize_with = "null_is_empty")]
    labels: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_read_and_steps_find_their_layers() {
        let [a, b] = [Digest::of_sha256(b"a"), Digest::of_sha256(b"b")];
        let text = format!(
            r#"{{"os":"linux","architecture":"amd64","created":"2020-01-01T00:00:00Z",
            "config":{{"Labels":{{"Maintainer":"x","maintainer":"y"}},"Env":null}},
            "rootfs":{{"type":"layers","diff_ids":["{a}","{b}"]}},
            "history":[{{"created_by":"ADD"}},{{"created_by":"CMD","empty_layer":true}},{{"created_by":"RUN"}}]}}"#
        );
        let config = ImageConfig::parse(text.as_bytes()).unwrap();
        assert_eq!(config.diff_ids, [a, b]);
        assert_eq!(config.labels.len(), 2);
        let command = |layer| {
            let step = config.step_of_layer(layer)?;
            step.created_by.as_deref()
        };
        assert_eq!(command(0), Some("ADD"));
        assert_eq!(command(1), Some("RUN"));
        assert_eq!(command(2), None);
        assert!(!config.is_windows());
    }

    #[test]
    fn chain_ids_are_those_of_the_specification() {
        let text = r#"{"rootfs":{"diff_ids":[
            "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4",
            "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"]}}"#;
        let chains = ImageConfig::parse(text.as_bytes()).unwrap().chain_ids();
        assert_eq!(
            chains[0].to_string(),
            "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"
        );
        // printf '%s %s' "$first" "$second" | sha256sum
        assert_eq!(
            chains[1].to_string(),
            "sha256:71dec89dc33c1a1cd5f73cd1e0885ec74b73b03fb9d5a98fddb6486563565072"
        );
        assert!(ImageConfig::parse(b"{}").unwrap().chain_ids().is_empty());
    }

    #[test]
    fn a_history_that_does_not_fit_names_no_step() {
        let digest = Digest::of_sha256(b"a");
        let text = format!(r#"{{"rootfs":{{"diff_ids":["{digest}"]}},"history":[{{}},{{}}]}}"#);
        let config = ImageConfig::parse(text.as_bytes()).unwrap();
        assert_eq!(config.step_of_layer(0), None);
    }

    #[test]
    fn windows_is_recognised() {
        let text = r#"{"os":"windows","os.version":"10.0.17763.1","architecture":"amd64"}"#;
        let config = ImageConfig::parse(text.as_bytes()).unwrap();
        assert!(config.is_windows());
        assert_eq!(config.operating_system_version.as_deref(), Some("10.0.17763.1"));
    }

    #[test]
    fn empty_and_null_members_are_nothing() {
        let text = r#"{"os":null,"rootfs":null,"history":null,"config":{"Labels":null}}"#;
        let config = ImageConfig::parse(text.as_bytes()).unwrap();
        assert_eq!(config.operating_system, "");
        assert_eq!(ImageConfig::parse(b"{}").unwrap(), config);
    }

    #[test]
    fn a_configuration_that_is_linux_to_one_and_windows_to_another_is_refused() {
        for text in [
            r#"{"os":"linux","os":"windows"}"#,
            r#"{"os":"linux","OS":"windows"}"#,
            r#"{"oſ":"windows"}"#,
            "[]",
            "",
            "null",
        ] {
            assert!(ImageConfig::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
