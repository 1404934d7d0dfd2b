//! Seals on what a client carries from one page of a list to the next.
//!
//! A list goes on where the last page ended. That place travels through the client, who could change it, or use it
//! in another list or under another name. So it is sealed with a message authentication code over the place and
//! what it belongs to: who asked, and for what. Nothing is hidden by it: the place can be read, and that is harmless.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use std::fmt;
use subtle::ConstantTimeEq;

/// Longer than any token that we make.
const MAXIMUM_LENGTH: usize = 4096;

/// The key of the seals.
#[derive(Clone)]
pub struct PageSeal(EncodingKey);

impl PageSeal {
    /// A seal with this secret. Every process that answers for the same service must use the same one.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(EncodingKey::from_secret(secret))
    }

    /// Seals a place. `belongs_to` says to whom and to which list, each part for itself.
    ///
    /// The token has no other characters than `A-Z a-z 0-9 - _ .`, so that clients may re-encode it as they like.
    pub fn seal(&self, place: &str, belongs_to: &[&str]) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(place), self.code(place, belongs_to))
    }

    /// The place in a token, if this key sealed it for the same owner and list.
    pub fn open(&self, token: &str, belongs_to: &[&str]) -> Option<String> {
        if token.len() > MAXIMUM_LENGTH {
            return None;
        }
        let (place, code) = token.split_once('.')?;
        let place = String::from_utf8(URL_SAFE_NO_PAD.decode(place).ok()?).ok()?;
        let is_ours = self.code(&place, belongs_to).as_bytes().ct_eq(code.as_bytes());
        bool::from(is_ours).then_some(place)
    }

    /// A secret of 43 letters that belongs to these parts: the same each time, and not to be guessed from others.
    ///
    /// It need not be kept where it can be derived again. No seal is ever one of these secrets.
    pub fn derived_secret(&self, parts: &[&str]) -> String {
        self.authenticate(b"secret\0", parts.iter())
    }

    fn code(&self, place: &str, belongs_to: &[&str]) -> String {
        self.authenticate(b"page\0", belongs_to.iter().chain([&place]))
    }

    fn authenticate<'a>(&self, purpose: &[u8], parts: impl Iterator<Item = &'a &'a str>) -> String {
        let mut message = purpose.to_vec();
        // Lengths keep ("ab", "c") and ("a", "bc") apart.
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        crypto::sign(&message, &self.0, Algorithm::HS256).expect("HMAC takes a secret of any length")
    }
}

impl fmt::Debug for PageSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageSeal(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_for_its_owner_and_list() {
        let seal = PageSeal::new(&[1; 32]);
        let token = seal.seal("after 7", &["owner", "/subscriptions/s1"]);
        assert_eq!(seal.open(&token, &["owner", "/subscriptions/s1"]).as_deref(), Some("after 7"));
        assert_eq!(seal.open(&token, &["other", "/subscriptions/s1"]), None);
        assert_eq!(seal.open(&token, &["owner/", "subscriptions/s1"]), None);
        assert_eq!(PageSeal::new(&[2; 32]).open(&token, &["owner", "/subscriptions/s1"]), None);
    }

    #[test]
    fn a_changed_token_does_not_open() {
        let seal = PageSeal::new(&[1; 32]);
        let token = seal.seal("after 7", &["owner"]);
        let other_place =
            format!("{}.{}", URL_SAFE_NO_PAD.encode("after 9"), token.split_once('.').unwrap().1);
        for forged in ["", ".", "x", &other_place, &token[1..], &format!("{token}A"), &"A".repeat(10_000)] {
            assert_eq!(seal.open(forged, &["owner"]), None, "{forged}");
        }
    }
}
