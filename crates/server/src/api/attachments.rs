//! Attached registries: `/api/attached[/NAME[/poll|secret]]`, and `/api/notifications/NAME`, where the other
//! registry tells that something has changed.
//!
//! Credentials and the secret of notifications go in and do not come out again; only a secret that was made here is shown,
//! once. Credentials are for one host: where another is named, they have to be given again.

use super::error::{ApiError, Named, body};
use super::view::Page;
use super::{ApiState, Caller, Route};
use crate::attached::{self, notification};
use crate::jobs::attached::{notified_job, poll_job};
use crate::webhooks::signature;
use access::Action;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{
    Attached, AttachedRepository, Attachment, AttachmentChange, AttachmentSettings, ImportCredentials,
    NewAttachment, NewJob, PageRequest, RegistryRemoval, Sight,
};

pub(super) const LIST: Route = Route {
    method: Method::GET,
    path: "/api/attached",
    action: Some(Action::ATTACHED_READ),
    handler: || get(list),
};
pub(super) const ONE: Route = Route {
    method: Method::GET,
    path: "/api/attached/{name}",
    action: Some(Action::ATTACHED_READ),
    handler: || get(one),
};
pub(super) const PUT: Route = Route {
    method: Method::PUT,
    path: "/api/attached/{name}",
    action: Some(Action::ATTACHED_WRITE),
    handler: || axum::routing::put(put),
};
pub(super) const DELETE: Route = Route {
    method: Method::DELETE,
    path: "/api/attached/{name}",
    action: Some(Action::ATTACHED_DELETE),
    handler: || axum::routing::delete(detach),
};
pub(super) const POLL: Route = Route {
    method: Method::POST,
    path: "/api/attached/{name}/poll",
    action: Some(Action::ATTACHED_WRITE),
    handler: || post(poll),
};
pub(super) const SECRET: Route = Route {
    method: Method::POST,
    path: "/api/attached/{name}/secret",
    action: Some(Action::ATTACHED_WRITE),
    handler: || post(renew_secret),
};
/// Whoever notifies has no account here, but the secret of the attachment.
pub(super) const NOTIFY: Route = Route {
    method: Method::POST,
    path: "/api/notifications/{name}",
    action: None,
    handler: || post(notify).layer(DefaultBodyLimit::max(notification::LONGEST)),
};

/// An hour.
const POLL_SECONDS: u32 = 3600;
/// A secret that somebody brings along has to be long enough not to be guessed.
const SECRET_LETTERS: std::ops::RangeInclusive<usize> = 20..=200;
/// More repositories are not listed with their registry; those that cannot be seen come first.
const REPOSITORIES: usize = 1000;

/// What a registry is attached as.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttachedBody {
    /// The host and port; `http://` before it asks for a line that is not encrypted.
    pub address: String,
    /// Names of repositories, and patterns with `*`.
    pub repositories: Vec<String>,
    /// How many seconds pass between two looks; an hour, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_seconds: Option<u32>,
    /// Who asks there; an empty text for nobody. If nothing is said, it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The secret of that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// By which notifications are known; one is made if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl std::fmt::Debug for AttachedBody {
    /// Leaves the secrets out, so that they reach no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachedBody").field("address", &self.address).finish_non_exhaustive()
    }
}

/// An attached registry.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachedRegistryView {
    /// The name under which it is known here.
    pub name: String,
    /// The host, as it is shown.
    pub host: String,
    /// The address as it was given.
    pub address: String,
    /// Names of repositories, and patterns.
    pub repositories: Vec<String>,
    /// How many seconds pass between two looks.
    pub poll_seconds: u32,
    /// Whether somebody signs in there.
    pub has_credentials: bool,
    /// Where it sends notifications.
    pub notifications: String,
    /// The secret of notifications, if it was made for this answer. It is shown once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// `Waiting`, `Seen`, or `Unseen` if it could not be looked at since it last was.
    pub state: String,
    /// When all its repositories were last known.
    pub seen_at: Option<Timestamp>,
    /// Why not since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
    /// When it is looked at next.
    pub next_look: Timestamp,
    /// Its repositories, those first that could not be looked at. Only where one registry is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<AttachedRepositoryView>,
}

/// A repository of an attached registry.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachedRepositoryView {
    /// Its name.
    pub repository: String,
    /// When it was last seen as it stands here.
    pub seen_at: Option<Timestamp>,
    /// Why not since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
}

