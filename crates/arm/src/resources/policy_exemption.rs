//! Exemptions: `Microsoft.Authorization/policyExemptions` at any scope, down to a repository and an image.
//!
//! An exemption without conditions waives everything at its scope; conditions on findings stand in the metadata, under
//! `findings`. It is in force when the answer is sent. There are no assignments of policies here, so that the one that
//! is named is kept and shown, and nothing hangs on it.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::metadata::KINDS;
use graph::documents::policy_exemption::{CONDITIONS, of_rule};
use graph::rulebook::Rulebook;
use graph::rules::{Conditions, RuleKind};
use graph::settlement::resettle;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Actor, Rule, RuleClass, RuleKey, RulePut};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Authorization/policyExemptions",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Authorization/policyExemptions",
            right: Right::At(Action::POLICY_EXEMPTION_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Authorization/policyExemptions/{name}",
            right: Right::At(Action::POLICY_EXEMPTION_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Authorization/policyExemptions/{name}",
            right: Right::At(Action::POLICY_EXEMPTION_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.Authorization/policyExemptions/{name}",
            right: Right::At(Action::POLICY_EXEMPTION_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// What a list is narrowed to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter {
    reach: Reach,
    not_expired: bool,
    assignment: Option<String>,
}

/// Which scopes a list is about.
#[derive(Debug, Default, PartialEq, Eq)]
enum Reach {
    /// Those at the scope, above it and below it.
    #[default]
    All,
    /// Those at the scope and above it.
    AtAndAbove,
    /// Those at the scope and below it.
    AtAndBelow,
    /// Those at the scope alone.
    Exact,
}

impl Filter {
    fn parse(text: &str) -> Result<Self, ArmError> {
        let mut filter = Self::default();
        for part in text.split(" and ").map(str::trim).filter(|part| !part.is_empty()) {
            match part.to_ascii_lowercase().as_str() {
                "atscope()" => filter.reach = Reach::AtAndAbove,
                "atscopeandbelow()" => filter.reach = Reach::AtAndBelow,
                "atexactscope()" => filter.reach = Reach::Exact,
                "excludeexpired()" => filter.not_expired = true,
                _ => filter.assignment = Some(assignment(part)?),
            }
        }
        Ok(filter)
    }

    fn passes(&self, rule: &Rule, scope: &ResourceId, now: Timestamp) -> bool {
        let Ok(own) = ResourceId::parse(&rule.scope) else { return false };
        let is_near = match self.reach {
            Reach::All => own.is_within(scope) || scope.is_within(&own),
            Reach::AtAndAbove => scope.is_within(&own),
            Reach::AtAndBelow => own.is_within(scope),
            Reach::Exact => own == *scope,
        };
        let named = rule.details["policyAssignmentId"].as_str().unwrap_or_default();
        is_near
            && (!self.not_expired || rule.is_in_force(now))
            && self.assignment.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(named))
    }
}

fn assignment(part: &str) -> Result<String, ArmError> {
    let wrong = || {
        ArmError::Invalid(format!(
            "The $filter '{part}' is not understood; there are atScope(), atScopeAndBelow(), atExactScope(), excludeExpired() and \
             policyAssignmentId eq 'ID', joined with and."
        ))
    };
    let (field, value) = part.split_once(" eq ").ok_or_else(wrong)?;
    let value = value.trim().strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
    match value {
        Some(value) if field.trim().eq_ignore_ascii_case("policyAssignmentId") => Ok(value.to_owned()),
        _ => Err(wrong()),
    }
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let filter = Filter::parse(request.query("$filter").unwrap_or_default())?;
    let now = (state.clock)();
    let rules = state.store.rules().await?;
    let seen = rules.iter().filter(|rule| filter.passes(rule, &request.scope, now));
    Ok(page::whole(seen.filter_map(of_rule).map(|document| document.to_rest()).collect()))
}

fn key(request: &Request) -> RuleKey {
    RuleKey {
        class: RuleClass::Exemption,
        scope: request.scope.to_string(),
        name: request.name(0).to_owned(),
    }
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let rule = state.store.rule(&key(request)).await?;
    let document = rule.as_ref().and_then(of_rule);
    let document = document.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?;
    Ok(Json(document.to_rest()).into_response())
}

#[derive(Deserialize)]
struct Body {
    properties: Settings,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    exemption_category: String,
    policy_assignment_id: Option<String>,
    policy_definition_reference_ids: Option<Vec<String>>,
    expires_on: Option<Timestamp>,
    display_name: Option<String>,
    description: Option<String>,
    metadata: Option<Value>,
    resource_selectors: Option<Vec<Value>>,
    assignment_scope_validation: Option<String>,
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    registries::require_scope(state, &request.scope).await?;
    let body: Body = serde_json::from_slice(&request.body).map_err(|error| {
        ArmError::Invalid(format!(
            "The body must be {{\"properties\": {{\"exemptionCategory\": \"Waiver\", ...}}}}: {error}."
        ))
    })?;
    let now = (state.clock)();
    let rule = rule(request, body.properties, now)?;
    let (rule, status) = match state.store.put_rule(rule).await? {
        RulePut::Created(rule) => (rule, StatusCode::CREATED),
        RulePut::Replaced(rule) => (rule, StatusCode::OK),
        RulePut::TooMany => {
            return Err(ArmError::Invalid(format!(
                "There are {} rules and exemptions already; delete some that have ended.",
                store::MOST_RULES
            )));
        }
    };
    settle(state, now).await?;
    let document = of_rule(&rule).ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?;
    Ok((status, Json(document.to_rest())).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let now = (state.clock)();
    let actor = Actor(request.caller.principal.name.clone());
    match state.store.delete_rule(&key(request), &actor, now).await? {
        None => Ok(empty(StatusCode::NO_CONTENT)),
        Some(rule) => {
            settle(state, now).await?;
            Ok(Json(of_rule(&rule).map(|document| document.to_rest())).into_response())
        }
    }
}

/// What was decided is in force before the answer says so.
async fn settle(state: &ArmState, now: Timestamp) -> Result<(), ArmError> {
    let book = Rulebook::load(&*state.store, now).await?;
    resettle(&*state.store, &book, now).await?;
    Ok(())
}

fn rule(request: &Request, settings: Settings, now: Timestamp) -> Result<Rule, ArmError> {
    let invalid = |text: String| ArmError::Invalid(text);
    let kind = RuleKind::from_word(&settings.exemption_category).filter(|kind| kind.is_exemption());
    let kind = kind.ok_or_else(|| {
        invalid(format!(
            "There is no category '{}'; there are Waiver and Mitigated.",
            settings.exemption_category
        ))
    })?;
    let name = request.name(0);
    let is_name = name.len() <= 128 && name.chars().all(|letter| !letter.is_control());
    if !is_name {
        return Err(invalid("A name has at most 128 letters.".into()));
    }
    if settings.expires_on.is_some_and(|end| end <= now) {
        return Err(invalid("'expiresOn' lies in the past, so that the exemption would do nothing.".into()));
    }
    if settings.resource_selectors.is_some_and(|selectors| !selectors.is_empty()) {
        return Err(invalid(
            "'resourceSelectors' are not understood; put the exemption at a narrower scope.".into(),
        ));
    }
    let references = settings.policy_definition_reference_ids.unwrap_or_default();
    if !references.is_empty() && !references.iter().any(|reference| is_ours(reference)) {
        let known: Vec<&str> = KINDS.iter().filter_map(|kind| kind.policy).collect();
        return Err(invalid(format!(
            "None of 'policyDefinitionReferenceIds' names a policy that is assessed here; there are {}.",
            known.join(" and ")
        )));
    }
    let mut metadata = settings.metadata.unwrap_or_else(|| json!({}));
    let conditions = match metadata.as_object_mut().and_then(|metadata| metadata.remove(CONDITIONS)) {
        None => Conditions::default(),
        Some(conditions) => serde_json::from_value(conditions)
            .map_err(|error| invalid(format!("'metadata.{CONDITIONS}' is not understood: {error}.")))?,
    };
    conditions.check().map_err(|error| invalid(format!("'metadata.{CONDITIONS}': {error}.")))?;
    Ok(Rule {
        kind,
        scope: request.scope.to_string(),
        name: name.to_owned(),
        display_name: short(settings.display_name.unwrap_or_else(|| name.to_owned())),
        conditions,
        reason: short(settings.description.unwrap_or_default()),
        author: Actor(request.caller.principal.name.clone()),
        created_at: now,
        updated_at: now,
        expires_at: settings.expires_on,
        details: json!({
            "policyAssignmentId": settings.policy_assignment_id,
            "policyDefinitionReferenceIds": references,
            "metadata": metadata,
            "assignmentScopeValidation":
                settings.assignment_scope_validation.unwrap_or_else(|| "Default".to_owned()),
        }),
    })
}

/// A text of at most so many letters as Azure Policy allows a description.
fn short(text: String) -> String {
    text.chars().take(512).collect()
}

/// Whether a reference names one of the policies behind the assessments: by its definition or by the assessment's key.
fn is_ours(reference: &str) -> bool {
    KINDS.iter().any(|kind| {
        let last = reference.rsplit('/').next().unwrap_or_default();
        kind.policy.iter().chain([&kind.key]).any(|own| own.eq_ignore_ascii_case(last))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_understood_or_refused() {
        let filter = Filter::parse("atExactScope() and excludeExpired() and policyAssignmentId eq '/a/b'");
        let expected = Filter { reach: Reach::Exact, not_expired: true, assignment: Some("/a/b".to_owned()) };
        assert_eq!(filter.unwrap(), expected);
        assert_eq!(Filter::parse("").unwrap(), Filter::default());
        for wrong in ["atScope", "name eq 'x'", "policyAssignmentId eq x"] {
            assert!(Filter::parse(wrong).is_err(), "{wrong}");
        }
    }
}
