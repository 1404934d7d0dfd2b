//! Requests over HTTP, sent again where that is safe and may help.
//!
//! Every request that goes through here may be repeated: writing the same object, part or list of parts twice is the
//! same as once. A storage that is busy says so with a 5xx or 429, and gets some time.

use super::bucket::BucketError;
use crate::ByteStream;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode, Url};
use std::io;
use std::time::Duration;

/// How often a request is sent at most.
const ATTEMPTS: u32 = 4;
/// The pause before the second attempt; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// A storage that is silent for so long is asked again.
const SILENCE: Duration = Duration::from_secs(30);
/// Documents of a storage are smaller than this: a listing of a thousand keys has some 400 KiB.
const DOCUMENT_BYTES: usize = 8 << 20;
/// How much of an error's text is kept.
const MESSAGE_CHARACTERS: usize = 300;

/// A request, signed anew for every attempt.
pub(super) struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The connection to a storage.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    client: Client,
}

impl Transport {
    /// # Errors
    /// When the system has no TLS roots that can be read.
    pub(super) fn new() -> Result<Self, BucketError> {
        // A redirect would carry the signature to another host.
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(SILENCE)
            .build()
            .map_err(unreachable)?;
        Ok(Self { client })
    }

    /// Sends a request and gives back an answer of success; any other is an error with the storage's own words.
    pub(super) async fn send(
        &self,
        mut sign: impl FnMut() -> Request + Send,
    ) -> Result<reqwest::Response, BucketError> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let Request { method, url, headers, body } = sign();
            let sent = self.client.request(method, url).headers(headers).body(body).send().await;
            let error = match sent {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => {
                    let is_passing = is_passing(answer.status());
                    let error = refusal(answer).await;
                    if !is_passing {
                        return Err(error);
                    }
                    error
                }
                Err(error) => unreachable(error),
            };
            if attempt == ATTEMPTS {
                return Err(error);
            }
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                attempt,
                "the object storage is asked again"
            );
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(BucketError::Answer("it was never asked"))
    }
}

fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

/// An error without the address, which could hold a signature.
pub(super) fn unreachable(error: reqwest::Error) -> BucketError {
    BucketError::Unreachable(io::Error::other(error.without_url()))
}

/// The whole body of an answer that is a document.
pub(super) async fn document(answer: reqwest::Response) -> Result<Bytes, BucketError> {
    let mut pieces = answer.bytes_stream();
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        whole.extend_from_slice(&piece.map_err(unreachable)?);
        if whole.len() > DOCUMENT_BYTES {
            return Err(BucketError::Answer("a document is too long"));
        }
    }
    Ok(whole.freeze())
}

/// The body of an answer that is an object.
pub(super) fn content(answer: reqwest::Response) -> ByteStream<'static> {
    answer.bytes_stream().map_err(|error| io::Error::other(error.without_url())).boxed()
}

async fn refusal(answer: reqwest::Response) -> BucketError {
    let status = answer.status().as_u16();
    // Azure tells the code in a header too, which answers to HEAD have as well.
    let named =
        answer.headers().get("x-ms-error-code").and_then(|code| code.to_str().ok()).map(str::to_owned);
    let text = document(answer).await.unwrap_or_default();
    refused(status, named, &text)
}

/// What an error document says.
pub(super) fn refused(status: u16, named: Option<String>, document: &[u8]) -> BucketError {
    let (code, message) = super::xml::error(document);
    let message: String =
        message.chars().filter(|letter| !letter.is_control()).take(MESSAGE_CHARACTERS).collect();
    BucketError::Refused { status, code: named.unwrap_or(code), message }
}
