//! The rules and exemptions in force, held against images and their findings.
//!
//! Findings are a join, and rules are applied where the join is read: a row of a finding that is hidden says so, and by
//! which rule. What counts over whole images is kept in their summaries, which the server makes again whenever the
//! rules in force change.

mod hiding;

pub use hiding::RuleNumber;

use crate::attached::Attached;
use crate::documents::KnownRegistry;
use access::ResourceId;
use advisory::Severity;
use assessment::FindingTraits;
use assessment::rules::{FindingFacts, FixStatus, ImageTraits, Os, RuleKind};
use jiff::Timestamp;
use oci::RepositoryName;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use store::{Finding, ImageKey, PackageVersion, Rule, Store, TrustedVex, Vulnerability};

/// The rules and exemptions that are in force at a moment.
#[derive(Debug, Clone, Default)]
pub struct Rulebook {
    rules: Vec<(Rule, ResourceId)>,
    next_change: Option<Timestamp>,
    now: Timestamp,
    vex: Arc<TrustedVex>,
}

/// The rules in force that may concern an image.
#[derive(Debug, Clone, Default)]
pub struct ImageRules<'b> {
    whole: Vec<&'b Rule>,
    partial: Vec<&'b Rule>,
    image: Option<&'b ImageKey>,
    attached: Attached,
}

/// The distribution of an image, as conditions need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OsName {
    id: String,
    version: String,
}

impl OsName {
    /// The distribution as it is recorded with an image; none where it is not known.
    pub fn of(distribution: &Value) -> Option<Self> {
        let text = |name: &str| distribution.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self { id: text("id")?, version: text("version").unwrap_or_default() })
    }

    /// The name that Microsoft's forms use: `ubuntu_linux_20.04`.
    pub fn long_name(&self) -> String {
        self.os().long_name()
    }

    fn os(&self) -> Os<'_> {
        Os { id: &self.id, version: &self.version }
    }
}

/// The resource id of a repository. Slashes of the name become colons, since a resource id is made of pairs.
pub fn repository_id(known: &KnownRegistry, name: &RepositoryName) -> Option<ResourceId> {
    known.id.joined(&["repositories", &name.as_str().replace('/', ":")]).ok()
}

/// The resource id of an image.
pub fn image_id(known: &KnownRegistry, image: &ImageKey) -> Option<ResourceId> {
    let digest = image.digest.to_string();
    repository_id(known, &image.repository.name)?.joined(&["images", &digest]).ok()
}

/// Whether a text names an image as a resource id does: an exemption is about a digest and never about a tag, which may
/// point to something else tomorrow (attack D7).
pub fn is_digest(text: &str) -> bool {
    text.parse::<oci::Digest>().is_ok()
}

/// Whether a rule can hold at a scope: at the tenant, a subscription, a resource group, a registry, a repository, or an
/// image by its digest.
pub fn is_scope(text: &str) -> bool {
    let Ok(id) = ResourceId::parse(text) else { return false };
    let segments: Vec<String> = id.segments().map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["subscriptions", _] | ["subscriptions", _, "resourcegroups", _] => true,
        ["subscriptions", _, "resourcegroups", _, "providers", provider, "registries", _, below @ ..] => {
            let is_pushed = match below {
                [] | ["repositories", _] => true,
                ["repositories", _, "images", digest] => is_digest(digest),
                _ => false,
            };
            is_pushed && *provider == "microsoft.containerregistry"
        }
        _ => false,
    }
}

impl Rulebook {
    /// The rules that are in force at a moment.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn load(store: &dyn Store, now: Timestamp) -> Result<Self, store::Error> {
        Ok(Self::of(store.rules().await?, now).with_attached(store.trusted_vex().await?))
    }

    /// The documents that are attached to images, and no rules.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn of_attached(store: &dyn Store, now: Timestamp) -> Result<Self, store::Error> {
        Ok(Self::of(Vec::new(), now).with_attached(store.trusted_vex().await?))
    }

    /// The same rules, and these documents.
    pub(crate) fn with_attached(self, vex: Arc<TrustedVex>) -> Self {
        Self { vex, ..self }
    }

    /// Those of some rules that are in force at a moment.
    pub fn of(all: Vec<Rule>, now: Timestamp) -> Self {
        let all: Vec<Rule> = all.into_iter().filter(|rule| rule.is_in_force(now)).collect();
        let next_change = all.iter().filter_map(|rule| rule.expires_at).min();
        // A scope that cannot be read holds nothing, and hides nothing.
        let rules = all
            .into_iter()
            .filter_map(|rule| {
                let scope = ResourceId::parse(&rule.scope).ok()?;
                Some((rule, scope))
            })
            .collect();
        Self { rules, next_change, now, vex: Arc::default() }
    }

    /// Whether there are none, and no attached documents either.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.vex.is_empty()
    }

    /// The rules with the scopes that they hold at.
    pub(crate) fn scoped(&self) -> &[(Rule, ResourceId)] {
        &self.rules
    }

    /// Whether documents are attached to an image, of which only its findings can tell what they silence.
    pub(crate) fn has_attached(&self, image: &ImageKey) -> bool {
        self.vex.contains_key(image)
    }

    /// The rules, in the order of their keys.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|(rule, _)| rule)
    }

    /// The moment at which they are in force.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When the first of them ends.
    pub fn next_change(&self) -> Option<Timestamp> {
        self.next_change
    }

    /// Whether any looks at the operating system.
    pub fn needs_os(&self) -> bool {
        self.rules().any(|rule| !rule.conditions.os_versions.is_empty())
    }

    /// The exemption of a whole registry, its subscription or its group, if there is one.
    pub fn of_registry(&self, known: &KnownRegistry) -> Option<&Rule> {
        self.rules
            .iter()
            .find(|(rule, scope)| {
                rule.kind.is_exemption() && rule.conditions.is_empty() && known.id.is_within(scope)
            })
            .map(|(rule, _)| rule)
    }

    /// The rules that may concern an image.
    pub fn of_image<'b>(&'b self, known: &KnownRegistry, image: &'b ImageKey) -> ImageRules<'b> {
        let mut found = ImageRules { image: Some(image), ..ImageRules::default() };
        if self.is_empty() {
            return found;
        }
        let Some(id) = image_id(known, image) else { return found };
        if let Some(readings) = self.vex.get(image) {
            found.attached = Attached::new(&id, &known.registry.login_server, image, readings);
        }
        for (rule, scope) in &self.rules {
            if !id.is_within(scope) {
                continue;
            }
            if is_whole(rule) {
                found.whole.push(rule);
            } else {
                found.partial.push(rule);
            }
        }
        found
    }
}

