//! Assertions: tokens that a program signs itself, to prove who it is (RFC 7521, RFC 7523).
//!
//! The algorithm is one of two, both with RSA; a key is one of the certificates that were registered for the program,
//! and never one that the assertion brings along. `iss` and `sub` are both the program, the audience is our token
//! endpoint, and there is an end. An assertion may be shown again until then, as at Azure.

use super::certificate::Certificate;
use super::{CLOCK_SKEW_SECONDS, MAXIMUM_LENGTH, TokenError};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

/// More certificates than any program has: each costs a check of a signature.
const MAXIMUM_CERTIFICATES: usize = 16;

#[derive(Deserialize)]
struct AssertionClaims {
    #[serde(rename = "iss")]
    issuer: String,
    #[serde(rename = "sub")]
    subject: String,
    #[serde(rename = "aud")]
    audience: String,
    /// A number of seconds may have a fraction (RFC 7519, section 2); Microsoft's library for Python writes one.
    #[serde(rename = "exp")]
    expires: f64,
    #[serde(rename = "nbf", default)]
    not_before: f64,
}

/// Whether an assertion proves that it comes from the program, by one of its certificates.
///
/// # Errors
/// When anything about it is not as expected.
pub fn verify_assertion(
    assertion: &str,
    program: &str,
    audiences: &[&str],
    certificates: &[Certificate],
    now: Timestamp,
) -> Result<(), TokenError> {
    if assertion.len() > MAXIMUM_LENGTH {
        return Err(TokenError::Malformed);
    }
    let header = jsonwebtoken::decode_header(assertion).map_err(|error| super::token_error(&error))?;
    if !matches!(header.alg, Algorithm::RS256 | Algorithm::PS256) {
        return Err(TokenError::Algorithm);
    }
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let mut verdict = Err(TokenError::UnknownKey);
    for certificate in certificates.iter().filter(|one| one.is_valid_at(now)).take(MAXIMUM_CERTIFICATES) {
        match jsonwebtoken::decode::<AssertionClaims>(assertion, &certificate.verifying(), &validation) {
            Ok(decoded) => return check(&decoded.claims, program, audiences, now),
            Err(error) => verdict = Err(super::token_error(&error)),
        }
    }
    verdict
}

fn check(
    claims: &AssertionClaims,
    program: &str,
    audiences: &[&str],
    now: Timestamp,
) -> Result<(), TokenError> {
    if claims.issuer != program || claims.subject != program {
        return Err(TokenError::Issuer { issuer: claims.issuer.clone() });
    }
    if !audiences.contains(&claims.audience.as_str()) {
        return Err(TokenError::Audience { audience: claims.audience.clone() });
    }
    let (now, skew) =
        (now.as_duration().as_secs_f64(), SignedDuration::from_secs(CLOCK_SKEW_SECONDS).as_secs_f64());
    // Written so that what is no number at all is refused.
    let holds = now < claims.expires + skew;
    let is_over = !holds;
    let has_begun = now + skew >= claims.not_before;
    match (is_over, has_begun) {
        (true, _) => Err(TokenError::Expired),
        (false, false) => Err(TokenError::NotYetValid),
        (false, true) => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    pub(in crate::token) const CERTIFICATE: &str =
        include_str!("../../tests/fixtures/assertion/certificate.pem");
    const OTHER: &str = include_str!("../../tests/fixtures/assertion/other.pem");
    const RS256: &str = include_str!("../../tests/fixtures/assertion/rs256.jwt");
    const PS256: &str = include_str!("../../tests/fixtures/assertion/ps256.jwt");
    const OTHER_SUBJECT: &str = include_str!("../../tests/fixtures/assertion/other-subject.jwt");
    const FRACTIONS: &str = include_str!("../../tests/fixtures/assertion/fractions.jwt");
    const NO_EXPIRY: &str = include_str!("../../tests/fixtures/assertion/no-expiry.jwt");
    const PROGRAM: &str = "11111111-1111-1111-1111-111111111111";
    const ENDPOINT: &str = "https://login.test/tenant/oauth2/v2.0/token";
    const MADE: i64 = 1_800_000_000;

    pub(in crate::token) fn der(pem: &str) -> Vec<u8> {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(body).unwrap()
    }

    fn verify(assertion: &str, program: &str, pems: &[&str], second: i64) -> Result<(), TokenError> {
        let certificates: Vec<_> = pems.iter().map(|pem| Certificate::from_der(&der(pem)).unwrap()).collect();
        let now = Timestamp::from_second(second).unwrap();
        verify_assertion(assertion.trim(), program, &[ENDPOINT], &certificates, now)
    }

    #[test]
    fn both_algorithms_prove_who_signs() {
        for assertion in [RS256, PS256, FRACTIONS] {
            assert_eq!(verify(assertion, PROGRAM, &[OTHER, CERTIFICATE], MADE + 300), Ok(()));
            assert_eq!(verify(assertion, PROGRAM, &[OTHER], MADE + 300), Err(TokenError::Signature));
            assert_eq!(verify(assertion, PROGRAM, &[], MADE + 300), Err(TokenError::UnknownKey));
            assert_eq!(verify(assertion, PROGRAM, &[CERTIFICATE], MADE + 700), Err(TokenError::Expired));
            assert_eq!(verify(assertion, PROGRAM, &[CERTIFICATE], MADE - 120), Err(TokenError::NotYetValid));
            let other = verify(assertion, "22222222-1111-1111-1111-111111111111", &[CERTIFICATE], MADE);
            assert!(matches!(other, Err(TokenError::Issuer { .. })));
        }
    }

    #[test]
    fn what_is_signed_and_still_wrong_is_refused() {
        let other = verify(OTHER_SUBJECT, PROGRAM, &[CERTIFICATE], MADE);
        assert!(matches!(other, Err(TokenError::Issuer { .. })));
        assert_eq!(verify(NO_EXPIRY, PROGRAM, &[CERTIFICATE], MADE), Err(TokenError::Malformed));
        let certificates = [Certificate::from_der(&der(CERTIFICATE)).unwrap()];
        let elsewhere = ["https://elsewhere.test/token"];
        let now = Timestamp::from_second(MADE).unwrap();
        let verdict = verify_assertion(RS256.trim(), PROGRAM, &elsewhere, &certificates, now);
        assert!(matches!(verdict, Err(TokenError::Audience { .. })));
    }

    #[test]
    fn algorithms_of_other_families_are_not_taken() {
        // `{"alg":"HS256"}` and `{"alg":"none"}`, as in attack C12.
        for header in ["eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJub25lIn0"] {
            let payload = RS256.split('.').nth(1).unwrap();
            let forged = format!("{header}.{payload}.AAAA");
            assert!(verify(&forged, PROGRAM, &[CERTIFICATE], MADE).is_err());
        }
    }
}
