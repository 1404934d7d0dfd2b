//! The forms of our own API, as JSON.
//!
//! The command line decodes the same types, so that both sides change together.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One page of a listing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub value: Vec<T>,
    /// Where the next page begins: the `after` of the next request. Missing on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Critical.
    pub critical: u64,
    /// High.
    pub high: u64,
    /// Medium.
    pub medium: u64,
    /// Low.
    pub low: u64,
    /// Without any known severity.
    pub unknown: u64,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.critical + self.high + self.medium + self.low + self.unknown
    }
}

/// Why an image cannot be assessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseView {
    /// A word for programs.
    pub code: String,
    /// A sentence for people.
    pub description: String,
}

/// One image of a repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageView {
    /// The registry.
    pub registry: String,
    /// The repository.
    pub repository: String,
    /// The digest of its manifest.
    pub digest: String,
    /// The tags that point at it now.
    pub tags: Vec<String>,
    /// `linux/amd64`, where the image says so.
    pub platform: Option<String>,
    /// `Healthy`, `Unhealthy`, `NotApplicable`, `Unscanned`, `Queued` or `Scanning`.
    pub state: String,
    /// Why it cannot be assessed.
    pub cause: Option<CauseView>,
    /// Findings by severity.
    pub findings: Counts,
    /// What a reader must know besides: what was not read, what could not be compared.
    pub notes: Vec<String>,
    /// The distribution, in its own words.
    pub distribution: Option<String>,
    /// What the jail achieved when the layers were read.
    pub isolation: Option<String>,
    /// When it was first pushed.
    pub pushed_at: Timestamp,
    /// When it was last assessed.
    pub assessed_at: Option<Timestamp>,
    /// The snapshot of advisories that it was assessed with.
    pub snapshot: Option<String>,
    /// How old the advisories in force are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories_age_seconds: Option<i64>,
    /// The image that it was built on, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseView>,
    /// Its layers, bottom first. Only where one image is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerView>,
    /// The images of an index, by digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<String>,
    /// Where it is, if it is in an attached registry and not kept here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<super::attachments::ExternalView>,
}

/// The image that another was built on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaseView {
    /// Its repository in this registry; missing where the base is only named by the image itself.
    pub repository: Option<String>,
    /// The digest of its manifest.
    pub digest: Option<String>,
    /// What the image itself says of its base. Nobody vouches for it.
    pub claimed_name: Option<String>,
    /// How many layers of the image, from the bottom, are the base's; 0 where the base is not in the registry.
    pub layers: usize,
    /// How many findings come from the base.
    pub inherited: u64,
    /// How many come from the layers above it.
    pub own: u64,
    /// A newer image of the base's repository that has fewer of the inherited findings.
    pub newer: Option<NewerBaseView>,
}

/// A newer base image, and what it would fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewerBaseView {
    /// Its tags.
    pub tags: Vec<String>,
    /// The digest of its manifest.
    pub digest: String,
    /// How many of the inherited findings it does not have.
    pub fixes: u64,
    /// When it was pushed.
    pub pushed_at: Timestamp,
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerView {
    /// The layer.
    pub digest: String,
    /// The build step that made it, where the image says so.
    pub step: Option<String>,
    /// Whether it is the base image's. Missing where no base is known.
    pub inherited: Option<bool>,
}

impl ImageView {
    /// Whether the verdict is there, and waiting longer changes nothing.
    pub fn is_settled(&self) -> bool {
        !matches!(&*self.state, "Queued" | "Scanning")
    }
}

/// One vulnerability of one package of one image.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// The attached registry that the image is in, if it is not kept here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// The repository.
    pub repository: String,
    /// The image.
    pub digest: String,
    /// The vulnerability, by CVE where there is one.
    pub vulnerability: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// `Critical`, `High`, `Medium`, `Low` or `Unknown`.
    pub severity: String,
    /// The CVSS base score, 0 to 10.
    pub score: Option<f64>,
    /// One line.
    pub title: String,
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The file of the image that lists it.
    pub path: String,
    /// The layer that brought it in.
    pub layer: String,
    /// The number of that layer, from 1 at the bottom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_number: Option<usize>,
    /// The build step that made that layer, where the image says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Whether the layer is the base image's. Missing where no base is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherited: Option<bool>,
    /// The version that fixes it.
    pub fixed: Option<String>,
    /// The command that fixes it, or the sentence that no fix exists.
    pub remediation: String,
    /// The advisories that say so.
    pub advisories: Vec<String>,
    /// The rule, in words.
    pub evidence: String,
    /// Why it does not count, where a rule or an exemption hides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exempt: Option<ExemptView>,
    /// How urgent it is, and since when.
    #[serde(default)]
    pub risk: RiskView,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExemptView {
    /// `Disable`, `Waiver` or `Mitigated`.
    pub kind: String,
    /// The name of the rule or exemption.
    pub name: String,
    /// Where it holds.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Who put it.
    pub author: String,
    /// Until when it holds.
    pub expires_at: Option<Timestamp>,
}

/// What tells how urgent a finding is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskView {
    /// Who gave the rating that decided the severity, and by which rule: the distribution's own word, or a CVSS score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity_source: Option<String>,
    /// The vector of the CVSS score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss_vector: Option<String>,
    /// The probability of exploitation in the next thirty days, by EPSS, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploit_probability: Option<f64>,
    /// The share of vulnerabilities that are not likelier to be exploited, by EPSS, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploit_percentile: Option<f64>,
    /// Since when it is known to be exploited, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_exploited_since: Option<String>,
    /// When the advisory was published: a fix is about as old as it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// When it was first found in this package version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
}

