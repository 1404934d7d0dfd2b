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
use graph::documents::sub_assessment::{Form, Place, Reader};
use graph::documents::{Document, KnownRegistry};
use graph::rulebook::Rulebook;
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

/// The registries of the request, as far as the caller may read their findings. The right is asked for before anything
/// else, so that the answer tells nobody else which keys there are.
async fn registries_of(state: &ArmState, request: &Request) -> Result<Vec<KnownRegistry>, ArmError> {
    registries::within(state, &request.caller, &request.scope, Action::SUB_ASSESSMENT_READ).await
}

fn form(key: &str) -> Result<Form, ArmError> {
    Form::of_key(key).ok_or_else(|| ArmError::AssessmentNotFound(key.to_owned()))
}

async fn list_of_assessment(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let registries = registries_of(state, request).await?;
    answer(state, request, &registries, form(request.name(0))?).await
}

/// Without an assessment, each finding is shown once: in the form of 2020.
async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let registries = registries_of(state, request).await?;
    answer(state, request, &registries, Form::First).await
}

async fn answer(
    state: &ArmState,
    request: &Request,
    registries: &[KnownRegistry],
    form: Form,
) -> Result<Response, ArmError> {
    let place: Option<Place> = page::place(state, request)?;
    let book = Rulebook::load(&*state.store, (state.clock)()).await?;
    let reader = Reader::new(&*state.store, registries, &book, form);
    let (rows, next) = reader.page_after(place, PAGE).await?;
    let rows = rows.iter().map(Document::to_rest).collect();
    Ok(page::answer(state, request, rows, next.as_ref()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let registries = registries_of(state, request).await?;
    let form = form(request.name(0))?;
    let wanted = request.name(1);
    let book = Rulebook::load(&*state.store, (state.clock)()).await?;
    let reader = Reader::new(&*state.store, &registries, &book, form);
    let row = reader.by_name(wanted).await?;
    let row = row.ok_or_else(|| ArmError::ResourceNotFound(wanted.to_owned()))?;
    Ok(Json(row.to_rest()).into_response())
}
