//! A look at one repository elsewhere: its tags, and what they point to.
//!
//! The recipe: ask for the tags; ask of each, by a conditional HEAD, whether it points to what it pointed to; bring the
//! manifests of those that do not; take tags away that are gone, and manifests that no tag leads to any more. Layers do not
//! come here: the job that judges an image fetches those that nobody has read.

use super::{Order, actor, attachment_of, forget, remote};
use crate::jobs::import::tree::{Children, Tree};
use crate::jobs::import::{ImportError, Source};
use crate::jobs::{JobError, Workshop, assess};
use crate::remote::{Look, Remote, RemoteError};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use oci::{Digest, Tag};
use registry::{Content, Intake, Site};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Attachment, ImageKey, Job, Manifests, PageRequest, RepositoryKey};

/// A repository with more tags than this is not looked at.
const MOST_TAGS: usize = 20_000;
/// So many tags are asked for at the same time.
const AT_ONCE: usize = 4;
/// Indexes stand at most so deep above each other; one round more takes what was below the deepest.
const DEEPEST: usize = 6;
/// So much of what was wrong with tags is told; the rest is counted.
const TOLD: usize = 3;

/// Whose turn it is at a repository: two looks at once would take each other's tags away.
pub(super) fn turn(repository: &RepositoryKey) -> Digest {
    Digest::of_sha256(format!("{}/{}", repository.registry.0, repository.name).as_bytes())
}

pub(super) async fn run(workshop: &Workshop, job: &Job, now: Timestamp) -> Result<(), JobError> {
    let Some((attachment, repository, only)) = order(workshop, job).await? else { return Ok(()) };
    let _turn = workshop.errands.turn(&turn(&repository)).await;
    let looked = match Visit::new(workshop, &attachment, &repository, now) {
        Ok(visit) => visit.look(only.as_ref()).await,
        Err(error) => Err(error),
    };
    let outcome = match looked {
        Ok(faults) => faults.in_words().map_or(Ok(()), Err),
        Err(error) if error.is_lasting() => Err(error.to_string()),
        Err(error) => return Err(JobError::Again(error.to_string())),
    };
    // One tag that is as it should be says nothing of the others.
    if outcome.is_err() || only.is_none() {
        workshop.store.repository_seen(&repository, outcome, now).await?;
    }
    Ok(())
}

pub(super) async fn gave_up(
    workshop: &Workshop,
    job: &Job,
    why: &str,
    now: Timestamp,
) -> Result<(), JobError> {
    let Some((_, repository, _)) = order(workshop, job).await? else { return Ok(()) };
    workshop.store.repository_seen(&repository, Err(why.to_owned()), now).await?;
    Ok(())
}

async fn order(
    workshop: &Workshop,
    job: &Job,
) -> Result<Option<(Attachment, RepositoryKey, Option<Tag>)>, JobError> {
    let Some(attachment) = attachment_of(workshop, job).await? else { return Ok(None) };
    let Ok(order) = serde_json::from_value::<Order>(job.payload.clone()) else { return Ok(None) };
    // What is looked at may have been narrowed since.
    if !attachment.settings.covers(order.repository.as_str()) {
        return Ok(None);
    }
    let repository = RepositoryKey { registry: attachment.registry.id, name: order.repository };
    Ok(Some((attachment, repository, order.tag)))
}

/// What is wrong with tags there. Each of them is a tag that nobody can say anything of.
#[derive(Debug, Default)]
struct Faults {
    told: Vec<String>,
    count: usize,
}

impl Faults {
    fn add(&mut self, tag: &str, why: &dyn std::fmt::Display) {
        if self.told.len() < TOLD {
            let tag: String = tag.chars().take(128).collect();
            self.told.push(format!("{tag}: {why}"));
        }
        self.count += 1;
    }

    fn in_words(&self) -> Option<String> {
        let rest = match self.count - self.told.len() {
            0 => String::new(),
            rest => format!("; and {rest} more"),
        };
        (self.count > 0).then(|| format!("tags that cannot be read: {}{rest}", self.told.join("; ")))
    }
}

