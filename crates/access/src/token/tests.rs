//! Every way in which a token may be wrong, each as a line of a table.

use super::*;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

const ISSUER: &str = "https://localhost:5000/tenant/v2.0";
const AUDIENCE: &str = "https://localhost:5000";
const NOW: i64 = 1_600_000_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

fn ring(seeds: &[u8]) -> KeyRing {
    KeyRing::new(seeds.iter().map(|seed| key(*seed)).collect()).unwrap()
}

fn registered() -> RegisteredClaims {
    RegisteredClaims {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        subject: "owner".to_owned(),
        id: Uuid::from_u128(1),
        issued: NOW,
        not_before: NOW,
        expires: NOW + 3600,
        generation: 0,
    }
}

fn claims() -> ArmClaims {
    ArmClaims {
        registered: registered(),
        principal: Uuid::from_u128(2),
        tenant: Uuid::from_u128(3),
        application: None,
        user_name: Some("admin".to_owned()),
        token_use: ArmTokenUse::Access,
        version: "1.0".to_owned(),
    }
}

fn verify_at(ring: &KeyRing, token: &str, second: i64) -> Result<ArmClaims, TokenError> {
    let expected = Expectation { issuer: ISSUER, audiences: &[AUDIENCE, "other"] };
    ring.verify(token, expected, Timestamp::from_second(second).unwrap())
}

fn verify(token: &str) -> Result<ArmClaims, TokenError> {
    verify_at(&ring(&[1]), token, NOW)
}

/// A token with any header and body, signed with the right key as `ES256`.
fn forge(header: &Value, body: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(body));
    let signature = key(1).sign(message.as_bytes()).unwrap();
    format!("{message}.{signature}")
}

fn good_header() -> Value {
    json!({ "alg": "ES256", "typ": "JWT", "kid": key(1).kid() })
}

#[test]
fn a_token_says_what_was_put_in() {
    let token = ring(&[1]).mint(&claims()).unwrap();
    assert_eq!(verify(&token), Ok(claims()));
    assert_eq!(verify(&forge(&good_header(), &json!(claims()))), Ok(claims()));
}

#[test]
fn an_older_key_still_verifies_and_a_foreign_one_does_not() {
    let token = ring(&[1]).mint(&claims()).unwrap();
    assert!(verify_at(&ring(&[2, 1]), &token, NOW).is_ok());
    assert_eq!(verify_at(&ring(&[2]), &token, NOW), Err(TokenError::UnknownKey));
}

#[test]
fn times_are_those_of_the_argument() {
    let token = ring(&[1]).mint(&claims()).unwrap();
    let at = |second| verify_at(&ring(&[1]), &token, second).map(|_| ());
    assert_eq!(at(NOW - 61), Err(TokenError::NotYetValid));
    assert_eq!(at(NOW - 60), Ok(()));
    assert_eq!(at(NOW + 3599), Ok(()));
    assert_eq!(at(NOW + 3600), Err(TokenError::Expired));
}

#[test]
fn the_header_does_not_choose_the_algorithm() {
    let body = json!(claims());
    for algorithm in ["none", "None", "NONE", "", "ES256K"] {
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": key(1).kid() });
        assert!(verify(&forge(&header, &body)).is_err(), "{algorithm}");
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        assert!(verify(&format!("{}.{}.", part(&header), part(&body))).is_err(), "{algorithm} unsigned");
    }
    // The public key taken for a shared secret, which it would be if the header chose.
    let public = key(1).jwk().to_string();
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let mut header = Header::new(algorithm);
        header.kid = Some(key(1).kid().to_owned());
        let token =
            jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(public.as_bytes())).unwrap();
        assert_eq!(verify(&token), Err(TokenError::Algorithm));
    }
    for algorithm in ["ES384", "RS256", "PS256", "EdDSA", "HS256"] {
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": key(1).kid() });
        assert_eq!(verify(&forge(&header, &body)), Err(TokenError::Algorithm), "{algorithm}");
    }
}

#[test]
fn the_header_does_not_bring_its_key() {
    // Signed by a stranger, who says that the key is ours, or brings his own along.
    let stranger = key(9);
    let ours = key(1);
    for header in [
        json!({ "alg": "ES256", "kid": ours.kid() }),
        json!({ "alg": "ES256", "kid": ours.kid(), "jwk": stranger.jwk() }),
        json!({ "alg": "ES256", "kid": stranger.kid(), "jwk": stranger.jwk() }),
        json!({ "alg": "ES256", "jwk": stranger.jwk(), "jku": "https://evil.example/keys" }),
        json!({ "alg": "ES256", "kid": "../../dev/null" }),
        json!({ "alg": "ES256", "kid": "" }),
    ] {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&json!(claims())));
        let token = format!("{message}.{}", stranger.sign(message.as_bytes()).unwrap());
        let outcome = verify(&token);
        assert!(
            matches!(outcome, Err(TokenError::Signature | TokenError::UnknownKey | TokenError::Malformed)),
            "{header}: {outcome:?}"
        );
    }
}

