//! A client of other registries: for imports, for `scan REGISTRY/REFERENCE`, and for advisories as an artifact.
//!
//! It speaks the distribution specification with anonymous, Basic and Bearer authentication, by these rules:
//!
//! 1. Credentials belong to a host. They go to the registry itself, and to the token service that it names if that is
//!    of the same domain and the line is not less safe (attack C14). Elsewhere a token is asked for without them.
//! 2. Redirects are followed for blobs alone, a few of them, never to a less safe line, never with credentials or token,
//!    and only where the [`Reach`] allows.
//! 3. What comes is held against its digest. Documents are bounded; blobs stream, and go on by range where they broke.
//! 4. What may go better the next time is tried again, with pauses, a few times.

mod challenge;
mod origin;
mod push;

pub use origin::{Login, Origin};

use crate::sender::{self, Reach, SendError};
use axum::body::Bytes;
use challenge::Challenge;
use futures_util::StreamExt;
use http::{HeaderValue, StatusCode, header};
use oci::{Digest, Hasher, MAXIMUM_MANIFEST_BYTES};
use reqwest::{Response, Url};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::ByteStream;

/// What we can read.
const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
                      application/vnd.docker.distribution.manifest.v2+json, \
                      application/vnd.docker.distribution.manifest.list.v2+json, */*;q=0.1";
/// A line that is silent for so long is given up.
const SILENCE: Duration = Duration::from_secs(60);
/// How often a request is sent at most.
const TRIES: u32 = 4;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A registry that asks for more patience than this is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Real registries redirect once.
const REDIRECTS: usize = 4;
/// Tokens are a few kilobytes.
const TOKEN_BYTES: usize = 256 * 1024;

/// Why a registry did not give what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The name of the registry or repository is none.
    #[error("`{0}` is no name of a registry and a repository")]
    Name(String),
    /// It could not be reached.
    #[error(transparent)]
    Send(#[from] SendError),
    /// It does not have it.
    #[error("{host} has no `{what}`, or does not show it to whoever asks like this")]
    Absent {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
    },
    /// It wants to know who asks.
    #[error("{host} wants a sign-in, or refuses the one that was given")]
    Refused {
        /// The host.
        host: String,
    },
    /// The registry names a token service to which the credentials do not belong.
    #[error(
        "{host} names the token service {service}, which is not of its own domain; credentials are not sent there"
    )]
    ForeignTokenService {
        /// The host.
        host: String,
        /// The other host.
        service: String,
    },
    /// It answered something else.
    #[error("{host} answered {status} to `{what}`")]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
        /// What was asked for.
        what: String,
    },
    /// What it answered makes no sense.
    #[error("the answer of {host} cannot be used: {why}")]
    Answer {
        /// The host.
        host: String,
        /// Why.
        why: &'static str,
    },
    /// It sent other bytes than were asked for.
    #[error("{host} sent other bytes than {digest} names")]
    Digest {
        /// The host.
        host: String,
        /// What was asked for.
        digest: Digest,
    },
}

impl RemoteError {
    /// Whether it will not go better the next time.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Send(SendError::NoAnswer { .. }) => false,
            Self::Status { status, .. } => *status < 500 && *status != 429,
            Self::Name(_)
            | Self::Send(_)
            | Self::Absent { .. }
            | Self::Refused { .. }
            | Self::ForeignTokenService { .. }
            | Self::Answer { .. }
            | Self::Digest { .. } => true,
        }
    }
}

/// A manifest as it came, checked.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The type that the registry says it has.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Bytes,
}

/// A repository of another registry.
pub struct Remote {
    http: reqwest::Client,
    reach: Arc<Reach>,
    origin: Origin,
    login: Option<Login>,
    authorization: Mutex<Option<HeaderValue>>,
}

impl Remote {
    /// A client for one repository.
    ///
    /// # Errors
    /// When the names are none, or the system's certificates cannot be used.
    pub fn new(reach: Arc<Reach>, origin: Origin, login: Option<Login>) -> Result<Self, RemoteError> {
        let failed = |_| SendError::NoAnswer { host: origin.host(), why: "no client could be made".into() };
        let client = sender::client(&reach).map_err(failed)?;
        let http =
            client.read_timeout(SILENCE).build().map_err(|error| sender::no_answer(&origin.host(), error))?;
        Ok(Self { http, reach, origin, login, authorization: Mutex::default() })
    }

    /// The host, for people.
    pub fn host(&self) -> String {
        self.origin.host()
    }

    /// A manifest by tag or digest.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn manifest(&self, reference: &str) -> Result<Fetched, RemoteError> {
        let response = self.get(&format!("manifests/{reference}"), &[(header::ACCEPT, ACCEPT)]).await?;
        let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_owned();
        let bytes = self.bounded(response, MAXIMUM_MANIFEST_BYTES).await?;
        let digest = match reference.parse::<Digest>() {
            Ok(named) if Digest::of(named.algorithm(), &bytes) == named => named,
            Ok(digest) => return Err(RemoteError::Digest { host: self.host(), digest }),
            Err(_) => Digest::of_sha256(&bytes),
        };
        Ok(Fetched { media_type, digest, bytes })
    }

    /// A blob that is small, whole and checked.
    ///
    /// # Errors
    /// When it cannot be had, or is larger than `limit`.
    pub async fn small_blob(&self, digest: &Digest, limit: usize) -> Result<Bytes, RemoteError> {
        let response = self.get(&format!("blobs/{digest}"), &[]).await?;
        let bytes = self.bounded(response, limit).await?;
        let mut hasher = Hasher::new(digest.algorithm());
        hasher.update(&bytes);
        if hasher.finish() == *digest {
            Ok(bytes)
        } else {
            Err(RemoteError::Digest { host: self.host(), digest: digest.clone() })
        }
    }

    /// The bytes of a blob from an offset on, as they come: they are not checked yet.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn blob(&self, digest: &Digest, offset: u64) -> Result<ByteStream<'static>, RemoteError> {
        let range = format!("bytes={offset}-");
        let headers: &[_] = if offset > 0 { &[(header::RANGE, range.as_str())] } else { &[] };
        let response = self.get(&format!("blobs/{digest}"), headers).await?;
        let begins = match response.status() {
            StatusCode::PARTIAL_CONTENT => {
                let range =
                    response.headers().get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
                let first: Option<u64> =
                    range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse().ok());
                match first {
                    Some(first) if first == offset => offset,
                    _ => return Err(self.answer("it sent another range than was asked for")),
                }
            }
            // It knows no ranges, and begins from the beginning.
            _ => 0,
        };
        let mut skip = offset - begins;
        let pieces =
            response.bytes_stream().map(|piece| piece.map_err(|error| io::Error::other(error.without_url())));
        let pieces = pieces.map(move |piece| {
            piece.map(|mut piece| {
                let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
                skip -= skipped as u64;
                piece.split_off(skipped)
            })
        });
        Ok(pieces.boxed())
    }

    fn answer(&self, why: &'static str) -> RemoteError {
        RemoteError::Answer { host: self.host(), why }
    }

    async fn bounded(&self, response: Response, limit: usize) -> Result<Bytes, RemoteError> {
        let mut bytes = Vec::new();
        let mut pieces = response.bytes_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| sender::no_answer(&self.host(), error))?;
            if bytes.len() + piece.len() > limit {
                return Err(self.answer("it is larger than what it should be"));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.into())
    }

    /// A successful answer to a GET below the repository.
    async fn get(&self, path: &str, headers: &[(header::HeaderName, &str)]) -> Result<Response, RemoteError> {
        let url = self.origin.url(path)?;
        let mut pause = FIRST_PAUSE;
        let mut answered = false;
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match self.follow(url.clone(), headers).await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) if response.status() == StatusCode::UNAUTHORIZED && !answered => {
                    answered = true;
                    self.sign_in(&response).await?;
                    continue;
                }
                Ok(response) => {
                    if let Some(asked) = retry_after(&response) {
                        pause = pause.max(asked);
                    }
                    self.failure(response.status(), path)
                }
                Err(error) => error,
            };
            if failure.is_lasting() || tries >= TRIES || pause > LONGEST_PAUSE {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    fn failure(&self, status: StatusCode, path: &str) -> RemoteError {
        let (host, what) = (self.host(), format!("{}/{path}", self.origin.repository()));
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => RemoteError::Refused { host },
            StatusCode::NOT_FOUND => RemoteError::Absent { host, what },
            status => RemoteError::Status { host, status: status.as_u16(), what },
        }
    }

    /// Sends a request, and follows where it is sent to.
    async fn follow(
        &self,
        mut url: Url,
        headers: &[(header::HeaderName, &str)],
    ) -> Result<Response, RemoteError> {
        for hop in 0..=REDIRECTS {
            sender::check_literal(&url, &self.reach)?;
            let mut request = self.http.get(url.clone());
            for (name, value) in headers {
                request = request.header(name, *value);
            }
            let authorization = self.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone();
            // What was redirected is somebody else's: nothing of ours goes there.
            if let Some(authorization) = authorization.filter(|_| hop == 0) {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            let host = url.host_str().unwrap_or_default().to_owned();
            let response = request.send().await.map_err(|error| sender::no_answer(&host, error))?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let target = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let target = target.and_then(|target| url.join(target).ok());
            match target {
                Some(target) if is_as_safe(&url, &target) => url = target,
                Some(_) | None => return Err(self.answer("it redirects to nowhere, or to a less safe line")),
            }
        }
        Err(self.answer("it redirects without end"))
    }

    /// Answers a challenge: what follows is asked with a token, or with the credentials themselves.
    async fn sign_in(&self, response: &Response) -> Result<(), RemoteError> {
        let challenges = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
        let challenges: Vec<Challenge> =
            challenges.filter_map(|value| Challenge::parse(value.to_str().ok()?)).collect();
        let bearer = challenges.iter().find(|challenge| challenge.is("bearer"));
        let basic = challenges.iter().find(|challenge| challenge.is("basic"));
        let authorization = match (bearer, basic, &self.login) {
            (Some(challenge), _, _) => format!("Bearer {}", self.token(challenge).await?),
            (None, Some(_), Some(login)) => login.basic(),
            _ => return Err(RemoteError::Refused { host: self.host() }),
        };
        let mut value =
            HeaderValue::try_from(authorization).map_err(|_| self.answer("its token cannot be sent"))?;
        value.set_sensitive(true);
        *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        Ok(())
    }

    /// A token of the token service that a challenge names.
    async fn token(&self, challenge: &Challenge) -> Result<String, RemoteError> {
        let realm = challenge
            .parameter("realm")
            .ok_or_else(|| self.answer("its challenge names no token service"))?;
        let mut url = sender::parse(realm).map_err(|_| self.answer("its token service has no address"))?;
        sender::check_literal(&url, &self.reach)?;
        let service_host = url.host_str().unwrap_or_default().to_owned();
        let scope = format!("repository:{}:pull", self.origin.repository());
        url.query_pairs_mut().append_pair("scope", challenge.parameter("scope").unwrap_or(&scope));
        if let Some(service) = challenge.parameter("service") {
            url.query_pairs_mut().append_pair("service", service);
        }
        let mut request = self.http.get(url.clone());
        if let Some(login) = &self.login {
            if !self.origin.trusts(&url) {
                return Err(RemoteError::ForeignTokenService { host: self.host(), service: service_host });
            }
            request = request.header(header::AUTHORIZATION, login.basic());
        }
        let response = request.send().await.map_err(|error| sender::no_answer(&service_host, error))?;
        if !response.status().is_success() {
            return Err(match response.status() {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    RemoteError::Refused { host: self.host() }
                }
                status => {
                    RemoteError::Status { host: service_host, status: status.as_u16(), what: "token".into() }
                }
            });
        }
        let bytes = self.bounded(response, TOKEN_BYTES).await?;
        let document: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|_| self.answer("its token service answers no JSON"))?;
        let token =
            document.get("token").or_else(|| document.get("access_token")).and_then(|token| token.as_str());
        token.map(str::to_owned).ok_or_else(|| self.answer("its token service gives no token"))
    }
}

/// Whether a redirect does not lead from an encrypted line to one that is not.
fn is_as_safe(from: &Url, to: &Url) -> bool {
    match to.scheme() {
        "https" => true,
        "http" => from.scheme() == "http",
        _ => false,
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
