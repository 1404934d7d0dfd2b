//! Imports: images that are copied from elsewhere, and how far they are.
//!
//! The answer comes at once and says where to ask; clients of both ways of asking are served. Whoever may import into a
//! registry may ask for what becomes of it.

use super::{Resource, Right, Route, registry};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::KnownRegistry;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use store::{Import, ImportCredentials, ImportSource, ImportState, ImportTarget, ImportWish};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/importImage",
    routes: &[Route {
        method: Method::POST,
        pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/importImage",
        right: Right::Of(Action::REGISTRY_IMPORT),
        handler: |state, request| Box::pin(begin(state, request)),
    }],
};

/// What becomes of something that takes long.
pub(super) const OPERATIONS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/locations/operationResults",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers/Microsoft.ContainerRegistry/locations/{location}/operationResults/{operation}",
            right: Right::Within(Action::REGISTRY_OPERATION_READ),
            handler: |state, request| Box::pin(result(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers/Microsoft.ContainerRegistry/locations/{location}/operationStatuses/{operation}",
            right: Right::Within(Action::REGISTRY_OPERATION_READ),
            handler: |state, request| Box::pin(status(state, request)),
        },
    ],
};

/// More targets than this in one request are refused.
const MAXIMUM_TARGETS: usize = 100;

fn invalid(message: impl Into<String>) -> ArmError {
    ArmError::Invalid(message.into())
}

/// Divides `repository:tag` or `repository@digest`; `latest` where neither is named.
fn divided(image: &str) -> (&str, &str) {
    match image.split_once('@').or_else(|| image.split_once(':')) {
        Some((repository, reference)) => (repository, reference),
        None => (image, "latest"),
    }
}

/// The registry of this installation that a source means, if it means one.
async fn here(
    state: &ArmState,
    request: &Request,
    source: &Value,
) -> Result<Option<KnownRegistry>, ArmError> {
    let registry = if let Some(id) = source["resourceId"].as_str() {
        let id = ResourceId::parse(id)?;
        request.caller.require(Action::PULL, &id)?;
        let named = state.store.registry_by_name(id.name().unwrap_or_default()).await?;
        let known = named.map(KnownRegistry::new).transpose()?.filter(|known| known.id == id);
        return known.map(Some).ok_or_else(|| ArmError::ResourceNotFound(id.to_string()));
    } else {
        let uri = source["registryUri"].as_str().unwrap_or_default();
        let host = uri.strip_prefix("https://").unwrap_or(uri).trim_end_matches('/');
        let mut found = None;
        for subscription in state.store.subscriptions().await? {
            let registries = state.store.registries(subscription.id).await?;
            found = found.or(registries.into_iter().find(|one| one.login_server.eq_ignore_ascii_case(host)));
        }
        found
    };
    Ok(registry.map(KnownRegistry::new).transpose()?)
}

async fn source(
    state: &ArmState,
    request: &Request,
    source: &Value,
) -> Result<(ImportSource, Option<ImportCredentials>), ArmError> {
    let image = source["sourceImage"].as_str().unwrap_or_default();
    if image.is_empty() || image.len() > 512 {
        return Err(invalid("source.sourceImage must be REPOSITORY:TAG or REPOSITORY@DIGEST."));
    }
    let (repository, reference) = divided(image);
    let given = &source["credentials"];
    let credentials = given["password"].as_str().map(|password| ImportCredentials {
        user: given["username"].as_str().unwrap_or_default().to_owned(),
        password: password.to_owned(),
    });
    if let Some(known) = here(state, request, source).await? {
        request.caller.require(Action::PULL, &known.id)?;
        if registry::settings(state, known.registry.id).await?.repository_permissions {
            let below = known.id.joined(&["repositories", &repository.replace('/', ":")])?;
            request.caller.require(Action::CONTENT_READ, &below)?;
        }
        let repository =
            repository.parse().map_err(|_| invalid("source.sourceImage has no name of a repository."))?;
        let source =
            ImportSource::Here { registry: known.registry.id, repository, reference: reference.to_owned() };
        return Ok((source, None));
    }
    let host = source["registryUri"].as_str().unwrap_or_default();
    let host = host.strip_prefix("https://").unwrap_or(host).trim_end_matches('/');
    let bare = host.strip_prefix("http://").unwrap_or(host);
    if bare.is_empty() || bare.len() > 255 || bare.contains(['/', '?', '#', '@', ' ']) {
        return Err(invalid("source must have a resourceId, or a registryUri such as registry.example.com."));
    }
    let source = ImportSource::Remote {
        host: host.to_owned(),
        repository: repository.to_owned(),
        reference: reference.to_owned(),
    };
    Ok((source, credentials))
}

