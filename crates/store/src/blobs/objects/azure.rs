//! Azure Blob Storage.
//!
//! Specification: the Blob service REST API. Surprises: a listing has no "start after", but an opaque marker; blocks
//! that were never joined cannot be listed by their age, and go by themselves after a week; a copy may still be going
//! on when its request was answered.
//! Requests are signed with the account's key, or carry a shared access signature, which is then part of their address: no
//! address is ever shown or logged. Other credentials are not supported.

mod shared_key;

use super::bucket::{Begun, Bucket, BucketError, Listed, Listing};
use super::s3::{content_length, header_map};
use super::transport::{Request, Transport, content, document};
use super::xml::Element;
use crate::ByteStream;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::{Method, Response, Url};
use shared_key::Signable;
use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

/// The version of the service that the requests are written for.
const VERSION: &str = "2020-10-02";
/// How many entries a page of a listing has at most.
const PAGE: usize = 5000;
/// Pages of a listing that are read at most, to the twenty-millionth blob.
const PAGES: usize = 4000;
/// How often a copy is looked at, and the first pause, which doubles up to ten seconds: some ten minutes.
const LOOKS: u32 = 64;
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// Where a container is, and by whose leave.
#[derive(Clone, PartialEq, Eq)]
pub struct AzureAccess {
    /// The storage account.
    pub account: String,
    /// The container.
    pub container: String,
    /// What all names begin with: empty, or with a slash at its end.
    pub prefix: String,
    /// Another address than `https://ACCOUNT.blob.core.windows.net`: a sovereign cloud, or the emulator.
    pub endpoint: Option<String>,
    /// By whose leave.
    pub credentials: AzureCredentials,
}

/// What opens a container.
#[derive(Clone, PartialEq, Eq)]
pub enum AzureCredentials {
    /// The account's key.
    Key(Vec<u8>),
    /// A shared access signature: the query of an address, without the question mark. It has to allow reading, writing,
    /// deleting and listing.
    SharedAccessSignature(String),
}

/// A container.
pub(super) struct Azure {
    transport: Transport,
    account: String,
    credentials: AzureCredentials,
    prefix: String,
    /// Scheme and host.
    origin: String,
    /// What the path of every request begins with.
    path: String,
}

impl Azure {
    pub(super) fn new(access: AzureAccess) -> Result<Self, BucketError> {
        let AzureAccess { account, container, prefix, endpoint, credentials } = access;
        let endpoint = endpoint.unwrap_or_else(|| format!("https://{account}.blob.core.windows.net"));
        let endpoint = endpoint.trim_end_matches('/');
        let host = endpoint.find("://").map_or(0, |scheme| scheme + 3);
        let slash =
            endpoint.get(host..).and_then(|rest| rest.find('/')).map_or(endpoint.len(), |at| host + at);
        let (origin, path) = endpoint.split_at(slash);
        let (origin, path) = (origin.to_owned(), format!("{path}/{container}"));
        Ok(Self { transport: Transport::new()?, account, credentials, prefix, origin, path })
    }

