//! Giving something to another registry: blobs in one piece, then the manifest that names them.
//!
//! What is there already is not sent again. Credentials and token go to the registry itself; where it wants the bytes
//! elsewhere, they go there without.

use super::{FIRST_PAUSE, Remote, RemoteError, TRIES, is_as_safe};
use crate::sender;
use http::{HeaderValue, Method, StatusCode, header};
use oci::Digest;
use reqwest::{Body, RequestBuilder, Response, Url};
use std::path::Path;
use std::sync::PoisonError;
use tokio_util::io::ReaderStream;

/// What a request carries.
enum Content<'a> {
    Nothing,
    Bytes { media_type: &'static str, bytes: &'a [u8] },
    File { path: &'a Path, size: u64 },
}

impl Remote {
    /// Gives a small blob.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub async fn push_bytes(&self, bytes: &[u8]) -> Result<Digest, RemoteError> {
        let digest = Digest::of_sha256(bytes);
        let content = Content::Bytes { media_type: "application/octet-stream", bytes };
        self.push_content(&digest, content).await?;
        Ok(digest)
    }

    /// Gives a file as a blob. The caller knows its digest and its size.
    ///
    /// # Errors
    /// When the registry does not take it, or the file cannot be read.
    pub async fn push_file(&self, digest: &Digest, path: &Path, size: u64) -> Result<(), RemoteError> {
        self.push_content(digest, Content::File { path, size }).await
    }

    /// Gives a manifest, and lets a tag point to it.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub async fn push_manifest(
        &self,
        reference: &str,
        media_type: &'static str,
        bytes: &[u8],
    ) -> Result<(), RemoteError> {
        let path = format!("manifests/{reference}");
        let url = self.origin.url(&path)?;
        let content = Content::Bytes { media_type, bytes };
        let response = self.send(&Method::PUT, &url, &content).await?;
        if response.status().is_success() { Ok(()) } else { Err(self.failure(response.status(), &path)) }
    }

    async fn push_content(&self, digest: &Digest, content: Content<'_>) -> Result<(), RemoteError> {
        let path = format!("blobs/{digest}");
        let known = self.send(&Method::HEAD, &self.origin.url(&path)?, &Content::Nothing).await?;
        if known.status().is_success() {
            return Ok(());
        }
        let mut pause = FIRST_PAUSE;
        let mut tries = 0;
        loop {
            tries += 1;
            // An upload that broke is begun anew: few registries go on with one in one piece.
            let failure = match self.upload(digest, &content).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if failure.is_lasting() || tries >= TRIES {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    async fn upload(&self, digest: &Digest, content: &Content<'_>) -> Result<(), RemoteError> {
        let begin = self.origin.url("blobs/uploads/")?;
        let begun = self.send(&Method::POST, &begin, &Content::Nothing).await?;
        if begun.status() != StatusCode::ACCEPTED {
            return Err(self.failure(begun.status(), "blobs/uploads/"));
        }
        let location = begun.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        let location = location.and_then(|location| begin.join(location).ok());
        let mut location = location
            .filter(|location| is_as_safe(&begin, location))
            .ok_or_else(|| self.answer("it names no place for the upload, or one on a less safe line"))?;
        location.query_pairs_mut().append_pair("digest", digest.as_str());
        let done = self.send(&Method::PUT, &location, content).await?;
        if done.status().is_success() { Ok(()) } else { Err(self.failure(done.status(), "blobs/uploads/")) }
    }

    /// Sends a request, and once more where the registry wants to know who asks.
    async fn send(&self, method: &Method, url: &Url, content: &Content<'_>) -> Result<Response, RemoteError> {
        let response = self.send_once(method, url, content).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        self.sign_in(&response).await?;
        self.send_once(method, url, content).await
    }

    async fn send_once(
        &self,
        method: &Method,
        url: &Url,
        content: &Content<'_>,
    ) -> Result<Response, RemoteError> {
        sender::check_literal(url, &self.reach)?;
        let request = self.with_content(self.http.request(method.clone(), url.clone()), content).await?;
        let authorization: Option<HeaderValue> =
            self.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let request = match authorization.filter(|_| self.origin.is_at(url)) {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization),
            None => request,
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(request.send().await.map_err(|error| sender::no_answer(&host, error))?)
    }

    async fn with_content(
        &self,
        request: RequestBuilder,
        content: &Content<'_>,
    ) -> Result<RequestBuilder, RemoteError> {
        Ok(match content {
            Content::Nothing => request.header(header::CONTENT_LENGTH, 0),
            Content::Bytes { media_type, bytes } => {
                request.header(header::CONTENT_TYPE, *media_type).body(bytes.to_vec())
            }
            Content::File { path, size } => {
                let file = tokio::fs::File::open(path).await;
                let file = file.map_err(|_| self.answer("the file that is to be pushed cannot be read"))?;
                request
                    .header(header::CONTENT_TYPE, "application/octet-stream")
                    .header(header::CONTENT_LENGTH, *size)
                    .body(Body::wrap_stream(ReaderStream::new(file)))
            }
        })
    }
}