/// Where an image is that is not kept here, and when it was last seen there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalView {
    /// The host of the other registry.
    pub host: String,
    /// The image as it is called here: `NAME/REPOSITORY@DIGEST`, where `NAME` is that of the attached registry.
    pub reference: String,
    /// When its repository was last seen as it stands here.
    pub seen_at: Option<Timestamp>,
    /// Why not since then. The verdict is then about what was seen before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
}

/// Why something elsewhere could not be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureView {
    /// When it was tried last.
    pub at: Timestamp,
    /// Why, in a sentence.
    pub description: String,
}

impl FailureView {
    pub(super) fn of(sight: &Sight) -> Option<Self> {
        sight.failure.as_ref().map(|(at, why)| Self { at: *at, description: why.clone() })
    }
}

/// How many looks a notification led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifiedView {
    /// At how many tags and repositories is looked.
    pub looks: usize,
}

fn view(state: &ApiState, attachment: &Attachment) -> AttachedRegistryView {
    let Attachment { registry, settings, login, sight, next_poll, .. } = attachment;
    let word = match (&sight.failure, sight.seen_at) {
        (Some(_), _) => "Unseen",
        (None, Some(_)) => "Seen",
        (None, None) => "Waiting",
    };
    AttachedRegistryView {
        name: registry.name.clone(),
        host: registry.login_server.clone(),
        address: settings.address.clone(),
        repositories: settings.patterns.clone(),
        poll_seconds: settings.poll_seconds,
        has_credentials: login.is_some(),
        notifications: format!("{}/api/notifications/{}", state.site.base_url, registry.name),
        secret: None,
        state: word.to_owned(),
        seen_at: sight.seen_at,
        failure: FailureView::of(sight),
        next_look: *next_poll,
        seen: Vec::new(),
    }
}

async fn list(
    caller: Caller,
    State(state): State<ApiState>,
) -> Result<Json<Page<AttachedRegistryView>>, ApiError> {
    let registry = caller.default_registry(&state, Action::ATTACHED_READ).await?;
    let attached = state.store.attachments(registry).await?;
    Ok(Json(Page { value: attached.iter().map(|one| view(&state, one)).collect(), next: None }))
}

/// The attachment of that name to the registry in which the caller may do this.
async fn named(
    caller: &Caller,
    state: &ApiState,
    action: Action,
    name: &str,
) -> Result<Attachment, ApiError> {
    let registry = caller.default_registry(state, action).await?;
    let found = state.store.attachment_by_name(name).await?;
    found
        .filter(|found| found.registry.attached_to == Some(registry))
        .ok_or_else(|| ApiError::NotFound(format!("attached registry `{name}`")))
}

async fn one(
    caller: Caller,
    State(state): State<ApiState>,
    Named(name): Named,
) -> Result<Json<AttachedRegistryView>, ApiError> {
    let attachment = named(&caller, &state, Action::ATTACHED_READ, &name).await?;
    let mut view = view(&state, &attachment);
    let page = PageRequest::first(REPOSITORIES);
    let repositories = state.store.attached_repositories(attachment.registry.id, page).await?;
    let of = |one: AttachedRepository| AttachedRepositoryView {
        repository: one.name.to_string(),
        seen_at: one.sight.seen_at,
        failure: FailureView::of(&one.sight),
    };
    view.seen = repositories.items.into_iter().map(of).collect();
    view.seen.sort_by_key(|one| one.failure.is_none());
    Ok(Json(view))
}

/// A name that can stand in a resource id and in a path.
fn check_name(name: &str) -> Result<(), ApiError> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = (2..=50).contains(&name.len())
        && name.bytes().all(letter)
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !name.ends_with('-');
    if is_name {
        return Ok(());
    }
    let rule = "the name of an attached registry has 2 to 50 small letters, digits and hyphens, and begins with a letter";
    Err(ApiError::Invalid(rule.into()))
}

/// What is wanted, checked, and the host that it is at.
fn wanted(state: &ApiState, given: &AttachedBody) -> Result<(String, AttachmentSettings), ApiError> {
    let settings = AttachmentSettings {
        address: given.address.trim().trim_end_matches('/').to_owned(),
        patterns: given.repositories.clone(),
        poll_seconds: given.poll_seconds.unwrap_or(POLL_SECONDS),
    };
    let wrong = |error: &dyn std::fmt::Display| ApiError::Invalid(error.to_string());
    let host = attached::host(&settings.address).map_err(|error| wrong(&error))?;
    if let Some(fault) = settings.fault() {
        return Err(ApiError::Invalid(fault));
    }
    // What is a name is looked at when it is resolved, each time.
    attached::check_reach(&settings.address, &state.reach).map_err(|error| wrong(&error))?;
    Ok((host, settings))
}

