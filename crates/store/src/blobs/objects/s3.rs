//! S3, and what speaks like it.
//!
//! Specification: the Amazon S3 API reference, version 2006-03-01. Surprises: joining parts and copying may answer 200
//! and hold an error in the document; a copy in one request ends at 5 GiB; all parts but the last have at least 5 MiB.
//! Bodies are signed with their hash, so that the storage itself refuses bytes that were damaged on the way.

mod signature;

use super::bucket::{Begun, Bucket, BucketError, Listed, Listing};
use super::transport::{Request, Transport, content, document, refused};
use super::xml::Element;
use crate::ByteStream;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, Url};
use signature::{Signable, Signer, encode};
use std::fmt::Write;
use std::ops::Range;

/// A copy in one request may have so many bytes.
const COPY_LIMIT: u64 = 5 << 30;
/// A larger one is made of parts of this size.
const COPY_PART: u64 = 1 << 30;
/// All parts but the last have at least so many bytes.
const LEAST_PART: u64 = 5 << 20;
/// Pages of a listing that are read at most; a page has a thousand entries.
const PAGES: usize = 1000;

/// Where a bucket is, and by whose leave.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Access {
    /// The bucket.
    pub bucket: String,
    /// What all keys begin with: empty, or with a slash at its end.
    pub prefix: String,
    /// The region that requests are signed for.
    pub region: String,
    /// `http(s)://HOST[:PORT]` of another storage than Amazon's; its buckets are named in the path.
    pub endpoint: Option<String>,
    /// The key's public half.
    pub access_key: String,
    /// The key's secret half.
    pub secret_key: String,
    /// Of temporary credentials.
    pub session_token: Option<String>,
    /// How many bytes the storage copies in one request, if that is less than Amazon's 5 GiB.
    pub largest_copy: Option<u64>,
}

/// A bucket.
pub(super) struct S3 {
    transport: Transport,
    signer: Signer,
    bucket: String,
    prefix: String,
    /// Scheme and host.
    origin: String,
    host: String,
    /// What the path of every request begins with.
    path: String,
    copy_limit: u64,
}

impl S3 {
    pub(super) fn new(access: S3Access) -> Result<Self, BucketError> {
        let (origin, path) = match &access.endpoint {
            Some(endpoint) => (endpoint.trim_end_matches('/').to_owned(), format!("/{}", access.bucket)),
            None => {
                let host = format!("https://{}.s3.{}.amazonaws.com", access.bucket, access.region);
                (host, String::new())
            }
        };
        let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host).to_owned();
        let signer = Signer {
            access_key: access.access_key,
            secret_key: access.secret_key,
            session_token: access.session_token,
            region: access.region,
        };
        let (bucket, prefix) = (access.bucket, access.prefix);
        Ok(Self {
            transport: Transport::new()?,
            signer,
            bucket,
            prefix,
            origin,
            host,
            path,
            copy_limit: access
                .largest_copy
                .map_or(COPY_LIMIT, |largest| largest.clamp(LEAST_PART, COPY_LIMIT)),
        })
    }

    async fn send(
        &self,
        method: Method,
        key: Option<&str>,
        query: &[(&str, String)],
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Response, BucketError> {
        let path = match key {
            Some(key) => format!("{}/{}", self.path, encode(&self.full(key), "/")),
            None => format!("{}/", self.path.trim_end_matches('/')),
        };
        let url = format!("{}{path}?{}", self.origin, signature::query(query));
        let url =
            Url::parse(url.trim_end_matches('?')).map_err(|_| BucketError::Answer("its address is none"))?;
        self.transport
            .send(|| {
                let signable = Signable {
                    method: method.as_str(),
                    path: &path,
                    query,
                    headers,
                    host: &self.host,
                    payload: &body,
                };
                let headers = header_map(self.signer.sign(&signable, Timestamp::now()));
                Request { method: method.clone(), url: url.clone(), headers, body: body.clone() }
            })
            .await
    }

    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// The key as we know it.
    fn own(&self, full: &str) -> Option<String> {
        full.strip_prefix(&self.prefix).map(str::to_owned)
    }

    async fn copy_in_parts(&self, from: &str, to: &str, size: u64) -> Result<(), BucketError> {
        let parts = self.begin_parts(to).await?;
        let copied = self.copy_ranges(from, to, &parts, size).await;
        if copied.is_err() {
            // What cannot be dropped now is found by its age later.
            let _ = self.drop_parts(to, &parts).await;
        }
        copied
    }

    async fn copy_ranges(&self, from: &str, to: &str, parts: &str, size: u64) -> Result<(), BucketError> {
        let part_bytes = COPY_PART.min(self.copy_limit);
        let mut marks = Vec::new();
        let mut first = 0;
        while first < size {
            let number = u32::try_from(marks.len() + 1).map_err(|_| BucketError::Answer("too many parts"))?;
            let last = (first + part_bytes).min(size) - 1;
            let query = [("partNumber", number.to_string()), ("uploadId", parts.to_owned())];
            let headers = [self.source(from), ("x-amz-copy-source-range", format!("bytes={first}-{last}"))];
            let answer = self.send(Method::PUT, Some(to), &query, &headers, Bytes::new()).await?;
            let copied = without_error(&document(answer).await?)?;
            marks.push((number, copied.text_at(&["ETag"]).to_owned()));
            first = last + 1;
        }
        self.join_parts(to, parts, &marks).await
    }

    fn source(&self, key: &str) -> (&'static str, String) {
        ("x-amz-copy-source", format!("/{}/{}", self.bucket, encode(&self.full(key), "/")))
    }
}

