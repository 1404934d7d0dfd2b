//! What the routes need, and the questions that the server answers for them.

use access::token::ArmTokenUse;
use access::{Assignment, PageSeal, Principal, RateLimiter};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use store::{Installation, Store};
use uuid::Uuid;

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Name or password is wrong; which of the two is not told.
    #[error("the user name or the password is wrong")]
    Wrong,
    /// Too many wrong ones before; so many seconds are to pass.
    #[error("too many wrong passwords; try again in {0} seconds")]
    TooMany(u64),
    /// The server failed.
    #[error("the server could not check who this is")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// Tokens of the sign-in endpoint.
#[derive(Clone)]
pub struct IssuedTokens {
    /// To be shown to a service.
    pub access: String,
    /// To be exchanged for a new pair; programs get none, they have their secret.
    pub refresh: Option<String>,
    /// Seconds until the access token expires.
    pub expires_in: u64,
}

/// Who somebody is and what roles they have; the server has the one implementation.
#[async_trait]
pub trait Entrance: Send + Sync {
    /// The principal with this name and password.
    ///
    /// # Errors
    /// When there is none, after too many wrong ones, or when the records fail.
    async fn password(&self, name: &str, word: &str, address: Option<IpAddr>) -> Result<Principal, Refusal>;

    /// The principal whom a token of this kind was given to, for one of the audiences, if it holds, the account is still
    /// there, and the session is not over.
    ///
    /// # Errors
    /// When the records fail.
    async fn token(
        &self,
        token: &str,
        kind: ArmTokenUse,
        audiences: &[&str],
    ) -> Result<Option<Principal>, Refusal>;

    /// The principal of a session that began with this number; `None` if the session is over.
    ///
    /// # Errors
    /// When the records fail.
    async fn session(&self, id: Uuid, generation: i64) -> Result<Option<Principal>, Refusal>;

    /// The number of the sessions of a principal that begin now.
    ///
    /// # Errors
    /// When the records fail.
    async fn generation(&self, principal: &Principal) -> Result<i64, Refusal>;

    /// The program that signed an assertion with the key of one of its certificates, for one of the audiences.
    ///
    /// # Errors
    /// When it proves nothing, or when the records fail.
    async fn assertion(
        &self,
        program: &str,
        assertion: &str,
        audiences: &[&str],
    ) -> Result<Principal, Refusal>;

    /// The roles of a principal.
    ///
    /// # Errors
    /// When the records fail.
    async fn assignments(&self, principal: &Principal) -> Result<Vec<Assignment>, Refusal>;

    /// Tokens for a principal, for an audience; `None` if no tokens are made for it.
    ///
    /// # Errors
    /// When they cannot be signed.
    async fn issue(&self, principal: &Principal, audience: &str) -> Result<Option<IssuedTokens>, Refusal>;

    /// A token that tells an application who signed in to it.
    ///
    /// # Errors
    /// When it cannot be signed.
    async fn identity_token(
        &self,
        principal: &Principal,
        application: &str,
        nonce: Option<&str>,
    ) -> Result<String, Refusal>;

    /// The hash of a password that somebody chose.
    ///
    /// # Errors
    /// When it is too long, or the system has no randomness.
    async fn hash(&self, word: &str) -> Result<String, Refusal>;

    /// The public keys, as a JSON Web Key Set.
    fn jwks(&self) -> Value;
}

/// What the routes need.
#[derive(Clone)]
pub struct ArmState {
    /// The records.
    pub store: Arc<dyn Store>,
    /// Who somebody is.
    pub entrance: Arc<dyn Entrance>,
    /// Seals the places of pages.
    pub seal: PageSeal,
    /// Where clients reach the server, without a slash at the end.
    pub url: Arc<str>,
    /// The issuer of tokens.
    pub issuer: Arc<str>,
    /// Where queries of Resource Graph are handed in.
    pub desk: Arc<graph::Desk>,
    /// The installation.
    pub installation: Arc<Installation>,
    /// The domain below which registries are reached that are created later: `NAME.SUFFIX`, with the port.
    pub registry_suffix: Arc<str>,
    /// The plan that decides whether pushes are scanned.
    pub scan_plan: &'static str,
    /// Whether mail can be sent.
    pub sends_mail: bool,
    /// Counts requests, where there is a limit.
    pub rates: Option<Arc<Mutex<RateLimiter>>>,
    /// The time.
    pub clock: fn() -> Timestamp,
}

impl ArmState {
    /// The tenant.
    pub(crate) fn tenant(&self) -> Uuid {
        self.installation.tenant.0
    }
}
