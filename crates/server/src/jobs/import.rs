//! The job `import`: an image from another registry, or from another place here, under names of its own.
//!
//! The recipe: look whether the names are free; read the manifest and those below it; fetch the blobs that are not here,
//! going on where a line broke; store the manifests, children first, through the same checks as a push.
//! What can go better the next time is tried again as a whole: what is here already is not fetched again.

mod copy;
pub(super) mod tree;

use super::{JobError, Kind, Workshop};
use crate::remote::{Login, Origin, Remote, RemoteError};
use copy::Copy;
use jiff::{SignedDuration, Timestamp};
use oci::{Digest, Reference};
use registry::{Intake, IntakeError, Site};
use std::sync::Arc;
use store::{IMPORT_JOB, Import, ImportSource, ImportState, Job, Manifests, RepositoryKey};
use tree::{Children, Found, Tree};
use uuid::Uuid;

/// The kind of this job.
pub const KIND: Kind = Kind {
    name: IMPORT_JOB,
    run: |workshop, job, now| Box::pin(run(workshop, job, now)),
    gave_up: |workshop, job, why, now| Box::pin(gave_up(workshop, job, why, now)),
};

/// How long it is known how an import ended.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Why an image did not come.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportError {
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the tag {0} is there already; import with the mode Force to move it")]
    TagTaken(String),
    #[error("the source has no `{0}`")]
    Absent(String),
    #[error("the server was restarted since, and credentials are not kept: begin the import again")]
    CredentialsLost,
    #[error("the line broke too often; {done} of {total} bytes are here")]
    Broken { done: u64, total: u64 },
    #[error("the image cannot be taken: {0}")]
    Image(String),
}

impl ImportError {
    /// Whether the source does not have it.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_) | Self::Remote(RemoteError::Absent { .. }))
    }

    /// Whether it will not go better the next time.
    pub(super) fn is_lasting(&self) -> bool {
        match self {
            Self::Remote(error) => error.is_lasting(),
            Self::Intake(error) => error.is_lasting(),
            Self::Store(_) | Self::Broken { .. } => false,
            Self::TagTaken(_) | Self::Absent(_) | Self::CredentialsLost | Self::Image(_) => true,
        }
    }
}

async fn run(workshop: &Workshop, job: &Job, now: Timestamp) -> Result<(), JobError> {
    let Ok(id) = job.key.parse::<Uuid>() else { return Ok(()) };
    let Some(import) = workshop.store.import(id).await? else { return Ok(()) };
    if import.state != ImportState::Running {
        return Ok(());
    }
    match bring(workshop, &import).await {
        Ok(digest) => {
            tracing::info!(import = %id, %digest, "an image was imported");
            workshop.store.end_import(id, Ok(digest), Timestamp::now()).await?;
        }
        Err(error) if error.is_lasting() => {
            tracing::warn!(import = %id, %error, "an import failed");
            workshop.store.end_import(id, Err(error.to_string()), Timestamp::now()).await?;
        }
        Err(error) => return Err(JobError::Again(error.to_string())),
    }
    if let Ok(before) = now.saturating_sub(KEPT) {
        workshop.store.forget_imports(before).await?;
    }
    Ok(())
}

async fn gave_up(workshop: &Workshop, job: &Job, why: &str, now: Timestamp) -> Result<(), JobError> {
    if let Ok(id) = job.key.parse::<Uuid>() {
        workshop.store.end_import(id, Err(why.to_owned()), now).await?;
    }
    Ok(())
}

/// Brings the image here, and returns its digest.
async fn bring(workshop: &Workshop, import: &Import) -> Result<Digest, ImportError> {
    let Some(contents) = &workshop.registry else {
        return Err(ImportError::Absent("registry".to_owned()));
    };
    let Some(registry) = workshop.store.registry(import.registry).await? else {
        return Err(ImportError::Absent("registry".to_owned()));
    };
    let site = Arc::new(Site { registry, base_url: workshop.url.clone() });
    if !import.wish.force {
        refuse_taken(workshop, import).await?;
    }
    let source = source(workshop, import).await?;
    let tree = Tree::read(&source, source.reference(), Children::Needed).await?;
    let intake = Intake::new(contents.clone(), site, import.wish.actor.clone());
    let copy = Copy { workshop, import, source: &source, intake: &intake, tree: &tree };
    copy.run().await?;
    Ok(tree.root().digest.clone())
}

/// Tags that are there already are not moved, unless that is wanted.
async fn refuse_taken(workshop: &Workshop, import: &Import) -> Result<(), ImportError> {
    for target in &import.wish.targets {
        let Some(tag) = &target.tag else { continue };
        let repository = RepositoryKey { registry: import.registry, name: target.repository.clone() };
        if workshop.store.resolve_tag(&repository, tag).await?.is_some() {
            return Err(ImportError::TagTaken(format!("{}:{tag}", target.repository)));
        }
    }
    Ok(())
}

/// Where the image is.
pub(super) enum Source {
    /// At another registry.
    Remote { remote: Box<Remote>, reference: String },
    /// Here.
    Here { workshop_store: Arc<dyn store::Store>, repository: RepositoryKey, reference: String },
}

async fn source(workshop: &Workshop, import: &Import) -> Result<Source, ImportError> {
    match &import.wish.source {
        ImportSource::Remote { host, repository, reference } => {
            let credentials = workshop.store.import_credentials(import.id).await;
            if import.wish.has_credentials && credentials.is_none() {
                return Err(ImportError::CredentialsLost);
            }
            let login = credentials.map(|given| Login { user: given.user, password: given.password });
            let origin = Origin::new(host, repository)?;
            let remote = Box::new(Remote::new(workshop.reach.clone(), origin, login)?);
            Ok(Source::Remote { remote, reference: reference.clone() })
        }
        ImportSource::Here { registry, repository, reference } => Ok(Source::Here {
            workshop_store: workshop.store.clone(),
            repository: RepositoryKey { registry: *registry, name: repository.clone() },
            reference: reference.clone(),
        }),
    }
}

impl Source {
    /// The reference of the image itself.
    fn reference(&self) -> &str {
        match self {
            Self::Remote { reference, .. } | Self::Here { reference, .. } => reference,
        }
    }

    /// A manifest by tag or digest.
    async fn manifest(&self, reference: &str) -> Result<Found, ImportError> {
        match self {
            Self::Remote { remote, .. } => {
                let fetched = remote.manifest(reference).await?;
                Ok(Found { media_type: fetched.media_type, digest: fetched.digest, bytes: fetched.bytes })
            }
            Self::Here { workshop_store, repository, .. } => {
                let absent = || ImportError::Absent(format!("{}:{reference}", repository.name));
                let digest = match reference.parse::<Reference>().map_err(|_| absent())? {
                    Reference::Digest(digest) => digest,
                    Reference::Tag(tag) => {
                        workshop_store.resolve_tag(repository, &tag).await?.ok_or_else(absent)?
                    }
                };
                let stored = Manifests::manifest(&**workshop_store, repository, &digest).await?;
                let stored = stored.ok_or_else(absent)?;
                Ok(Found { media_type: stored.media_type, digest, bytes: stored.bytes })
            }
        }
    }
}
