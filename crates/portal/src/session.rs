//! Who the visitor is: a sealed cookie that names them for some hours.
//!
//! The cookie goes to this host alone, not to scripts, and not along with requests that another site starts
//! (`SameSite=Strict`); forms are accepted from this origin alone (attack C20).
//! A session that somebody ended stays ended, whoever has kept its cookie.

use crate::return_path::ReturnPath;
use crate::{PageError, PortalState};
use access::{Action, Assignment, Principal, ResourceId, Trail, decide};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::{Registry, RegistryId, Transient, TransientBounds};
use uuid::Uuid;

/// How long a sign-in lasts.
const LIFETIME: SignedDuration = SignedDuration::from_hours(8);
const COOKIE: &str = "lazaretto-session";
/// What the seal of a session belongs to, so that no other sealed text passes for one.
const PURPOSE: &[&str] = &["portal-session"];
/// The kind under which ended sessions are kept until they would have ended by themselves.
const ENDED: &str = "ended-session";
const ENDED_BOUNDS: TransientBounds = TransientBounds { all: 100_000, of_owner: 1000 };

/// What a session's cookie says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its own name.
    id: Uuid,
    principal: Uuid,
    /// The number of the principal's sessions when it began.
    pub(crate) generation: i64,
    expires: Timestamp,
    /// The provider that said who it is; none for a password.
    pub(crate) provider: Option<String>,
}

impl Session {
    /// Begins a session; the cookie that holds it.
    ///
    /// # Errors
    /// When the records fail, or the system has no randomness.
    pub(crate) async fn begin(
        state: &PortalState,
        principal: &Principal,
        provider: Option<&str>,
    ) -> Result<String, PageError> {
        let session = Self {
            id: uuid::Builder::from_random_bytes(random()?).into_uuid(),
            principal: principal.id,
            generation: state.entrance.generation(principal).await?,
            expires: Timestamp::now().checked_add(LIFETIME).map_err(|_| PageError::Session)?,
            provider: provider.map(str::to_owned),
        };
        Ok(cookie(state, &state.seal.seal(&session.place(), PURPOSE), LIFETIME.as_secs()))
    }

    fn place(&self) -> String {
        let provider = self.provider.as_deref().unwrap_or_default();
        let expires = self.expires.as_second();
        format!("{}|{expires}|{}|{}|{provider}", self.principal, self.generation, self.id)
    }

    /// The session of a request, if its cookie is ours and not too old.
    pub(crate) fn of(state: &PortalState, headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        let place = state.seal.open(cookie_value(headers, COOKIE)?, PURPOSE)?;
        let mut parts = place.splitn(5, '|');
        let principal = parts.next()?.parse().ok()?;
        let expires = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
        let (generation, id) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let provider = parts.next().filter(|name| !name.is_empty()).map(str::to_owned);
        (now < expires).then_some(Self { id, principal, generation, expires, provider })
    }

    /// Ends it for whoever has its cookie. Returns the cookie that takes its place.
    ///
    /// # Errors
    /// When the records fail.
    pub(crate) async fn end(&self, state: &PortalState) -> Result<(), PageError> {
        let ended = Transient {
            key: self.id.to_string(),
            owner: self.principal.to_string(),
            body: Value::Null,
            expires_at: self.expires,
        };
        state.store.add_transient(ENDED, ended, ENDED_BOUNDS, Timestamp::now()).await?;
        Ok(())
    }
}

/// The cookie that takes the place of a session's.
pub(crate) fn no_session(state: &PortalState) -> String {
    cookie(state, "", 0)
}

fn cookie(state: &PortalState, value: &str, seconds: i64) -> String {
    let secure = if state.secure { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/portal; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

/// The value of a cookie of a request.
pub(crate) fn cookie_value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Random bytes.
///
/// # Errors
/// When the system has none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], PageError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| PageError::Session)?;
    Ok(bytes)
}

/// Where a form was sent to, as the browser named this server.
pub(crate) struct SentTo {
    host: String,
    origin: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for SentTo {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let text = |name| parts.headers.get(name).map(|value| value.to_str().unwrap_or("").to_owned());
        // HTTP/2, which browsers speak wherever there is TLS, names the host in the address and not in a header.
        let authority = || parts.uri.authority().map(|authority| authority.as_str().to_owned());
        let host = text(header::HOST).or_else(authority).unwrap_or_default();
        Ok(Self { host, origin: text(header::ORIGIN) })
    }
}

impl SentTo {
    /// A browser says where a form comes from; one from another place is refused. A proxy in front of the server may send
    /// another host than the browser asked, so that the address under which the server is reached is ours too.
    ///
    /// # Errors
    /// When the form comes from elsewhere.
    pub(crate) fn own(&self, state: &PortalState) -> Result<(), PageError> {
        let Some(origin) = &self.origin else { return Ok(()) };
        let from = origin.split_once("://").map_or("", |(_, from)| from);
        let is_host = !from.is_empty() && from.eq_ignore_ascii_case(&self.host);
        let is_ours = is_host || origin.eq_ignore_ascii_case(&state.url);
        if is_ours { Ok(()) } else { Err(PageError::ForeignForm) }
    }
}

/// Somebody who signed in.
pub(crate) struct Visitor {
    pub(crate) principal: Principal,
    pub(crate) session: Session,
    assignments: Vec<Assignment>,
}

impl FromRequestParts<PortalState> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &PortalState) -> Result<Self, PageError> {
        // Only what is asked for again by going there can be gone back to.
        let wanted = parts.uri.path_and_query().filter(|_| parts.method == Method::GET);
        let first = || PageError::SignInFirst(ReturnPath::parse(wanted.map(|path| path.as_str())).sign_in());
        let now = Timestamp::now();
        let session = Session::of(state, &parts.headers, now).ok_or_else(first)?;
        if state.store.transient(ENDED, &session.id.to_string(), now).await?.is_some() {
            return Err(first());
        }
        let principal = state.entrance.session(session.principal, session.generation).await?;
        let principal = principal.ok_or_else(first)?;
        if let Some(trail) = parts.extensions.get::<Trail>() {
            trail.identified(&principal);
        }
        let assignments = state.entrance.assignments(&principal).await?;
        Ok(Self { principal, session, assignments })
    }
}

impl Visitor {
    /// The visitor with their roles, for queries.
    pub(crate) fn viewer(&self) -> graph::Viewer {
        graph::Viewer { principal: self.principal.clone(), assignments: self.assignments.clone() }
    }

    /// The name to show.
    pub(crate) fn name(&self) -> &str {
        &self.principal.name
    }

    /// Whether the visitor may perform the action at a scope.
    pub(crate) fn may(&self, action: Action, scope: &ResourceId) -> bool {
        decide(&self.assignments, &self.principal, action, scope).is_allowed()
    }

    /// The registries in which the visitor may perform the action.
    pub(crate) async fn registries(
        &self,
        state: &PortalState,
        action: Action,
    ) -> Result<Vec<Registry>, PageError> {
        let mut allowed = Vec::new();
        for subscription in state.store.subscriptions().await? {
            for registry in state.store.registries(subscription.id).await? {
                let scope = ResourceId::parse(&format!(
                    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}",
                    registry.subscription, registry.resource_group, registry.name
                ));
                if scope.is_ok_and(|scope| self.may(action, &scope)) {
                    allowed.push(registry);
                }
            }
        }
        if allowed.is_empty() { Err(PageError::Forbidden) } else { Ok(allowed) }
    }
}

/// The ids of registries.
pub(crate) fn ids(registries: &[Registry]) -> Vec<RegistryId> {
    registries.iter().map(|registry| registry.id).collect()
}
