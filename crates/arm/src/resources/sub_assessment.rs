//! Sub-assessments: one for each image and vulnerability, and one for each image that has none.
//!
//! They are read from the join of images and findings, a page at a time, and never kept.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::metadata::IMAGES_KEY;
use graph::documents::sub_assessment::Place;
use graph::documents::{Document, sub_assessment};
use http::Method;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/assessments/subAssessments",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/subAssessments",
            right: Right::Within(Action::SUB_ASSESSMENT_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}/subAssessments",
            right: Right::Within(Action::SUB_ASSESSMENT_READ),
            handler: |state, request| Box::pin(list_of_assessment(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}/subAssessments/{sub}",
            right: Right::Within(Action::SUB_ASSESSMENT_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

/// Rows of a page. A row has a few kilobytes.
const PAGE: usize = 250;

async fn list_of_assessment(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    if !request.name(0).eq_ignore_ascii_case(IMAGES_KEY) {
        // The right is asked for first, so that the answer tells nobody else which keys there are.
        registries::within(state, &request.caller, &request.scope, Action::SUB_ASSESSMENT_READ).await?;
        return Err(ArmError::AssessmentNotFound(request.name(0).to_owned()));
    }
    list(state, request).await
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let registries =
        registries::within(state, &request.caller, &request.scope, Action::SUB_ASSESSMENT_READ).await?;
    let place: Option<Place> = page::place(state, request)?;
    let (rows, next) = sub_assessment::page_after(&*state.store, &registries, place, PAGE).await?;
    let rows = rows.iter().map(Document::to_rest).collect();
    Ok(page::answer(state, request, rows, next.as_ref()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let registries =
        registries::within(state, &request.caller, &request.scope, Action::SUB_ASSESSMENT_READ).await?;
    let (key, wanted) = (request.name(0), request.name(1));
    if !key.eq_ignore_ascii_case(IMAGES_KEY) {
        return Err(ArmError::AssessmentNotFound(key.to_owned()));
    }
    let missing = || ArmError::ResourceNotFound(wanted.to_owned());
    let row = sub_assessment::by_name(&*state.store, &registries, wanted).await?.ok_or_else(missing)?;
    Ok(Json(row.to_rest()).into_response())
}
