//! What a value of a row rests on, for values that need no evidence.

use kql::Need;

/// The rows of which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One for each image and vulnerability, and one for each image that has none.
    SubAssessments,
    /// One for each vulnerability of each package at each place of each image.
    Findings,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nothing at all.
    Nothing,
    /// The same text in every row.
    Fixed(&'static str),
    /// The tenant's id.
    Tenant,
    /// The host of the registry.
    Host,
    /// Its subscription.
    Subscription,
    /// Its resource group.
    Group,
    /// The name of the image's repository.
    Repository,
    /// The digest of the image.
    Digest,
    /// Host, repository and digest in one.
    Image,
    /// The image in the form of a resource id.
    Resource,
    /// The identifier of the vulnerability.
    Vulnerability,
    /// Its severity.
    Severity,
    /// Its score.
    Score,
    /// Whose package has it.
    Ecosystem,
    /// The state of the row.
    Code,
    /// The name of the row.
    Name,
    /// The resource id of the row.
    Id,
}

/// What tells values apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// The registry, or not even that.
    Registry,
    /// The image.
    Image,
    /// The vulnerability, as it is rated.
    Vulnerability,
    /// The row itself.
    Row,
}

impl Part {
    /// What tells its values apart.
    pub(crate) fn level(self) -> Level {
        match self {
            Self::Nothing | Self::Fixed(_) | Self::Tenant | Self::Host | Self::Subscription | Self::Group => {
                Level::Registry
            }
            Self::Repository | Self::Digest | Self::Image | Self::Resource => Level::Image,
            Self::Vulnerability | Self::Severity | Self::Score | Self::Ecosystem | Self::Code => {
                Level::Vulnerability
            }
            Self::Name | Self::Id => Level::Row,
        }
    }

    /// The part that a query asks for; nothing if it rests on more than is counted here.
    pub(crate) fn of(shape: Shape, need: &Need) -> Option<Self> {
        let names: Vec<&str> = need.path.iter().map(|name| &**name).collect();
        match shape {
            Shape::SubAssessments => Self::of_sub_assessment(&need.column, &names),
            Shape::Findings if names.is_empty() => Self::of_finding(&need.column),
            Shape::Findings => None,
        }
    }

    fn of_sub_assessment(column: &str, path: &[&str]) -> Option<Self> {
        Some(match (column, path) {
            ("id", []) => Self::Id,
            ("name", []) => Self::Name,
            ("type", []) => Self::Fixed("microsoft.security/assessments/subassessments"),
            ("location", []) => Self::Fixed("global"),
            ("tenantId", []) => Self::Tenant,
            ("resourceGroup", []) => Self::Group,
            ("subscriptionId", []) => Self::Subscription,
            ("kind" | "managedBy" | "apiVersion", []) => Self::Fixed(""),
            ("sku" | "plan" | "tags" | "identity" | "zones" | "extendedLocation" | "aliases", _) => {
                Self::Nothing
            }
            ("properties", ["id"]) => Self::Vulnerability,
            ("properties", ["status", "severity"]) => Self::Severity,
            ("properties", ["status", "code"]) => Self::Code,
            ("properties", ["resourceDetails", "id"]) => Self::Resource,
            ("properties", ["resourceDetails", "source"]) => Self::Fixed("Azure"),
            ("properties", ["additionalData", "imageDigest"]) => Self::Digest,
            ("properties", ["additionalData", "repositoryName"]) => Self::Repository,
            ("properties", ["additionalData", "registryHost"]) => Self::Host,
            ("properties", ["additionalData", "assessedResourceType"]) => {
                Self::Fixed("ContainerRegistryVulnerability")
            }
            _ => return None,
        })
    }

    fn of_finding(column: &str) -> Option<Self> {
        Some(match column {
            "registry" => Self::Host,
            "repository" => Self::Repository,
            "digest" => Self::Digest,
            "image" => Self::Image,
            "vulnerability" => Self::Vulnerability,
            "severity" => Self::Severity,
            "score" => Self::Score,
            "ecosystem" => Self::Ecosystem,
            "subscriptionId" => Self::Subscription,
            _ => return None,
        })
    }
}
