//! Referrers: the manifests that are about a manifest.
//!
//! The subject need not exist: a signature may arrive before its image. The answer is an index of descriptors, cut into
//! pages by its size, since each descriptor carries the annotations of a manifest that anybody who may push made
//! (attack C16).

use crate::error::RegistryError;
use crate::router::{Admitted, add};
use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderName};
use oci::{Digest, MediaType, RepositoryName};
use serde_json::{Value, json};
use store::{PageRequest, Referrer};

/// Tells which filters were applied.
const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
/// How many referrers are read at a time. Each may be as large as a manifest.
const ROWS_AT_A_TIME: usize = 16;
/// A page ends when it is larger than this.
const PAGE_BYTES: usize = 1024 * 1024;

/// GET of the referrers of a digest.
pub(crate) async fn list(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    subject: Digest,
) -> Result<Response, RegistryError> {
    let artifact_type = admitted.query.first("artifactType").filter(|filter| !filter.is_empty());
    let after = admitted.query.first("last").map(str::parse::<Digest>).transpose()?;
    let (descriptors, next) = page(admitted, &name, &subject, artifact_type, after).await?;
    let index = json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": descriptors });
    let mut response = Response::new(Body::from(index.to_string()));
    add(&mut response, [(header::CONTENT_TYPE, MediaType::OCI_INDEX.to_owned())]);
    if artifact_type.is_some() {
        add(&mut response, [(FILTERS_APPLIED, "artifactType".into())]);
    }
    if let Some(next) = next {
        let filter = artifact_type.map(|filter| format!("&artifactType={}", escape(filter)));
        let query = format!("last={next}{}", filter.unwrap_or_default());
        let link = format!("</v2/{name}/referrers/{subject}?{query}>; rel=\"next\"");
        add(&mut response, [(header::LINK, link)]);
    }
    Ok(response)
}

async fn page(
    admitted: &Admitted<'_>,
    name: &RepositoryName,
    subject: &Digest,
    artifact_type: Option<&str>,
    mut after: Option<Digest>,
) -> Result<(Vec<Value>, Option<Digest>), RegistryError> {
    let (store, key) = (&admitted.state.store, admitted.key(name));
    let (mut descriptors, mut bytes) = (Vec::new(), 0);
    loop {
        let request = PageRequest { after, limit: ROWS_AT_A_TIME };
        let page = store.referrers(&key, subject, artifact_type, request).await?;
        for referrer in &page.items {
            let descriptor = descriptor(referrer);
            bytes += descriptor.to_string().len();
            descriptors.push(descriptor);
        }
        after = page.next;
        let is_full = bytes > PAGE_BYTES || descriptors.len() >= admitted.state.limits.page_rows;
        if after.is_none() || is_full {
            return Ok((descriptors, after));
        }
    }
}

fn descriptor(referrer: &Referrer) -> Value {
    let mut descriptor = json!({
        "mediaType": referrer.media_type,
        "digest": referrer.digest,
        "size": referrer.size,
    });
    if let Some(artifact_type) = &referrer.artifact_type {
        descriptor["artifactType"] = json!(artifact_type);
    }
    if !referrer.annotations.is_empty() {
        descriptor["annotations"] = json!(referrer.annotations);
    }
    descriptor
}

/// Percent-encodes what is not plain in a query.
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
