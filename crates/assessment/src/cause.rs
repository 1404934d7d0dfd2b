//! Why an image cannot be assessed: a word for programs, a sentence that says why and what to do.

use inventory::{Ecosystem, Obstacle, SkipReason};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One reason why nobody can call an image healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "PascalCase")]
pub enum Cause {
    /// It runs on Windows.
    WindowsImage,
    /// It is something else than an image.
    NotAnImage {
        /// The media type of its configuration.
        media_type: String,
    },
    /// Its documents cannot be read.
    InvalidImage {
        /// What is wrong.
        detail: String,
    },
    /// It has no layers.
    EmptyImage,
    /// A layer cannot be read.
    LayerUnreadable {
        /// The layer, counted from 1 for people.
        layer: usize,
        /// What is wrong.
        detail: String,
    },
    /// A layer is not in the registry, since it may not be distributed.
    LayerNotDistributable {
        /// The layer, counted from 1.
        layer: usize,
    },
    /// The inventory may not be the whole truth.
    Obstacle {
        /// Why.
        obstacle: Obstacle,
    },
    /// The packages belong to a distribution that nobody publishes advisories for under a name of its own.
    DistributionWithoutFeed {
        /// The distribution.
        distribution: String,
    },
    /// The distribution gets no fixes any more, so that nobody writes advisories for what is found in it now.
    DistributionOutOfSupport {
        /// The distribution.
        distribution: String,
        /// The last day of its support, as `YYYY-MM-DD`.
        since: String,
    },
    /// Nothing is loaded.
    NoAdvisories,
    /// What is loaded is too old.
    AdvisoriesTooOld {
        /// Their age, in days.
        days: i64,
    },
    /// What is loaded does not speak of an ecosystem, or its source was not read for too long.
    EcosystemNotCovered {
        /// The ecosystem.
        ecosystem: Ecosystem,
    },
    /// Versions could not be compared.
    VersionsUndetermined {
        /// How many findings.
        count: u64,
        /// The first reason.
        detail: String,
    },
    /// The scan failed too often.
    ScanFailed {
        /// The last reason.
        detail: String,
    },
    /// An image of an index cannot be assessed.
    ChildNotAssessed {
        /// Which, and why.
        detail: String,
    },
    /// An index has no image that could be assessed.
    NoChildren,
}

impl Cause {
    /// The word for programs: `EcosystemNotCovered`, or the kind of the obstacle.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WindowsImage => "WindowsImage",
            Self::NotAnImage { .. } => "NotAnImage",
            Self::InvalidImage { .. } => "InvalidImage",
            Self::EmptyImage => "EmptyImage",
            Self::LayerUnreadable { .. } => "LayerUnreadable",
            Self::LayerNotDistributable { .. } => "LayerNotDistributable",
            Self::Obstacle { obstacle } => match obstacle {
                Obstacle::DatabaseMissing { .. } => "PackageDatabaseMissing",
                Obstacle::DatabaseDeleted { .. } => "PackageDatabaseDeleted",
                Obstacle::DistributionUnknown => "DistributionUnknown",
                Obstacle::NoPackageSource => "NoPackageSource",
                Obstacle::Unread { .. } => "Unread",
                Obstacle::Contradiction { .. } => "Contradiction",
            },
            Self::DistributionWithoutFeed { .. } => "DistributionWithoutFeed",
            Self::DistributionOutOfSupport { .. } => "DistributionOutOfSupport",
            Self::NoAdvisories => "NoAdvisories",
            Self::AdvisoriesTooOld { .. } => "AdvisoriesTooOld",
            Self::EcosystemNotCovered { .. } => "EcosystemNotCovered",
            Self::VersionsUndetermined { .. } => "VersionsUndetermined",
            Self::ScanFailed { .. } => "ScanFailed",
            Self::ChildNotAssessed { .. } => "ChildNotAssessed",
            Self::NoChildren => "NoChildren",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WindowsImage => {
                f.write_str("Windows images are not assessed: only packages of Linux images are read.")
            }
            Self::NotAnImage { media_type } => {
                write!(
                    f,
                    "This is not a container image but an artifact ({media_type}), so that there is nothing to assess."
                )
            }
            Self::InvalidImage { detail } => {
                write!(f, "The image's own documents cannot be read: {detail}. Push it again.")
            }
            Self::EmptyImage => f.write_str("The image has no layers, so that there is nothing to assess."),
            Self::LayerUnreadable { layer, detail } => {
                write!(f, "Layer {layer} could not be read: {detail}.")
            }
            Self::LayerNotDistributable { layer } => {
                write!(
                    f,
                    "Layer {layer} may not be distributed and is not in this registry, so that it was not read."
                )
            }
            Self::Obstacle { obstacle } => write_obstacle(f, obstacle),
            Self::DistributionWithoutFeed { distribution } => {
                write!(
                    f,
                    "There is no advisory feed for {distribution}, so that nobody can say what is vulnerable in it."
                )
            }
            Self::DistributionOutOfSupport { distribution, since } => {
                write!(
                    f,
                    "{distribution} has had no security support since {since}: what was found in it after that day is in no advisory. Rebuild the image on a supported release."
                )
            }
            Self::NoAdvisories => {
                f.write_str("No advisories are loaded; `lazaretto advisories import PATH...` loads them.")
            }
            Self::AdvisoriesTooOld { days } => {
                write!(
                    f,
                    "The loaded advisories are {days} days old, too old to call anything healthy; import newer ones."
                )
            }
            Self::EcosystemNotCovered { ecosystem } => {
                write!(f, "The loaded advisories say nothing recent about {ecosystem}; import some that do.")
            }
            Self::VersionsUndetermined { count, detail } => {
                write!(f, "{count} possible findings could not be decided, such as: {detail}.")
            }
            Self::ScanFailed { detail } => {
                write!(f, "The scan failed too often and was given up: {detail}. Push the image again.")
            }
            Self::ChildNotAssessed { detail } => {
                write!(f, "An image of this index cannot be assessed: {detail}")
            }
            Self::NoChildren => f.write_str("The index lists no image that could be assessed."),
        }
    }
}

fn write_obstacle(f: &mut fmt::Formatter<'_>, obstacle: &Obstacle) -> fmt::Result {
    match obstacle {
        Obstacle::DatabaseMissing { expected } => write!(
            f,
            "The distribution is known, but its package database ({}) is not in the image: what is installed is unknown.",
            expected.join(", ")
        ),
        Obstacle::DatabaseDeleted { path, layer } => {
            write!(f, "The package database {path} was deleted in layer {}: what is installed is unknown.", layer + 1)
        }
        Obstacle::DistributionUnknown => f.write_str(
            "There are packages of a distribution, but no file that says which one: their advisories are unknown.",
        ),
        Obstacle::NoPackageSource => f.write_str(
            "No package database and no known kind of package was found: what the programs inside are is unknown.",
        ),
        Obstacle::Unread { layer, skipped } => {
            let why = match &skipped.why {
                SkipReason::Limit(text) | SkipReason::Malformed(text) | SkipReason::Unsupported(text) => text,
            };
            write!(f, "{} in layer {} was not read ({why}): packages may be missing.", skipped.path, layer + 1)
        }
        Obstacle::Contradiction { detail } => write!(f, "The image contradicts itself: {detail}."),
    }
}
