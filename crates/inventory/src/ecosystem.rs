//! Ecosystems, in the words of the OSV schema: `Alpine:v3.18`, `Debian:12`, `PyPI`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whose packages, and of which release: the name under which advisories are looked up.
///
/// See <https://ossf.github.io/osv-schema/#affectedpackage-field>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ecosystem(String);

impl Ecosystem {
    /// An ecosystem by its OSV name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The whole name: `Alpine:v3.18`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name before the first colon: `Alpine`. It decides the version order.
    pub fn base(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(base, _)| base)
    }

    /// What follows the first colon: `v3.18`.
    pub fn release(&self) -> Option<&str> {
        self.0.split_once(':').map(|(_, release)| release)
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