/// One look at a repository.
struct Visit<'a> {
    workshop: &'a Workshop,
    attachment: &'a Attachment,
    repository: &'a RepositoryKey,
    source: Source,
    intake: Intake,
    now: Timestamp,
}

impl<'a> Visit<'a> {
    fn new(
        workshop: &'a Workshop,
        attachment: &'a Attachment,
        repository: &'a RepositoryKey,
        now: Timestamp,
    ) -> Result<Self, ImportError> {
        let contents = workshop.registry.clone().ok_or_else(|| ImportError::Absent("registry".into()))?;
        let site = Site { registry: attachment.registry.clone(), base_url: workshop.url.clone() };
        let remote = remote(workshop, attachment, &repository.name)?;
        Ok(Self {
            workshop,
            attachment,
            repository,
            source: Source::Remote { remote: Box::new(remote), reference: String::new() },
            intake: Intake::new(contents, Arc::new(site), actor(attachment)),
            now,
        })
    }

    fn remote(&self) -> Result<&Remote, ImportError> {
        match &self.source {
            Source::Remote { remote, .. } => Ok(remote),
            Source::Here { .. } => Err(ImportError::Absent("registry".into())),
        }
    }

    /// Looks at all tags, or at one.
    async fn look(&self, only: Option<&Tag>) -> Result<Faults, ImportError> {
        let mut faults = Faults::default();
        let known = self.known().await?;
        let there = match only {
            Some(tag) => BTreeSet::from([tag.clone()]),
            None => self.tags(&mut faults).await?,
        };
        // A list may be cut short, or older than what we were told of since: what it lacks is asked for by name.
        let gone = known.keys().filter(|tag| only.is_none() && !there.contains(*tag));
        let asked: Vec<Tag> = there.iter().chain(gone).cloned().collect();
        let mut looks =
            stream::iter(asked.into_iter().map(|tag| self.seen(tag, &known))).buffer_unordered(AT_ONCE);
        while let Some(looked) = looks.next().await {
            let (tag, look) = looked?;
            self.settle(&tag, look, known.get(&tag), &mut faults).await?;
        }
        drop(looks);
        self.forget_orphans().await?;
        Ok(faults)
    }

    async fn seen(&self, tag: Tag, known: &BTreeMap<Tag, Digest>) -> Result<(Tag, Look), ImportError> {
        let look = self.remote()?.look(&tag, known.get(&tag)).await?;
        Ok((tag, look))
    }

