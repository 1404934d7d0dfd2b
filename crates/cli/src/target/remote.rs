//! An image in a registry, pulled for one scan and never kept.
//!
//! The client speaks the distribution specification: anonymous, Basic and Bearer.
//! Credentials go to the registry's own host and to the token service that it names over the same scheme,
//! never along a redirect to another host (attack C14).

use super::document::{DEEPEST_INDEX, Document, LARGEST_DOCUMENT, choose};
use super::{Image, Layer, LayerBytes};
use crate::terminal::Terminal;
use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use oci::{Digest, Hasher, ImageReference};
use reqwest::{Method, Response, StatusCode, header};
use serde::Deserialize;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
                      application/vnd.docker.distribution.manifest.v2+json, \
                      application/vnd.docker.distribution.manifest.list.v2+json";

/// A registry, and the authorisation that it accepted.
struct Registry {
    http: reqwest::Client,
    base: String,
    repository: String,
    login: Option<(String, String)>,
    bearer: Option<String>,
}

/// Opens `HOST[:PORT]/NAME[:TAG][@DIGEST]`.
pub(super) async fn open(target: &str, platform: &str, terminal: Terminal) -> Result<Image> {
    let reference: ImageReference = target.parse().with_context(|| {
        format!("`{target}` is no target; write oci:DIR, oci-archive:FILE, docker-archive:FILE, dir:FOLDER or HOST/NAME:TAG")
    })?;
    let mut registry = Registry::new(&reference)?;
    // As every client does: no tag means `latest`.
    let mut wanted =
        reference.reference().map_or_else(|| "latest".to_owned(), |reference| reference.to_string());
    let mut named = reference.digest().cloned();
    for _ in 0..DEEPEST_INDEX {
        let bytes = registry.manifest(&wanted).await?;
        let digest = match named.take() {
            Some(digest) => {
                verify(&bytes, &digest)?;
                digest
            }
            None => Digest::of_sha256(&bytes),
        };
        let document = Document::from_json(&bytes)?;
        if let Some(children) = &document.manifests {
            let child = choose(children, platform)?;
            wanted.clone_from(&child.digest);
            named = Some(child.digest.parse()?);
            continue;
        }
        let configuration = match &document.config {
            Some(config) => {
                let bytes = registry.small_blob(&config.digest).await?;
                verify(&bytes, &config.digest.parse()?)?;
                Some(bytes)
            }
            None => None,
        };
        let mut layers = Vec::new();
        for layer in document.layers.unwrap_or_default() {
            let foreign =
                layer.media_type.contains("nondistributable") || layer.media_type.contains("foreign");
            let bytes = if foreign {
                LayerBytes::Foreign
            } else {
                registry.layer(&layer.digest.parse()?, layer.size, terminal).await?
            };
            layers.push(Layer { media_type: layer.media_type, name: layer.digest, bytes });
        }
        return Ok(Image { name: target.into(), digest: Some(digest.to_string()), configuration, layers });
    }
    bail!("the index nests deeper than {DEEPEST_INDEX} levels")
}

fn verify(bytes: &[u8], digest: &Digest) -> Result<()> {
    let mut hasher = Hasher::new(digest.algorithm());
    hasher.update(bytes);
    if hasher.finish() != *digest {
        bail!("the registry sent other bytes than {digest} names");
    }
    Ok(())
}