/// The credentials that are wanted: none if nothing was said of them.
fn login(given: &AttachedBody) -> Result<Option<Option<ImportCredentials>>, ApiError> {
    match (given.user.as_deref(), given.password.as_deref()) {
        (None, None) => Ok(None),
        (Some(""), None | Some("")) => Ok(Some(None)),
        (Some(user), Some(password)) if !user.is_empty() && !password.is_empty() && !user.contains(':') => {
            Ok(Some(Some(ImportCredentials { user: user.to_owned(), password: password.to_owned() })))
        }
        _ => Err(ApiError::Invalid("give `user` and `password`, or an empty `user` for nobody".into())),
    }
}

/// The secret that is wanted, if one is.
fn given_secret(given: &AttachedBody) -> Result<Option<String>, ApiError> {
    let Some(secret) = &given.secret else { return Ok(None) };
    let is_plain = secret.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain && SECRET_LETTERS.contains(&secret.len()) {
        return Ok(Some(secret.clone()));
    }
    let (least, most) = (SECRET_LETTERS.start(), SECRET_LETTERS.end());
    Err(ApiError::Invalid(format!("a secret has {least} to {most} letters, digits and signs, and no spaces")))
}

fn new_secret() -> Result<String, ApiError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| ApiError::Storage(Box::new(error)))?;
    Ok(signature::new_secret(random))
}

async fn put(
    caller: Caller,
    State(state): State<ApiState>,
    Named(name): Named,
    content: Bytes,
) -> Result<(StatusCode, Json<AttachedRegistryView>), ApiError> {
    let registry = caller.default_registry(&state, Action::ATTACHED_WRITE).await?;
    let given: AttachedBody = body(&content)?;
    check_name(&name)?;
    let (host, settings) = wanted(&state, &given)?;
    let (login, secret) = (login(&given)?, given_secret(&given)?);
    let found = state.store.attachment_by_name(&name).await?;
    if let Some(present) = found.filter(|found| found.registry.attached_to == Some(registry)) {
        // Credentials are for one host and one kind of line.
        let has_moved = present.settings.address != settings.address;
        let login = login.or(has_moved.then_some(None));
        let change = AttachmentChange { settings: Some((host, settings)), login, secret };
        let id = present.registry.id;
        state.store.change_attachment(id, change, &caller.actor(), Timestamp::now()).await?;
        attached::poll_due(&*state.store, Timestamp::now()).await;
        return Ok((StatusCode::OK, Json(current(&state, id, &name).await?)));
    }
    let made = if secret.is_none() { Some(new_secret()?) } else { None };
    let new = NewAttachment {
        to: registry,
        name: name.clone(),
        host,
        settings,
        login: login.flatten(),
        secret: secret.or_else(|| made.clone()).unwrap_or_default(),
    };
    match state.store.attach(new, &caller.actor(), Timestamp::now()).await? {
        Attached::Now(attachment) => {
            attached::poll_due(&*state.store, Timestamp::now()).await;
            Ok((
                StatusCode::CREATED,
                Json(AttachedRegistryView { secret: made, ..view(&state, &attachment) }),
            ))
        }
        Attached::NameTaken => {
            Err(ApiError::Conflict(format!("there is a registry `{name}` already; choose another name")))
        }
        Attached::TooMany => Err(ApiError::Conflict(format!(
            "{} registries are attached already, which is as many as can be",
            Attachment::MOST
        ))),
    }
}

async fn current(
    state: &ApiState,
    id: store::RegistryId,
    name: &str,
) -> Result<AttachedRegistryView, ApiError> {
    let attachment = state.store.attachment(id).await?;
    let attachment = attachment.ok_or_else(|| ApiError::NotFound(format!("attached registry `{name}`")))?;
    Ok(view(state, &attachment))
}

