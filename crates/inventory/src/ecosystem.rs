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

    /// The products of which it is made, the one whose word counts before that of the others first; usually itself.
    ///
    /// An image of Red Hat may have been built from the repositories of several products, and then it goes by the names of
    /// all: `Red Hat:rhel_eus:9.2+enterprise_linux:9`. The release itself is the last one.
    pub fn products(&self) -> Vec<Self> {
        match self.0.split_once(':') {
            Some((base @ "Red Hat", products)) if products.contains('+') => {
                products.split('+').map(|product| Self(format!("{base}:{product}"))).collect()
            }
            Some(_) | None => vec![self.clone()],
        }
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
