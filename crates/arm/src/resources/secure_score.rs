//! The secure score of a subscription: `Microsoft.Security/secureScores`, its control, and the control's definition.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::secure_score::{NAME, control_of_subscription, definition, of_subscription};
use graph::rulebook::Rulebook;
use graph::score::{self, Score};
use http::Method;
use store::Subscription;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/secureScores",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers/Microsoft.Security/secureScores",
            right: Right::At(Action::SECURE_SCORE_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers/Microsoft.Security/secureScores/{name}",
            right: Right::At(Action::SECURE_SCORE_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers/Microsoft.Security/secureScores/{name}/secureScoreControls",
            right: Right::At(Action::SECURE_SCORE_CONTROL_READ),
            handler: |state, request| Box::pin(controls_of_score(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers/Microsoft.Security/secureScoreControls",
            right: Right::At(Action::SECURE_SCORE_CONTROL_READ),
            handler: |state, request| Box::pin(controls(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/secureScoreControlDefinitions",
            right: Right::SignedIn,
            handler: |_, request| Box::pin(definitions(request)),
        },
    ],
};

async fn scored(state: &ArmState, request: &Request) -> Result<(Subscription, Score), ArmError> {
    let subscription = registries::subscription(state, &request.scope).await?;
    let book = Rulebook::load(&*state.store, (state.clock)()).await?;
    let score = score::of_subscription(&*state.store, subscription.id, state.scan_plan, &book).await?;
    Ok((subscription, score))
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (subscription, score) = scored(state, request).await?;
    Ok(page::whole(vec![of_subscription(&subscription, &score).to_rest()]))
}

/// The one score, whatever subscription it is of.
fn require_name(request: &Request) -> Result<(), ArmError> {
    let name = request.name(1);
    if name.eq_ignore_ascii_case(NAME) { Ok(()) } else { Err(ArmError::ResourceNotFound(name.to_owned())) }
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    require_name(request)?;
    let (subscription, score) = scored(state, request).await?;
    Ok(Json(of_subscription(&subscription, &score).to_rest()).into_response())
}

async fn controls_of_score(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    require_name(request)?;
    controls(state, request).await
}

async fn controls(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (subscription, score) = scored(state, request).await?;
    let expand = request.query("$expand").unwrap_or_default().to_ascii_lowercase();
    let control = control_of_subscription(&subscription, &score, expand.contains("definition"));
    Ok(page::whole(vec![control.to_rest()]))
}

/// What the control is stands in the documentation; a subscription shows it to whoever may read its controls.
async fn definitions(request: &Request) -> Result<Response, ArmError> {
    if request.scope.subscription().is_none() {
        return Ok(page::whole(vec![definition("")]));
    }
    request.caller.require(Action::SECURE_SCORE_CONTROL_READ, &request.scope)?;
    Ok(page::whole(vec![definition(request.scope.as_str())]))
}
