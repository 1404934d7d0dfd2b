//! Signatures by which a receiver knows that a delivery is ours: the form of <https://www.standardwebhooks.com>.
//!
//! `webhook-signature: v1,BASE64` is HMAC-SHA256 over `ID.TIMESTAMP.CONTENT`, where the two first are the headers
//! `webhook-id` and `webhook-timestamp`. The identifier is the same for every attempt, so that a receiver that sees it
//! twice knows; the moment is that of the attempt, so that an old delivery cannot be played again.
//! The secret is `whsec_` and base64; any other text counts as its own bytes.

use access::hmac_sha256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

const PREFIX: &str = "whsec_";

/// A secret out of 32 random bytes.
pub fn new_secret(random: [u8; 32]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(random))
}

/// The value of `webhook-signature`.
pub fn sign(secret: &str, id: &str, at: Timestamp, content: &str) -> String {
    let decoded = secret.strip_prefix(PREFIX).and_then(|secret| STANDARD.decode(secret).ok());
    let key = decoded.unwrap_or_else(|| secret.as_bytes().to_vec());
    let message = format!("{id}.{}.{content}", at.as_second());
    format!("v1,{}", STANDARD.encode(hmac_sha256(&key, message.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn signature_is_that_of_the_specification() {
        let signed = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Timestamp::from_second(1_614_265_330).unwrap(),
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn made_secrets_are_of_the_form() {
        assert_eq!(new_secret([0; 32]).len(), "whsec_".len() + 44);
    }
}
