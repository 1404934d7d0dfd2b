//! One file from a source: only if it changed, within a bound, and from where the last attempt stopped.
//!
//! * What was fetched before is asked for with `If-None-Match` and `If-Modified-Since` (RFC 9110, section 13).
//! * What was cut off is continued with `Range` and `If-Range` (section 14), in the same run and in the next one. If the
//!   file became another one meanwhile, it is fetched from its beginning.
//! * A body that ends early, is longer than announced, or exceeds the bound is an error, and never a file.
//! * Redirects are followed on the same host alone, and never from `https` to `http`: whoever can answer for a source
//!   must not make the server ask other machines (attack C15). Addresses are shown without user and query.

use jiff::Timestamp;
use reqwest::header::{
    CONTENT_RANGE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED,
    RANGE,
};
use reqwest::{Client, Response, StatusCode, Url};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a file is tried without a byte coming, with what was received before kept.
const ATTEMPTS: u32 = 4;
/// How often it is tried on a line that breaks again and again.
const MOST_ATTEMPTS: u32 = 100;
/// The pause before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// A source that is silent for so long is given up for this attempt.
const SILENCE: Duration = Duration::from_secs(60);
/// Redirects of one request.
const REDIRECTS: usize = 5;

/// What tells one state of a file from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The entity tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The date of change, as the server writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// What is to be fetched.
#[derive(Debug)]
pub struct Download<'a> {
    /// From where.
    pub url: &'a str,
    /// To where. What is not complete stands beside it, with `.part` behind its name.
    pub target: &'a Path,
    /// What is at hand already; it is fetched only if it became something else.
    pub known: Option<&'a Validators>,
    /// The most bytes.
    pub most_bytes: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Downloaded {
    /// It is what is at hand already.
    NotModified,
    /// It is in its place.
    Fetched {
        /// What tells this state of the file from others.
        validators: Validators,
        /// How many bytes it has.
        bytes: u64,
    },
}

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The address makes no sense.
    #[error("`{0}` is no address that can be read from; use https://, http:// or a path")]
    Address(String),
    /// Nobody answered, or the connection broke too often.
    #[error("{url} could not be read: {why}")]
    Connection {
        /// The address.
        url: String,
        /// Why.
        why: String,
    },
    /// It is somewhere else.
    #[error("{url} redirects to another host; list the address there as the source")]
    Elsewhere {
        /// The address.
        url: String,
    },
    /// The answer is none that is expected.
    #[error("{url} answered {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: StatusCode,
    },
    /// There is more than the bound.
    #[error("{url} has {bytes} bytes, and no more than {most} are read; nothing was changed")]
    TooLarge {
        /// The address.
        url: String,
        /// How many there are, or how many came before it was stopped.
        bytes: u64,
        /// The bound.
        most: u64,
    },
    /// There is nothing.
    #[error("{url} is empty; nothing was changed")]
    Empty {
        /// The address.
        url: String,
    },
    /// A file could not be written.
    #[error("{path} could not be written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What stands beside a file that is not complete.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    url: String,
    validators: Validators,
}

