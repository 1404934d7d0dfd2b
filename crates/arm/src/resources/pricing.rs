//! Plans: `Microsoft.Security/pricings`, of a subscription and of a single registry.
//!
//! `Containers` is the later name of `ContainerRegistry`: both are one switch, so that scripts of any year turn the
//! same thing. A registry follows the plan of its subscription until it has one of its own, and again when that is
//! deleted.
//!
//! Switching on covers all registries at once. Images that were pushed before are scanned as well where the extension
//! `ContainerRegistriesVulnerabilityAssessments` asks for that by its property `ScanExistingImages`.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::pricing::{self, KnownPlan, NAMES};
use graph::documents::{Document, KnownRegistry};
use graph::plans::backfill_jobs;
use http::{Method, StatusCode};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{PlanSetting, PlanTier, Subscription};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/pricings",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/pricings",
            right: Right::At(Action::PRICING_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/pricings/{name}",
            right: Right::At(Action::PRICING_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Security/pricings/{name}",
            right: Right::At(Action::PRICING_WRITE),
            handler: |state, request| Box::pin(set(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.Security/pricings/{name}",
            right: Right::At(Action::PRICING_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// The extension that is about images.
const SCANNING: &str = "ContainerRegistriesVulnerabilityAssessments";
/// Its property that asks for images that were pushed before.
const EXISTING: &str = "ScanExistingImages";
/// Extensions of a plan are few.
const MOST_EXTENSIONS: usize = 32;

fn canonical(name: &str) -> Result<&'static str, ArmError> {
    NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name)).ok_or_else(|| {
        ArmError::Invalid(format!("There is no plan '{name}' here; there are {}.", NAMES.join(" and ")))
    })
}

/// Whose plan the request speaks of.
enum Owner {
    Subscription(Subscription),
    Registry(Box<KnownRegistry>),
}

async fn owner(state: &ArmState, request: &Request, action: Action) -> Result<Owner, ArmError> {
    let subscription = registries::subscription(state, &request.scope).await?;
    if request.scope.segments().count() == 2 {
        return Ok(Owner::Subscription(subscription));
    }
    let found = registries::within(state, &request.caller, &request.scope, action).await?;
    match found.into_iter().find(|known| known.id == request.scope) {
        Some(known) => Ok(Owner::Registry(Box::new(known))),
        None => Err(ArmError::Invalid(
            "A plan belongs to a subscription or to a single registry; use one of them as the scope.".into(),
        )),
    }
}

/// The date of the version that the client speaks. The dispatcher has checked it.
fn version(request: &Request) -> Date {
    let text = request.query("api-version").unwrap_or_default();
    text.strip_suffix("-preview").unwrap_or(text).parse().unwrap_or(date(2018, 6, 1))
}

async fn document(
    state: &ArmState,
    request: &Request,
    owner: &Owner,
    name: &str,
) -> Result<Document, ArmError> {
    let now = (state.clock)();
    match owner {
        Owner::Subscription(subscription) => {
            let plan = KnownPlan::of_subscription(&*state.store, subscription, state.scan_plan).await?;
            Ok(pricing::of_subscription(subscription, name, &plan, version(request), now))
        }
        Owner::Registry(known) => {
            Ok(pricing::of_registry(&*state.store, known, name, state.scan_plan, now).await?)
        }
    }
}

/// The names that a filter asks for: `name in (A,B)`.
fn wanted(filter: Option<&str>) -> Result<Vec<&'static str>, ArmError> {
    let Some(filter) = filter.map(str::trim).filter(|filter| !filter.is_empty()) else {
        return Ok(NAMES.to_vec());
    };
    let wrong = || {
        ArmError::Invalid(format!(
            "The $filter '{filter}' is not understood; write name in (Containers,...)."
        ))
    };
    let lower = filter.to_ascii_lowercase();
    let list = lower.strip_prefix("name in").map(str::trim).and_then(|list| list.strip_prefix('('));
    let list = list.and_then(|list| list.strip_suffix(')')).ok_or_else(wrong)?;
    let names: Vec<&str> =
        list.split(',').map(|name| name.trim().trim_matches('\'')).filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err(wrong());
    }
    // Plans of other services are none here, and asking for them beside ours is no mistake.
    Ok(NAMES.into_iter().filter(|known| names.iter().any(|name| known.eq_ignore_ascii_case(name))).collect())
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let owner = owner(state, request, Action::PRICING_READ).await?;
    let mut value = Vec::new();
    for name in wanted(request.query("$filter"))? {
        value.push(document(state, request, &owner, name).await?.to_rest());
    }
    Ok(page::whole(value))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let owner = owner(state, request, Action::PRICING_READ).await?;
    let name = canonical(request.name(0))?;
    Ok(Json(document(state, request, &owner, name).await?.to_rest()).into_response())
}