fn targets(body: &Value, image: &str) -> Result<Vec<ImportTarget>, ArmError> {
    let texts = |name: &str| -> Vec<String> {
        body[name]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect()
    };
    let wrong = |text: &str| {
        invalid(format!("'{}' is no REPOSITORY:TAG.", text.chars().take(200).collect::<String>()))
    };
    let mut targets = Vec::new();
    for text in texts("targetTags") {
        let (repository, tag) = divided(&text);
        let repository = repository.parse().map_err(|_| wrong(&text))?;
        targets.push(ImportTarget { repository, tag: Some(tag.parse().map_err(|_| wrong(&text))?) });
    }
    for text in texts("untaggedTargetRepositories") {
        targets.push(ImportTarget { repository: text.parse().map_err(|_| wrong(&text))?, tag: None });
    }
    if targets.is_empty() {
        // Under its own name, as at Azure; by its digest alone where it was asked for by digest.
        let (repository, reference) = divided(image);
        let repository = repository.parse().map_err(|_| wrong(image))?;
        targets.push(ImportTarget { repository, tag: reference.parse().ok() });
    }
    if targets.len() > MAXIMUM_TARGETS {
        return Err(invalid(format!("An import has {MAXIMUM_TARGETS} targets at most.")));
    }
    Ok(targets)
}

async fn begin(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    let body = request.object()?;
    let (source, credentials) = source(state, request, &body["source"]).await?;
    let force = match body["mode"].as_str().map(str::to_ascii_lowercase).as_deref() {
        None | Some("noforce") => false,
        Some("force") => true,
        Some(_) => return Err(invalid("mode must be NoForce or Force.")),
    };
    let wish = ImportWish {
        source,
        targets: targets(&body, body["source"]["sourceImage"].as_str().unwrap_or_default())?,
        force,
        has_credentials: credentials.is_some(),
        actor: request.caller.actor(),
    };
    let (id, now) = (Uuid::new_v4(), (state.clock)());
    let registry = &known.registry;
    state.store.begin_import(id, registry.id, registry.subscription, wish, credentials, now).await?;
    tracing::info!(registry = %known.id, import = %id, by = %request.subject, "an import was asked for");
    Ok(accepted(state, request, &known, id))
}

fn address(state: &ArmState, request: &Request, known: &KnownRegistry, what: &str, id: Uuid) -> String {
    let version = request.query("api-version").unwrap_or_default();
    format!(
        "{}/subscriptions/{}/providers/Microsoft.ContainerRegistry/locations/{}/{what}/{id}?api-version={version}",
        state.url, known.registry.subscription, known.registry.location
    )
}

fn accepted(state: &ArmState, request: &Request, known: &KnownRegistry, id: Uuid) -> Response {
    let mut response = StatusCode::ACCEPTED.into_response();
    let headers = response.headers_mut();
    let asynchronous = HeaderName::from_static("azure-asyncoperation");
    for (name, what) in [(header::LOCATION, "operationResults"), (asynchronous, "operationStatuses")] {
        if let Ok(value) = HeaderValue::try_from(address(state, request, known, what, id)) {
            headers.insert(name, value);
        }
    }
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The import of a path, if the caller may know of it. That there is none looks as that one may not, but for those who
/// may read all of them.
async fn find(state: &ArmState, request: &Request) -> Result<(KnownRegistry, Import), ArmError> {
    let refusal = || match request.caller.may(Action::REGISTRY_OPERATION_READ, &request.scope) {
        true => ArmError::ResourceNotFound(request.path.clone()),
        false => request.caller.refusal(Action::REGISTRY_OPERATION_READ, &request.scope),
    };
    let Ok(id) = request.name(2).parse::<Uuid>() else { return Err(refusal()) };
    let Some(import) = state.store.import(id).await? else { return Err(refusal()) };
    let registry = state.store.registry(import.registry).await?.ok_or_else(refusal)?;
    let known = KnownRegistry::new(registry)?;
    let may = [Action::REGISTRY_IMPORT, Action::REGISTRY_OPERATION_READ]
        .into_iter()
        .any(|action| request.caller.may(action, &known.id));
    if may && known.id.is_within(&request.scope) { Ok((known, import)) } else { Err(refusal()) }
}

async fn result(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, import) = find(state, request).await?;
    match import.state {
        ImportState::Running => Ok(accepted(state, request, &known, import.id)),
        ImportState::Succeeded => Ok(StatusCode::OK.into_response()),
        ImportState::Failed => Err(ArmError::Refused {
            code: "ImportFailed",
            message: import.error.unwrap_or_else(|| "The import failed.".into()),
        }),
    }
}

async fn status(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, import) = find(state, request).await?;
    let word = match import.state {
        ImportState::Running => "InProgress",
        ImportState::Succeeded => "Succeeded",
        ImportState::Failed => "Failed",
    };
    let mut view = json!({
        "id": address(state, request, &known, "operationStatuses", import.id).split('?').next().unwrap_or_default().trim_start_matches(&*state.url),
        "name": import.id.to_string(),
        "status": word,
        "startTime": import.created_at.to_string(),
        "percentComplete": (import.done.saturating_mul(100)).checked_div(import.total).unwrap_or(0),
    });
    if let Some(error) = &import.error {
        view["error"] = json!({"code": "ImportFailed", "message": error});
    }
    if import.state != ImportState::Running {
        view["endTime"] = import.updated_at.to_string().into();
        return Ok(Json(view).into_response());
    }
    // Without it, clients wait for half a minute before they ask again.
    Ok(([(header::RETRY_AFTER, HeaderValue::from_static("1"))], Json(view)).into_response())
}
