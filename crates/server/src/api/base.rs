//! Where an image comes from: its layers with their build steps, the image it was built on, and what a newer one of that
//! would fix.

use super::ApiState;
use super::error::ApiError;
use super::view::{BaseView, LayerView, NewerBaseView};
use std::collections::BTreeSet;
use store::{
    BaseImage, Finding, FindingFilter, ImageKey, ImageState, Lineage, ManifestSummary, Manifests,
    PageRequest, RepositoryKey,
};

/// So many manifests of the base's repository are looked at.
const MANIFESTS: usize = 1000;
/// So many of the newest are asked for their verdict, until one fits.
const CANDIDATES: usize = 20;

/// What is known of the making of an image.
pub(super) async fn of(
    state: &ApiState,
    image: &ImageKey,
) -> Result<(Option<BaseView>, Vec<LayerView>), ApiError> {
    let lineage = state.store.lineage(&image.digest).await?;
    let found = state.store.base_image(image.repository.registry, &image.digest).await?;
    let layers = layers(&lineage, found.as_ref());
    let claimed_name = lineage.claimed_base.as_ref().and_then(|base| base.name.clone());
    let base = match found {
        Some(base) => Some(known(state, image, &base, claimed_name).await?),
        None => lineage.claimed_base.map(|claimed| BaseView {
            repository: None,
            digest: claimed.digest.map(|digest| digest.to_string()),
            claimed_name,
            layers: 0,
            inherited: 0,
            own: 0,
            newer: None,
        }),
    };
    Ok((base, layers))
}

fn layers(lineage: &Lineage, base: Option<&BaseImage>) -> Vec<LayerView> {
    let view = |(number, layer): (usize, &store::ImageLayer)| LayerView {
        digest: layer.digest.to_string(),
        step: layer.step.clone(),
        inherited: base.map(|base| number < base.layers),
    };
    lineage.layers.iter().enumerate().map(view).collect()
}

/// A vulnerability of a package, by the names that stay the same from one version to the next.
type Problem = (String, String);

fn problem(finding: &Finding) -> Problem {
    (finding.vulnerability.id.clone(), finding.package.name.clone())
}

async fn known(
    state: &ApiState,
    image: &ImageKey,
    base: &BaseImage,
    claimed_name: Option<String>,
) -> Result<BaseView, ApiError> {
    let (mut inherited, mut own) = (BTreeSet::new(), BTreeSet::new());
    for finding in affected(state, image).await? {
        let side = if finding.origin.inherited == Some(true) { &mut inherited } else { &mut own };
        side.insert((problem(&finding), finding.package.version));
    }
    let problems: BTreeSet<Problem> = inherited.iter().map(|(problem, _)| problem.clone()).collect();
    let newer = if problems.is_empty() { None } else { newer(state, base, &problems).await? };
    Ok(BaseView {
        repository: Some(base.image.repository.name.to_string()),
        digest: Some(base.image.digest.to_string()),
        claimed_name,
        layers: base.layers,
        inherited: inherited.len() as u64,
        own: own.len() as u64,
        newer,
    })
}

async fn affected(state: &ApiState, image: &ImageKey) -> Result<Vec<Finding>, ApiError> {
    let filter = FindingFilter::affecting(image);
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = state.store.findings(&filter, PageRequest { after, limit: 2000 }).await?;
        found.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

/// The newest image of the base's repository and platform that was assessed and was pushed after the base, if it has
/// fewer of these problems.
async fn newer(
    state: &ApiState,
    base: &BaseImage,
    problems: &BTreeSet<Problem>,
) -> Result<Option<NewerBaseView>, ApiError> {
    let repository = &base.image.repository;
    let platform = state.store.summary(&base.image).await?.and_then(|summary| summary.platform);
    let page = PageRequest { after: None, limit: MANIFESTS };
    let mut manifests = state.store.manifests(repository, page).await?.items;
    let Some(since) =
        manifests.iter().find(|manifest| manifest.digest == base.image.digest).map(|base| base.pushed_at)
    else {
        return Ok(None);
    };
    manifests.retain(|manifest| manifest.pushed_at > since);
    manifests.sort_by_key(|manifest| std::cmp::Reverse(manifest.pushed_at));
    for candidate in manifests.into_iter().take(CANDIDATES) {
        let key = ImageKey { repository: repository.clone(), digest: candidate.digest.clone() };
        let fits = state.store.summary(&key).await?.is_some_and(|summary| {
            let is_judged = matches!(summary.state, ImageState::Healthy | ImageState::Unhealthy);
            is_judged && summary.children.is_empty() && summary.platform == platform
        });
        if fits {
            return fixes(state, &key, candidate, problems).await;
        }
    }
    Ok(None)
}

async fn fixes(
    state: &ApiState,
    key: &ImageKey,
    candidate: ManifestSummary,
    problems: &BTreeSet<Problem>,
) -> Result<Option<NewerBaseView>, ApiError> {
    let remaining: BTreeSet<Problem> = affected(state, key).await?.iter().map(problem).collect();
    let fixes = problems.difference(&remaining).count() as u64;
    if fixes == 0 {
        return Ok(None);
    }
    let tags = tags(state, &key.repository, &candidate).await?;
    let pushed_at = candidate.pushed_at;
    Ok(Some(NewerBaseView { tags, digest: candidate.digest.to_string(), fixes, pushed_at }))
}

/// The tags of an image, or else those of the indexes that it is part of.
async fn tags(
    state: &ApiState,
    repository: &RepositoryKey,
    image: &ManifestSummary,
) -> Result<Vec<String>, ApiError> {
    let mut tags: BTreeSet<String> = image.tags.iter().map(ToString::to_string).collect();
    if tags.is_empty() {
        for parent in Manifests::parents(&*state.store, repository, &image.digest).await? {
            let key = ImageKey { repository: repository.clone(), digest: parent };
            tags.extend(super::images::tags_of(&*state.store, &key).await?);
        }
    }
    Ok(tags.into_iter().collect())
}