    /// The tags as they are known here.
    async fn known(&self) -> Result<BTreeMap<Tag, Digest>, ImportError> {
        let mut known = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.workshop.store.tags(self.repository, PageRequest { after, limit: 1000 }).await?;
            known.extend(page.items.into_iter().map(|tagged| (tagged.tag, tagged.digest)));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(known),
            }
        }
    }

    /// The tags as the registry lists them.
    async fn tags(&self, faults: &mut Faults) -> Result<BTreeSet<Tag>, ImportError> {
        let listed = match self.remote()?.tags(MOST_TAGS).await {
            Ok(listed) => listed,
            // Without tags, many registries say that there is no such repository.
            Err(RemoteError::Absent { .. }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let mut tags = BTreeSet::new();
        for text in listed {
            match text.parse::<Tag>() {
                Ok(tag) => drop(tags.insert(tag)),
                Err(error) => faults.add(&text, &error),
            }
        }
        Ok(tags)
    }

    /// Makes a tag point here to what it points to there.
    async fn settle(
        &self,
        tag: &Tag,
        look: Look,
        known: Option<&Digest>,
        faults: &mut Faults,
    ) -> Result<(), ImportError> {
        let brought = match (look, known) {
            (Look::Absent, None) => return Ok(()),
            (Look::Absent, Some(_)) => return self.untag(tag).await,
            (Look::Same, Some(digest)) => return self.judge_again(digest).await,
            (Look::Other(digest), _) => self.bring(tag, &digest.to_string()).await,
            (Look::Unnamed | Look::Same, _) => self.bring(tag, tag.as_str()).await,
        };
        match brought {
            Ok(()) => Ok(()),
            Err(error) if error.is_absent() && known.is_none() => Ok(()),
            Err(error) if error.is_absent() => self.untag(tag).await,
            Err(error @ (ImportError::Image(_) | ImportError::Intake(_))) if error.is_lasting() => {
                faults.add(tag.as_str(), &error);
                self.unsure(tag, known).await
            }
            Err(error @ ImportError::Remote(RemoteError::Answer { .. } | RemoteError::Digest { .. })) => {
                faults.add(tag.as_str(), &error);
                self.unsure(tag, known).await
            }
            Err(error) => Err(error),
        }
    }

    /// A tag points to something that cannot be read. What it pointed to before may not stand for it.
    async fn unsure(&self, tag: &Tag, known: Option<&Digest>) -> Result<(), ImportError> {
        if known.is_some() { self.untag(tag).await } else { Ok(()) }
    }

    async fn untag(&self, tag: &Tag) -> Result<(), ImportError> {
        let actor = actor(self.attachment);
        let _ = self.workshop.store.delete_tag(self.repository, tag, &actor, self.now).await?;
        Ok(())
    }

    /// Notes what a tag points to, children first. Each manifest asks for its verdict.
    async fn bring(&self, tag: &Tag, reference: &str) -> Result<(), ImportError> {
        let tree = Tree::read(&self.source, reference, Children::AsFound).await?;
        for found in &tree.manifests {
            let tags = if found.digest == tree.root().digest { vec![tag.clone()] } else { Vec::new() };
            let (name, bytes) = (&self.repository.name, found.bytes.clone());
            self.intake
                .manifest(name, &found.media_type, &found.digest, bytes, tags, Content::Elsewhere)
                .await?;
        }
        Ok(())
    }

    /// An image that has no verdict because it could not be fetched is tried again.
    async fn judge_again(&self, digest: &Digest) -> Result<(), ImportError> {
        let image =
            |digest: &Digest| ImageKey { repository: self.repository.clone(), digest: digest.clone() };
        let of_tag = self.workshop.store.summary(&image(digest)).await?;
        let children = of_tag.as_ref().map(|summary| summary.children.clone()).unwrap_or_default();
        let mut again = Vec::new();
        for digest in std::iter::once(digest).chain(&children) {
            let image = image(digest);
            let summary = self.workshop.store.summary(&image).await?;
            if summary.is_some_and(|summary| summary.cause.is_some_and(|cause| cause.code == "ScanFailed")) {
                again.push(assess::job(&image, self.attachment.registry.subscription, super::POLL_PRIORITY));
            }
        }
        if !again.is_empty() {
            self.workshop.store.enqueue(again, self.now).await?;
        }
        Ok(())
    }

    /// Takes manifests away that no tag leads to, neither by itself nor through an index.
    async fn forget_orphans(&self) -> Result<(), ImportError> {
        let store = &self.workshop.store;
        for _ in 0..=DEEPEST {
            let mut orphans = Vec::new();
            let mut after = None;
            loop {
                let page = PageRequest { after, limit: 500 };
                let page = Manifests::manifests(&**store, self.repository, page).await?;
                for manifest in page.items.into_iter().filter(|manifest| manifest.tags.is_empty()) {
                    if store.parents(self.repository, &manifest.digest).await?.is_empty() {
                        orphans.push(manifest.digest);
                    }
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            if orphans.is_empty() {
                return Ok(());
            }
            for orphan in &orphans {
                forget(self.workshop, self.attachment, self.repository, orphan, self.now).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_and_counted() {
        let mut faults = Faults::default();
        assert_eq!(faults.in_words(), None);
        for tag in ["a", "b", "c", "d", "e"] {
            faults.add(tag, &"why");
        }
        let told = "tags that cannot be read: a: why; b: why; c: why; and 2 more";
        assert_eq!(faults.in_words().as_deref(), Some(told));
    }
}