#[async_trait]
impl Bucket for S3 {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), BucketError> {
        self.send(Method::PUT, Some(key), &[], &[], content).await?;
        Ok(())
    }

    async fn size(&self, key: &str) -> Result<Option<u64>, BucketError> {
        match self.send(Method::HEAD, Some(key), &[], &[], Bytes::new()).await {
            Ok(answer) => content_length(&answer).map(Some),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn get(&self, key: &str, range: Range<u64>) -> Result<ByteStream<'static>, BucketError> {
        let headers = [("range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))];
        let answer = self.send(Method::GET, Some(key), &[], &headers, Bytes::new()).await?;
        if answer.status().as_u16() != 206 && content_length(&answer)? != range.end - range.start {
            return Err(BucketError::Answer("another range than was asked for"));
        }
        Ok(content(answer))
    }

    async fn delete(&self, key: &str) -> Result<(), BucketError> {
        match self.send(Method::DELETE, Some(key), &[], &[], Bytes::new()).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_absent() => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, BucketError> {
        let mut query = vec![
            ("list-type", "2".to_owned()),
            ("max-keys", limit.clamp(1, 1000).to_string()),
            ("prefix", self.full(prefix)),
        ];
        query.extend(after.map(|after| ("start-after", self.full(after))));
        let answer = self.send(Method::GET, None, &query, &[], Bytes::new()).await?;
        let root = without_error(&document(answer).await?)?;
        let objects = root.all("Contents").filter_map(|entry| {
            let key = self.own(entry.text_at(&["Key"]))?;
            let size = entry.text_at(&["Size"]).parse().ok()?;
            Some(Listed { key, size, modified: moment(entry.text_at(&["LastModified"])) })
        });
        Ok(Listing { objects: objects.collect(), has_more: root.text_at(&["IsTruncated"]) == "true" })
    }

    async fn begin_parts(&self, key: &str) -> Result<String, BucketError> {
        let query = [("uploads", String::new())];
        let answer = self.send(Method::POST, Some(key), &query, &[], Bytes::new()).await?;
        let parts = without_error(&document(answer).await?)?.text_at(&["UploadId"]).to_owned();
        if parts.is_empty() { Err(BucketError::Answer("parts without a name")) } else { Ok(parts) }
    }

    async fn put_part(
        &self,
        key: &str,
        parts: &str,
        number: u32,
        content: Bytes,
    ) -> Result<String, BucketError> {
        let query = [("partNumber", number.to_string()), ("uploadId", parts.to_owned())];
        let answer = self.send(Method::PUT, Some(key), &query, &[], content).await?;
        let mark = answer.headers().get("etag").and_then(|tag| tag.to_str().ok());
        mark.map(str::to_owned).ok_or(BucketError::Answer("a part without a mark"))
    }

    async fn join_parts(&self, key: &str, parts: &str, marks: &[(u32, String)]) -> Result<(), BucketError> {
        let mut list = String::from("<CompleteMultipartUpload>");
        for (number, mark) in marks {
            let mark = quick_xml::escape::escape(mark);
            // Writing to a string cannot fail.
            let _ = write!(list, "<Part><PartNumber>{number}</PartNumber><ETag>{mark}</ETag></Part>");
        }
        list.push_str("</CompleteMultipartUpload>");
        let query = [("uploadId", parts.to_owned())];
        let answer = self.send(Method::POST, Some(key), &query, &[], list.into()).await?;
        without_error(&document(answer).await?)?;
        Ok(())
    }

    async fn drop_parts(&self, key: &str, parts: &str) -> Result<(), BucketError> {
        let query = [("uploadId", parts.to_owned())];
        match self.send(Method::DELETE, Some(key), &query, &[], Bytes::new()).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_absent() => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn begun_parts(&self, prefix: &str) -> Result<Vec<Begun>, BucketError> {
        let mut begun = Vec::new();
        let mut markers: Option<(String, String)> = None;
        for _ in 0..PAGES {
            let mut query = vec![("uploads", String::new()), ("prefix", self.full(prefix))];
            if let Some((key, parts)) = markers.take() {
                query.extend([("key-marker", key), ("upload-id-marker", parts)]);
            }
            let answer = self.send(Method::GET, None, &query, &[], Bytes::new()).await?;
            let root = without_error(&document(answer).await?)?;
            begun.extend(root.all("Upload").filter_map(|entry| {
                let key = self.own(entry.text_at(&["Key"])).filter(|key| key.starts_with(prefix))?;
                let parts = entry.text_at(&["UploadId"]).to_owned();
                Some(Begun { key, parts, at: moment(entry.text_at(&["Initiated"])) })
            }));
            if root.text_at(&["IsTruncated"]) != "true" {
                break;
            }
            let marker = |name| root.text_at(&[name]).to_owned();
            markers = Some((marker("NextKeyMarker"), marker("NextUploadIdMarker")));
        }
        Ok(begun)
    }

    async fn copy(&self, from: &str, to: &str, size: u64) -> Result<(), BucketError> {
        if size > self.copy_limit {
            return self.copy_in_parts(from, to, size).await;
        }
        let answer = self.send(Method::PUT, Some(to), &[], &[self.source(from)], Bytes::new()).await?;
        without_error(&document(answer).await?)?;
        Ok(())
    }
}

/// A document of success; some errors come with a status of 200.
fn without_error(document: &[u8]) -> Result<Element, BucketError> {
    let root = Element::parse(document)?;
    if root.name == "Error" { Err(refused(200, None, document)) } else { Ok(root) }
}

/// The oldest moment stands for one that cannot be read: what is that old is looked at again and not kept for ever.
fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::MIN)
}

pub(super) fn content_length(answer: &Response) -> Result<u64, BucketError> {
    let length = answer.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
    length.ok_or(BucketError::Answer("an object without a length"))
}

/// What is signed is made of digests, numbers and the operator's own words.
pub(super) fn header_map(headers: Vec<(&'static str, String)>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value
                .set_sensitive(matches!(name, "authorization" | "x-amz-security-token" | "x-ms-copy-source"));
            map.insert(HeaderName::from_static(name), value);
        }
    }
    map
}
