//! Packages while they are collected from one file, bounded.

use crate::Limits;
use crate::extract::{Reading, word};
use crate::ownership::Owned;
use inventory::{Package, PackageKind, Presence, SkipReason};

/// Packages while they are collected from one file.
#[derive(Debug)]
pub(crate) struct PackageList {
    kind: PackageKind,
    presence: Presence,
    pub(crate) owned: Owned,
    packages: Vec<Package>,
    faults: Vec<SkipReason>,
    further_faults: u64,
    limits: Limits,
}

/// Faults of one file that are kept one by one.
const KEPT_FAULTS: usize = 8;

impl PackageList {
    pub(crate) fn new(kind: PackageKind, limits: &Limits) -> Self {
        Self {
            kind,
            presence: Presence::Installed,
            owned: Owned::new(limits),
            packages: Vec::new(),
            faults: Vec::new(),
            further_faults: 0,
            limits: *limits,
        }
    }

    /// The packages of a lock file.
    pub(crate) fn locked(kind: PackageKind, limits: &Limits) -> Self {
        Self { presence: Presence::Locked, ..Self::new(kind, limits) }
    }

    /// A package with this name and version, or a fault if one of them is no proper word.
    ///
    /// # Errors
    /// When there are more packages than a layer may have.
    pub(crate) fn push(&mut self, name: &[u8], version: &[u8]) -> Result<Option<&mut Package>, SkipReason> {
        let (Some(name), Some(version)) = (self.word(name), self.word(version)) else {
            self.fault("a package whose name or version is missing, too long or not text");
            return Ok(None);
        };
        if self.packages.len() >= self.limits.packages {
            return Err(SkipReason::Limit(format!(
                "more than {} packages in one file",
                self.limits.packages
            )));
        }
        let kind = self.kind;
        self.packages.push(Package { kind, name, version, architecture: None, source: None, module: None });
        Ok(self.packages.last_mut())
    }

    /// A foreign word that may stand in an inventory: short text without control characters.
    pub(crate) fn word(&self, raw: &[u8]) -> Option<String> {
        word(raw, &self.limits)
    }

    pub(crate) fn fault(&mut self, why: &str) {
        if self.faults.len() < KEPT_FAULTS {
            self.faults.push(SkipReason::Malformed(why.to_owned()));
        } else {
            self.further_faults = self.further_faults.saturating_add(1);
        }
    }

    /// Notes that a part of the file is of a kind that is not read.
    pub(crate) fn unread(&mut self, why: &str) {
        self.faults.push(SkipReason::Unsupported(why.to_owned()));
    }

    pub(crate) fn finish(mut self) -> Reading {
        if self.further_faults > 0 {
            let count = self.further_faults;
            self.faults.push(SkipReason::Malformed(format!("and {count} more faults like these")));
        }
        let Self { kind, presence, owned, packages, faults, .. } = self;
        Reading::Packages { kind, presence, packages, owned, faults }
    }
}
