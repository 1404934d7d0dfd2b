//! Assessments that people and programs make themselves, of anything that stands in their subscription.

use super::assessment_metadata::own_name;
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, registries};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::Below;
use graph::documents::KnownRegistry;
use graph::documents::custom_assessment::{CustomKinds, document};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use store::{CustomAssessment, CustomAssessmentPut, MOST_CUSTOM_ASSESSMENTS, NewAssessment};

/// What may be said of a resource.
const CODES: [&str; 3] = ["Healthy", "Unhealthy", "NotApplicable"];
/// Letters of a cause, and of a description.
const LONGEST_CAUSE: usize = 256;
const LONGEST_DESCRIPTION: usize = 4096;
/// Letters of all that is said further, names and values together.
const LONGEST_FURTHER: usize = 16 << 10;

#[derive(Deserialize)]
struct Body {
    properties: Settings,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    status: Status,
    #[serde(default)]
    resource_details: Option<Details>,
    #[serde(default)]
    additional_data: Option<BTreeMap<String, String>>,
    #[serde(default)]
    partners_data: Option<Value>,
}

#[derive(Deserialize)]
struct Status {
    code: String,
    #[serde(default)]
    cause: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default, alias = "Source")]
    source: Option<String>,
}

impl Settings {
    /// # Errors
    /// When it says what is not understood, or too much.
    fn check(&self) -> Result<&'static str, ArmError> {
        let invalid = |text: String| Err(ArmError::Invalid(text));
        let source = self.resource_details.as_ref().and_then(|details| details.source.as_deref());
        if let Some(source) = source.filter(|source| !source.eq_ignore_ascii_case("Azure")) {
            let source: String = source.chars().take(40).collect();
            return invalid(format!(
                "'resourceDetails.source' is Azure for what stands here, and not '{source}'."
            ));
        }
        if self.partners_data.as_ref().is_some_and(|partner| !partner.is_null()) {
            return invalid("Partners are not there; leave 'partnersData' out.".into());
        }
        let longest = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count());
        if longest(&self.status.cause) > LONGEST_CAUSE
            || longest(&self.status.description) > LONGEST_DESCRIPTION
        {
            return invalid(format!(
                "'status.cause' has at most {LONGEST_CAUSE} letters, and 'status.description' {LONGEST_DESCRIPTION}."
            ));
        }
        let further = self.additional_data.iter().flatten();
        if further.map(|(name, value)| name.len() + value.len()).sum::<usize>() > LONGEST_FURTHER {
            return invalid(format!("'additionalData' has at most {LONGEST_FURTHER} letters."));
        }
        match CODES.into_iter().find(|code| code.eq_ignore_ascii_case(&self.status.code)) {
            Some(code) => Ok(code),
            None => invalid(format!(
                "'{}' is no status; there are {}.",
                self.status.code.chars().take(40).collect::<String>(),
                CODES.join(", ")
            )),
        }
    }
}

/// # Errors
/// When there is nothing at the scope of a request that could be assessed. The right was asked for before.
async fn require_assessable(state: &ArmState, request: &Request) -> Result<(), ArmError> {
    let scope = &request.scope;
    if scope.subscription().is_none() {
        return Err(ArmError::Invalid(
            "Assessments are made of a subscription, or of something that stands in one.".into(),
        ));
    }
    registries::require_scope(state, scope).await?;
    let Some((own, below)) = Below::of(scope).filter(|(_, below)| !below.is_whole()) else { return Ok(()) };
    // Unlike an exemption, an assessment is about what is there.
    let missing = || ArmError::ResourceNotFound(scope.to_string());
    for subscription in registries::subscriptions(state, &own).await? {
        for registry in state.store.registries(subscription.id).await? {
            let known = KnownRegistry::new(registry)?;
            if known.id != own {
                continue;
            }
            let is_there = match below.image(known.registry.id) {
                Some(image) => state.store.manifest(&image.repository, &image.digest).await?.is_some(),
                None => {
                    let name = below.repository.clone().ok_or_else(missing)?;
                    let key = store::RepositoryKey { registry: known.registry.id, name };
                    state.store.repository_exists(&key).await?
                }
            };
            return if is_there { Ok(()) } else { Err(missing()) };
        }
    }
    Err(missing())
}

