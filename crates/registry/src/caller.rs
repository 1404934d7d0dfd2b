//! Who calls, and whether they may.
//!
//! Three answers are kept apart: 401 says who are you, or get a token that opens this; 403 says you may not.
//! Both are given before anything is looked up, so that neither tells whether the repository exists.
//! A bearer token opens at most what it names, and only as long as its owner still has the right.

use crate::authority::{Grant, Permission, SignIn};
use crate::challenge::{Challenge, Fault};
use crate::error::RegistryError;
use crate::{Need, RegistryState, Site};
use access::{Principal, Trail};
use axum::extract::ConnectInfo;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header;
use http::request::Parts;
use oci::RepositoryName;
use std::net::{IpAddr, SocketAddr};
use store::Actor;

/// The user name by which a refresh token is shown as a password.
const TOKEN_USER: &str = "00000000-0000-0000-0000-000000000000";

/// Somebody who signed in.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// What the token opens; none for somebody who came with a password, who may all that they have a right to.
    grant: Option<Grant>,
}

/// A user name and a password, as Basic authentication carries them.
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Caller {
    /// How history names the caller, and what upload sessions are bound to.
    pub(crate) fn actor(&self) -> Actor {
        Actor(self.principal.name.clone())
    }

    /// Whether the caller may, with what they have shown, use this right.
    pub(crate) async fn may(
        &self,
        state: &RegistryState,
        site: &Site,
        permission: Permission,
        repository: Option<&RepositoryName>,
    ) -> Result<bool, RegistryError> {
        let opens = self.grant.as_ref().is_none_or(|grant| grant.opens(permission, repository));
        Ok(opens && state.authority.allowed(site, &self.principal, permission, repository).await?)
    }
}

/// Lets a caller in who has what the route needs.
pub(crate) async fn admit(
    state: &RegistryState,
    site: &Site,
    parts: &Parts,
    need: Need,
    repository: Option<&RepositoryName>,
) -> Result<Caller, RegistryError> {
    let challenge =
        |fault| RegistryError::Unauthenticated(Box::new(Challenge::new(site, need, repository, fault)));
    let caller = match authorization(parts) {
        Some(("basic", encoded)) => {
            let credentials = decode_basic(encoded).ok_or_else(|| challenge(None))?;
            let principal = sign_in(state, site, &credentials, address(parts)).await?;
            Caller { principal: principal.ok_or_else(|| challenge(None))?, grant: None }
        }
        Some(("bearer", token)) => {
            let grant = state.authority.verify_access(site, token).await?;
            let grant = grant.ok_or_else(|| challenge(Some(Fault::InvalidToken)))?;
            Caller { principal: grant.principal.clone(), grant: Some(grant) }
        }
        Some(_) | None => return Err(challenge(None)),
    };
    if let Some(trail) = parts.extensions.get::<Trail>() {
        trail.identified(&caller.principal);
    }
    let permission = match need {
        Need::SignedIn => return Ok(caller),
        Need::Catalog => Permission::Catalog,
        Need::DeletedCatalog => Permission::DeletedCatalog,
        Need::Repository(permission) => permission,
    };
    if !state.authority.allowed(site, &caller.principal, permission, repository).await? {
        return Err(RegistryError::Denied);
    }
    if !caller.grant.as_ref().is_none_or(|grant| grant.opens(permission, repository)) {
        return Err(challenge(Some(Fault::InsufficientScope)));
    }
    Ok(caller)
}

/// Signs in with a password, or with a refresh token in its place.
pub(crate) async fn sign_in(
    state: &RegistryState,
    site: &Site,
    credentials: &Credentials,
    address: Option<IpAddr>,
) -> Result<Option<Principal>, RegistryError> {
    let Credentials { user, password } = credentials;
    if user == TOKEN_USER {
        return Ok(state.authority.verify_refresh(site, password).await?);
    }
    match state.authority.authenticate_basic(site, user, password, address).await? {
        SignIn::Known(principal) => Ok(Some(principal)),
        SignIn::Wrong => Ok(None),
        SignIn::TooMany { retry_after_seconds } => {
            Err(RegistryError::TooManyAttempts { retry_after_seconds })
        }
    }
}

/// The credentials of a Basic header, if there is one that can be read.
pub(crate) fn basic_credentials(parts: &Parts) -> Option<Credentials> {
    match authorization(parts) {
        Some(("basic", encoded)) => decode_basic(encoded),
        Some(_) | None => None,
    }
}

/// The address of the client, where the listener tells it.
pub(crate) fn address(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

/// The scheme and what follows it. A request with two such headers has none: they could be read as either.
fn authorization(parts: &Parts) -> Option<(&'static str, &str)> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    let scheme = ["basic", "bearer"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    Some((scheme, rest.trim()))
}

fn decode_basic(encoded: &str) -> Option<Credentials> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(Credentials { user: user.to_owned(), password: password.to_owned() })
}
