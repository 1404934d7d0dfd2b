//! A push over HTTP, as a client does it: blobs, then the manifest.

use super::image::{Blob, Image};
use super::server::{PASSWORD, Server};
use reqwest::{Body, Client, StatusCode};

/// Pushes an image and returns the digest of its manifest once the server has acknowledged it.
///
/// # Errors
/// When the connection breaks, or the server refuses.
pub(crate) async fn push(
    client: &Client,
    url: &str,
    repository: &str,
    tag: &str,
    image: &Image,
) -> Result<String, String> {
    for blob in image.layers.iter().chain([&image.config]) {
        push_blob(client, url, repository, blob).await?;
    }
    let manifest = image.manifest();
    put_manifest(client, url, repository, tag, &manifest).await?;
    Ok(manifest.digest().to_string())
}

/// Pushes one blob in one request after the session was opened.
pub(crate) async fn push_blob(
    client: &Client,
    url: &str,
    repository: &str,
    blob: &Blob,
) -> Result<(), String> {
    push_bytes(client, url, repository, &blob.digest().to_string(), blob.bytes.clone()).await
}

/// Pushes what has this digest in one request after the session was opened.
pub(crate) async fn push_bytes(
    client: &Client,
    url: &str,
    repository: &str,
    digest: &str,
    bytes: impl Into<Body>,
) -> Result<(), String> {
    let opened = client
        .post(format!("{url}/v2/{repository}/blobs/uploads/"))
        .basic_auth("admin", Some(PASSWORD))
        .send()
        .await
        .map_err(|error| error.to_string())?;
    expect(&opened, StatusCode::ACCEPTED)?;
    let location =
        opened.headers().get("location").and_then(|value| value.to_str().ok()).ok_or("no location")?;
    let location = if location.starts_with('/') { format!("{url}{location}") } else { location.to_owned() };
    let mark = if location.contains('?') { '&' } else { '?' };
    let done = client
        .put(format!("{location}{mark}digest={digest}"))
        .basic_auth("admin", Some(PASSWORD))
        .body(bytes)
        .send()
        .await
        .map_err(|error| error.to_string())?;
    expect(&done, StatusCode::CREATED)
}

/// Puts a manifest.
pub(crate) async fn put_manifest(
    client: &Client,
    url: &str,
    repository: &str,
    tag: &str,
    manifest: &Blob,
) -> Result<(), String> {
    let done = client
        .put(format!("{url}/v2/{repository}/manifests/{tag}"))
        .basic_auth("admin", Some(PASSWORD))
        .header("content-type", &manifest.media_type)
        .body(manifest.bytes.clone())
        .send()
        .await
        .map_err(|error| error.to_string())?;
    expect(&done, StatusCode::CREATED)
}

/// The bytes of a manifest or a blob.
pub(crate) async fn get(client: &Client, server: &Server, path: &str) -> (StatusCode, Vec<u8>) {
    let answer =
        client.get(format!("{}{path}", server.url)).basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
    let status = answer.status();
    (status, answer.bytes().await.unwrap().to_vec())
}

fn expect(answer: &reqwest::Response, status: StatusCode) -> Result<(), String> {
    if answer.status() == status { Ok(()) } else { Err(format!("{} to {}", answer.status(), answer.url())) }
}
