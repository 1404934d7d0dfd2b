//! The keys that sign tokens.
//!
//! A key is made from 32 random bytes that the caller draws, and kept by the store as a PKCS#8 document (RFC 5208).
//! A [`KeyRing`] signs with its newest key and verifies with all of them, so that keys can be replaced while
//! tokens of the old one still hold.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use std::fmt;

/// Everything of a PKCS#8 document for P-256 before the private key's 32 bytes.
///
/// `PrivateKeyInfo { version 0, { id-ecPublicKey, prime256v1 }, OCTET STRING { ECPrivateKey { 1, key } } }`.
/// The public key, which is optional in `ECPrivateKey` (RFC 5915), is left out: it is computed from the private one.
const PKCS8_P256_PREFIX: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04,
    0x20,
];

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not a private key for ES256.
    #[error(
        "the signing key is not a P-256 private key in PKCS#8 form; remove it from the store to have a new one made"
    )]
    Unusable,
    /// There is none.
    #[error("there is no signing key; make one first")]
    Missing,
}

/// A private key for `ES256`, with its public half.
#[derive(Clone)]
pub struct SigningKey {
    pkcs8: Vec<u8>,
    signing: EncodingKey,
    verifying: DecodingKey,
    public: PublicKey,
}

/// The public half, as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PublicKey {
    kid: String,
    x: String,
    y: String,
}

impl SigningKey {
    /// A key from 32 random bytes. One seed in four thousand million is no key: draw another then.
    ///
    /// # Errors
    /// When the seed is zero or not below the order of the curve.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let mut pkcs8 = PKCS8_P256_PREFIX.to_vec();
        pkcs8.extend_from_slice(seed);
        Self::from_pkcs8(pkcs8)
    }

    /// A key as the store kept it.
    ///
    /// # Errors
    /// When it is not a P-256 private key in PKCS#8 form.
    pub fn from_pkcs8(pkcs8: Vec<u8>) -> Result<Self, KeyError> {
        let signing = EncodingKey::from_ec_der(&pkcs8);
        let jwk = Jwk::from_encoding_key(&signing, Algorithm::ES256).map_err(|_| KeyError::Unusable)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| KeyError::Unusable)?;
        let AlgorithmParameters::EllipticCurve(point) = &jwk.algorithm else {
            return Err(KeyError::Unusable);
        };
        let verifying =
            DecodingKey::from_ec_components(&point.x, &point.y).map_err(|_| KeyError::Unusable)?;
        let public = PublicKey { kid, x: point.x.clone(), y: point.y.clone() };
        Ok(Self { pkcs8, signing, verifying, public })
    }

    /// The document to store. It is a secret.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Its name in token headers: the thumbprint of RFC 7638.
    pub fn kid(&self) -> &str {
        &self.public.kid
    }

    /// The public key as a JSON Web Key.
    pub fn jwk(&self) -> serde_json::Value {
        let PublicKey { kid, x, y } = &self.public;
        serde_json::json!({
            "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig", "alg": "ES256",
        })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<String, KeyError> {
        crypto::sign(message, &self.signing, Algorithm::ES256).map_err(|_| KeyError::Unusable)
    }

    pub(super) fn verifying(&self) -> &DecodingKey {
        &self.verifying
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ..)", self.public.kid)
    }
}

/// The keys of a service: the newest signs, all verify.
#[derive(Debug, Clone)]
pub struct KeyRing {
    newest: SigningKey,
    older: Vec<SigningKey>,
}

impl KeyRing {
    /// A ring of keys, newest first.
    ///
    /// # Errors
    /// When there is no key.
    pub fn new(keys: Vec<SigningKey>) -> Result<Self, KeyError> {
        let mut keys = keys.into_iter();
        let newest = keys.next().ok_or(KeyError::Missing)?;
        Ok(Self { newest, older: keys.collect() })
    }

    /// The public keys as a JSON Web Key Set.
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self.all().map(SigningKey::jwk).collect();
        serde_json::json!({ "keys": keys })
    }

    pub(super) fn newest(&self) -> &SigningKey {
        &self.newest
    }

    /// The key of that name. A token without a name has no key: we never made such a token.
    pub(super) fn find(&self, kid: Option<&str>) -> Option<&SigningKey> {
        self.all().find(|key| Some(key.kid()) == kid)
    }

    fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}
