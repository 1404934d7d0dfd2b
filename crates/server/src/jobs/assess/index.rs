//! An index: the roll-up of its images.

use super::Judged;
use crate::jobs::{JobError, Workshop};
use assessment::roll_up;
use graph::settlement::{child, missing};
use oci::{Digest, ImageIndex};
use store::ImageKey;

/// Judges an index by what was found in its images; rules are looked at when it is kept. While a verdict is missing
/// there is none; the image's own job asks for this one again.
pub(super) async fn judge(
    workshop: &Workshop,
    image: &ImageKey,
    index: &ImageIndex,
) -> Result<Judged, JobError> {
    let images = index.manifests.iter().filter(|child| !child.is_attestation());
    let digests: Vec<Digest> = images.map(|child| child.digest.clone()).collect();
    let mut children = Vec::new();
    let mut waiting = false;
    for digest in &digests {
        let key = ImageKey { repository: image.repository.clone(), digest: digest.clone() };
        match (workshop.store.summary(&key).await?, workshop.store.found(&key).await?) {
            (Some(summary), Some(found)) => match child(&found.within(summary)) {
                Some(child) => children.push(child),
                None => waiting = true,
            },
            // A sparse index names images that are not here; nobody can say anything of those.
            _ if workshop.store.manifest(&key.repository, digest).await?.is_none() => {
                children.push(missing(digest));
            }
            _ => waiting = true,
        }
    }
    let verdict = (!waiting).then(|| roll_up(&children));
    Ok(Judged {
        verdict,
        platform: None,
        isolation: serde_json::Value::Null,
        snapshot: None,
        children: digests,
        is_scanned: false,
    })
}
