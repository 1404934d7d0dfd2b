//! Identity tokens of somebody else: an OpenID Connect provider that says who a person is.
//!
//! Keys come from the provider's key set (RFC 7517), and from nowhere else: what a token's header brings along (`jwk`,
//! `jku`, `x5c`) is never looked at. A key verifies the algorithms of its own kind alone, all of them with a public key,
//! so that a public key never passes for a shared secret (RFC 8725, section 2.1).
//! Issuer, audience, nonce and times are held against arguments (OpenID Connect Core 1.0, section 3.1.3.7).

use super::{CLOCK_SKEW_SECONDS, MAXIMUM_LENGTH, TokenError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;
use subtle::ConstantTimeEq;

/// More keys than a provider ever publishes at a time.
const MAXIMUM_KEYS: usize = 100;
/// The lengths of RSA moduli, in bytes, that are trusted and that the library verifies.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// An identity token is taken right after it was made.
const LONGEST_AGE_SECONDS: i64 = 600;

/// The keys of a provider, as far as they can verify an identity token.
#[derive(Clone, Default)]
pub struct ProviderKeys(Vec<ProviderKey>);

#[derive(Clone)]
struct ProviderKey {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// What an identity token must say to be taken.
#[derive(Debug, Clone, Copy)]
pub struct IdentityExpectation<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// The name under which the provider knows us.
    pub client: &'a str,
    /// The number that we gave the sign-in.
    pub nonce: &'a str,
}

/// Whom a provider speaks of.
#[derive(Debug, Clone, PartialEq)]
pub struct ProvidedIdentity {
    /// The name of the person at the provider, which never changes and is never given to somebody else.
    pub subject: String,
    /// All that the token says.
    pub claims: Map<String, Value>,
}

/// A key as a key set holds it.
#[derive(Deserialize)]
struct WireKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl ProviderKeys {
    /// The keys of a key set. A key of a kind that is not known here is passed over, as RFC 7517 wants it.
    ///
    /// # Errors
    /// When it is no key set, or holds too many keys.
    pub fn from_jwks(document: &Value) -> Result<Self, TokenError> {
        let keys = document["keys"].as_array().ok_or(TokenError::Malformed)?;
        if keys.len() > MAXIMUM_KEYS {
            return Err(TokenError::Malformed);
        }
        Ok(Self(keys.iter().filter_map(key).collect()))
    }

    /// Whether there is a key of this name; a token without a name is meant for the only key.
    pub fn has(&self, kid: Option<&str>) -> bool {
        self.candidates(kid).next().is_some()
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn candidates(&self, kid: Option<&str>) -> impl Iterator<Item = &ProviderKey> {
        self.0.iter().filter(move |key| kid.is_none() || key.kid.as_deref() == kid)
    }
}

impl fmt::Debug for ProviderKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.kid)).finish()
    }
}

/// A key, if it verifies signatures in a way that is known here.
fn key(value: &Value) -> Option<ProviderKey> {
    let wire: WireKey = serde_json::from_value(value.clone()).ok()?;
    let is_for_signatures = wire.usage.as_deref().is_none_or(|usage| usage == "sig")
        && wire.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"));
    if !is_for_signatures {
        return None;
    }
    let bytes = |part: &Option<String>| URL_SAFE_NO_PAD.decode(part.as_deref()?.trim_end_matches('=')).ok();
    let (algorithms, key): (&[Algorithm], DecodingKey) = match (&*wire.kty, wire.crv.as_deref()) {
        ("RSA", _) => {
            let (modulus, exponent) = (bytes(&wire.n)?, bytes(&wire.e)?);
            let digits = modulus.iter().skip_while(|byte| **byte == 0).count();
            if !MODULUS_BYTES.contains(&digits) {
                return None;
            }
            (RSA, DecodingKey::from_rsa_raw_components(&modulus, &exponent))
        }
        ("EC", Some("P-256")) => (&[Algorithm::ES256], point(&wire, 32, bytes)?),
        ("EC", Some("P-384")) => (&[Algorithm::ES384], point(&wire, 48, bytes)?),
        ("OKP", Some("Ed25519")) => {
            let x = bytes(&wire.x).filter(|x| x.len() == 32)?;
            (&[Algorithm::EdDSA], DecodingKey::from_ed_der(&x))
        }
        _ => return None,
    };
    let algorithms: Vec<Algorithm> = match &wire.alg {
        Some(only) => algorithms.iter().copied().filter(|one| format!("{one:?}") == *only).collect(),
        None => algorithms.to_vec(),
    };
    (!algorithms.is_empty()).then_some(ProviderKey { kid: wire.kid, algorithms, key })
}

