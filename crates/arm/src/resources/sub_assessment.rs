//! Sub-assessments: one for each image and vulnerability, and one for each image that has none.
//!
//! They are read from the join of images and findings, a page at a time, and never kept.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::reach::Reach;
use crate::{ArmState, page};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::Document;
use graph::documents::sub_assessment::{Form, Place, Reader};
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

fn form(key: &str) -> Result<Form, ArmError> {
    Form::of_key(key).ok_or_else(|| ArmError::AssessmentNotFound(key.to_owned()))
}

async fn list_of_assessment(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let reach = Reach::of(state, request, Action::SUB_ASSESSMENT_READ).await?;
    answer(state, request, &reach, form(request.name(0))?).await
}

/// Without an assessment, each finding is shown once: in the form of 2020.
async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let reach = Reach::of(state, request, Action::SUB_ASSESSMENT_READ).await?;
    answer(state, request, &reach, Form::First).await
}

async fn answer(
    state: &ArmState,
    request: &Request,
    reach: &Reach,
    form: Form,
) -> Result<Response, ArmError> {
    let place: Option<Place> = page::place(state, request)?;
    let book = Rulebook::load(&*state.store, (state.clock)()).await?;
    let reader = reader(state, reach, &book, form);
    let (rows, next) = reader.page_after(place, PAGE).await?;
    let rows = rows.iter().map(Document::to_rest).collect();
    Ok(page::answer(state, request, rows, next.as_ref()))
}

/// Reads the rows of what a request speaks of.
fn reader<'a>(state: &'a ArmState, reach: &'a Reach, book: &'a Rulebook, form: Form) -> Reader<'a> {
    Reader {
        repository: reach.below.repository.clone(),
        digest: reach.below.digest.clone(),
        ..Reader::new(&*state.store, &reach.registries, book, form)
    }
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let reach = Reach::of(state, request, Action::SUB_ASSESSMENT_READ).await?;
    let form = form(request.name(0))?;
    let wanted = request.name(1);
    let book = Rulebook::load(&*state.store, (state.clock)()).await?;
    let reader = reader(state, &reach, &book, form);
    let row = reader.by_name(wanted).await?;
    let row = row.ok_or_else(|| ArmError::ResourceNotFound(wanted.to_owned()))?;
    Ok(Json(row.to_rest()).into_response())
}
