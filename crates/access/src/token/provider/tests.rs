//! Every way in which an identity token or a provider's key may be wrong.

use super::*;
use crate::token::SigningKey;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://login.example.com";

fn signer() -> SigningKey {
    SigningKey::from_seed(&[7; 32]).unwrap()
}

fn keys() -> ProviderKeys {
    ProviderKeys::from_jwks(&json!({ "keys": [signer().jwk()] })).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "portal", "sub": "248289761001", "nonce": "n-0S6", "iat": NOW, "exp": NOW + 300,
        "email": "jane@example.com",
    })
}

fn signed_as(header: &Value, claims: &Value) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = signer().sign(message.as_bytes()).unwrap();
    format!("{message}.{signature}")
}

fn signed(claims: &Value) -> String {
    signed_as(&json!({ "alg": "ES256", "kid": signer().kid() }), claims)
}

fn verify(token: &str) -> Result<ProvidedIdentity, TokenError> {
    let expected = IdentityExpectation { issuer: ISSUER, client: "portal", nonce: "n-0S6" };
    verify_identity(token, &keys(), expected, Timestamp::from_second(NOW).unwrap())
}

fn verify_with(name: &str, value: Value) -> Result<ProvidedIdentity, TokenError> {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    verify(&signed(&claims))
}

#[test]
fn a_token_of_the_provider_says_who_it_is() {
    let identity = verify(&signed(&claims())).unwrap();
    assert_eq!((&*identity.subject, &identity.claims["email"]), ("248289761001", &json!("jane@example.com")));
    assert!(verify(&signed_as(&json!({ "alg": "ES256" }), &claims())).is_ok(), "one key needs no name");
}

#[test]
fn every_claim_is_held_against_what_is_expected() {
    assert!(matches!(verify_with("iss", json!("https://evil.example.com")), Err(TokenError::Issuer { .. })));
    assert!(matches!(verify_with("iss", json!(format!("{ISSUER}/"))), Err(TokenError::Issuer { .. })));
    for aud in
        [json!("other"), json!([]), json!(["other"]), json!(["portal", "other"]), json!(1), Value::Null]
    {
        assert!(matches!(verify_with("aud", aud.clone()), Err(TokenError::Audience { .. })), "{aud}");
    }
    assert!(matches!(verify_with("azp", json!("other")), Err(TokenError::Audience { .. })));
    assert!(verify_with("aud", json!(["portal"])).is_ok());
    assert!(verify_with("azp", json!("portal")).is_ok());
    for nonce in [json!("another"), json!(""), json!(1), Value::Null] {
        assert_eq!(verify_with("nonce", nonce.clone()), Err(TokenError::Nonce), "{nonce}");
    }
    assert_eq!(verify_with("exp", json!(NOW - 61)), Err(TokenError::Expired));
    assert_eq!(verify_with("iat", json!(NOW - 601)), Err(TokenError::Expired));
    assert_eq!(verify_with("iat", json!(NOW + 61)), Err(TokenError::NotYetValid));
    assert_eq!(verify_with("nbf", json!(NOW + 61)), Err(TokenError::NotYetValid));
    assert!(verify_with("exp", json!(1e300)).is_ok());
    for name in ["exp", "iat"] {
        assert_eq!(verify_with(name, json!("soon")), Err(TokenError::Malformed), "{name}");
        assert_eq!(verify_with(name, Value::Null), Err(TokenError::Malformed), "{name}");
    }
    for subject in [json!(""), json!("é"), json!("a".repeat(256)), json!(7), Value::Null] {
        assert_eq!(verify_with("sub", subject.clone()), Err(TokenError::Malformed), "{subject}");
    }
}

#[test]
fn no_header_chooses_another_way_to_verify() {
    let kid = signer().kid().to_owned();
    let mut unsigned = signed_as(&json!({ "alg": "none", "kid": kid }), &claims());
    assert!(verify(&unsigned).is_err());
    unsigned.truncate(unsigned.rfind('.').unwrap() + 1);
    assert!(verify(&unsigned).is_err());
    // The public key is known to everybody: it must never pass for a shared secret.
    let jwk = signer().jwk();
    for secret in [jwk.to_string(), jwk["x"].as_str().unwrap().to_owned()] {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(kid.clone());
        let forged =
            jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(secret.as_bytes())).unwrap();
        assert_eq!(verify(&forged), Err(TokenError::Algorithm));
    }
    for (header, expected) in [
        (json!({ "alg": "RS256", "kid": kid }), TokenError::Algorithm),
        (json!({ "alg": "ES384", "kid": kid }), TokenError::Algorithm),
        (json!({ "alg": "ES256", "kid": "other" }), TokenError::UnknownKey),
        (json!({ "alg": "ES256", "kid": "other", "jwk": signer().jwk() }), TokenError::UnknownKey),
        (json!({ "alg": "ES256", "kid": kid, "crit": ["b64"], "b64": false }), TokenError::Malformed),
        (json!({ "alg": "ES256", "kid": kid, "typ": "at+jwt" }), TokenError::Malformed),
    ] {
        assert_eq!(verify(&signed_as(&header, &claims())), Err(expected), "{header}");
    }
    let token = signed(&claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other = signed(&json!({ "iss": ISSUER }));
    assert_eq!(
        verify(&format!("{message}.{}", other.rsplit_once('.').unwrap().1)),
        Err(TokenError::Signature)
    );
    for broken in
        [String::new(), "a.b.c".into(), format!("{message}."), format!("{signature}.."), "a".repeat(99_999)]
    {
        assert!(verify(&broken).is_err(), "{broken}");
    }
}

#[test]
fn only_keys_that_can_be_trusted_are_taken() {
    let taken = |change: &dyn Fn(&mut Value)| {
        let mut jwk = signer().jwk();
        change(&mut jwk);
        !ProviderKeys::from_jwks(&json!({ "keys": [jwk] })).unwrap().is_empty()
    };
    assert!(taken(&|_| ()));
    assert!(!taken(&|jwk| jwk["use"] = json!("enc")));
    assert!(!taken(&|jwk| jwk["key_ops"] = json!(["sign"])));
    assert!(taken(&|jwk| jwk["key_ops"] = json!(["verify"])));
    assert!(!taken(&|jwk| jwk["alg"] = json!("HS256")));
    assert!(!taken(&|jwk| jwk["crv"] = json!("secp256k1")));
    assert!(!taken(&|jwk| jwk["crv"] = json!("P-384")));
    assert!(!taken(&|jwk| jwk["x"] = json!("AAAA")));
    assert!(!taken(&|jwk| jwk["kty"] = json!("oct")));
    assert!(!taken(&|jwk| *jwk = json!({ "kty": "oct", "k": "AAAA" })));
    assert!(!taken(
        &|jwk| *jwk = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([255; 128]), "e": "AQAB" })
    ));
    assert!(!taken(
        &|jwk| *jwk = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([255; 4096]), "e": "AQAB" })
    ));
    assert!(taken(
        &|jwk| *jwk = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([255; 256]), "e": "AQAB" })
    ));
    assert!(!taken(&|jwk| *jwk = json!("a text")));
    for wrong in [json!({}), json!({ "keys": {} }), json!([]), json!({ "keys": vec![signer().jwk(); 101] })] {
        assert!(ProviderKeys::from_jwks(&wrong).is_err());
    }
}