/// Something in the history of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What: `verdict-changed`, `finding-appeared`, `finding-gone`, `finding-changed`, `manifest-pushed`, …
    pub kind: String,
    /// Of which vulnerability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vulnerability: Option<String>,
    /// In which package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// In which version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// How it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Why, in a word: `NewAdvisory`, `Withdrawn`, `NewImage`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The snapshot of advisories that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
}

/// A document about the vulnerabilities of an image that is attached to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VexView {
    /// The digest of the manifest that carries it.
    pub document: String,
    /// What it is: `OpenVEX`, `CSAF`, `CycloneDX`.
    pub form: String,
    /// Whether it counts.
    pub believed: bool,
    /// The name of the key that signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// Why it does not count, or what of it was left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// What it says.
    pub statements: Vec<advisory::VexStatement>,
    /// When it was read.
    pub read_at: Timestamp,
}

/// Why an image has a vulnerability, or why it has not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplanationView {
    /// The vulnerability that was asked for.
    pub vulnerability: String,
    /// The snapshot of advisories that it is told from.
    pub snapshot: Option<String>,
    /// How many package versions were looked at.
    pub packages_looked_at: u64,
    /// For each package: the verdict, every advisory that was considered, its ranges, the rule.
    pub explanations: Vec<serde_json::Value>,
    /// The same, for people.
    pub text: Vec<String>,
    /// What a reader must know besides.
    pub notes: Vec<String>,
}

impl ExplanationView {
    /// Nothing yet.
    pub(crate) fn of(vulnerability: &str) -> Self {
        Self {
            vulnerability: vulnerability.to_owned(),
            snapshot: None,
            packages_looked_at: 0,
            explanations: Vec::new(),
            text: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// One package of an image.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The kind, in the words of the package URL specification.
    pub kind: String,
    /// The source package, `name@version`.
    pub source: Option<String>,
    /// The file that lists it.
    pub path: String,
    /// The layer that brought it in.
    pub layer: String,
}

/// A document that was attached to an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachedView {
    /// The repository.
    pub repository: String,
    /// The image that it is about.
    pub subject: String,
    /// The digest of its own manifest.
    pub digest: String,
    /// What it is.
    pub artifact_type: String,
}

/// The advisories that are in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoriesView {
    /// The content id of the snapshot; missing when none is loaded.
    pub snapshot: Option<String>,
    /// When it was compiled.
    pub created_at: Option<Timestamp>,
    /// How long ago that was.
    pub age_seconds: Option<i64>,
    /// Whether that is too long ago to call anything healthy.
    #[serde(default)]
    pub too_old: bool,
    /// How many advisories it has.
    pub advisories: u64,
    /// What it was made of.
    #[serde(default)]
    pub sources: Vec<SourceView>,
    /// What it speaks for, with the number of packages.
    pub ecosystems: Vec<EcosystemView>,
    /// A snapshot that waits for a person, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldView>,
}

/// A source of the advisories in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceView {
    /// Its name.
    pub name: String,
    /// The latest date of change of its records; missing if it gives no dates.
    pub newest: Option<Timestamp>,
    /// How many records it has.
    pub advisories: u64,
    /// How many records could not be read.
    pub skipped: u64,
    /// When it was read, or last said that it is what it was; missing where the snapshot does not tell.
    pub read_at: Option<Timestamp>,
}

/// A snapshot that is held back until a person accepts it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeldView {
    /// Its content id.
    pub snapshot: String,
    /// What speaks against it.
    pub doubts: Vec<String>,
    /// Since when.
    pub at: Timestamp,
}

/// One ecosystem that the advisories speak for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EcosystemView {
    /// Its name.
    pub name: String,
    /// Packages with at least one advisory.
    pub packages: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventView {
    /// Its place: later events have greater numbers, and numbers have gaps.
    pub sequence: i64,
    /// What, as a word: `manifest-pushed`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// The registry; empty for what is set above registries, and for registries that are gone.
    pub registry: String,
    /// The repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// What else there is to say; its members depend on the kind.
    pub detail: serde_json::Value,
}

/// What a registry asks of images before they are pulled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyView {
    /// New images wait until their verdict lets them pass.
    #[serde(default)]
    pub quarantine: bool,
    /// Unhealthy images with a finding of this severity or above are held: `Low`, `Medium`, `High`, `Critical`.
    #[serde(default)]
    pub hold_severity: Option<String>,
    /// Images are held that were not assessed, or cannot be.
    #[serde(default)]
    pub hold_unassessed: bool,
    /// For how many seconds after its push an image is not held for that.
    #[serde(default)]
    pub grace_seconds: u32,
}

/// A wish to pull an image whatever the policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PassWish {
    /// The image: REPOSITORY:TAG or REPOSITORY@DIGEST.
    pub image: String,
    /// Why. It stands in history.
    pub reason: String,
    /// For how many hours.
    pub hours: u32,
}

/// Leave to pull an image whatever the policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassView {
    /// The repository.
    pub repository: String,
    /// The image.
    pub digest: String,
    /// Until when.
    pub until: Timestamp,
}
