//! The client of other registries against servers that behave, and that do not.

use super::*;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response as Answer};
use axum::routing::get;
use futures_util::stream;
use http::HeaderMap;
use tokio::net::TcpListener;

/// A registry that does what it is told, and remembers what it heard: `METHOD-LESS PATH AUTHORIZATION RANGE`.
#[derive(Clone, Default)]
struct Script {
    heard: Arc<Mutex<Vec<String>>>,
    /// Where the token service is; none: Basic.
    realm: Option<String>,
    /// Where blobs are redirected to.
    redirect: Option<String>,
    /// How many requests fail before one is answered.
    failures: Arc<Mutex<u32>>,
    /// Whether anybody may read.
    is_open: bool,
}

const LAYER: &[u8] = b"0123456789";

impl Script {
    async fn serve(self) -> String {
        self.serve_at("127.0.0.1").await
    }

    async fn serve_at(self, address: &str) -> String {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let router = Router::new()
            .route("/v2/{*path}", get(answer))
            .route("/token", get(token))
            .route("/elsewhere", get(elsewhere))
            .with_state(self);
        tokio::spawn(async move { axum::serve(listener, router).await });
        host
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn hear(&self, path: &str, headers: &HeaderMap) {
        let of =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned();
        self.heard.lock().unwrap().push(format!("{path} {} {}", of("authorization"), of("range")));
    }
}

async fn token(State(script): State<Script>, headers: HeaderMap) -> Answer {
    script.hear("token", &headers);
    axum::Json(serde_json::json!({ "token": "open" })).into_response()
}

async fn elsewhere(State(script): State<Script>, headers: HeaderMap) -> Answer {
    script.hear("elsewhere", &headers);
    LAYER.into_response()
}

async fn answer(State(script): State<Script>, Path(path): Path<String>, headers: HeaderMap) -> Answer {
    script.hear(&path, &headers);
    {
        let mut failures = script.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return StatusCode::BAD_GATEWAY.into_response();
        }
    }
    let authorization = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let is_known =
        authorization.as_deref().is_some_and(|value| value == "Bearer open" || value.starts_with("Basic"));
    if !script.is_open && !is_known {
        let challenge = match &script.realm {
            Some(realm) => format!("Bearer realm=\"{realm}\",service=\"test\""),
            None => "Basic realm=\"test\"".to_owned(),
        };
        return (StatusCode::UNAUTHORIZED, [("www-authenticate", challenge)]).into_response();
    }
    if path.contains("/manifests/") {
        return ([("content-type", "application/vnd.oci.image.manifest.v1+json")], "{}").into_response();
    }
    if let Some(target) = &script.redirect {
        return (StatusCode::TEMPORARY_REDIRECT, [("location", target.clone())]).into_response();
    }
    match headers.get("range") {
        Some(range) => {
            let first: usize = range.to_str().unwrap()[6..].trim_end_matches('-').parse().unwrap();
            let range = format!("bytes {first}-9/10");
            (StatusCode::PARTIAL_CONTENT, [("content-range", range)], &LAYER[first..]).into_response()
        }
        None => LAYER.into_response(),
    }
}

fn remote(host: &str, login: bool) -> Remote {
    let login = login.then(|| Login { user: "alice".into(), password: "word".into() });
    Remote::new(Arc::new(Reach::Anywhere), Origin::new(host, "app").unwrap(), login).unwrap()
}

async fn whole(mut bytes: ByteStream<'static>) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(piece) = bytes.next().await {
        whole.extend_from_slice(&piece.unwrap());
    }
    whole
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_the_token_kept() {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let service = Script { heard: heard.clone(), ..Script::default() }.serve().await;
    let realm = Some(format!("http://{service}/token"));
    let script = Script { heard, realm, ..Script::default() };
    let remote = remote(&script.clone().serve().await, true);
    remote.manifest("latest").await.unwrap();
    remote.manifest("latest").await.unwrap();
    assert_eq!(
        script.heard(),
        [
            "app/manifests/latest - -",
            "token Basic YWxpY2U6d29yZA== -",
            "app/manifests/latest Bearer open -",
            "app/manifests/latest Bearer open -",
        ]
    );
}

#[tokio::test]
async fn credentials_are_not_shown_to_a_token_service_elsewhere() {
    let thief = Script::default();
    let realm = thief.clone().serve().await.replace("127.0.0.1", "localhost");
    let script = Script { realm: Some(format!("http://{realm}/token")), ..Script::default() };
    let host = script.clone().serve().await;
    let refused = remote(&host, true).manifest("latest").await.unwrap_err();
    assert!(matches!(refused, RemoteError::ForeignTokenService { .. }), "{refused:?}");
    assert!(thief.heard().is_empty());
    // Without credentials there is nothing to steal.
    remote(&host, false).manifest("latest").await.unwrap();
    assert_eq!(thief.heard(), ["token - -"]);
}

