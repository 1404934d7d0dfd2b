//! A provider of identities on this machine: as OpenID Connect wants it, and as it does not.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub(crate) const CLIENT: &str = "lazaretto";
pub(crate) const SECRET: &str = "a secret: of / the + portal";

/// What the provider does otherwise than it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    None,
    /// Its document is of somebody else.
    ForeignDocument,
    /// Its document names endpoints of another machine without TLS.
    UnprotectedEndpoints,
    /// Its document never ends.
    HugeDocument,
    /// So do its keys.
    HugeKeys,
    /// And its tokens.
    HugeToken,
    /// The document is somewhere else.
    MovedDocument,
    /// The token endpoint is.
    MovedToken,
    /// Tokens of somebody else.
    ForeignIssuer,
    /// For somebody else.
    ForeignAudience,
    /// Of another sign-in.
    ForeignNonce,
    /// Of yesterday.
    Expired,
    /// Without a signature.
    Unsigned,
    /// Signed with the public key as if it were a secret.
    Confused,
    /// Signed with a key that the token itself brings along.
    OwnKey,
    /// None at all.
    NoToken,
}

struct Key {
    pair: EcdsaKeyPair,
    kid: String,
}

impl Key {
    fn new(kid: &str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        Self { pair, kid: kid.to_owned() }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid,
            "x": number(&point[1..33]), "y": number(&point[33..]),
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

struct Inside {
    url: String,
    quirk: Quirk,
    key: Key,
    claims: Value,
    codes: HashMap<String, HashMap<String, String>>,
    key_fetches: usize,
    document_fetches: usize,
}

/// The provider. It listens until it is dropped.
pub(crate) struct Corporation {
    pub(crate) url: String,
    inside: Arc<Mutex<Inside>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Corporation {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Shared = State<Arc<Mutex<Inside>>>;

impl Corporation {
    pub(crate) async fn start() -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let inside = Arc::new(Mutex::new(Inside {
            url: url.clone(),
            quirk: Quirk::None,
            key: Key::new("first"),
            claims: json!({ "sub": "248289761001", "preferred_username": "jane", "groups": ["security"] }),
            codes: HashMap::new(),
            key_fetches: 0,
            document_fetches: 0,
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/keys", get(keys))
            .with_state(inside.clone());
        let task = tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        Self { url, inside, task }
    }

    pub(crate) fn behaves(&self, quirk: Quirk) {
        self.inside.lock().unwrap().quirk = quirk;
    }

    /// What it says of whoever signs in.
    pub(crate) fn says(&self, claims: Value) {
        self.inside.lock().unwrap().claims = claims;
    }

    pub(crate) fn changes_its_key(&self, kid: &str) {
        self.inside.lock().unwrap().key = Key::new(kid);
    }

    pub(crate) fn key_fetches(&self) -> usize {
        self.inside.lock().unwrap().key_fetches
    }

    pub(crate) fn document_fetches(&self) -> usize {
        self.inside.lock().unwrap().document_fetches
    }
}

async fn document(State(inside): Shared) -> Response {
    let mut inside = inside.lock().unwrap();
    inside.document_fetches += 1;
    let url = &inside.url;
    let mut document = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "end_session_endpoint": format!("{url}/leave"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    if inside.quirk == Quirk::ForeignDocument {
        document["issuer"] = "https://login.example.com".into();
    }
    if inside.quirk == Quirk::UnprotectedEndpoints {
        document["token_endpoint"] = "http://login.example.com/token".into();
    }
    if inside.quirk == Quirk::HugeDocument {
        document["padding"] = "x".repeat(2 << 20).into();
    }
    if inside.quirk == Quirk::MovedDocument {
        return Redirect::temporary(&format!("{url}/keys")).into_response();
    }
    Json(document).into_response()
}

async fn keys(State(inside): Shared) -> Json<Value> {
    let mut inside = inside.lock().unwrap();
    inside.key_fetches += 1;
    let padding = if inside.quirk == Quirk::HugeKeys { "x".repeat(2 << 20) } else { String::new() };
    Json(json!({ "keys": [inside.key.jwk()], "padding": padding }))
}

/// Signs in whoever comes, and sends them back.
async fn authorize(State(inside): Shared, Query(asked): Query<HashMap<String, String>>) -> Response {
    let mut inside = inside.lock().unwrap();
    for (name, value) in [("response_type", "code"), ("client_id", CLIENT), ("code_challenge_method", "S256")]
    {
        assert_eq!(asked[name], value);
    }
    assert!(asked["scope"].split(' ').any(|word| word == "openid"));
    let code = format!("code {}", inside.codes.len());
    let (back, state) = (asked["redirect_uri"].clone(), asked["state"].clone());
    let issuer = inside.url.clone();
    inside.codes.insert(code.clone(), asked);
    let code = code.replace(' ', "%20");
    Redirect::to(&format!("{back}?code={code}&state={state}&iss={issuer}")).into_response()
}

async fn token(
    State(inside): Shared,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut inside = inside.lock().unwrap();
    // RFC 6749, section 2.3.1: both are encoded like a form before they are put together.
    let secret = "a%20secret%3A%20of%20%2F%20the%20%2B%20portal";
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{secret}")));
    assert_eq!(headers["authorization"], basic.as_str());
    let Some(asked) = inside.codes.remove(&form["code"]) else {
        let answer = json!({ "error": "invalid_grant", "error_description": "the code was used" });
        return (StatusCode::BAD_REQUEST, Json(answer)).into_response();
    };
    assert_eq!(form["redirect_uri"], asked["redirect_uri"]);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    assert_eq!(challenge, asked["code_challenge"]);
    if inside.quirk == Quirk::MovedToken {
        return Redirect::to("https://login.example.com/token").into_response();
    }
    if inside.quirk == Quirk::NoToken {
        return Json(json!({ "access_token": "x" })).into_response();
    }
    let token = match inside.quirk == Quirk::HugeToken {
        true => "x".repeat(2 << 20),
        false => inside.identity_token(&asked["nonce"]),
    };
    Json(json!({ "id_token": token, "token_type": "Bearer" })).into_response()
}

impl Inside {
    fn identity_token(&self, nonce: &str) -> String {
        let now = Timestamp::now().as_second();
        let mut claims = self.claims.clone();
        claims["iss"] = self.url.clone().into();
        claims["aud"] = json!([CLIENT]);
        claims["nonce"] = nonce.into();
        claims["iat"] = now.into();
        claims["exp"] = (now + 300).into();
        if self.quirk == Quirk::ForeignIssuer {
            claims["iss"] = "https://login.example.com".into();
        }
        if self.quirk == Quirk::ForeignAudience {
            claims["aud"] = "another portal".into();
        }
        if self.quirk == Quirk::ForeignNonce {
            claims["nonce"] = "another".into();
        }
        if self.quirk == Quirk::Expired {
            claims["iat"] = (now - 86_400).into();
            claims["exp"] = (now - 86_100).into();
        }
        self.signed(&claims)
    }

    fn signed(&self, claims: &Value) -> String {
        let mut header = json!({ "alg": "ES256", "kid": self.key.kid, "typ": "JWT" });
        if self.quirk == Quirk::Unsigned {
            header["alg"] = "none".into();
            let token = self.key.sign(&header, claims);
            return token[..=token.rfind('.').unwrap()].to_owned();
        }
        if self.quirk == Quirk::Confused {
            header["alg"] = "HS256".into();
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let message = format!("{}.{}", part(&header), part(claims));
            let code = access::hmac_sha256(self.key.jwk().to_string().as_bytes(), message.as_bytes());
            return format!("{message}.{}", URL_SAFE_NO_PAD.encode(code));
        }
        if self.quirk == Quirk::OwnKey {
            let own = Key::new("own");
            header["jwk"] = own.jwk();
            return own.sign(&header, claims);
        }
        self.key.sign(&header, claims)
    }
}
