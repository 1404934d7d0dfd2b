//! Providers of identities: others who say who a visitor of the portal is (OpenID Connect Core 1.0, authorization code
//! flow with PKCE).
//!
//! The operator names a provider and says what its claims give: an account that is here already, a group, a role at a
//! scope, or the mere right to come in. Whoever matches no rule is not let in, so that a provider that knows half the
//! world brings nobody along.
//! A provider's answers are foreign: they come through the guarded sender, are bounded, and are checked before anything
//! is believed ([`access::token::verify_identity`]).

mod discovery;
mod people;
mod rules;
mod settings;

pub(crate) use people::ProvidedRoles;
pub use rules::{ClaimRule, Gift, RuleError, WireRule};
pub use settings::{ProviderSettings, Secret, SettingsError, WireProvider};

use crate::sender::{Question, SendError, Sender, form};
use crate::sign_in::SignIn;
use access::Principal;
use access::token::{IdentityExpectation, ProvidedIdentity, signing_key_name, verify_identity};
use async_trait::async_trait;
use discovery::{Discovered, Discovery};
use jiff::Timestamp;
use portal::{ProviderAttempt, ProviderError, ProviderTitle};
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use store::Store;

/// An answer of a token endpoint is some tokens.
const LONGEST_ANSWER: usize = 256 << 10;

/// A provider, with what is known of it.
struct Provider {
    settings: ProviderSettings,
    discovery: Discovery,
}

/// All providers of the configuration.
pub(crate) struct Providers {
    all: Vec<Provider>,
    store: Arc<dyn Store>,
    sign_in: Arc<SignIn>,
    sender: Sender,
    /// Where browsers reach the server.
    url: String,
}

impl Providers {
    pub(crate) fn new(
        settings: Vec<ProviderSettings>,
        store: Arc<dyn Store>,
        sign_in: Arc<SignIn>,
        sender: Sender,
        url: String,
    ) -> Self {
        let provider = |settings: ProviderSettings| Provider {
            discovery: Discovery::new(settings.issuer.clone()),
            settings,
        };
        Self { all: settings.into_iter().map(provider).collect(), store, sign_in, sender, url }
    }

    fn find(&self, name: &str) -> Result<&Provider, ProviderError> {
        self.all.iter().find(|provider| provider.settings.name == name).ok_or(ProviderError::Unknown)
    }

    async fn discovered(&self, provider: &Provider) -> Result<Arc<Discovered>, ProviderError> {
        let found = provider.discovery.document(&self.sender, Timestamp::now()).await;
        found.map_err(|error| provider.unusable(error.to_string()))
    }

    /// Redeems a code for what the provider says of the visitor.
    async fn redeem(
        &self,
        provider: &Provider,
        attempt: ProviderAttempt<'_>,
        code: &str,
    ) -> Result<ProvidedIdentity, ProviderError> {
        let discovered = self.discovered(provider).await?;
        let settings = &provider.settings;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", attempt.redirect),
            ("code_verifier", attempt.verifier),
            ("client_id", &settings.client_id),
        ];
        let secret = settings.client_secret.as_ref().map(Secret::reveal);
        let credentials = match secret {
            Some(secret) if discovered.takes_basic => Some((&*settings.client_id, secret)),
            Some(secret) => {
                fields.push(("client_secret", secret));
                None
            }
            None => None,
        };
        let question = Question::Form { fields: &fields, credentials };
        let answer = self.sender.document(&discovered.token_endpoint, question, LONGEST_ANSWER).await;
        let answer = answer.map_err(|error| provider.unusable(error.to_string()))?;
        let token = identity_token(&answer.content, answer.status)
            .map_err(|why| ProviderError::Refused { title: settings.title().to_owned(), why })?;
        let untrusted = |source| ProviderError::Untrusted { title: settings.title().to_owned(), source };
        let now = Timestamp::now();
        let key = signing_key_name(&token).map_err(untrusted)?;
        let keys = provider.discovery.keys(&self.sender, &discovered, key.as_deref(), now).await;
        let keys = keys.map_err(|error| provider.unusable(error.to_string()))?;
        let expected = IdentityExpectation {
            issuer: &settings.issuer,
            client: &settings.client_id,
            nonce: attempt.nonce,
        };
        verify_identity(&token, &keys, expected, now).map_err(untrusted)
    }
}

impl Provider {
    fn unusable(&self, why: String) -> ProviderError {
        ProviderError::Unusable { title: self.settings.title().to_owned(), why }
    }
}

