//! An image in a registry, pulled for one scan and never kept.
//!
//! The client is the one that imports use: credentials go to the registry and to a token service of its domain, never
//! along a redirect (attack C14); what comes is held against its digest; a layer goes on where its line broke.
//! A person at their own machine may name any address, so that none is closed.

use super::document::{DEEPEST_INDEX, Document, LARGEST_DOCUMENT, choose};
use super::{Image, Layer, LayerBytes};
use crate::terminal::Terminal;
use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use oci::{Digest, Hasher, ImageReference};
use server::remote::{Login, Origin, Remote};
use server::sender::Reach;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// How often a layer is gone on with after its line broke without a single byte more.
const STANDSTILLS: u32 = 5;
/// The pause before it is gone on with.
const PAUSE: Duration = Duration::from_millis(500);

/// Opens `HOST[:PORT]/NAME[:TAG][@DIGEST]`.
pub(super) async fn open(target: &str, platform: &str, terminal: Terminal) -> Result<Image> {
    let reference: ImageReference = target.parse().with_context(|| {
        format!("`{target}` is no target; write oci:DIR, oci-archive:FILE, docker-archive:FILE, dir:FOLDER or HOST/NAME:TAG")
    })?;
    let registry = registry(&reference)?;
    // As every client does: no tag means `latest`.
    let mut wanted =
        reference.reference().map_or_else(|| "latest".to_owned(), |reference| reference.to_string());
    let mut named = reference.digest().cloned();
    for _ in 0..DEEPEST_INDEX {
        // A digest that was named beside a tag is what is asked for.
        let asked = named.take().map_or_else(|| wanted.clone(), |digest| digest.to_string());
        let fetched = registry.manifest(&asked).await?;
        let digest = fetched.digest;
        let document = Document::from_json(&fetched.bytes)?;
        if let Some(children) = &document.manifests {
            let child = choose(children, platform)?;
            wanted.clone_from(&child.digest);
            named = Some(child.digest.parse()?);
            continue;
        }
        let configuration = match &document.config {
            Some(config) => {
                let limit = usize::try_from(LARGEST_DOCUMENT)?;
                Some(registry.small_blob(&config.digest.parse()?, limit).await?.to_vec())
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
                pull(&registry, &layer.digest.parse()?, layer.size, terminal).await?
            };
            layers.push(Layer { media_type: layer.media_type, name: layer.digest, bytes });
        }
        return Ok(Image { name: target.into(), digest: Some(digest.to_string()), configuration, layers });
    }
    bail!("the index nests deeper than {DEEPEST_INDEX} levels")
}

/// The registry of a reference, with the credentials of the environment.
pub(crate) fn registry(reference: &ImageReference) -> Result<Remote> {
    let host = reference.host().context("the registry's host is missing; write HOST/NAME:TAG")?;
    let user = std::env::var("LAZARETTO_USER").ok();
    let password = std::env::var("LAZARETTO_PASSWORD").ok();
    let login = user.zip(password).map(|(user, password)| Login { user, password });
    let origin = Origin::new(host, reference.repository().as_str())?;
    Ok(Remote::new(Arc::new(Reach::Anywhere), origin, login)?)
}

/// A layer in a nameless temporary file.
async fn pull(registry: &Remote, digest: &Digest, size: u64, terminal: Terminal) -> Result<LayerBytes> {
    let file = pull_blob(registry, digest, size, terminal).await?;
    Ok(LayerBytes::Part { file, offset: 0, length: size })
}

/// Streams a blob to a nameless temporary file, hashing as it comes.
pub(crate) async fn pull_blob(
    registry: &Remote,
    digest: &Digest,
    size: u64,
    terminal: Terminal,
) -> Result<File> {
    let progress = crate::progress::bytes(terminal, size, &format!("pulling {}", &digest.hex()[..12]));
    let mut file: File = tempfile::tempfile().context("a temporary file could not be made")?;
    let mut hasher = Hasher::new(digest.algorithm());
    let (mut length, mut standstills) = (0_u64, 0);
    loop {
        let began = length;
        let mut stream = registry.blob(digest, length).await?;
        while let Some(Ok(chunk)) = stream.next().await {
            length += u64::try_from(chunk.len())?;
            if length > size {
                bail!("the registry sent more than the {size} bytes that the manifest names for {digest}");
            }
            hasher.update(&chunk);
            file.write_all(&chunk)?;
            progress.set_position(length);
        }
        if length >= size {
            break;
        }
        standstills = if length > began { 0 } else { standstills + 1 };
        if standstills >= STANDSTILLS {
            bail!("the layer broke off at {length} of {size} bytes");
        }
        tokio::time::sleep(PAUSE).await;
    }
    progress.finish_and_clear();
    if hasher.finish() != *digest {
        bail!("the registry sent other bytes than {digest} names");
    }
    Ok(file)
}