/// What a key of RSA verifies.
const RSA: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// A point of a curve whose numbers have so many bytes.
fn point(
    wire: &WireKey,
    length: usize,
    bytes: impl Fn(&Option<String>) -> Option<Vec<u8>>,
) -> Option<DecodingKey> {
    let is_whole = |part: &Option<String>| bytes(part).is_some_and(|bytes| bytes.len() == length);
    if !is_whole(&wire.x) || !is_whole(&wire.y) {
        return None;
    }
    DecodingKey::from_ec_components(wire.x.as_deref()?, wire.y.as_deref()?).ok()
}

/// The name of the key that signed a token, before anything is verified: it chooses among keys and proves nothing.
///
/// # Errors
/// When the token is none, or is signed with an algorithm that is not accepted.
pub fn signing_key_name(token: &str) -> Result<Option<String>, TokenError> {
    Ok(header(token)?.kid)
}

fn header(token: &str) -> Result<jsonwebtoken::Header, TokenError> {
    if token.len() > MAXIMUM_LENGTH * 4 {
        return Err(TokenError::Malformed);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|error| super::token_error(&error))?;
    let is_public = RSA.contains(&header.alg)
        || matches!(header.alg, Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA);
    if !is_public {
        return Err(TokenError::Algorithm);
    }
    // Nothing that must be understood is understood here, and a token for another purpose is no identity token.
    let is_other = header.typ.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT"));
    if header.crit.is_some() || is_other {
        return Err(TokenError::Malformed);
    }
    Ok(header)
}

/// Checks an identity token, and says whom it is about.
///
/// # Errors
/// When anything about it is not as expected.
pub fn verify_identity(
    token: &str,
    keys: &ProviderKeys,
    expected: IdentityExpectation<'_>,
    now: Timestamp,
) -> Result<ProvidedIdentity, TokenError> {
    let header = header(token)?;
    let mut validation = Validation::new(header.alg);
    // These are checked below, against arguments: the library would ask the system's clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let mut verdict = TokenError::UnknownKey;
    for key in keys.candidates(header.kid.as_deref()) {
        if !key.algorithms.contains(&header.alg) {
            verdict = TokenError::Algorithm;
            continue;
        }
        match jsonwebtoken::decode::<Map<String, Value>>(token, &key.key, &validation) {
            Ok(decoded) => return check(decoded.claims, expected, now),
            Err(error) => verdict = super::token_error(&error),
        }
    }
    Err(verdict)
}

fn check(
    claims: Map<String, Value>,
    expected: IdentityExpectation<'_>,
    now: Timestamp,
) -> Result<ProvidedIdentity, TokenError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("iss") != expected.issuer {
        return Err(TokenError::Issuer { issuer: shortened(text("iss")) });
    }
    let audiences = audiences(&claims);
    let party = claims.get("azp").map(|party| party.as_str().unwrap_or_default());
    // A token for several must say who asked for it, and whoever asked must be us.
    let is_ours = audiences.contains(&expected.client)
        && party.map_or(audiences.len() == 1, |party| party == expected.client);
    if !is_ours {
        return Err(TokenError::Audience { audience: shortened(&audiences.join(" ")) });
    }
    check_times(&claims, now.as_second())?;
    if !bool::from(text("nonce").as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(TokenError::Nonce);
    }
    // OpenID Connect Core 1.0, section 2.
    let subject = text("sub").to_owned();
    if subject.is_empty() || subject.len() > 255 || !subject.is_ascii() {
        return Err(TokenError::Malformed);
    }
    Ok(ProvidedIdentity { subject, claims })
}

fn audiences(claims: &Map<String, Value>) -> Vec<&str> {
    match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn check_times(claims: &Map<String, Value>, now: i64) -> Result<(), TokenError> {
    // A number of seconds may have a fraction (RFC 7519, section 2); what is beyond any clock counts as its end.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float becomes the nearest whole number, at its bounds too"
    )]
    let seconds = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(|seconds| Some(seconds as i64)).ok_or(TokenError::Malformed),
    };
    let expires = seconds("exp")?.ok_or(TokenError::Malformed)?;
    let issued = seconds("iat")?.ok_or(TokenError::Malformed)?;
    let begins = seconds("nbf")?.unwrap_or(issued).max(issued);
    if now >= expires.saturating_add(CLOCK_SKEW_SECONDS) || now > issued.saturating_add(LONGEST_AGE_SECONDS) {
        return Err(TokenError::Expired);
    }
    if now.saturating_add(CLOCK_SKEW_SECONDS) < begins {
        return Err(TokenError::NotYetValid);
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests;