impl<'b> ImageRules<'b> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && !self.has_partial()
    }

    /// Whether there are some that may hide a single finding.
    pub fn has_partial(&self) -> bool {
        !self.partial.is_empty() || !self.attached.is_empty()
    }

    /// The exemption of the whole image, if there is one.
    pub fn whole(&self, os: Option<&OsName>) -> Option<&'b Rule> {
        let image = traits(self.image?, os);
        self.whole.iter().find(|rule| rule.conditions.cover_image(&image)).copied()
    }

    /// The rule that hides a finding, if there is one.
    pub fn hides(&self, finding: &Finding, os: Option<&OsName>) -> Option<&Rule> {
        if self.is_empty() {
            return None;
        }
        if let Some(rule) = self.whole(os) {
            return Some(rule);
        }
        if !self.has_partial() {
            return None;
        }
        let said = Said::of(&finding.vulnerability, &finding.evidence);
        let facts = said.facts(&finding.vulnerability, &finding.package);
        let image = traits(&finding.key.image, os);
        let ruled = self.partial.iter().find(|rule| rule.conditions.cover(&image, &facts)).copied();
        ruled.or_else(|| self.attached.hides(finding, facts.aliases))
    }
}

/// What conditions look at in the records of a finding.
struct Said {
    traits: Option<FindingTraits>,
    record: Described,
}

impl Said {
    fn of(vulnerability: &Vulnerability, evidence: &Value) -> Self {
        Self {
            traits: FindingTraits::deserialize(evidence).ok(),
            record: Described::deserialize(&vulnerability.record).unwrap_or_default(),
        }
    }

    fn facts<'a>(
        &'a self,
        vulnerability: &'a Vulnerability,
        package: &'a PackageVersion,
    ) -> FindingFacts<'a> {
        let said = self.traits.as_ref();
        FindingFacts {
            id: &vulnerability.id,
            aliases: said.map_or(&[], |said| &said.aliases),
            severity: Severity::from_word(&vulnerability.severity).unwrap_or(Severity::Unknown),
            score: vulnerability.score,
            category: said.map_or("", |said| &said.category),
            fix: said.map_or(FixStatus::Unknown, FindingTraits::fix_status),
            package: &package.name,
            version: &package.version,
            title: &self.record.title,
            description: &self.record.description,
        }
    }
}

/// Whether it waives whole images, and not single findings in them.
pub(crate) fn is_whole(rule: &Rule) -> bool {
    rule.kind.is_exemption() && !rule.conditions.is_about_findings()
}

/// What conditions look at in the record of a vulnerability.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Described {
    pub(crate) title: String,
    pub(crate) description: String,
}

pub(crate) fn traits<'a>(image: &'a ImageKey, os: Option<&'a OsName>) -> ImageTraits<'a> {
    ImageTraits { digest: &image.digest, repository: image.repository.name.as_str(), os: os.map(OsName::os) }
}

/// A rule in a sentence, for the finding that it hides.
pub fn sentence(rule: &Rule) -> String {
    let what = match rule.kind {
        RuleKind::Waiver | RuleKind::Mitigated => format!("Exempt ({})", rule.kind),
        RuleKind::Disable => "Disabled by a rule".to_owned(),
        RuleKind::Vex => "Does not apply, by the attached document".to_owned(),
    };
    let until = rule.expires_at.map_or_else(String::new, |at| format!(" until {at}"));
    let reason = if rule.reason.is_empty() { String::new() } else { format!(": {}", rule.reason) };
    format!("{what} `{}` of {}{until}{reason}", rule.display_name, rule.author)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_holds_at_what_is_registered_or_pushed() {
        let registry = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r";
        let digest = format!("sha256:{}", "a".repeat(64));
        for good in [
            "/".to_owned(),
            "/subscriptions/s".to_owned(),
            "/SUBSCRIPTIONS/s/resourcegroups/g".to_owned(),
            registry.to_owned(),
            format!("{registry}/repositories/team:app"),
            format!("{registry}/repositories/team:app/images/{digest}"),
        ] {
            assert!(is_scope(&good), "{good}");
        }
        for bad in [
            "subscriptions/s".to_owned(),
            format!("{registry}/repositories/app/images/latest"),
            format!("{registry}/tags/latest"),
            registry.replace("ContainerRegistry", "Web"),
        ] {
            assert!(!is_scope(&bad), "{bad}");
        }
    }
}