/// What a token endpoint answers.
#[derive(Deserialize)]
struct TokenAnswer {
    id_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// The identity token of an answer, or what the provider says instead.
fn identity_token(content: &[u8], status: u16) -> Result<String, String> {
    let cut = |text: String| text.chars().filter(|c| !c.is_control()).take(300).collect::<String>();
    let answer: TokenAnswer = serde_json::from_slice(content)
        .map_err(|_| format!("its token endpoint answered {status} without a JSON object"))?;
    match (answer.error, answer.error_description, answer.id_token) {
        (Some(error), Some(description), _) => Err(cut(format!("{error}: {description}"))),
        (Some(error), None, _) => Err(cut(error)),
        (None, _, Some(token)) if status == 200 => Ok(token),
        (None, _, _) => Err(format!("its token endpoint answered {status} without an identity token")),
    }
}

#[async_trait]
impl portal::Providers for Providers {
    fn titles(&self) -> Vec<ProviderTitle> {
        let title = |provider: &Provider| ProviderTitle {
            name: provider.settings.name.clone(),
            title: provider.settings.title().to_owned(),
        };
        self.all.iter().map(title).collect()
    }

    async fn begin(&self, provider: &str, attempt: ProviderAttempt<'_>) -> Result<String, ProviderError> {
        let provider = self.find(provider)?;
        let discovered = self.discovered(provider).await?;
        let challenge = challenge(attempt.verifier);
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &provider.settings.client_id),
            ("redirect_uri", attempt.redirect),
            ("scope", &provider.settings.scopes),
            ("state", attempt.state),
            ("nonce", attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok(with_query(&discovered.authorization_endpoint, &query))
    }

    async fn finish(
        &self,
        provider: &str,
        attempt: ProviderAttempt<'_>,
        code: &str,
        address: Option<IpAddr>,
    ) -> Result<Principal, ProviderError> {
        let provider = self.find(provider)?;
        let now = Timestamp::now();
        // Each attempt makes this server ask another one: nobody does that as often as they like.
        let attempted = format!("provider from {address:?}");
        self.sign_in
            .check_attempt(&attempted, now)
            .map_err(|many| ProviderError::TooMany(many.retry_after_seconds))?;
        let identity = self.redeem(provider, attempt, code).await;
        self.sign_in.count_attempt(&attempted, identity.is_ok(), now);
        let identity = identity?;
        people::admit(&*self.store, &provider.settings, &identity, now).await
    }

    async fn is_mixed_up(&self, provider: &str, issuer: Option<&str>) -> Result<bool, ProviderError> {
        let provider = self.find(provider)?;
        Ok(match issuer {
            Some(issuer) => issuer != provider.settings.issuer,
            None => self.discovered(provider).await?.always_says_issuer,
        })
    }

    async fn leave(&self, provider: &str) -> Option<String> {
        let provider = self.find(provider).ok()?;
        let endpoint = self.discovered(provider).await.ok()?.end_session_endpoint.clone()?;
        let back = format!("{}/portal/sign-in", self.url);
        let query = form(&[("client_id", &provider.settings.client_id), ("post_logout_redirect_uri", &back)]);
        Some(with_query(&endpoint, &query))
    }
}

/// An address may have a query already (RFC 6749, section 3.1).
fn with_query(endpoint: &str, query: &str) -> String {
    let sign = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{sign}{query}")
}

/// The `S256` challenge of a verifier.
fn challenge(verifier: &str) -> String {
    use base64::Engine;
    use sha2::Digest;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_the_one_of_the_specification() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn an_answer_has_a_token_or_says_why_not() {
        assert_eq!(identity_token(br#"{"id_token":"a.b.c"}"#, 200), Ok("a.b.c".to_owned()));
        for (content, status, expected) in [
            (
                &br#"{"error":"invalid_grant","error_description":"used\u0007 before"}"#[..],
                400,
                "invalid_grant: used before",
            ),
            (br#"{"error":"invalid_client"}"#, 401, "invalid_client"),
            (b"<html>", 502, "its token endpoint answered 502 without a JSON object"),
            (br#"{"access_token":"x"}"#, 200, "its token endpoint answered 200 without an identity token"),
            (br#"{"id_token":"x"}"#, 500, "its token endpoint answered 500 without an identity token"),
        ] {
            assert_eq!(identity_token(content, status), Err(expected.to_owned()));
        }
    }
}
