//! Distributions, as `os-release` and its older siblings name them.

use crate::{Ecosystem, LayerPath};
use serde::{Deserialize, Serialize};

/// One release file of a layer, decoded: `etc/os-release`, `etc/alpine-release`, `etc/debian_version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseFile {
    /// Where it stands.
    pub path: LayerPath,
    /// Keys and values of `os-release`; for the one-line files the key is `VERSION`.
    pub fields: Vec<(String, String)>,
}

/// The distribution of an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Distribution {
    /// `ID` of os-release: `alpine`, `debian`, `wolfi`.
    pub id: String,
    /// `VERSION_ID`, empty where a rolling distribution has none.
    pub version: String,
    /// A name for people: `Alpine Linux v3.18`.
    pub pretty_name: String,
    /// Where its advisories are looked up; none where the product does not know the distribution.
    pub ecosystem: Option<Ecosystem>,
}
