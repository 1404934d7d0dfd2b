//! Password hashes.
//!
//! Argon2id with 7 MiB of memory, five passes and one lane: one of the settings that OWASP's password storage cheat
//! sheet holds to be of equal strength, and the one that takes the least memory from whoever answers many sign-ins.
//! It takes some 20 ms of one core. The cost stands in each hash, so it can be raised without breaking old
//! ones. A face runs this off its async threads and behind the [`AttemptLimiter`](crate::AttemptLimiter).

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Memory in KiB.
const MEMORY: u32 = 7 * 1024;
/// Passes over it.
const PASSES: u32 = 5;
/// Lanes.
const LANES: u32 = 1;
/// Longer passwords are refused: hashing them would be work for free.
const MAXIMUM_LENGTH: usize = 1024;

/// A password's hash in PHC form: `$argon2id$v=19$m=...`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

/// Why a password cannot be hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is empty.
    #[error("the password is empty; choose one")]
    Empty,
    /// It is too long.
    #[error("the password has {length} bytes; at most {MAXIMUM_LENGTH} are allowed")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// The hash could not be computed.
    #[error("the password could not be hashed")]
    Hash(#[source] argon2::password_hash::Error),
}

impl PasswordHash {
    /// A hash as it was stored. It is looked at only when a password is verified.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Hashes a password with a salt of 16 random bytes.
///
/// # Errors
/// When the password is empty or too long.
pub fn hash(password: &str, salt: &[u8; 16]) -> Result<PasswordHash, PasswordError> {
    match password.len() {
        0 => return Err(PasswordError::Empty),
        length if length > MAXIMUM_LENGTH => return Err(PasswordError::TooLong { length }),
        _ => {}
    }
    let hash = argon2().hash_password_with_salt(password.as_bytes(), salt).map_err(PasswordError::Hash)?;
    Ok(PasswordHash(hash.to_string()))
}

/// Whether this is the password. A hash that cannot be read belongs to no password.
pub fn verify(password: &str, hash: &PasswordHash) -> bool {
    password.len() <= MAXIMUM_LENGTH
        && argon2::PasswordHash::new(&hash.0)
            .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Does the work of [`verify`] for an account that does not exist, so that the time taken does not tell.
pub fn verify_nobody(password: &str) -> bool {
    let mut out = [0_u8; 32];
    let password = password.as_bytes();
    let bounded = password.get(..MAXIMUM_LENGTH).unwrap_or(password);
    // The outcome does not matter: nobody's password is never right.
    let _ = argon2().hash_password_into(bounded, &[0; 16], &mut out);
    false
}

fn argon2() -> Argon2<'static> {
    let params =
        Params::new(MEMORY, PASSES, LANES, None).expect("the costs above are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_verifies() {
        let stored = hash("correct horse", &[7; 16]).unwrap();
        assert!(stored.as_str().starts_with("$argon2id$v=19$m=7168,t=5,p=1$"), "{}", stored.as_str());
        assert!(verify("correct horse", &stored));
        assert!(!verify("correct horsf", &stored));
        assert!(!verify("", &stored));
        assert_ne!(stored, hash("correct horse", &[8; 16]).unwrap());
        assert!(!verify_nobody("correct horse"));
    }

    #[test]
    fn a_broken_hash_verifies_nothing() {
        for text in
            ["", "plain", "$argon2id$v=19$m=7168,t=5,p=1$", "$argon2id$v=19$m=4294967295,t=9,p=1$AA$AA"]
        {
            assert!(!verify("", &PasswordHash::from_stored(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn absurd_passwords_are_refused_and_hashes_are_not_shown() {
        assert_eq!(hash("", &[0; 16]), Err(PasswordError::Empty));
        assert_eq!(hash(&"x".repeat(2000), &[0; 16]), Err(PasswordError::TooLong { length: 2000 }));
        assert_eq!(format!("{:?}", PasswordHash::from_stored("secret".to_owned())), "PasswordHash(..)");
    }
}