impl Registry {
    fn new(reference: &ImageReference) -> Result<Self> {
        let host = reference.host().context("the registry's host is missing; write HOST/NAME:TAG")?;
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        // Like docker: plain HTTP is spoken with this machine alone.
        let local = name == "localhost" || name == "[::1]" || name.starts_with("127.");
        let user = std::env::var("LAZARETTO_USER").ok();
        let password = std::env::var("LAZARETTO_PASSWORD").ok();
        Ok(Self {
            http: reqwest::Client::builder()
                .user_agent(concat!("lazaretto/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(Duration::from_secs(10))
                .read_timeout(Duration::from_secs(60))
                .build()?,
            base: format!("{}://{host}/v2", if local { "http" } else { "https" }),
            repository: reference.repository().to_string(),
            login: user.zip(password),
            bearer: None,
        })
    }

    /// A GET that answers one challenge, if there is one. The HTTP client drops the authorisation on a redirect
    /// to another host.
    async fn get(&mut self, path: &str, accept: &str) -> Result<Response> {
        let url = format!("{}/{}/{path}", self.base, self.repository);
        for attempt in 0..2 {
            let mut request = self.http.request(Method::GET, &url).header(header::ACCEPT, accept);
            if let Some(token) = &self.bearer {
                request = request.bearer_auth(token);
            } else if attempt > 0
                && let Some((user, password)) = &self.login
            {
                request = request.basic_auth(user, Some(password));
            }
            let response = request.send().await.with_context(|| format!("no answer from {}", self.base))?;
            match response.status() {
                StatusCode::UNAUTHORIZED if attempt == 0 => self.answer_challenge(&response).await?,
                status if status.is_success() => return Ok(response),
                StatusCode::NOT_FOUND => bail!("the registry has no `{}/{path}`", self.repository),
                status => bail!("the registry answered {status} to `{}/{path}`", self.repository),
            }
        }
        bail!("the registry wants a sign-in: set LAZARETTO_USER and LAZARETTO_PASSWORD")
    }

    async fn answer_challenge(&mut self, response: &Response) -> Result<()> {
        let challenge = response
            .headers()
            .get(header::WWW_AUTHENTICATE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        let Some(parameters) = challenge.strip_prefix("Bearer ") else { return Ok(()) };
        let parameter = |name: &str| {
            let start = parameters.find(&format!("{name}=\""))? + name.len() + 2;
            let rest = parameters.get(start..)?;
            rest.split('"').next().map(str::to_owned)
        };
        let realm = parameter("realm").context("the registry's challenge names no token service")?;
        if self.base.starts_with("https:") && !realm.starts_with("https:") {
            bail!("the registry's token service is not on HTTPS; the credentials are not sent there");
        }
        let mut query = vec![("scope", format!("repository:{}:pull", self.repository))];
        if let Some(service) = parameter("service") {
            query.push(("service", service));
        }
        let mut url =
            reqwest::Url::parse(&realm).context("the registry's token service has no valid address")?;
        url.query_pairs_mut().extend_pairs(query);
        let mut request = self.http.get(url);
        if let Some((user, password)) = &self.login {
            request = request.basic_auth(user, Some(password));
        }
        #[derive(Deserialize)]
        struct Token {
            token: Option<String>,
            access_token: Option<String>,
        }
        let answer = request.send().await.context("no answer from the token service")?;
        if !answer.status().is_success() {
            bail!(
                "the token service answered {}: set LAZARETTO_USER and LAZARETTO_PASSWORD",
                answer.status()
            );
        }
        let token: Token = answer.json().await.context("the token service's answer is not valid")?;
        self.bearer = token.token.or(token.access_token);
        Ok(())
    }

    async fn manifest(&mut self, reference: &str) -> Result<Vec<u8>> {
        let response = self.get(&format!("manifests/{reference}"), ACCEPT).await?;
        bounded(response).await
    }

    async fn small_blob(&mut self, digest: &str) -> Result<Vec<u8>> {
        let response = self.get(&format!("blobs/{digest}"), "*/*").await?;
        bounded(response).await
    }

    /// Streams a layer to a nameless temporary file, hashing as it comes.
    async fn layer(&mut self, digest: &Digest, size: u64, terminal: Terminal) -> Result<LayerBytes> {
        let response = self.get(&format!("blobs/{digest}"), "*/*").await?;
        let progress = crate::progress::bytes(terminal, size, &format!("pulling {}", &digest.hex()[..12]));
        let mut file: File = tempfile::tempfile().context("a temporary file could not be made")?;
        let mut hasher = Hasher::new(digest.algorithm());
        let mut stream = response.bytes_stream();
        let mut length = 0;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.context("the layer broke off")?;
            length += u64::try_from(chunk.len())?;
            if length > size {
                bail!("the registry sent more than the {size} bytes that the manifest names for {digest}");
            }
            hasher.update(&chunk);
            file.write_all(&chunk)?;
            progress.set_position(length);
        }
        progress.finish_and_clear();
        if hasher.finish() != *digest {
            bail!("the registry sent other bytes than {digest} names");
        }
        Ok(LayerBytes::Part { file, offset: 0, length })
    }
}

async fn bounded(response: Response) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk.context("the answer broke off")?);
        if u64::try_from(bytes.len())? > LARGEST_DOCUMENT {
            bail!("the registry sent more than 4 MiB for a document");
        }
    }
    Ok(bytes)
}