    /// Letters of our keys need no encoding in a path.
    fn path_of(&self, key: &str) -> String {
        format!("{}/{}{key}", self.path, self.prefix)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Response, BucketError> {
        let mut url = Url::parse(&format!("{}{path}", self.origin))
            .map_err(|_| BucketError::Answer("its address is none"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        if let AzureCredentials::SharedAccessSignature(signature) = &self.credentials {
            let both = url.query().map_or_else(|| signature.clone(), |query| format!("{query}&{signature}"));
            url.set_query(Some(&both));
        }
        self.transport
            .send(|| {
                let mut headers = headers.to_vec();
                headers.push(("x-ms-version", VERSION.to_owned()));
                headers
                    .push(("x-ms-date", Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
                if let AzureCredentials::Key(key) = &self.credentials {
                    let signable = Signable {
                        method: method.as_str(),
                        account: &self.account,
                        path,
                        query,
                        headers: &headers,
                        content_type: "",
                        content_length: body.len(),
                    };
                    headers.push(("authorization", shared_key::authorization(&signable, key)));
                }
                let mut headers = header_map(headers);
                if method == Method::PUT {
                    headers.insert("content-length", body.len().into());
                }
                Request { method: method.clone(), url: url.clone(), headers, body: body.clone() }
            })
            .await
    }

    async fn look(&self, key: &str) -> Result<Option<Response>, BucketError> {
        match self.send(Method::HEAD, &self.path_of(key), &[], &[], Bytes::new()).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Blocks have names of one length.
fn block(number: u32, nonce: &str) -> String {
    STANDARD.encode(format!("{number:08}-{nonce}"))
}

#[async_trait]
impl Bucket for Azure {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), BucketError> {
        let headers = [("x-ms-blob-type", "BlockBlob".to_owned())];
        self.send(Method::PUT, &self.path_of(key), &[], &headers, content).await?;
        Ok(())
    }

    async fn size(&self, key: &str) -> Result<Option<u64>, BucketError> {
        self.look(key).await?.as_ref().map(content_length).transpose()
    }

    async fn get(&self, key: &str, range: Range<u64>) -> Result<ByteStream<'static>, BucketError> {
        let headers = [("x-ms-range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))];
        let answer = self.send(Method::GET, &self.path_of(key), &[], &headers, Bytes::new()).await?;
        if content_length(&answer)? != range.end - range.start {
            return Err(BucketError::Answer("another range than was asked for"));
        }
        Ok(content(answer))
    }

    async fn delete(&self, key: &str) -> Result<(), BucketError> {
        match self.send(Method::DELETE, &self.path_of(key), &[], &[], Bytes::new()).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_absent() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Goes from the first page on each time, since a marker cannot be made of a key. A page has five thousand names,
    /// so that a hundred thousand blobs are twenty requests.
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, BucketError> {
        let mut objects = Vec::new();
        let mut marker = String::new();
        for _ in 0..PAGES {
            let query = [
                ("comp", "list".to_owned()),
                ("marker", marker),
                ("maxresults", PAGE.to_string()),
                ("prefix", format!("{}{prefix}", self.prefix)),
                ("restype", "container".to_owned()),
            ];
            let answer = self.send(Method::GET, &self.path, &query, &[], Bytes::new()).await?;
            let root = Element::parse(&document(answer).await?)?;
            for entry in root.at(&["Blobs"]).iter().flat_map(|blobs| blobs.all("Blob")) {
                let Some(key) = entry.text_at(&["Name"]).strip_prefix(&self.prefix) else { continue };
                if after.is_some_and(|after| key <= after) {
                    continue;
                }
                if objects.len() == limit {
                    return Ok(Listing { objects, has_more: true });
                }
                let size = entry.text_at(&["Properties", "Content-Length"]).parse().unwrap_or(0);
                let modified = rfc2822::parse(entry.text_at(&["Properties", "Last-Modified"]));
                // What cannot be read is the oldest: it is looked at again and not kept for ever.
                let modified = modified.map_or(Timestamp::MIN, |moment| moment.timestamp());
                objects.push(Listed { key: key.to_owned(), size, modified });
            }
            marker = root.text_at(&["NextMarker"]).to_owned();
            if marker.is_empty() {
                return Ok(Listing { objects, has_more: false });
            }
        }
        Ok(Listing { objects, has_more: true })
    }

    /// Blocks need no beginning; the nonce keeps those of one upload apart from any others of the same name.
    async fn begin_parts(&self, _: &str) -> Result<String, BucketError> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| BucketError::Answer("the system gave no random bytes"))?;
        Ok(format!("{:016x}", u64::from_le_bytes(random)))
    }

    async fn put_part(
        &self,
        key: &str,
        parts: &str,
        number: u32,
        content: Bytes,
    ) -> Result<String, BucketError> {
        let name = block(number, parts);
        let query = [("blockid", name.clone()), ("comp", "block".to_owned())];
        self.send(Method::PUT, &self.path_of(key), &query, &[], content).await?;
        Ok(name)
    }

    async fn join_parts(&self, key: &str, _: &str, marks: &[(u32, String)]) -> Result<(), BucketError> {
        let mut list = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
        for (_, mark) in marks {
            // Base64 needs no escape; writing to a string cannot fail.
            let _ = write!(list, "<Latest>{mark}</Latest>");
        }
        list.push_str("</BlockList>");
        let query = [("comp", "blocklist".to_owned())];
        self.send(Method::PUT, &self.path_of(key), &query, &[], list.into()).await?;
        Ok(())
    }

    /// A whole blob in their place ends blocks that were not joined.
    async fn drop_parts(&self, key: &str, _: &str) -> Result<(), BucketError> {
        self.put(key, Bytes::new()).await?;
        self.delete(key).await
    }

    /// None: the storage does not tell their age, and gives them up itself after a week.
    async fn begun_parts(&self, _: &str) -> Result<Vec<Begun>, BucketError> {
        Ok(Vec::new())
    }

    async fn copy(&self, from: &str, to: &str, _: u64) -> Result<(), BucketError> {
        // The storage fetches from itself, and asks by whose leave.
        let leave = match &self.credentials {
            AzureCredentials::Key(_) => String::new(),
            AzureCredentials::SharedAccessSignature(signature) => format!("?{signature}"),
        };
        let headers = [("x-ms-copy-source", format!("{}{}{leave}", self.origin, self.path_of(from)))];
        let answer = self.send(Method::PUT, &self.path_of(to), &[], &headers, Bytes::new()).await?;
        let mut status = copy_status(&answer);
        let mut pause = FIRST_LOOK;
        for _ in 0..LOOKS {
            match status.as_str() {
                "success" => return Ok(()),
                "pending" => {}
                _ => break,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_LOOK);
            status = self.look(to).await?.as_ref().map(copy_status).unwrap_or_default();
        }
        Err(BucketError::Copy(status))
    }
}

fn copy_status(answer: &Response) -> String {
    let status = answer.headers().get("x-ms-copy-status").and_then(|status| status.to_str().ok());
    status.unwrap_or_default().to_owned()
}
