//! Who is to resolve an assessment, and until when.
//!
//! An *assignment* says so of one assessment; a *rule* says it of all that it means, by kind, severity and scope.
//! What a rule says is looked up when somebody asks, and kept nowhere: an assessment that becomes unhealthy has its owner
//! at once, and loses them when it is resolved. An assignment that somebody put goes before all rules, and of several
//! rules the one with the smallest number for its priority.
//!
//! The time runs from the moment at which the assessment became unhealthy, or at which the rule was made if that was
//! later: nobody is late for something they were never told.
//!
//! A grace period takes its assessment out of the secure score until the day that is due.

mod rule;

pub use rule::{
    Condition, ConditionSet, GovernanceRule, OwnerKind, OwnerSource, RULE_KEPT, RULE_KIND, RuleError,
    rule_document, timeframe,
};

use crate::documents::metadata::Metadata;
use crate::documents::{Document, KnownRegistry};
use access::ResourceId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use store::{KeptDocument, RegistryId, RegistrySettings, ResourceGroup, Store, Tags, objects};
use uuid::Uuid;

/// The type.
pub const KIND: &str = "Microsoft.Security/assessments/governanceAssignments";
/// The kind under which assignments are kept.
pub const KEPT: &str = "governance-assignment";

/// Who is to resolve an assessment, and until when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GovernanceAssignment {
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when.
    pub remediation_due_date: Timestamp,
    /// When the owner thinks that it will be done, and why then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation_eta: Option<RemediationEta>,
    /// Whether the score waits for it.
    #[serde(default)]
    pub is_grace_period: bool,
    /// Whom to write to. Kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governance_email_notification: Option<Value>,
    /// A ticket elsewhere. Kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_data: Option<Value>,
}

/// When the owner thinks that it will be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemediationEta {
    /// When.
    pub eta: Timestamp,
    /// Why then.
    pub justification: String,
}

/// Where the assignments of an assessment are kept: the assessment's resource id.
pub fn scope(resource: &str, key: &str) -> String {
    format!("{resource}/providers/Microsoft.Security/assessments/{key}")
}

/// An assessment with something to resolve, as rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Unhealthy<'a> {
    /// The registry.
    pub known: &'a KnownRegistry,
    /// What is assessed: the registry, or an image in it.
    pub resource: &'a str,
    /// The kind of the assessment.
    pub kind: &'a Metadata,
    /// Its severity.
    pub severity: &'a str,
    /// Since when there is something to resolve.
    pub since: Option<Timestamp>,
}

/// What holds for an assessment.
#[derive(Debug, Clone, PartialEq)]
pub struct Assigned {
    /// The name of the assignment.
    pub name: String,
    /// The assessment's resource id.
    pub scope: String,
    /// What it says.
    pub assignment: GovernanceAssignment,
    /// The rule that says so, by its resource id; none for what somebody put.
    pub rule: Option<String>,
}

impl Assigned {
    /// Whether the day that is due has passed.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.assignment.remediation_due_date <= now
    }

    /// Whether the score waits.
    pub fn is_in_grace(&self, now: Timestamp) -> bool {
        self.assignment.is_grace_period && !self.is_overdue(now)
    }

    /// `OnTime` or `Overdue`.
    pub fn status(&self, now: Timestamp) -> &'static str {
        if self.is_overdue(now) { "Overdue" } else { "OnTime" }
    }

    /// The assignment as a resource.
    pub fn document(&self, now: Timestamp) -> Document {
        let mut properties = serde_json::to_value(&self.assignment).unwrap_or_else(|_| json!({}));
        if properties["governanceEmailNotification"].is_null() {
            properties["governanceEmailNotification"] =
                json!({"disableManagerEmailNotification": true, "disableOwnerEmailNotification": true});
        }
        properties["remediationStatus"] = self.status(now).into();
        if let Some(rule) = &self.rule {
            properties["governanceRuleId"] = rule.as_str().into();
        }
        Document {
            id: format!("{}/governanceAssignments/{}", self.scope, self.name),
            name: self.name.clone(),
            kind: KIND,
            properties,
        }
    }

    /// Says in an assessment who is to resolve it. Clients read that place as a map from texts to texts.
    pub fn show_in(&self, assessment: &mut Document, now: Timestamp) {
        let Some(further) = assessment.properties.get_mut("additionalData").and_then(Value::as_object_mut)
        else {
            return;
        };
        self.add_to(further, now);
    }

    fn add_to(&self, further: &mut Map<String, Value>, now: Timestamp) {
        let GovernanceAssignment { owner, remediation_due_date, is_grace_period, .. } = &self.assignment;
        if let Some(owner) = owner {
            further.insert("owner".into(), owner.as_str().into());
        }
        further.insert("remediationDueDate".into(), remediation_due_date.to_string().into());
        further.insert("remediationStatus".into(), self.status(now).into());
        further.insert("isGracePeriod".into(), is_grace_period.to_string().into());
    }
}

/// A rule with where it stands.
#[derive(Debug, Clone)]
struct KeptRule {
    id: String,
    scope: ResourceId,
    rule: GovernanceRule,
    created_at: Timestamp,
}

