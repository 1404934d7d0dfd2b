//! Where a provider's endpoints are, and its keys (OpenID Connect Discovery 1.0).
//!
//! Both are kept for some time. A token that names a key which is not known yet has the keys fetched again, so that a
//! provider may change them whenever it likes; but not more than once a minute, so that nobody can have them fetched with
//! every token that they make up.

use super::settings::is_protected;
use super::{Question, SendError, Sender};
use access::token::ProviderKeys;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Discovery documents and key sets have some kilobytes.
const LONGEST: usize = 512 << 10;
/// How long a document is believed.
const DOCUMENT_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// How long keys are believed: a key that was taken back is no key any more after that.
const KEYS_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// How often keys are fetched at most.
const KEYS_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// What a provider says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Discovered {
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) end_session_endpoint: Option<String>,
    jwks_uri: String,
    /// Whether it takes our secret as Basic authentication, which it does where it says nothing.
    pub(super) takes_basic: bool,
    /// Whether it says with each answer who it is (RFC 9207).
    pub(super) always_says_issuer: bool,
}

/// Why a provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiscoveryError {
    /// It cannot be asked.
    #[error(transparent)]
    Send(#[from] SendError),
    /// It does not answer as a provider does.
    #[error("its {what} was answered with {status}")]
    Status { what: &'static str, status: u16 },
    /// The document is none.
    #[error("its {0} is not what OpenID Connect says it should be")]
    Malformed(&'static str),
    /// It speaks for somebody else.
    #[error("its discovery document is of {0:?}, and not of the issuer that is configured")]
    Issuer(String),
    /// Codes and secrets would go unprotected.
    #[error("its discovery document names the {0} without TLS")]
    Unprotected(&'static str),
    /// It cannot do what is needed.
    #[error("it does not support {0}")]
    Unsupported(&'static str),
}

/// The wire form.
#[derive(Deserialize)]
struct Wire {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
    response_types_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What is known of a provider now.
pub(super) struct Discovery {
    issuer: String,
    document: Mutex<Option<(Arc<Discovered>, Timestamp)>>,
    keys: Mutex<Option<(Arc<ProviderKeys>, Timestamp)>>,
}

impl Discovery {
    pub(super) fn new(issuer: String) -> Self {
        Self { issuer, document: Mutex::default(), keys: Mutex::default() }
    }

    /// What the provider says of itself.
    pub(super) async fn document(
        &self,
        sender: &Sender,
        now: Timestamp,
    ) -> Result<Arc<Discovered>, DiscoveryError> {
        // Whoever comes meanwhile waits, and asks nobody.
        let mut known = self.document.lock().await;
        if let Some((document, _)) = known.as_ref().filter(|(_, at)| is_fresh(*at, now, DOCUMENT_LIFETIME)) {
            return Ok(document.clone());
        }
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let value = fetch(sender, &address, "discovery document").await?;
        let found = Arc::new(read(value, &self.issuer)?);
        *known = Some((found.clone(), now));
        Ok(found)
    }

    /// Keys among which is the one of this name, if the provider has it.
    pub(super) async fn keys(
        &self,
        sender: &Sender,
        document: &Discovered,
        name: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<ProviderKeys>, DiscoveryError> {
        let mut known = self.keys.lock().await;
        if let Some((keys, at)) = known.as_ref() {
            let is_known = keys.has(name) && is_fresh(*at, now, KEYS_LIFETIME);
            if is_known || is_fresh(*at, now, KEYS_PAUSE) {
                return Ok(keys.clone());
            }
        }
        let value = fetch(sender, &document.jwks_uri, "key set").await?;
        let keys = ProviderKeys::from_jwks(&value).map_err(|_| DiscoveryError::Malformed("key set"))?;
        let keys = Arc::new(keys);
        *known = Some((keys.clone(), now));
        Ok(keys)
    }
}

fn is_fresh(at: Timestamp, now: Timestamp, lifetime: SignedDuration) -> bool {
    now.duration_since(at).abs() < lifetime
}

async fn fetch(sender: &Sender, address: &str, what: &'static str) -> Result<Value, DiscoveryError> {
    let document = sender.document(address, Question::Get, LONGEST).await?;
    if document.status != 200 {
        return Err(DiscoveryError::Status { what, status: document.status });
    }
    serde_json::from_slice(&document.content).map_err(|_| DiscoveryError::Malformed(what))
}

/// What a document says, if a sign-in can be built on it.
fn read(value: Value, issuer: &str) -> Result<Discovered, DiscoveryError> {
    let wire: Wire =
        serde_json::from_value(value).map_err(|_| DiscoveryError::Malformed("discovery document"))?;
    if wire.issuer != issuer {
        return Err(DiscoveryError::Issuer(wire.issuer.chars().take(200).collect()));
    }
    for (what, address) in [
        ("authorization endpoint", &wire.authorization_endpoint),
        ("token endpoint", &wire.token_endpoint),
        ("address of its keys", &wire.jwks_uri),
    ] {
        // An address with other signs could be read in two ways by us and by a browser.
        let is_plain =
            address.bytes().all(|byte| byte.is_ascii_graphic()) && !address.contains(['#', '\\', '"']);
        if !is_plain || !is_protected(address) {
            return Err(DiscoveryError::Unprotected(what));
        }
    }
    let offers = |list: &Option<Vec<String>>, word: &str| {
        list.as_ref().is_none_or(|words| words.iter().any(|one| one == word))
    };
    if !offers(&wire.response_types_supported, "code") {
        return Err(DiscoveryError::Unsupported("the authorization code flow"));
    }
    if !offers(&wire.code_challenge_methods_supported, "S256") {
        return Err(DiscoveryError::Unsupported("PKCE with S256"));
    }
    Ok(Discovered {
        takes_basic: offers(&wire.token_endpoint_auth_methods_supported, "client_secret_basic"),
        always_says_issuer: wire.authorization_response_iss_parameter_supported,
        end_session_endpoint: wire.end_session_endpoint.filter(|address| is_protected(address)),
        authorization_endpoint: wire.authorization_endpoint,
        token_endpoint: wire.token_endpoint,
        jwks_uri: wire.jwks_uri,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://login.example.com";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "jwks_uri": format!("{ISSUER}/keys"),
        })
    }

    fn check(name: &str, value: Value, expected: &str) {
        let mut changed = document();
        changed[name] = value;
        let said = read(changed, ISSUER).map_or_else(|error| error.to_string(), |_| "taken".to_owned());
        assert_eq!(said, expected);
    }

    #[test]
    fn a_document_is_believed_as_far_as_it_speaks_for_itself() {
        check("more", json!("is fine"), "taken");
        check(
            "issuer",
            json!("https://evil.example.com"),
            "its discovery document is of \"https://evil.example.com\", and not of the issuer that is configured",
        );
        for address in
            ["http://login.example.com/token", "https://a\\@b", "javascript:alert(1)", "", "https://a#b"]
        {
            check(
                "token_endpoint",
                json!(address),
                "its discovery document names the token endpoint without TLS",
            );
        }
        check("jwks_uri", json!(7), "its discovery document is not what OpenID Connect says it should be");
        check(
            "response_types_supported",
            json!(["id_token"]),
            "it does not support the authorization code flow",
        );
        check("code_challenge_methods_supported", json!(["plain"]), "it does not support PKCE with S256");
        check("code_challenge_methods_supported", json!(["plain", "S256"]), "taken");
    }

    /// Serves one key set after the other, and counts.
    async fn keys_of(names: &'static [&'static str]) -> (String, Arc<std::sync::atomic::AtomicUsize>) {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let answer = move || {
            let number = counted.fetch_add(1, Ordering::SeqCst).min(names.len() - 1);
            let mut key = access::token::SigningKey::from_seed(&[7; 32]).unwrap().jwk();
            key["kid"] = names[number].into();
            async move { axum::Json(json!({ "keys": [key] })) }
        };
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/keys", socket.local_addr().unwrap());
        let router = axum::Router::new().route("/keys", axum::routing::get(answer));
        tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        (address, asked)
    }

    #[tokio::test]
    async fn keys_are_looked_for_when_one_is_unknown_and_now_and_then() {
        let (address, asked) = keys_of(&["one", "two"]).await;
        let sender = Sender::new(Arc::new(crate::sender::Reach::Anywhere)).unwrap();
        let discovery = Discovery::new(ISSUER.to_owned());
        let document = Discovered { jwks_uri: address, ..read(document(), ISSUER).unwrap() };
        let has = async |name: &str, second: i64| {
            let now = Timestamp::from_second(1_800_000_000 + second).unwrap();
            let keys = discovery.keys(&sender, &document, Some(name), now).await.unwrap();
            (keys.has(Some(name)), asked.load(std::sync::atomic::Ordering::SeqCst))
        };
        assert_eq!(has("one", 0).await, (true, 1));
        assert_eq!(has("one", 899).await, (true, 1), "kept for a quarter of an hour");
        assert_eq!(has("two", 59).await, (false, 1), "not within a minute");
        assert_eq!(has("two", 60).await, (true, 2), "an unknown one is looked for");
        assert_eq!(has("one", 61).await, (false, 2), "what was taken back is gone");
        assert_eq!(has("two", 960).await, (true, 3));
    }

    #[test]
    fn what_it_does_not_say_is_the_default_of_the_specification() {
        let found = read(document(), ISSUER).unwrap();
        assert!(found.takes_basic && !found.always_says_issuer && found.end_session_endpoint.is_none());
        let mut other = document();
        other["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
        other["end_session_endpoint"] = json!("http://login.example.com/leave");
        let found = read(other, ISSUER).unwrap();
        assert!(!found.takes_basic && found.end_session_endpoint.is_none());
    }
}
