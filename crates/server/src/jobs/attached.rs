//! The jobs `attached-poll` and `attached-look`: what registries elsewhere have, and what became of it.
//!
//! A poll asks for the repositories, and for a look at each of them; a notification asks for a look at one repository, or at
//! one tag of it. A notification is believed nothing else: whatever it says, what counts is what the registry itself answers.
//! So notifications may come twice, late, in any order, or from somebody who lies.
//!
//! What cannot be seen leaves what was seen before, and says so: a registry that does not answer makes nothing healthy, and
//! takes nothing away.

mod look;
mod poll;

use super::{JobError, Kind, Workshop};
use crate::remote::{Login, Origin, Remote, RemoteError};
use jiff::Timestamp;
use oci::{RepositoryName, Tag};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Actor, Attachment, Job, JobKind, NewJob, RegistryId, RepositoryKey};

/// The kind of the job that asks for the repositories of a registry.
pub const POLL: Kind = Kind {
    name: JobKind::new("attached-poll"),
    run: |workshop, job, now| Box::pin(poll::run(workshop, job, now)),
    gave_up: |workshop, job, why, now| Box::pin(poll::gave_up(workshop, job, why, now)),
};

/// The kind of the job that looks at a repository, or at one tag of it.
pub const LOOK: Kind = Kind {
    name: JobKind::new("attached-look"),
    run: |workshop, job, now| Box::pin(look::run(workshop, job, now)),
    gave_up: |workshop, job, why, now| Box::pin(look::gave_up(workshop, job, why, now)),
};

/// What nobody waits for goes behind what was pushed.
const POLL_PRIORITY: i32 = -2;
/// What somebody was told of goes before.
const NOTIFIED_PRIORITY: i32 = 0;

/// A look at a repository.
#[derive(Serialize, Deserialize)]
struct Order {
    registry: RegistryId,
    repository: RepositoryName,
    /// Only this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<Tag>,
}

/// Asks for the repositories of a registry.
pub(crate) fn poll_job(attachment: &Attachment) -> NewJob {
    let registry = &attachment.registry;
    NewJob {
        kind: POLL.name,
        key: registry.id.0.to_string(),
        subscription: Some(registry.subscription),
        priority: POLL_PRIORITY,
        payload: json!({ "registry": registry.id }),
        not_before: None,
    }
}

/// Asks for a look at a tag, or at a whole repository, of which somebody has told.
pub(crate) fn notified_job(attachment: &Attachment, repository: RepositoryName, tag: Option<Tag>) -> NewJob {
    look_job(attachment, repository, tag, NOTIFIED_PRIORITY)
}

fn look_job(attachment: &Attachment, repository: RepositoryName, tag: Option<Tag>, priority: i32) -> NewJob {
    let registry = &attachment.registry;
    let mut key = format!("{}/{repository}", registry.id.0);
    if let Some(tag) = &tag {
        key.push(':');
        key.push_str(tag.as_str());
    }
    let order = Order { registry: registry.id, repository, tag };
    NewJob {
        kind: LOOK.name,
        key,
        subscription: Some(registry.subscription),
        priority,
        payload: serde_json::to_value(order).unwrap_or(Value::Null),
        not_before: None,
    }
}

/// A client for a repository of an attached registry.
pub(super) fn remote(
    workshop: &Workshop,
    attachment: &Attachment,
    repository: &RepositoryName,
) -> Result<Remote, RemoteError> {
    let origin = Origin::new(&attachment.settings.address, repository.as_str())?;
    Remote::new(workshop.reach.clone(), origin, login(attachment))
}

fn login(attachment: &Attachment) -> Option<Login> {
    let login = attachment.login.clone()?;
    Some(Login { user: login.user, password: login.password })
}

/// The name under which history knows what is done by these jobs.
fn actor(attachment: &Attachment) -> Actor {
    Actor(format!("attached registry {}", attachment.registry.name))
}

/// The attachment that a job is about; none if it is gone, or the payload is not one of ours.
async fn attachment_of(workshop: &Workshop, job: &Job) -> Result<Option<Attachment>, JobError> {
    let registry = serde_json::from_value::<RegistryId>(job.payload["registry"].clone());
    let Ok(registry) = registry else {
        tracing::error!(key = job.key, "a job names no registry; it is dropped");
        return Ok(None);
    };
    Ok(workshop.store.attachment(registry).await?)
}

/// Takes a manifest away that is there no longer.
async fn forget(
    workshop: &Workshop,
    attachment: &Attachment,
    repository: &RepositoryKey,
    digest: &oci::Digest,
    now: Timestamp,
) -> Result<(), store::Error> {
    let removal = workshop.store.delete_manifest(repository, digest, &actor(attachment), now).await?;
    // Nobody locks what is not here, and what is gone already is gone.
    debug_assert!(!matches!(removal, store::Removal::Locked(_)));
    Ok(())
}
