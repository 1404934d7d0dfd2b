//! What kinds of assessments there are: those that are built in, the same for everybody, and those that somebody defined
//! in a subscription.
//!
//! A kind that is deleted takes its assessments with it. The one status that clients take for its deletion is 200, so
//! that it is also the answer where there was none.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::custom_assessment::{CustomKind, METADATA_KIND, of_kind};
use graph::documents::metadata::{KINDS, Metadata};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{AssessmentKindPut, MOST_ASSESSMENT_KINDS, SubscriptionId};

pub(super) const RESOURCE: Resource = Resource {
    kind: METADATA_KIND,
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessmentMetadata",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessmentMetadata/{name}",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Security/assessmentMetadata/{name}",
            right: Right::At(Action::ASSESSMENT_METADATA_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.Security/assessmentMetadata/{name}",
            right: Right::At(Action::ASSESSMENT_METADATA_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// Letters of a name. Azure's own are GUIDs.
const LONGEST_NAME: usize = 128;

fn view(scope: &str, kind: &Metadata) -> Value {
    json!({
        "id": format!("{scope}/providers/{METADATA_KIND}/{}", kind.key),
        "name": kind.key,
        "type": METADATA_KIND,
        "properties": kind.properties(),
    })
}

/// Where kinds are asked for. Those that are built in are no secret; a subscription shows what it has to whoever may read
/// it.
enum Place {
    Tenant,
    Subscription(String, SubscriptionId),
}

impl Place {
    async fn of(state: &ArmState, request: &Request) -> Result<Self, ArmError> {
        if request.scope.subscription().is_none() {
            return Ok(Self::Tenant);
        }
        request.caller.require(Action::ASSESSMENT_METADATA_READ, &request.scope)?;
        let subscription = registries::subscription(state, &request.scope).await?;
        Ok(Self::Subscription(request.scope.to_string(), subscription.id))
    }

    fn scope(&self) -> &str {
        match self {
            Self::Tenant => "",
            Self::Subscription(scope, _) => scope,
        }
    }
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let place = Place::of(state, request).await?;
    let mut value: Vec<Value> = KINDS.iter().map(|kind| view(place.scope(), kind)).collect();
    if let Place::Subscription(_, id) = &place {
        let kept = state.store.assessment_kinds(*id).await?;
        value.extend(kept.iter().filter_map(of_kind).map(|document| document.to_rest()));
    }
    Ok(page::whole(value))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let place = Place::of(state, request).await?;
    let wanted = request.name(0);
    let found = match (Metadata::find(wanted), &place) {
        (Some(kind), _) => Some(view(place.scope(), kind)),
        (None, Place::Tenant) => None,
        (None, Place::Subscription(_, id)) => {
            let kept = state.store.assessment_kind(*id, wanted).await?;
            kept.as_ref().and_then(of_kind).map(|document| document.to_rest())
        }
    };
    Ok(Json(found.ok_or_else(|| ArmError::ResourceNotFound(wanted.to_owned()))?).into_response())
}

/// The subscription whose kinds a request changes.
async fn subscription(state: &ArmState, request: &Request) -> Result<SubscriptionId, ArmError> {
    if request.scope.segments().count() != 2 || request.scope.subscription().is_none() {
        return Err(ArmError::Invalid("Kinds of assessments are defined in a subscription.".into()));
    }
    Ok(registries::subscription(state, &request.scope).await?.id)
}

/// The name of a kind or assessment that somebody makes.
///
/// # Errors
/// When it is one of those that are built in, or could not stand in a resource id.
pub(super) fn own_name(request: &Request) -> Result<&str, ArmError> {
    let name = request.name(0);
    if Metadata::find(name).is_some() {
        return Err(ArmError::Invalid(format!(
            "The assessment '{name}' is built in: it is made of what is found, and can be neither changed nor deleted. \
             Use another name, such as a new GUID."
        )));
    }
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if name.len() > LONGEST_NAME || !name.chars().all(is_allowed) {
        return Err(ArmError::Invalid(format!(
            "The name of an assessment has at most {LONGEST_NAME} letters, digits and signs of '-_.'; use a GUID."
        )));
    }
    Ok(name)
}

#[derive(Deserialize)]
struct Body {
    properties: CustomKind,
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let subscription = subscription(state, request).await?;
    let name = own_name(request)?;
    let body: Body = serde_json::from_slice(&request.body).map_err(|error| {
        ArmError::Invalid(format!(
            "The body must be {{\"properties\": {{\"displayName\": \"...\", \"severity\": \"High\", \
             \"assessmentType\": \"CustomerManaged\"}}}}: {error}."
        ))
    })?;
    let kind = body.properties.checked().map_err(|error| ArmError::Invalid(format!("{error}.")))?;
    let kept = json!(kind);
    let put =
        state.store.put_assessment_kind(subscription, name, kept, request.caller.actor(), (state.clock)());
    match put.await? {
        AssessmentKindPut::Created | AssessmentKindPut::Replaced => {}
        AssessmentKindPut::TooMany => {
            return Err(ArmError::Invalid(format!(
                "There are {MOST_ASSESSMENT_KINDS} kinds of assessments in the subscription; delete some."
            )));
        }
    }
    let kept = state.store.assessment_kind(subscription, name).await?;
    let document = kept.as_ref().and_then(of_kind);
    let document = document.ok_or_else(|| ArmError::ResourceNotFound(name.to_owned()))?;
    Ok(Json(document.to_rest()).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let subscription = subscription(state, request).await?;
    state.store.delete_assessment_kind(subscription, own_name(request)?).await?;
    Ok(empty(StatusCode::OK))
}
