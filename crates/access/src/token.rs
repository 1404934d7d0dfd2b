//! Signed tokens: made and checked.
//!
//! Tokens are JSON Web Tokens signed with ECDSA on P-256 (`ES256`), and with nothing else: the algorithm is pinned,
//! whatever a token's header says. The header's `kid` only chooses among our own keys; key material in a header
//! (`jwk`, `jku`, `x5c`) is never looked at. Issuer, audience and time are checked against arguments.
//! See RFC 7519 and, for what goes wrong in the world, RFC 8725.
//!
//! There are two families, each with its own issuer, so that one cannot pass for the other:
//! [`ArmClaims`] for the management API and [`RegistryClaims`] for the registry.
//! Tokens of others, by which a provider says who somebody is, are checked by [`verify_identity`].

mod assertion;
mod certificate;
mod claims;
mod key;
mod provider;

pub use assertion::verify_assertion;
pub use certificate::{Certificate, CertificateError};
pub use claims::{
    ArmClaims, ArmTokenUse, IdentityClaims, RegisteredClaims, RegistryAccess, RegistryClaims,
    RegistryPermissions,
};
pub use key::{KeyError, KeyRing, SigningKey};
pub use provider::{IdentityExpectation, ProvidedIdentity, ProviderKeys, signing_key_name, verify_identity};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longer than any token that we make.
const MAXIMUM_LENGTH: usize = 16 * 1024;
/// How far the clocks of two nodes may differ when a token has just been made.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// What every token says, and what a kind of token says beside it.
pub trait Claims: Serialize + DeserializeOwned {
    /// Issuer, audience and times.
    fn registered(&self) -> &RegisteredClaims;
}

/// What a token must say to be taken.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The one issuer.
    pub issuer: &'a str,
    /// The audiences, any one of which will do.
    pub audiences: &'a [&'a str],
}

/// Why a token is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token, or its claims are not those of this kind.
    #[error("the token is malformed")]
    Malformed,
    /// It is not signed with `ES256`.
    #[error("the token is signed with an algorithm that is not accepted; sign in again")]
    Algorithm,
    /// Its key is none of ours.
    #[error("the token was signed with a key that is not known here; sign in again")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature of the token is wrong")]
    Signature,
    /// Somebody else issued it.
    #[error("the token was issued by {issuer:?}, which is not the issuer here; sign in again")]
    Issuer {
        /// By whom.
        issuer: String,
    },
    /// It is meant for somebody else.
    #[error("the token is meant for {audience:?}, not for this service; ask for one with the right scope")]
    Audience {
        /// For whom.
        audience: String,
    },
    /// It belongs to another sign-in.
    #[error("the token was not made for this sign-in; sign in again")]
    Nonce,
    /// Its time is over.
    #[error("the token has expired; sign in again")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet; compare the clocks")]
    NotYetValid,
}

impl KeyRing {
    /// Makes a token, signed with the newest key.
    ///
    /// # Errors
    /// When the cryptographic library refuses the key, which loading it has ruled out.
    pub fn mint<C: Claims>(&self, claims: &C) -> Result<String, KeyError> {
        let key = self.newest();
        let header = serde_json::json!({ "alg": "ES256", "kid": key.kid(), "typ": "JWT" });
        let body = serde_json::to_value(claims).map_err(|_| KeyError::Unusable)?;
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(plain_ascii(&header.to_string())),
            URL_SAFE_NO_PAD.encode(plain_ascii(&body.to_string()))
        );
        let signature = key.sign(message.as_bytes())?;
        Ok(format!("{message}.{signature}"))
    }

    /// Checks a token and returns what it says.
    ///
    /// # Errors
    /// When anything about it is not as expected.
    pub fn verify<C: Claims>(
        &self,
        token: &str,
        expected: Expectation<'_>,
        now: Timestamp,
    ) -> Result<C, TokenError> {
        if token.len() > MAXIMUM_LENGTH {
            return Err(TokenError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|error| token_error(&error))?;
        if header.alg != Algorithm::ES256 {
            return Err(TokenError::Algorithm);
        }
        let key = self.find(header.kid.as_deref()).ok_or(TokenError::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::ES256);
        // These are checked below, against arguments: the library would ask the system's clock.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<C>(token, key.verifying(), &validation)
            .map_err(|error| token_error(&error))?
            .claims;
        check(claims.registered(), expected, now)?;
        Ok(claims)
    }
}

fn check(claims: &RegisteredClaims, expected: Expectation<'_>, now: Timestamp) -> Result<(), TokenError> {
    if claims.issuer != expected.issuer {
        return Err(TokenError::Issuer { issuer: claims.issuer.clone() });
    }
    if !expected.audiences.contains(&claims.audience.as_str()) {
        return Err(TokenError::Audience { audience: claims.audience.clone() });
    }
    if now.as_second() >= claims.expires {
        return Err(TokenError::Expired);
    }
    if now.as_second().saturating_add(CLOCK_SKEW_SECONDS) < claims.not_before {
        return Err(TokenError::NotYetValid);
    }
    Ok(())
}

fn token_error(error: &jsonwebtoken::errors::Error) -> TokenError {
    use jsonwebtoken::errors::ErrorKind;
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's enum is open, and refusing is the safe side"
    )]
    match error.kind() {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Algorithm,
        _ => TokenError::Malformed,
    }
}

/// Escapes what would give `-` or `_` in base64url.
///
/// The Python library azure-containerregistry 1.2.0 decodes a token's payload with the standard alphabet and fails
/// on these two. They stand for six set bits in a row at the end of three bytes, which in ASCII only `>`, `?`, `~`
/// and DEL have. All of these can stand only inside JSON strings, where an escape means the same.
fn plain_ascii(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && !matches!(c, '>' | '?' | '~' | '\u{7f}') {
            plain.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                plain.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests;