#[test]
fn issuer_and_audience_are_exact() {
    let with = |name: &str, value: Value| {
        let mut body = json!(claims());
        body[name] = value;
        verify(&forge(&good_header(), &body)).map(|_| ())
    };
    assert_eq!(with("aud", json!("other")), Ok(()));
    assert!(matches!(with("aud", json!("https://localhost:5000/")), Err(TokenError::Audience { .. })));
    assert!(matches!(with("aud", json!("")), Err(TokenError::Audience { .. })));
    assert_eq!(with("aud", json!([AUDIENCE])), Err(TokenError::Malformed));
    assert!(matches!(with("iss", json!("https://evil.example")), Err(TokenError::Issuer { .. })));
    assert!(matches!(with("iss", json!(RegistryClaims::ISSUER)), Err(TokenError::Issuer { .. })));
}

#[test]
fn no_claim_may_be_missing_or_of_another_kind() {
    for name in ["iss", "aud", "sub", "jti", "iat", "nbf", "exp", "oid", "tid", "token_use", "ver"] {
        let mut body = json!(claims());
        body.as_object_mut().unwrap().remove(name);
        assert_eq!(verify(&forge(&good_header(), &body)), Err(TokenError::Malformed), "{name}");
    }
    for value in [json!("1600003600"), json!(1e300), json!(null), json!({})] {
        let mut body = json!(claims());
        body["exp"] = value;
        assert_eq!(verify(&forge(&good_header(), &body)), Err(TokenError::Malformed));
    }
}

#[test]
fn a_changed_token_is_refused() {
    let token = ring(&[1]).mint(&claims()).unwrap();
    let mut parts: Vec<&str> = token.split('.').collect();
    let mut other = claims();
    other.principal = Uuid::from_u128(99);
    let body = URL_SAFE_NO_PAD.encode(json!(other).to_string());
    parts[1] = &body;
    assert_eq!(verify(&parts.join(".")), Err(TokenError::Signature));
    for broken in ["", ".", "..", "a.b.c", &token[1..], &token[..token.len() - 8], &"a".repeat(20_000)] {
        assert!(verify(broken).is_err(), "{broken}");
    }
}

#[test]
fn registry_tokens_open_what_they_name() {
    let mut access = registry_claims("team/app");
    assert!(access.opens("repository", "team/app", "pull"));
    for (kind, name, action) in [
        ("repository", "team/app", "push"),
        ("repository", "team/app2", "pull"),
        ("repository", "team", "pull"),
        ("repository", "team/*", "pull"),
        ("registry", "team/app", "pull"),
    ] {
        assert!(!access.opens(kind, name, action), "{kind}:{name}:{action}");
    }
    access.access[0].name = "*".to_owned();
    assert!(!access.opens("repository", "team/app", "pull"));
    access.access[0].name = "team/app".to_owned();
    access.grant_type = RegistryClaims::REFRESH_TOKEN.to_owned();
    assert!(!access.opens("repository", "team/app", "pull"));
}

#[test]
fn payloads_have_only_the_characters_of_both_alphabets() {
    for name in ["???>>>~~~", "a?b>c~d", "ü\u{7f}😀?", "\"\\?"] {
        let token = ring(&[1]).mint(&registry_claims(name)).unwrap();
        let payload = token.split('.').nth(1).unwrap();
        assert!(!payload.contains(['-', '_']), "{payload}");
        let expected = Expectation { issuer: ISSUER, audiences: &[AUDIENCE] };
        let back: RegistryClaims =
            ring(&[1]).verify(&token, expected, Timestamp::from_second(NOW).unwrap()).unwrap();
        assert_eq!(back, registry_claims(name));
    }
}

#[test]
fn keys_survive_the_store_and_hide_themselves() {
    let made = key(1);
    let loaded = SigningKey::from_pkcs8(made.pkcs8().to_vec()).unwrap();
    assert_eq!(loaded.kid(), made.kid());
    assert_eq!(loaded.jwk(), made.jwk());
    assert_eq!(format!("{made:?}"), format!("SigningKey({}, ..)", made.kid()));
    assert_eq!(ring(&[1, 2]).jwks()["keys"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_is_no_key_is_refused() {
    assert_eq!(SigningKey::from_seed(&[0; 32]).unwrap_err(), KeyError::Unusable);
    assert_eq!(SigningKey::from_seed(&[0xff; 32]).unwrap_err(), KeyError::Unusable);
    assert_eq!(SigningKey::from_pkcs8(Vec::new()).unwrap_err(), KeyError::Unusable);
    assert_eq!(SigningKey::from_pkcs8(vec![0x30; 67]).unwrap_err(), KeyError::Unusable);
    assert_eq!(KeyRing::new(Vec::new()).unwrap_err(), KeyError::Missing);
}

fn registry_claims(name: &str) -> RegistryClaims {
    RegistryClaims {
        registered: registered(),
        version: "1.0".to_owned(),
        rid: "1".to_owned(),
        grant_type: RegistryClaims::ACCESS_TOKEN.to_owned(),
        appid: None,
        tenant: None,
        permissions: RegistryPermissions::default(),
        roles: Vec::new(),
        access: vec![RegistryAccess {
            kind: "repository".to_owned(),
            name: name.to_owned(),
            actions: vec!["pull".to_owned()],
        }],
    }
}