pub(super) async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    require_assessable(state, request).await?;
    let name = own_name(request)?;
    let body: Body = serde_json::from_slice(&request.body).map_err(|error| {
        ArmError::Invalid(format!(
            "The body must be {{\"properties\": {{\"resourceDetails\": {{\"source\": \"Azure\"}}, \
             \"status\": {{\"code\": \"Healthy\"}}}}}}: {error}."
        ))
    })?;
    let settings = body.properties;
    let code = settings.check()?;
    let subscription = registries::subscription(state, &request.scope).await?.id;
    let said = NewAssessment {
        subscription,
        scope: request.scope.to_string(),
        name: name.to_owned(),
        code: code.to_owned(),
        cause: settings.status.cause.unwrap_or_default(),
        description: settings.status.description.unwrap_or_default(),
        additional: settings.additional_data.unwrap_or_default(),
        author: request.caller.actor(),
    };
    let (made, status) = match state.store.put_custom_assessment(said, (state.clock)()).await? {
        CustomAssessmentPut::Created(made) => (made, StatusCode::CREATED),
        CustomAssessmentPut::Replaced(made) => (made, StatusCode::OK),
        CustomAssessmentPut::NoKind => {
            return Err(ArmError::Invalid(format!(
                "The subscription has no kind of assessments '{name}'. Define it first, by PUT of \
                 /subscriptions/{subscription}/providers/Microsoft.Security/assessmentMetadata/{name}."
            )));
        }
        CustomAssessmentPut::TooMany => {
            return Err(ArmError::Invalid(format!(
                "There are {MOST_CUSTOM_ASSESSMENTS} assessments of one's own in the subscription; delete some."
            )));
        }
    };
    let shown = shown(state, &made, &mut CustomKinds::default(), |_| {}).await?;
    let shown = shown.ok_or_else(|| ArmError::AssessmentNotFound(name.to_owned()))?;
    Ok((status, Json(shown)).into_response())
}

/// An assessment as it is shown, with its kind's metadata for whoever wants to add them.
pub(super) async fn shown(
    state: &ArmState,
    made: &CustomAssessment,
    kinds: &mut CustomKinds,
    add: impl FnOnce(&mut Expanding<'_>),
) -> Result<Option<Value>, ArmError> {
    let Some(kind) = kinds.of(&*state.store, made).await? else { return Ok(None) };
    let mut view = document(made, kind).to_rest();
    add(&mut Expanding { view: &mut view, metadata: &|| kind.properties() });
    Ok(Some(view))
}

/// An assessment to which something may be added.
pub(super) struct Expanding<'a> {
    pub(super) view: &'a mut Value,
    pub(super) metadata: &'a dyn Fn() -> Value,
}

pub(super) async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let name = own_name(request)?;
    let was_there = state.store.delete_custom_assessment(request.scope.as_str(), name).await?;
    Ok(empty(if was_there { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(change: impl FnOnce(&mut Value)) -> Result<&'static str, String> {
        let mut body = json!({"status": {"code": "unhealthy"}, "resourceDetails": {"source": "Azure"}});
        change(&mut body);
        let settings: Settings = serde_json::from_value(body).map_err(|error| error.to_string())?;
        settings.check().map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_said_is_understood_or_refused() {
        assert_eq!(checked(|_| {}).unwrap(), "Unhealthy");
        assert_eq!(checked(|body| body["resourceDetails"] = Value::Null).unwrap(), "Unhealthy");
        let cases: [(&str, Value, &str); 6] = [
            ("status", json!({"code": "Fine"}), "there are Healthy, Unhealthy, NotApplicable"),
            ("status", json!({}), "missing field `code`"),
            ("status", json!({"code": "Healthy", "cause": "x".repeat(257)}), "at most 256 letters"),
            ("resourceDetails", json!({"source": "OnPremise"}), "and not 'OnPremise'"),
            ("additionalData", json!({"x": "y".repeat(17 << 10)}), "'additionalData' has at most"),
            ("partnersData", json!({"partnerName": "x", "secret": "y"}), "leave 'partnersData' out"),
        ];
        for (field, value, expected) in cases {
            let error = checked(|body| body[field] = value).unwrap_err();
            assert!(error.contains(expected), "{field}: {error}");
        }
    }
}
