//! Sends to addresses that somebody else chose: webhooks, automations, imports.
//!
//! Whoever may set such an address could otherwise use this server as a way into its own network (attack C15). So:
//!
//! 1. Only `http` and `https` are spoken.
//! 2. Names are resolved here, and a connection is made to exactly the addresses that were looked at: a name that
//!    answers otherwise the second time gains nothing. Addresses of this machine, of private networks and of links are
//!    refused, in whatever way they are written, unless the configuration allows them ([`Reach`]).
//! 3. Redirects are never followed.
//! 4. No proxy of the environment is used: it would connect where we did not look.
//! 5. Everything has an end: connecting, answering, and the length of the answer.
//! 6. No error and no log names more of an address than its host: the rest may be a secret.

mod address;
mod document;
mod resolver;

pub use address::{Network, NetworkError, Reach};
pub use document::{Document, Question, form};
pub(crate) use resolver::open_address;

use crate::syslog::{self, Authorities};
use axum::body::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the whole exchange may take.
const EXCHANGE: Duration = Duration::from_secs(20);
/// So much of an answer is kept.
const ANSWER_BYTES: usize = 4096;
/// Headers that say how a message is framed or where it goes. They are ours alone.
const OWN_HEADERS: [&str; 8] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"];

/// Why something was not sent, or not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The address is none.
    #[error("the address is no URL that begins with http:// or https:// and names a host")]
    Address,
    /// A header cannot be sent.
    #[error("the header `{0}` cannot be sent; its name or value is not allowed")]
    Header(String),
    /// The host is at an address that is closed.
    #[error(
        "{host} is at {address}, which is an address of a private network; \
         the operator can allow it with `outbound-allow`"
    )]
    Closed {
        /// The host.
        host: String,
        /// Its address.
        address: IpAddr,
    },
    /// The answer is too long.
    #[error("{host} sent more than {most} bytes")]
    TooLong {
        /// The host.
        host: String,
        /// As much as is taken.
        most: usize,
    },
    /// Nobody answered.
    #[error("{host} did not answer: {why}")]
    NoAnswer {
        /// The host.
        host: String,
        /// Why, without the address.
        why: String,
    },
}

/// Something to be sent with POST.
pub struct Letter {
    /// Where to. It may hold a secret.
    pub address: String,
    /// Headers. They may hold secrets.
    pub headers: HeaderMap,
    /// What.
    pub body: Bytes,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, as far as they are text.
    pub headers: BTreeMap<String, String>,
    /// The beginning of the content; what is not text is replaced.
    pub content: String,
}

impl Answer {
    /// Whether it was taken.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How many seconds the other side asks to be left alone.
    pub fn retry_after(&self) -> Option<u64> {
        self.headers.get("retry-after")?.trim().parse().ok()
    }
}

/// Sends.
#[derive(Debug, Clone)]
pub struct Sender {
    http: reqwest::Client,
    reach: Arc<Reach>,
    authorities: Authorities,
}

/// The transport could not be made: the system's certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be made; are the system's certificates in order?")]
pub struct TransportError(#[source] reqwest::Error);

impl Sender {
    /// A sender that reaches so far.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn new(reach: Arc<Reach>) -> Result<Self, TransportError> {
        let http = client(&reach)?.timeout(EXCHANGE).build().map_err(TransportError)?;
        Ok(Self { http, reach, authorities: Authorities::default() })
    }

    /// The same, which trusts further authorities where it does not speak HTTP: certificates in PEM.
    #[must_use]
    pub fn trusting(self, further: Option<Arc<[u8]>>) -> Self {
        Self { authorities: Authorities { further }, ..self }
    }

    /// Sends messages of syslog to an address that somebody chose. All were taken, or none counts as taken.
    ///
    /// # Errors
    /// A sentence that says why, with nothing of the address but its host.
    pub(crate) async fn log(&self, address: &str, messages: &[String]) -> Result<(), String> {
        syslog::send(&self.reach, &self.authorities, address, messages).await
    }

    /// How far it reaches.
    pub fn reach(&self) -> Arc<Reach> {
        self.reach.clone()
    }

    /// Whether an address may be written down: it is one, and is not closed as far as it can be seen without asking
    /// for its name.
    ///
    /// # Errors
    /// One sentence that says what is wrong with it.
    pub fn check(&self, address: &str) -> Result<(), SendError> {
        let url = parse(address)?;
        check_literal(&url, &self.reach)
    }

    /// Sends a letter.
    ///
    /// # Errors
    /// When it could not be sent or was not answered. Any answer is an answer, whatever its status.
    pub async fn post(&self, letter: Letter) -> Result<Answer, SendError> {
        let url = parse(&letter.address)?;
        check_literal(&url, &self.reach)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let request = self.http.post(url).headers(letter.headers).body(letter.body);
        let response = request.send().await.map_err(|error| no_answer(&host, error))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let content = beginning(response).await;
        Ok(Answer { status, headers, content })
    }
}

/// Headers out of what somebody wrote.
///
/// # Errors
/// When one is no header, or is not theirs to set.
pub fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, SendError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let wrong = || SendError::Header(name.chars().take(100).collect());
        let parsed: HeaderName = name.parse().map_err(|_| wrong())?;
        let mut value: HeaderValue = value.parse().map_err(|_| wrong())?;
        if OWN_HEADERS.contains(&parsed.as_str()) {
            return Err(wrong());
        }
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

/// A client with the rules of this module.
pub(crate) fn client(reach: &Arc<Reach>) -> Result<reqwest::ClientBuilder, TransportError> {
    Ok(reqwest::Client::builder()
        .user_agent(concat!("lazaretto/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(30))
        .dns_resolver(Arc::new(resolver::Resolver::new(reach.clone()))))
}

/// An address that may be asked. A name is looked at when it is resolved; a number has to be looked at here, since
/// nobody resolves it.
pub(crate) fn check_literal(url: &Url, reach: &Reach) -> Result<(), SendError> {
    let host = url.host_str().ok_or(SendError::Address)?;
    // The parser of URLs has brought every way to write an IPv4 address into one.
    let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() else { return Ok(()) };
    if reach.allows(address) { Ok(()) } else { Err(SendError::Closed { host: host.to_owned(), address }) }
}

pub(crate) fn parse(address: &str) -> Result<Url, SendError> {
    let url = Url::parse(address).map_err(|_| SendError::Address)?;
    let is_ours = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_ours { Ok(url) } else { Err(SendError::Address) }
}

/// An error in words, without the address.
pub(crate) fn no_answer(host: &str, error: reqwest::Error) -> SendError {
    let error = error.without_url();
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut deepest = String::new();
    while let Some(cause) = source {
        if let Some(resolver::Closed(address)) = cause.downcast_ref() {
            return SendError::Closed { host: host.to_owned(), address: *address };
        }
        deepest = cause.to_string();
        source = cause.source();
    }
    let why = if error.is_timeout() { "it took too long".to_owned() } else { deepest };
    SendError::NoAnswer { host: host.to_owned(), why }
}

/// The beginning of an answer. What breaks off is as long as it is.
async fn beginning(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(ANSWER_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
