//! Who somebody is: the questions that the server answers for the portal.

use access::token::TokenError;
use access::{Assignment, Principal};
use async_trait::async_trait;
use std::net::IpAddr;
use uuid::Uuid;

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Name or password is wrong.
    #[error("The user name or the password is wrong.")]
    Wrong,
    /// Too many wrong ones before.
    #[error("Too many failed sign-ins; try again in {0} seconds.")]
    TooMany(u64),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Compares passwords and knows roles; the server has the one implementation.
#[async_trait]
pub trait Entrance: Send + Sync {
    /// The principal with this name and password.
    async fn password(&self, name: &str, word: &str, address: Option<IpAddr>) -> Result<Principal, Refusal>;
    /// The principal of a session that began with this number; `None` if the session is over.
    async fn session(&self, id: Uuid, generation: i64) -> Result<Option<Principal>, store::Error>;
    /// The number of the sessions of a principal that begin now: another password gives another one.
    async fn generation(&self, principal: &Principal) -> Result<i64, store::Error>;
    /// The roles of a principal.
    async fn assignments(&self, principal: &Principal) -> Result<Vec<Assignment>, store::Error>;
}

/// A provider, as a visitor chooses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderTitle {
    /// Its word in addresses.
    pub name: String,
    /// Its name for people.
    pub title: String,
}

/// One sign-in at a provider. All three are random, and belong to this sign-in alone.
#[derive(Debug, Clone, Copy)]
pub struct ProviderAttempt<'a> {
    /// Where the provider sends the browser back to.
    pub redirect: &'a str,
    /// What it brings along then.
    pub state: &'a str,
    /// What stands in the identity token.
    pub nonce: &'a str,
    /// What only we know, so that nobody else redeems the code (RFC 7636).
    pub verifier: &'a str,
}

/// Why a provider let nobody in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// There is no provider of this name.
    #[error("there is no such sign-in provider")]
    Unknown,
    /// It does not answer, or not as a provider does.
    #[error("{title} cannot be used to sign in now: {why}")]
    Unusable {
        /// Its name for people.
        title: String,
        /// Why, without a secret.
        why: String,
    },
    /// It says no.
    #[error("{title} did not sign you in: {why}")]
    Refused {
        /// Its name for people.
        title: String,
        /// What it says.
        why: String,
    },
    /// What it says of the visitor cannot be trusted.
    #[error("what {title} says of you cannot be trusted: {source}")]
    Untrusted {
        /// Its name for people.
        title: String,
        /// Why.
        source: TokenError,
    },
    /// It knows the visitor, and no rule lets them in.
    #[error("{title} knows you as {name}, but no rule of this server lets you in; ask its operator for one")]
    NotAdmitted {
        /// Its name for people.
        title: String,
        /// The visitor's name there.
        name: String,
    },
    /// The account is disabled, or is not there any more.
    #[error("your account {0} is disabled or missing here; ask the operator of this server")]
    Disabled(String),
    /// Too many failed before.
    #[error("too many failed sign-ins; try again in {0} seconds")]
    TooMany(u64),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Others who say who somebody is; the server has the one implementation.
#[async_trait]
pub trait Providers: Send + Sync {
    /// All of them, in the order of the configuration.
    fn titles(&self) -> Vec<ProviderTitle>;

    /// The address at the provider where the visitor signs in.
    async fn begin(&self, provider: &str, attempt: ProviderAttempt<'_>) -> Result<String, ProviderError>;

    /// Whom the code is about that the provider sent along, after everything about it was checked.
    async fn finish(
        &self,
        provider: &str,
        attempt: ProviderAttempt<'_>,
        code: &str,
        address: Option<IpAddr>,
    ) -> Result<Principal, ProviderError>;

    /// Whether an answer says that it comes from another provider than the one that was asked (RFC 9207).
    async fn is_mixed_up(&self, provider: &str, issuer: Option<&str>) -> Result<bool, ProviderError>;

    /// The address at the provider where the visitor signs out there too, if it has one.
    async fn leave(&self, provider: &str) -> Option<String>;
}