#[derive(Deserialize)]
struct Body {
    properties: Settings,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    pricing_tier: String,
    sub_plan: Option<String>,
    enforce: Option<String>,
    #[serde(default)]
    extensions: Option<Vec<Extension>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extension {
    name: String,
    is_enabled: String,
    #[serde(default)]
    additional_extension_properties: Option<serde_json::Map<String, Value>>,
}

impl Extension {
    fn view(&self) -> Value {
        let mut view = json!({
            "name": self.name,
            "isEnabled": if is_true(&self.is_enabled) { "True" } else { "False" },
            "operationStatus": {"code": "Succeeded", "message": ""},
        });
        if let Some(further) = &self.additional_extension_properties {
            view["additionalExtensionProperties"] = further.clone().into();
        }
        view
    }

    fn wants_existing_images(&self) -> bool {
        let further = self.additional_extension_properties.as_ref().and_then(|all| all.get(EXISTING));
        self.name.eq_ignore_ascii_case(SCANNING)
            && is_true(&self.is_enabled)
            && further.is_some_and(|value| value.as_str().map_or(value == &json!(true), is_true))
    }
}

fn is_true(word: &str) -> bool {
    word.eq_ignore_ascii_case("true")
}

fn settings(request: &Request) -> Result<(Settings, PlanTier), ArmError> {
    let body: Body = serde_json::from_slice(&request.body).map_err(|error| {
        ArmError::Invalid(format!(
            "The body must be {{\"properties\": {{\"pricingTier\": \"Standard\"}}}}, or with Free: {error}."
        ))
    })?;
    let tier = match body.properties.pricing_tier.to_ascii_lowercase().as_str() {
        "standard" => PlanTier::Standard,
        "free" => PlanTier::Free,
        other => {
            return Err(ArmError::Invalid(format!(
                "There is no tier '{other}'; there are Free and Standard."
            )));
        }
    };
    if body.properties.extensions.as_ref().is_some_and(|all| all.len() > MOST_EXTENSIONS) {
        return Err(ArmError::Invalid(format!("A plan has at most {MOST_EXTENSIONS} extensions.")));
    }
    Ok((body.properties, tier))
}

async fn set(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let owner = owner(state, request, Action::PRICING_WRITE).await?;
    let name = canonical(request.name(0))?;
    let (settings, tier) = settings(request)?;
    let now = (state.clock)();
    let (subscription, registry) = match &owner {
        Owner::Subscription(subscription) => (subscription.id, None),
        Owner::Registry(known) => (known.registry.subscription, Some(known.registry.id)),
    };
    if registry.is_some() {
        let above = state.store.plan_setting(subscription, None, state.scan_plan).await?;
        if above.is_some_and(|above| above.enforce) {
            return Err(ArmError::Invalid(
                "The subscription enforces its plan, so that registries cannot have plans of their own. \
                 Set 'enforce' of the subscription's plan to False first."
                    .into(),
            ));
        }
    }
    let before = state.store.plan_setting(subscription, registry, state.scan_plan).await?;
    let kept = before.as_ref();
    let extensions = match &settings.extensions {
        Some(extensions) => extensions.iter().map(Extension::view).collect(),
        None => kept.map_or_else(|| json!([]), |before| before.extensions.clone()),
    };
    let setting = PlanSetting {
        subscription,
        registry,
        name: state.scan_plan.to_owned(),
        tier,
        enforce: settings
            .enforce
            .as_deref()
            .map_or_else(|| kept.is_some_and(|before| before.enforce), is_true),
        sub_plan: settings.sub_plan.clone().or_else(|| kept.and_then(|before| before.sub_plan.clone())),
        extensions,
        enabled_at: None,
        changed_at: now,
    };
    state.store.put_plan(setting, now).await?;
    tracing::info!(
        %subscription, tier = pricing::tier_word(tier), by = %request.subject, "the plan was set"
    );
    let wants_existing = settings.extensions.iter().flatten().any(Extension::wants_existing_images);
    if tier == PlanTier::Standard && wants_existing {
        back_fill(state, &owner, now).await?;
    }
    // Clients of every year take 200; the newest also take 201 for a plan that was never set before.
    let is_new = before.is_none() && registry.is_some();
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(document(state, request, &owner, name).await?.to_rest())).into_response())
}

/// Asks for the images that were pushed before.
async fn back_fill(state: &ArmState, owner: &Owner, now: Timestamp) -> Result<(), ArmError> {
    let registries = match owner {
        Owner::Registry(known) => vec![known.registry.clone()],
        Owner::Subscription(subscription) => state.store.registries(subscription.id).await?,
    };
    state.store.enqueue(backfill_jobs(&registries), now).await?;
    Ok(())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    canonical(request.name(0))?;
    let Owner::Registry(known) = owner(state, request, Action::PRICING_DELETE).await? else {
        return Err(ArmError::Invalid(
            "The plan of a subscription cannot be deleted; set it to Free. Plans of registries can.".into(),
        ));
    };
    let registry = &known.registry;
    let deleted =
        state.store.delete_registry_plan(registry.subscription, registry.id, state.scan_plan).await?;
    Ok(empty(if deleted { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_plans() {
        assert_eq!(wanted(None).unwrap(), NAMES);
        assert_eq!(wanted(Some("name in (Containers,VirtualMachines)")).unwrap(), ["Containers"]);
        assert_eq!(wanted(Some("name in ('containerregistry')")).unwrap(), ["ContainerRegistry"]);
        for wrong in ["name eq 'x'", "name in ()", "name in Containers"] {
            assert!(wanted(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
