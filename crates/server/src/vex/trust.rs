//! The keys whose documents are believed.

use assessment::rules::Pattern;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use oci::RepositoryName;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// How the `SubjectPublicKeyInfo` of a key on the curve P-256 begins (RFC 5480); its point follows.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// The bytes of an uncompressed point.
const P256_POINT: usize = 65;
/// How that of an Ed25519 key begins (RFC 8410); its 32 bytes follow.
const ED25519_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// A key is a few lines.
const LONGEST_FILE: usize = 16 << 10;

/// A key, as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VexKey {
    /// A PEM file with the public key.
    pub file: PathBuf,
    /// What people call it; the name of the file, unless given.
    #[serde(default)]
    pub name: Option<String>,
    /// Patterns of the repositories in which it is believed; all, if there are none.
    #[serde(default)]
    pub repositories: Vec<String>,
}

/// Why a key cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("the key {path} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no key that can be used.
    #[error(
        "{0} is no public key that can be used; a PEM file with `BEGIN PUBLIC KEY` is needed, of ECDSA on P-256 or of Ed25519"
    )]
    Key(PathBuf),
}

/// A public key, ready to verify with.
#[derive(Debug, Clone)]
struct PublicKey {
    name: String,
    repositories: Vec<String>,
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    P256,
    Ed25519,
}

/// The keys whose documents are believed.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    keys: Vec<PublicKey>,
}

impl Trust {
    /// Reads the keys that the configuration names.
    ///
    /// # Errors
    /// When a file cannot be read, or is no key.
    pub fn open(keys: &[VexKey]) -> Result<Self, TrustError> {
        let keys = keys.iter().map(|key| {
            let text = std::fs::read_to_string(&key.file)
                .map_err(|source| TrustError::File { path: key.file.clone(), source })?;
            let (algorithm, bytes) = public_key(&text).ok_or_else(|| TrustError::Key(key.file.clone()))?;
            let name = key.name.clone().unwrap_or_else(|| stem(&key.file));
            Ok(PublicKey { name, repositories: key.repositories.clone(), algorithm, bytes })
        });
        Ok(Self { keys: keys.collect::<Result<_, _>>()? })
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The name of the key, among those that are believed in a repository, that has signed these bytes.
    pub(super) fn signer(
        &self,
        repository: &RepositoryName,
        signed: &[u8],
        signature: &[u8],
    ) -> Option<&str> {
        let believed = |key: &&PublicKey| {
            key.repositories.is_empty()
                || key.repositories.iter().any(|name| Pattern::new(name).covers(repository.as_str()))
        };
        let mut keys = self.keys.iter().filter(believed);
        keys.find(|key| key.has_signed(signed, signature)).map(|key| &*key.name)
    }

    /// Stands for all of it: other keys, other words.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for key in &self.keys {
            for part in [key.name.as_bytes(), &key.bytes, key.repositories.join("\n").as_bytes()] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl PublicKey {
    fn has_signed(&self, signed: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match self.algorithm {
            Algorithm::P256 => &ECDSA_P256_SHA256_ASN1,
            Algorithm::Ed25519 => &ED25519,
        };
        UnparsedPublicKey::new(algorithm, &self.bytes).verify(signed, signature).is_ok()
    }
}

fn stem(file: &Path) -> String {
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The key in a PEM text.
fn public_key(text: &str) -> Option<(Algorithm, Vec<u8>)> {
    const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
    const END: &str = "-----END PUBLIC KEY-----";
    let (_, rest) = text.get(..text.len().min(LONGEST_FILE))?.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    let body: String = body.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let der = BASE64.decode(body).ok()?;
    if let Some(point) = der.strip_prefix(&P256) {
        return (point.len() == P256_POINT).then(|| (Algorithm::P256, point.to_vec()));
    }
    let key = der.strip_prefix(&ED25519_HEAD)?;
    (key.len() == 32).then(|| (Algorithm::Ed25519, key.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with `openssl ecparam -genkey -name prime256v1` and `openssl genpkey -algorithm ed25519`.
    const P256_PEM: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUarXp90HCoe+Q1y/H+LL6dEbphh8
cO2q+L5Iipj8M7QHKa0QlooK71Quf3UgGkcwG3sM5o1DjAZel0HAZlN8FQ==
-----END PUBLIC KEY-----";

    #[test]
    fn keys_that_tools_write_are_read() {
        assert_eq!(
            public_key(P256_PEM).map(|(algorithm, key)| (algorithm, key.len())),
            Some((Algorithm::P256, 65))
        );
        let ed25519 = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAnatbaBxB4ewXxkCLhA+XUlo1qs/cPskbP5Hmmtu9Q6I=
-----END PUBLIC KEY-----";
        assert_eq!(
            public_key(ed25519).map(|(algorithm, key)| (algorithm, key.len())),
            Some((Algorithm::Ed25519, 32))
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"] {
            assert_eq!(public_key(text), None, "{text}");
        }
        let private = P256_PEM.replace("PUBLIC", "PRIVATE");
        assert_eq!(public_key(&private), None);
        let cut = P256_PEM.replace("AE", "");
        assert_eq!(public_key(&cut), None);
    }
}
