//! Which repositories an attached registry has.

use super::{POLL_PRIORITY, attachment_of, forget, login, look_job};
use crate::jobs::{JobError, Workshop};
use crate::remote::{Remote, RemoteError};
use jiff::Timestamp;
use oci::RepositoryName;
use std::collections::BTreeSet;
use store::{Attachment, Job, Manifests, NewJob, PageRequest, RepositoryKey};

/// A registry with more repositories than this is looked at by narrower patterns.
const MOST_REPOSITORIES: usize = 20_000;
/// So many jobs are asked for in one transaction.
const AT_A_TIME: usize = 500;

pub(super) async fn run(workshop: &Workshop, job: &Job, now: Timestamp) -> Result<(), JobError> {
    let Some(attachment) = attachment_of(workshop, job).await? else { return Ok(()) };
    let seen = match repositories(workshop, &attachment).await {
        Ok(seen) => seen,
        Err(error) if error.is_lasting() => Seen::nothing(&attachment, &error),
        Err(error) => return Err(JobError::Again(error.to_string())),
    };
    let looks = seen.names.iter().cloned().map(|name| look_job(&attachment, name, None, POLL_PRIORITY));
    let looks: Vec<NewJob> = looks.collect();
    for some in looks.chunks(AT_A_TIME) {
        workshop.store.enqueue(some.to_vec(), now).await?;
    }
    if seen.refusal.is_none() {
        forget_others(workshop, &attachment, &seen.names, now).await?;
    }
    let outcome = seen.refusal.map_or(Ok(()), Err);
    workshop.store.attachment_seen(attachment.registry.id, outcome, now).await?;
    Ok(())
}

pub(super) async fn gave_up(
    workshop: &Workshop,
    job: &Job,
    why: &str,
    now: Timestamp,
) -> Result<(), JobError> {
    let Some(attachment) = attachment_of(workshop, job).await? else { return Ok(()) };
    workshop.store.attachment_seen(attachment.registry.id, Err(why.to_owned()), now).await?;
    // What is looked at by name, and what was seen before, says the same of itself.
    let seen = Seen::of_names(&attachment, why.to_owned());
    for name in seen.names.into_iter().chain(known(workshop, &attachment).await?) {
        let key = RepositoryKey { registry: attachment.registry.id, name };
        workshop.store.repository_seen(&key, Err(why.to_owned()), now).await?;
    }
    Ok(())
}

/// The repositories that are to be looked at.
struct Seen {
    names: BTreeSet<RepositoryName>,
    /// Why these may not be all.
    refusal: Option<String>,
}

impl Seen {
    /// Those that are named by themselves.
    fn of_names(attachment: &Attachment, refusal: String) -> Self {
        let names = attachment.settings.patterns.iter().filter_map(|pattern| pattern.parse().ok()).collect();
        Self { names, refusal: Some(refusal) }
    }

    fn nothing(attachment: &Attachment, error: &RemoteError) -> Self {
        let refusal = format!(
            "the list of repositories cannot be had, so that only those are looked at that are named without `*`: {error}"
        );
        Self::of_names(attachment, refusal)
    }
}

/// The repositories: as they are named, or else those of the catalog that are covered.
async fn repositories(workshop: &Workshop, attachment: &Attachment) -> Result<Seen, RemoteError> {
    let settings = &attachment.settings;
    if let Some(named) = settings.named() {
        return Ok(Seen { names: named.into_iter().collect(), refusal: None });
    }
    let remote = Remote::of_registry(workshop.reach.clone(), &settings.address, login(attachment))?;
    let all = remote.catalog(MOST_REPOSITORIES).await?;
    let covered = all.iter().filter(|name| settings.covers(name));
    Ok(Seen { names: covered.filter_map(|name| name.parse().ok()).collect(), refusal: None })
}

/// The repositories that were looked at before.
async fn known(workshop: &Workshop, attachment: &Attachment) -> Result<Vec<RepositoryName>, store::Error> {
    let mut known = Vec::new();
    let mut after = None;
    loop {
        let page = PageRequest { after, limit: 1000 };
        let page = workshop.store.attached_repositories(attachment.registry.id, page).await?;
        known.extend(page.items.into_iter().map(|one| one.name));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(known),
        }
    }
}

/// Takes repositories away that are there no longer, or that nobody wants to be looked at any more.
async fn forget_others(
    workshop: &Workshop,
    attachment: &Attachment,
    there: &BTreeSet<RepositoryName>,
    now: Timestamp,
) -> Result<(), JobError> {
    for name in known(workshop, attachment).await?.into_iter().filter(|name| !there.contains(name)) {
        let key = RepositoryKey { registry: attachment.registry.id, name };
        let _turn = workshop.errands.turn(&super::look::turn(&key)).await;
        loop {
            let page = Manifests::manifests(&*workshop.store, &key, PageRequest::first(500)).await?;
            if page.items.is_empty() {
                break;
            }
            for manifest in page.items {
                forget(workshop, attachment, &key, &manifest.digest, now).await?;
            }
        }
        workshop.store.forget_attached_repository(&key).await?;
        tracing::info!(registry = attachment.registry.name, repository = %key.name, "a repository is there no longer");
    }
    Ok(())
}