/// A client for sources.
///
/// # Errors
/// When the system gives it no TLS.
pub fn client() -> Result<Client, reqwest::Error> {
    let policy = reqwest::redirect::Policy::custom(|attempt| {
        let Some(first) = attempt.previous().first() else { return attempt.stop() };
        let (from, to) = (first.clone(), attempt.url());
        let same_host =
            from.host_str() == to.host_str() && from.port_or_known_default() == to.port_or_known_default();
        let secure_again =
            from.scheme() == "http" && to.scheme() == "https" && from.host_str() == to.host_str();
        if attempt.previous().len() > REDIRECTS {
            return attempt.error("there are too many redirects");
        }
        if (same_host && from.scheme() == to.scheme()) || secure_again {
            attempt.follow()
        } else {
            attempt.stop()
        }
    });
    Client::builder()
        .redirect(policy)
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(SILENCE)
        .user_agent(concat!("lazaretto/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Fetches a file. `progress` is told how many bytes there are, of how many.
///
/// # Errors
/// When it cannot be had whole and within its bound. What was received stays for the next attempt.
pub async fn fetch(
    client: &Client,
    download: &Download<'_>,
    progress: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<Downloaded, DownloadError> {
    let url: Url = download.url.parse().map_err(|_| DownloadError::Address(shown(download.url)))?;
    let mut pause = PAUSE;
    let (mut attempt, mut in_vain) = (1, 1);
    loop {
        let before = received(download.target);
        match once(client, &url, download, progress).await {
            Err(DownloadError::Connection { url, why }) if attempt < MOST_ATTEMPTS && in_vain < ATTEMPTS => {
                tracing::info!(url, why, attempt, "a download is continued");
                // A line that brings something each time is worth another try.
                if received(download.target) > before {
                    (pause, in_vain) = (PAUSE, 1);
                }
                tokio::time::sleep(pause).await;
                pause *= 2;
                attempt += 1;
                in_vain += 1;
            }
            other => return other,
        }
    }
}

/// How much of a file that is not complete is there.
fn received(target: &Path) -> u64 {
    beside(target, "part").metadata().map_or(0, |metadata| metadata.len())
}

async fn once(
    client: &Client,
    url: &Url,
    download: &Download<'_>,
    progress: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<Downloaded, DownloadError> {
    let (part, note) = (beside(download.target, "part"), beside(download.target, "part-of"));
    let begun = begun(&part, &note, url);
    let mut request = client.get(url.clone());
    for (name, value) in conditions(begun.as_ref(), download.known) {
        request = request.header(name, value);
    }
    let response = request.send().await.map_err(|error| broken(url, &error))?;
    match response.status() {
        StatusCode::NOT_MODIFIED if download.known.is_some() => Ok(Downloaded::NotModified),
        StatusCode::PARTIAL_CONTENT => {
            let Some((length, _)) = begun.filter(|(length, _)| continues(&response, *length)) else {
                return Err(start_over(&part, url, "it continued where nobody had stopped"));
            };
            let file =
                OpenOptions::new().append(true).open(&part).map_err(|source| file_error(&part, source))?;
            receive(response, file, length, url, download, progress).await
        }
        StatusCode::OK => {
            let validators = validators(response.headers());
            let noted = Part { url: url.to_string(), validators };
            let text = serde_json::to_vec(&noted).unwrap_or_default();
            std::fs::write(&note, text).map_err(|source| file_error(&note, source))?;
            let file = File::create(&part).map_err(|source| file_error(&part, source))?;
            receive(response, file, 0, url, download, progress).await
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            Err(start_over(&part, url, "it is shorter than what was received"))
        }
        status if status.is_redirection() && status != StatusCode::NOT_MODIFIED => {
            Err(DownloadError::Elsewhere { url: shown(url.as_str()) })
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Err(DownloadError::Connection { url: shown(url.as_str()), why: format!("it answered {status}") })
        }
        status => Err(DownloadError::Status { url: shown(url.as_str()), status }),
    }
}

/// How much of the same state of a file is there.
fn begun(part: &Path, note: &Path, url: &Url) -> Option<(u64, Part)> {
    let noted: Part = serde_json::from_slice(&std::fs::read(note).ok()?).ok()?;
    let length = part.metadata().ok()?.len();
    (noted.url == url.as_str() && length > 0 && range_validator(&noted.validators).is_some())
        .then_some((length, noted))
}

/// What `If-Range` may hold: a strong tag, or else the date.
fn range_validator(validators: &Validators) -> Option<&str> {
    let strong = validators.etag.as_deref().filter(|tag| !tag.starts_with("W/"));
    strong.or(validators.last_modified.as_deref())
}

fn conditions(begun: Option<&(u64, Part)>, known: Option<&Validators>) -> Vec<(HeaderName, String)> {
    let mut headers = Vec::new();
    if let Some((length, part)) = begun
        && let Some(validator) = range_validator(&part.validators)
    {
        headers.push((RANGE, format!("bytes={length}-")));
        headers.push((IF_RANGE, validator.to_owned()));
    } else if let Some(known) = known {
        headers.extend(known.etag.clone().map(|tag| (IF_NONE_MATCH, tag)));
        headers.extend(known.last_modified.clone().map(|date| (IF_MODIFIED_SINCE, date)));
    }
    headers
}

fn validators(headers: &HeaderMap) -> Validators {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Validators { etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
}

/// Whether an answer goes on exactly where the last one stopped.
fn continues(response: &Response, length: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-')?.0.parse::<u64>().ok())
        == Some(length)
}

async fn receive(
    mut response: Response,
    mut file: File,
    already: u64,
    url: &Url,
    download: &Download<'_>,
    progress: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<Downloaded, DownloadError> {
    let (part, note) = (beside(download.target, "part"), beside(download.target, "part-of"));
    let total = response.content_length().map(|left| left.saturating_add(already));
    let too_large = |bytes| {
        let _ = std::fs::remove_file(&part);
        let _ = std::fs::remove_file(&note);
        DownloadError::TooLarge { url: shown(url.as_str()), bytes, most: download.most_bytes }
    };
    if let Some(total) = total.filter(|total| *total > download.most_bytes) {
        return Err(too_large(total));
    }
    let mut received = already;
    progress(received, total);
    loop {
        let Some(chunk) = response.chunk().await.map_err(|_| cut_off(url, received, total))? else { break };
        received = received.saturating_add(chunk.len() as u64);
        if received > download.most_bytes {
            return Err(too_large(received));
        }
        file.write_all(&chunk).map_err(|source| file_error(&part, source))?;
        progress(received, total);
    }
    if total.is_some_and(|total| total != received) {
        return Err(cut_off(url, received, total));
    }
    if received == 0 {
        return Err(DownloadError::Empty { url: shown(url.as_str()) });
    }
    file.sync_all().map_err(|source| file_error(&part, source))?;
    let noted: Option<Part> = std::fs::read(&note).ok().and_then(|text| serde_json::from_slice(&text).ok());
    std::fs::rename(&part, download.target).map_err(|source| file_error(download.target, source))?;
    let _ = std::fs::remove_file(&note);
    let validators = noted.map(|part| part.validators).unwrap_or_default();
    Ok(Downloaded::Fetched { validators, bytes: received })
}

/// Takes a file of this machine: what tells its states apart is its length and the moment of its last change.
pub(super) fn take(path: &Path, download: &Download<'_>) -> Result<Downloaded, DownloadError> {
    let unreadable = |error: std::io::Error| DownloadError::Connection {
        url: path.display().to_string(),
        why: error.to_string(),
    };
    let metadata = path.metadata().map_err(unreadable)?;
    let changed = metadata.modified().ok().and_then(|moment| Timestamp::try_from(moment).ok());
    let etag = format!("{}-{}", metadata.len(), changed.map(|at| at.as_microsecond()).unwrap_or_default());
    let validators = Validators { etag: Some(etag), last_modified: None };
    if download.known == Some(&validators) {
        return Ok(Downloaded::NotModified);
    }
    if metadata.len() > download.most_bytes {
        let url = path.display().to_string();
        return Err(DownloadError::TooLarge { url, bytes: metadata.len(), most: download.most_bytes });
    }
    if metadata.len() == 0 {
        return Err(DownloadError::Empty { url: path.display().to_string() });
    }
    let bytes = std::fs::copy(path, download.target).map_err(|source| file_error(download.target, source))?;
    Ok(Downloaded::Fetched { validators, bytes })
}

fn cut_off(url: &Url, received: u64, total: Option<u64>) -> DownloadError {
    let of = total.map_or_else(String::new, |total| format!(" of {total}"));
    let why = format!("it was cut off after {received}{of} bytes; the next update goes on from there");
    DownloadError::Connection { url: shown(url.as_str()), why }
}

fn start_over(part: &Path, url: &Url, why: &str) -> DownloadError {
    let _ = std::fs::remove_file(part);
    DownloadError::Connection { url: shown(url.as_str()), why: why.to_owned() }
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    target.with_added_extension(ending)
}

fn file_error(path: &Path, source: std::io::Error) -> DownloadError {
    DownloadError::File { path: path.to_owned(), source }
}

/// An error in one sentence: the causes behind it say more than it does itself. It never has the whole address.
fn broken(url: &Url, error: &reqwest::Error) -> DownloadError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    DownloadError::Connection { url: shown(url.as_str()), why: cause.to_string() }
}

/// An address for people: without user, password and query, which may be secrets.
pub(super) fn shown(url: &str) -> String {
    match url.parse::<Url>() {
        Ok(mut parsed) => {
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            parsed.set_query(None);
            parsed.set_fragment(None);
            parsed.to_string()
        }
        Err(_) => url.chars().filter(|letter| !letter.is_control()).take(100).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_secrets() {
        let said = shown("https://user:word@a.example/b/c.zip?token=secret#x");
        assert_eq!(said, "https://a.example/b/c.zip");
    }

    #[test]
    fn a_weak_tag_continues_nothing() {
        let weak = Validators { etag: Some("W/\"1\"".into()), last_modified: None };
        assert_eq!(range_validator(&weak), None);
        let dated = Validators { last_modified: Some("Thu, 26 Nov 2026 00:00:00 GMT".into()), ..weak };
        assert_eq!(range_validator(&dated), dated.last_modified.as_deref());
    }
}
