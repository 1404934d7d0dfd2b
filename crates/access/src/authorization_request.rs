//! What an application asks for when it sends a browser to be signed in: an authorization code (RFC 6749, section 4.1)
//! that only whoever asked can redeem (RFC 7636).
//!
//! The request travels through the browser from the endpoint that checked it to the page that asks the person, sealed;
//! a page that trusted the browser with the address to send somebody back to would send them anywhere.

use crate::PageSeal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// How long somebody has to sign in before the application has to ask again.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);
/// What the seal of a request belongs to.
const PURPOSE: &[&str] = &["authorization-request"];

/// How the code goes back to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the address that the browser is sent to.
    Query,
    /// In a form that the browser sends (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// What an application asks for. Whoever makes one has checked the address to go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The application.
    pub client: String,
    /// Its name for people, where it is registered.
    pub client_name: Option<String>,
    /// Whether the application has to prove itself when it redeems the code.
    pub is_confidential: bool,
    /// Where to go back to.
    pub redirect: String,
    /// How.
    pub mode: ResponseMode,
    /// What the application wants to see again.
    pub state: Option<String>,
    /// What for.
    pub scope: String,
    /// What the application wants to see in the identity token.
    pub nonce: Option<String>,
    /// The SHA-256 of a secret of the application, in base64url (`S256`).
    pub challenge: Option<String>,
}

/// A request on its way, and until when it is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRequest {
    /// The request.
    pub request: AuthorizationRequest,
    /// From when on it is too late, in seconds.
    expires: i64,
}

/// What is kept of a code that was given, under the code's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedCode {
    /// What was asked for.
    pub request: AuthorizationRequest,
    /// Who signed in.
    pub principal: Uuid,
    /// The number of their session: when it is over, the code is worth nothing.
    pub generation: i64,
}

impl GrantedCode {
    /// The kind under which codes are kept for a moment.
    pub const KIND: &'static str = "authorization-code";
    /// How long an application has to redeem a code.
    pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

    /// The name under which a code is kept. Whoever reads the records learns no code by it.
    pub fn key(seal: &PageSeal, code: &str) -> String {
        seal.derived_secret(&[Self::KIND, code])
    }
}

impl PendingRequest {
    /// A request that begins now.
    pub fn new(request: AuthorizationRequest, now: Timestamp) -> Self {
        Self { request, expires: now.as_second().saturating_add(PATIENCE.as_secs()) }
    }

    /// Seals it for its way through a browser; none if it is too long for that.
    pub fn seal(&self, seal: &PageSeal) -> Option<String> {
        let text = serde_json::to_string(self).ok()?;
        let sealed = seal.seal(&text, PURPOSE);
        seal.open(&sealed, PURPOSE).map(|_| sealed)
    }

    /// The request of a seal, if it is ours and not too old.
    pub fn open(sealed: &str, seal: &PageSeal, now: Timestamp) -> Option<AuthorizationRequest> {
        let pending: Self = serde_json::from_str(&seal.open(sealed, PURPOSE)?).ok()?;
        (now.as_second() < pending.expires).then_some(pending.request)
    }
}

impl AuthorizationRequest {
    /// Whether this verifier is the secret behind the challenge, given its SHA-256 (RFC 7636, section 4.6).
    pub fn is_verified_by(&self, sha256: &[u8; 32]) -> bool {
        let challenge = self.challenge.as_deref().unwrap_or_default();
        bool::from(URL_SAFE_NO_PAD.encode(sha256).as_bytes().ct_eq(challenge.as_bytes()))
    }

    /// The origin of the address to go back to, such as `http://localhost:8400`.
    pub fn origin(&self) -> &str {
        let host = self.redirect.find("://").map_or(0, |at| at + 3);
        let end = self.redirect[host..].find(['/', '?']).map_or(self.redirect.len(), |at| host + at);
        &self.redirect[..end]
    }
}

/// Whether an address is one of the machine on which the browser runs (RFC 8252, section 7.3): `http`, a loopback name
/// or address, any port, no user, no fragment, and no sign that a browser might read in another way.
pub fn is_loopback(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("http://") else { return false };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?=&%[]+,;".contains(c);
    if !rest.chars().all(is_plain) {
        return false;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let port = ["localhost", "127.0.0.1", "[::1]"].iter().find_map(|host| authority.strip_prefix(host));
    match port {
        Some("") => true,
        Some(port) => port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> AuthorizationRequest {
        AuthorizationRequest {
            client: "az".into(),
            client_name: None,
            is_confidential: false,
            redirect: "http://localhost:8400/back?x=1".into(),
            mode: ResponseMode::Query,
            state: Some("state".into()),
            scope: "openid".into(),
            nonce: None,
            // RFC 7636, appendix B.
            challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into()),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_request_comes_back_as_it_was_sealed_and_in_time() {
        let seal = PageSeal::new(&[1; 32]);
        let sealed = PendingRequest::new(request(), at(0)).seal(&seal).unwrap();
        assert_eq!(PendingRequest::open(&sealed, &seal, at(1799)), Some(request()));
        assert_eq!(PendingRequest::open(&sealed, &seal, at(1800)), None);
        assert_eq!(PendingRequest::open(&sealed, &PageSeal::new(&[2; 32]), at(1)), None);
        let other = seal.seal("{}", &["portal-session"]);
        assert_eq!(PendingRequest::open(&other, &seal, at(1)), None);
        let long = AuthorizationRequest { scope: "x".repeat(4000), ..request() };
        assert_eq!(PendingRequest::new(long, at(0)).seal(&seal), None);
    }

    #[test]
    fn a_challenge_is_met_by_its_secret_alone() {
        let sha256: [u8; 32] =
            URL_SAFE_NO_PAD.decode(request().challenge.unwrap()).unwrap().try_into().unwrap();
        assert!(request().is_verified_by(&sha256));
        assert!(!request().is_verified_by(&[0; 32]));
        assert!(!AuthorizationRequest { challenge: None, ..request() }.is_verified_by(&sha256));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for yes in [
            "http://localhost",
            "http://localhost:8400",
            "http://localhost:8400/",
            "http://127.0.0.1:1/back?x=y",
            "http://[::1]:65535",
        ] {
            assert!(is_loopback(yes), "{yes}");
        }
        for no in [
            "https://localhost",
            "http://localhost.evil.test",
            "http://localhost:8400@evil.test",
            "http://localhost@evil.test",
            "http://localhost:65536",
            "http://localhost:",
            "http://localhost\\@evil.test",
            "http://localhost:80#@evil.test",
            "http://127.0.0.1.evil.test",
            "http://127.0.0.2",
            "http://evil.test/localhost",
            "http://localhost:80\r\nx",
            "http:// localhost",
            "//localhost",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!is_loopback(no), "{no}");
        }
        assert_eq!(request().origin(), "http://localhost:8400");
        assert_eq!(
            AuthorizationRequest { redirect: "http://[::1]".into(), ..request() }.origin(),
            "http://[::1]"
        );
    }
}