#[tokio::test]
async fn basic_authentication_is_used_where_it_is_asked_for() {
    let script = Script::default();
    let host = script.clone().serve().await;
    remote(&host, true).manifest("latest").await.unwrap();
    assert_eq!(script.heard().last().unwrap(), "app/manifests/latest Basic YWxpY2U6d29yZA== -");
    let refused = remote(&host, false).manifest("latest").await.unwrap_err();
    assert!(matches!(refused, RemoteError::Refused { .. }), "{refused:?}");
}

#[tokio::test]
async fn nothing_of_ours_goes_along_a_redirect() {
    let other = Script::default();
    let target = format!("http://{}/elsewhere", other.clone().serve().await);
    let script = Script { redirect: Some(target), ..Script::default() };
    let remote = remote(&script.clone().serve().await, true);
    let digest = Digest::of_sha256(LAYER);
    assert_eq!(whole(remote.blob(&digest, 0).await.unwrap()).await, LAYER);
    assert_eq!(other.heard(), ["elsewhere - -"]);
    let loop_ = Script { redirect: Some("/v2/app/blobs/again".into()), is_open: true, ..Script::default() };
    let error = self::remote(&loop_.serve().await, false).blob(&digest, 0).await.err().unwrap();
    assert!(matches!(error, RemoteError::Answer { .. }), "{error:?}");
    let unsafe_ = Script { redirect: Some("file:///etc/passwd".into()), is_open: true, ..Script::default() };
    assert!(self::remote(&unsafe_.serve().await, false).blob(&digest, 0).await.is_err());
}

#[tokio::test]
async fn a_redirect_leads_to_no_private_address() {
    let other = Script::default();
    let target = format!("http://{}/elsewhere", other.clone().serve().await);
    let script = Script { redirect: Some(target), is_open: true, ..Script::default() };
    let host = script.clone().serve_at("127.0.0.2").await;
    let reach = Reach::Public { allowed: vec!["127.0.0.2".parse().unwrap()] };
    let remote = Remote::new(Arc::new(reach), Origin::new(&host, "app").unwrap(), None).unwrap();
    let refused = remote.blob(&Digest::of_sha256(LAYER), 0).await.err().unwrap();
    assert!(matches!(refused, RemoteError::Send(SendError::Closed { .. })), "{refused:?}");
    assert_eq!((script.heard().len(), other.heard().len()), (1, 0));
}

#[tokio::test]
async fn what_breaks_for_a_moment_is_tried_again() {
    let script = Script { is_open: true, failures: Arc::new(Mutex::new(2)), ..Script::default() };
    let remote = remote(&script.clone().serve().await, false);
    remote.manifest("latest").await.unwrap();
    assert_eq!(script.heard().len(), 3);
}

#[tokio::test]
async fn a_blob_goes_on_where_it_broke() {
    let script = Script { is_open: true, ..Script::default() };
    let remote = remote(&script.clone().serve().await, false);
    let digest = Digest::of_sha256(LAYER);
    assert_eq!(whole(remote.blob(&digest, 4).await.unwrap()).await, b"456789");
    assert_eq!(script.heard(), [format!("app/blobs/{digest} - bytes=4-")]);
    // A registry that knows no ranges sends everything, of which the beginning is dropped.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let pieces = || stream::iter(LAYER.chunks(3).map(|piece| Ok::<_, io::Error>(Bytes::from_static(piece))));
    let router = Router::new()
        .route("/v2/{*path}", get(move || async move { axum::body::Body::from_stream(pieces()) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    assert_eq!(whole(self::remote(&host, false).blob(&digest, 4).await.unwrap()).await, b"456789");
}

#[tokio::test]
async fn other_bytes_than_named_are_refused() {
    let script = Script { is_open: true, ..Script::default() };
    let remote = remote(&script.serve().await, false);
    let other = Digest::of_sha256(b"other");
    let refused = remote.manifest(&other.to_string()).await.unwrap_err();
    assert!(matches!(refused, RemoteError::Digest { .. }), "{refused:?}");
    assert!(matches!(remote.small_blob(&other, 100).await.unwrap_err(), RemoteError::Digest { .. }));
    assert!(matches!(remote.small_blob(&other, 5).await.unwrap_err(), RemoteError::Answer { .. }));
    assert_eq!(&remote.small_blob(&Digest::of_sha256(LAYER), 10).await.unwrap()[..], LAYER);
}