/// All assignments and rules of an installation.
#[derive(Debug, Clone, Default)]
pub struct Governance {
    assignments: Vec<KeptDocument>,
    /// The one that goes first is first.
    rules: Vec<KeptRule>,
    /// Tags of registries, for rules that find owners by them.
    tags: BTreeMap<RegistryId, Tags>,
    /// Tags of resource groups, by key.
    group_tags: BTreeMap<String, Tags>,
}

impl Governance {
    /// Reads them.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn load(store: &dyn Store) -> Result<Self, store::Error> {
        let mut all = Self { assignments: store.documents(KEPT).await?, ..Self::default() };
        for kept in store.documents(RULE_KEPT).await? {
            let rule = serde_json::from_value::<GovernanceRule>(kept.body.clone());
            let (Ok(rule), Ok(scope)) = (rule, ResourceId::parse(&kept.scope)) else { continue };
            if !rule.is_disabled {
                let id = rule::id(&kept);
                all.rules.push(KeptRule { id, scope, rule, created_at: kept.created_at });
            }
        }
        all.rules.sort_by(|one, other| {
            (one.rule.rule_priority, &one.id).cmp(&(other.rule.rule_priority, &other.id))
        });
        if all.rules.iter().any(|kept| kept.rule.owner_source.kind == OwnerKind::ByTag) {
            for settings in objects::all::<RegistrySettings, _>(store).await? {
                all.tags.insert(settings.registry, settings.tags);
            }
            for group in objects::all::<ResourceGroup, _>(store).await? {
                let key = ResourceGroup::key_of(group.subscription, &group.name).to_lowercase();
                all.group_tags.insert(key, group.tags);
            }
        }
        Ok(all)
    }

    /// Whether nobody is to do anything.
    pub fn is_empty(&self) -> bool {
        self.assignments.is_empty() && self.rules.is_empty()
    }

    /// What somebody put for an assessment, by its resource id, also where nothing is to be resolved now.
    pub fn put_for(&self, assessment: &str) -> Vec<Assigned> {
        let own = self.assignments.iter().filter(|kept| kept.scope.eq_ignore_ascii_case(assessment));
        own.filter_map(put).collect()
    }

    /// What holds for an assessment: what somebody put, the day that is due first for the score's sake, else what the
    /// first rule says that means it.
    pub fn of(&self, unhealthy: &Unhealthy<'_>) -> Option<Assigned> {
        let assessment = scope(unhealthy.resource, unhealthy.kind.key);
        let put = self.put_for(&assessment);
        let first = put.into_iter().min_by_key(|assigned| assigned.assignment.remediation_due_date);
        first.or_else(|| self.by_rule(unhealthy, assessment))
    }

    /// All that is said of an assessment, whether it is to be resolved now or not.
    pub fn all_of(&self, resource: &str, kind: &Metadata, unhealthy: Option<Unhealthy<'_>>) -> Vec<Assigned> {
        let put = self.put_for(&scope(resource, kind.key));
        if !put.is_empty() {
            return put;
        }
        unhealthy.and_then(|unhealthy| self.of(&unhealthy)).into_iter().collect()
    }

    fn by_rule(&self, unhealthy: &Unhealthy<'_>, assessment: String) -> Option<Assigned> {
        let resource = ResourceId::parse(unhealthy.resource).ok()?;
        let kept = self.rules.iter().find(|kept| {
            resource.is_within(&kept.scope)
                && !kept.rule.excludes(&resource)
                && kept.rule.means(unhealthy.kind.key, unhealthy.severity)
        })?;
        let since = unhealthy.since.map_or(kept.created_at, |since| since.max(kept.created_at));
        let due = since.saturating_add(kept.rule.time()?).unwrap_or(Timestamp::MAX);
        let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{} {assessment}", kept.id).as_bytes());
        Some(Assigned {
            name: name.to_string(),
            scope: assessment,
            assignment: GovernanceAssignment {
                owner: self.owner(&kept.rule.owner_source, unhealthy.known),
                remediation_due_date: due,
                remediation_eta: None,
                is_grace_period: kept.rule.is_grace_period,
                governance_email_notification: kept.rule.governance_email_notification.clone(),
                additional_data: None,
            },
            rule: Some(kept.id.clone()),
        })
    }

    fn owner(&self, source: &OwnerSource, known: &KnownRegistry) -> Option<String> {
        if source.kind == OwnerKind::Manually {
            return Some(source.value.clone());
        }
        let registry = &known.registry;
        let group = ResourceGroup::key_of(registry.subscription, &registry.resource_group).to_lowercase();
        // The resource's own tag goes before that of its group.
        let tags = [self.tags.get(&registry.id), self.group_tags.get(&group)];
        tags.into_iter().flatten().find_map(|tags| {
            let found = tags.iter().find(|(name, _)| name.eq_ignore_ascii_case(&source.value));
            found.map(|(_, value)| value.clone())
        })
    }
}

/// An assignment that somebody put; none for a record that this program did not write.
fn put(kept: &KeptDocument) -> Option<Assigned> {
    Some(Assigned {
        name: kept.name.clone(),
        scope: kept.scope.clone(),
        assignment: serde_json::from_value(kept.body.clone()).ok()?,
        rule: None,
    })
}

/// An assignment that somebody put, as a resource.
pub fn document(kept: &KeptDocument, now: Timestamp) -> Option<Document> {
    put(kept).map(|assigned| assigned.document(now))
}
