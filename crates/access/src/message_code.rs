//! Message authentication codes over what is sent to others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};

/// HMAC-SHA256 (RFC 2104) of a message under a key of any length.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let code = crypto::sign(message, &EncodingKey::from_secret(key), Algorithm::HS256)
        .expect("HMAC takes a secret of any length");
    let mut bytes = [0; 32];
    let written = URL_SAFE_NO_PAD.decode_slice(code, &mut bytes);
    debug_assert_eq!(written, Ok(32), "HS256 is 32 bytes in base64url");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first and the second test case of RFC 4231.
    #[test]
    fn codes_are_those_of_the_specification() {
        let hex = |code: [u8; 32]| code.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            hex(hmac_sha256(&[0x0b; 20], b"Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            hex(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
