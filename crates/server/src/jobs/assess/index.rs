//! An index: the roll-up of its images.

use super::Judged;
use crate::jobs::{JobError, Workshop};
use assessment::{Child, roll_up};
use oci::{Digest, ImageIndex};
use std::collections::BTreeMap;
use store::{ImageKey, ImageState, ImageSummary};

/// Judges an index by the verdicts on its images. While one of them is missing there is no verdict; the image's own
/// job asks for this one again.
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
        match workshop.store.summary(&key).await? {
            Some(summary) => match child(&summary) {
                Some(child) => children.push(child),
                None => waiting = true,
            },
            // A sparse index names images that are not here; nobody can say anything of those.
            None if workshop.store.manifest(&key.repository, digest).await?.is_none() => {
                children.push(missing(digest));
            }
            None => waiting = true,
        }
    }
    let verdict = (!waiting).then(|| roll_up(&children));
    Ok(Judged {
        verdict,
        platform: None,
        isolation: serde_json::Value::Null,
        snapshot: None,
        children: digests,
    })
}

/// The verdict on an image of the index, if it is there.
fn child(summary: &ImageSummary) -> Option<Child> {
    let state = match summary.state {
        ImageState::Queued | ImageState::Scanning | ImageState::Unscanned => return None,
        ImageState::Healthy => assessment::ImageState::Healthy,
        ImageState::Unhealthy => assessment::ImageState::Unhealthy,
        ImageState::NotApplicable => assessment::ImageState::NotApplicable,
    };
    let name = summary.platform.clone().unwrap_or_else(|| summary.image.digest.to_string());
    let counts = summary
        .counts
        .iter()
        .filter_map(|(word, count)| Some((crate::judge::severity(word)?, *count)))
        .collect::<BTreeMap<_, _>>();
    Some(Child { name, state, cause: summary.cause.as_ref().map(|cause| cause.sentence.clone()), counts })
}

fn missing(digest: &Digest) -> Child {
    Child {
        name: digest.to_string(),
        state: assessment::ImageState::NotApplicable,
        cause: Some("it is not in this registry.".into()),
        counts: BTreeMap::new(),
    }
}
