//! Content digests: `sha256:…` and `sha512:…`.
//!
//! Only the two registered algorithms are known. An unknown one is refused and not carried along, because a digest that
//! cannot be checked is not an identity.
//! The hexadecimal part is lower case, as the image specification demands; upper case would make two names for one content.

use serde::{Deserialize, Serialize};
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest as _, Sha256, Sha512};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The hash function of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, the one that everybody uses.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hexadecimal digits a digest of this algorithm has.
    pub fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    /// The algorithm of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sha256" => Some(Self::Sha256),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a string is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// No colon.
    #[error("a digest is written `algorithm:hex`, and there is no colon")]
    NoAlgorithm,
    /// Neither `sha256` nor `sha512`.
    #[error("the digest algorithm is not supported; use sha256 or sha512")]
    UnknownAlgorithm,
    /// Too short or too long.
    #[error("a {algorithm} digest has {} hexadecimal digits, not {found}", algorithm.hex_length())]
    Length {
        /// The algorithm named.
        algorithm: Algorithm,
        /// How many digits there were.
        found: usize,
    },
    /// A character that is not a lower-case hexadecimal digit.
    #[error("a digest is written with the digits 0-9 and a-f, in lower case")]
    NotHexadecimal,
}

/// A content digest.
///
/// 1. The algorithm is one of [`Algorithm`].
/// 2. The text is `algorithm:hex`, with as many lower-case digits as the algorithm has.
///
/// # Examples
///
/// ```
/// let digest = oci::Digest::of_sha256(b"");
/// assert_eq!(
///     digest.as_str(),
///     "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
/// );
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest {
    algorithm: Algorithm,
    text: Arc<str>,
}

impl Digest {
    /// The SHA-256 digest of bytes.
    pub fn of_sha256(bytes: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, bytes)
    }

    /// The digest of bytes.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The whole digest as text, `algorithm:hex`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The digits alone.
    pub fn hex(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, hex)| hex)
    }

    /// Whether these bytes have this digest.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        *self == Self::of(self.algorithm, bytes)
    }

    fn from_hash(algorithm: Algorithm, hash: &[u8]) -> Self {
        const DIGITS: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let mut text = String::with_capacity(8 + algorithm.hex_length());
        text.push_str(algorithm.as_str());
        text.push(':');
        for byte in hash {
            text.push(DIGITS[usize::from(byte >> 4)]);
            text.push(DIGITS[usize::from(byte & 15)]);
        }
        Self { algorithm, text: text.into() }
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (name, hex) = text.split_once(':').ok_or(DigestError::NoAlgorithm)?;
        let algorithm = Algorithm::from_name(name).ok_or(DigestError::UnknownAlgorithm)?;
        if hex.len() != algorithm.hex_length() {
            return Err(DigestError::Length { algorithm, found: hex.chars().count() });
        }
        if !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(DigestError::NotHexadecimal);
        }
        Ok(Self { algorithm, text: text.into() })
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.text.as_ref().to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Hashes a stream, and finishes to a [`Digest`].
///
/// It can be cloned in mid-stream, which lets a caller look at the digest so far.
#[derive(Debug, Clone)]
pub struct Hasher(State);

#[derive(Debug, Clone)]
enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(hash) => hash.update(bytes),
            State::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The state, for another process to go on from. It tells as much about what was seen as a digest does.
    pub fn save(&self) -> Vec<u8> {
        match &self.0 {
            State::Sha256(hash) => hash.serialize().to_vec(),
            State::Sha512(hash) => hash.serialize().to_vec(),
        }
    }

    /// A hasher that goes on from a saved state. `None` if the state is not one of this algorithm.
    pub fn restore(algorithm: Algorithm, state: &[u8]) -> Option<Self> {
        Some(Self(match algorithm {
            Algorithm::Sha256 => {
                State::Sha256(Sha256::deserialize(&SerializedState::<Sha256>::try_from(state).ok()?).ok()?)
            }
            Algorithm::Sha512 => {
                State::Sha512(Sha512::deserialize(&SerializedState::<Sha512>::try_from(state).ok()?).ok()?)
            }
        }))
    }

    /// The digest of everything seen.
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha256(hash) => Digest::from_hash(Algorithm::Sha256, &hash.finalize()),
            State::Sha512(hash) => Digest::from_hash(Algorithm::Sha512, &hash.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_answers() {
        assert_eq!(
            Digest::of(Algorithm::Sha256, b"abc").as_str(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            Digest::of(Algorithm::Sha512, b"abc").hex(),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
    }

    #[test]
    fn what_is_not_a_digest_is_refused_with_its_reason() {
        let hex = "a".repeat(64);
        for (text, reason) in [
            (String::new(), DigestError::NoAlgorithm),
            (hex.clone(), DigestError::NoAlgorithm),
            (format!("md5:{hex}"), DigestError::UnknownAlgorithm),
            (format!("SHA256:{hex}"), DigestError::UnknownAlgorithm),
            (format!("sha256:{}", hex.to_uppercase()), DigestError::NotHexadecimal),
            (format!("sha256:{}/", &hex[1..]), DigestError::NotHexadecimal),
            (format!("sha512:{hex}"), DigestError::Length { algorithm: Algorithm::Sha512, found: 64 }),
            ("sha256:".to_owned(), DigestError::Length { algorithm: Algorithm::Sha256, found: 0 }),
        ] {
            assert_eq!(text.parse::<Digest>(), Err(reason), "{text}");
        }
    }

    #[test]
    fn serialises_as_its_text() {
        let digest = Digest::of_sha256(b"abc");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, format!("\"{digest}\""));
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
        assert!(serde_json::from_str::<Digest>("\"sha256:zz\"").is_err());
    }

    proptest! {
        #[test]
        fn a_stream_in_pieces_has_the_digest_of_the_whole(bytes: Vec<u8>, cut in 0usize..64) {
            let cut = cut.min(bytes.len());
            let mut hasher = Hasher::new(Algorithm::Sha512);
            hasher.update(&bytes[..cut]);
            hasher.update(&bytes[cut..]);
            let digest = hasher.finish();
            prop_assert!(digest.matches(&bytes));
            prop_assert_eq!(digest.as_str().parse::<Digest>().unwrap(), digest);
        }

        #[test]
        fn a_saved_state_goes_on(bytes: Vec<u8>, cut in 0usize..200, long: bool) {
            let algorithm = if long { Algorithm::Sha512 } else { Algorithm::Sha256 };
            let cut = cut.min(bytes.len());
            let mut hasher = Hasher::new(algorithm);
            hasher.update(&bytes[..cut]);
            let mut hasher = Hasher::restore(algorithm, &hasher.save()).unwrap();
            hasher.update(&bytes[cut..]);
            prop_assert_eq!(hasher.finish(), Digest::of(algorithm, &bytes));
        }

        #[test]
        fn restoring_never_panics(bytes: Vec<u8>) {
            let _ = Hasher::restore(Algorithm::Sha256, &bytes);
            let _ = Hasher::restore(Algorithm::Sha512, &bytes);
        }

        #[test]
        fn parsing_never_panics(text: String) {
            let _ = text.parse::<Digest>();
        }
    }
}