async fn detach(
    caller: Caller,
    State(state): State<ApiState>,
    Named(name): Named,
) -> Result<StatusCode, ApiError> {
    let attachment = named(&caller, &state, Action::ATTACHED_DELETE, &name).await?;
    match state.store.delete_registry(attachment.registry.id, &caller.actor(), Timestamp::now()).await? {
        RegistryRemoval::Removed => Ok(StatusCode::NO_CONTENT),
        RegistryRemoval::Absent | RegistryRemoval::First => {
            Err(ApiError::NotFound(format!("attached registry `{name}`")))
        }
    }
}

/// Looks at a registry now.
async fn poll(
    caller: Caller,
    State(state): State<ApiState>,
    Named(name): Named,
) -> Result<(StatusCode, Json<AttachedRegistryView>), ApiError> {
    let attachment = named(&caller, &state, Action::ATTACHED_WRITE, &name).await?;
    state.store.enqueue(vec![poll_job(&attachment)], Timestamp::now()).await?;
    Ok((StatusCode::ACCEPTED, Json(view(&state, &attachment))))
}

/// Makes another secret for notifications; the one before is void at once.
async fn renew_secret(
    caller: Caller,
    State(state): State<ApiState>,
    Named(name): Named,
) -> Result<Json<AttachedRegistryView>, ApiError> {
    let attachment = named(&caller, &state, Action::ATTACHED_WRITE, &name).await?;
    let secret = new_secret()?;
    let change = AttachmentChange { secret: Some(secret.clone()), ..AttachmentChange::default() };
    let id = attachment.registry.id;
    state.store.change_attachment(id, change, &caller.actor(), Timestamp::now()).await?;
    Ok(Json(AttachedRegistryView { secret: Some(secret), ..current(&state, id, &name).await? }))
}

/// Takes a notification. What it speaks of is looked at; that is durable when this is answered.
async fn notify(
    State(state): State<ApiState>,
    Named(name): Named,
    headers: HeaderMap,
    content: Bytes,
) -> Result<(StatusCode, Json<NotifiedView>), ApiError> {
    let now = Timestamp::now();
    // Who does not know the secret does not learn either whether there is such a registry.
    let attachment = state.store.attachment_by_name(&name).await?;
    let attachment = attachment
        .filter(|found| notification::is_from_friend(&found.secret, &headers, &content, now))
        .ok_or(ApiError::Unauthenticated)?;
    let hints =
        notification::read(&headers, &content).map_err(|error| ApiError::Invalid(error.to_string()))?;
    let covered = hints.into_iter().filter(|hint| attachment.settings.covers(hint.repository.as_str()));
    let jobs: Vec<NewJob> =
        covered.map(|hint| notified_job(&attachment, hint.repository, hint.tag)).collect();
    let looks = jobs.len();
    if looks > 0 {
        state.store.enqueue(jobs, now).await?;
    }
    tracing::debug!(registry = name, looks, "an attached registry has told something");
    Ok((StatusCode::ACCEPTED, Json(NotifiedView { looks })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_with(user: Option<&str>, password: Option<&str>, secret: Option<&str>) -> AttachedBody {
        AttachedBody {
            address: "h.test".into(),
            repositories: vec!["*".into()],
            poll_seconds: None,
            user: user.map(str::to_owned),
            password: password.map(str::to_owned),
            secret: secret.map(str::to_owned),
        }
    }

    #[test]
    fn credentials_are_both_or_none() {
        let of = |user, password| login(&body_with(user, password, None));
        assert!(matches!(of(None, None), Ok(None)));
        assert!(matches!(of(Some(""), None), Ok(Some(None))));
        assert!(matches!(of(Some("u"), Some("p")), Ok(Some(Some(_)))));
        for (user, password) in
            [(Some("u"), None), (None, Some("p")), (Some(""), Some("p")), (Some("u:v"), Some("p"))]
        {
            assert!(of(user, password).is_err(), "{user:?} {password:?}");
        }
    }

    #[test]
    fn a_secret_is_long_and_plain() {
        let of = |secret| given_secret(&body_with(None, None, Some(secret)));
        assert!(of("0123456789012345678-").is_ok());
        for wrong in ["", "short", "0123456789 0123456789", "0123456789012345678ä", &"a".repeat(201)] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_parts_of_paths() {
        for right in ["hub", "docker-hub", "a1"] {
            assert!(check_name(right).is_ok(), "{right}");
        }
        for wrong in ["", "a", "1a", "-a", "a-", "A", "a.b", "a/b", "ä1", &"a".repeat(51)] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
