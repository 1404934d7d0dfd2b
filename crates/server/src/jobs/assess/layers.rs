//! The layers of an image: each is read once in its life per version of the indexer.

use super::Elsewhere;
use crate::inspect::{InspectError, Inspected};
use crate::jobs::readers::ReadAhead;
use crate::jobs::{JobError, Workshop};
use indexer::LayerOutcome;
use indexer::codec::agreed;
use inventory::{INDEXER_VERSION, LayerInventory};
use jiff::Timestamp;
use oci::{Descriptor, Digest};
use sandbox::Input;
use serde_json::Value;
use std::fs::File;
use store::{Blob, LayerRecord};

/// A layer as it was read, now or earlier.
pub(super) enum Read {
    /// Its inventory, and what the jail had achieved.
    Indexed(Box<LayerInventory>, Value),
    /// Why it cannot be read.
    Unreadable(String),
    /// It is not here, and its manifest says that it may not be.
    Foreign,
}

/// Reads a layer, or finds what was read before.
pub(super) async fn read(
    workshop: &Workshop,
    there: Option<&Elsewhere>,
    layer: &Descriptor,
    now: Timestamp,
) -> Result<Read, JobError> {
    let Some(blob) = workshop.blobs.open(&layer.digest).await? else {
        if let Some(read) = known(workshop, &layer.digest).await? {
            return Ok(read);
        }
        return match there {
            _ if layer.is_foreign() => Ok(Read::Foreign),
            Some(there) => read_elsewhere(workshop, there, layer, now).await,
            None => Ok(Read::Unreadable("its bytes are not in the registry".into())),
        };
    };
    read_checked(workshop, layer, blob, now).await
}

/// Fetches a layer, has it read, and lets it go.
async fn read_elsewhere(
    workshop: &Workshop,
    there: &Elsewhere,
    layer: &Descriptor,
    now: Timestamp,
) -> Result<Read, JobError> {
    let _turn = workshop.errands.turn(&layer.digest).await;
    // Whoever had the turn before may have fetched it.
    if let Some(read) = known(workshop, &layer.digest).await? {
        return Ok(read);
    }
    let blob = there.layer(workshop, layer).await?;
    read_checked(workshop, layer, blob, now).await
}

/// Reads a layer, if it is what its manifest says.
async fn read_checked(
    workshop: &Workshop,
    layer: &Descriptor,
    blob: Blob,
    now: Timestamp,
) -> Result<Read, JobError> {
    // Whoever read the layer before may have known it under another media type. A lie about it is the fault of this
    // manifest: it is not recorded of the layer, which other images may name rightly.
    let head = blob.head(6).await.map_err(|error| JobError::Again(error.to_string()))?;
    let media_type = layer.media_type.to_string();
    if let Err(error) = agreed(&media_type, &head) {
        return Ok(Read::Unreadable(error.to_string()));
    }
    read_now(workshop, &layer.digest, blob, &media_type, now).await
}

/// Whether somebody waits for a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Haste {
    /// A verdict waits for it.
    Now,
    /// It is read ahead: pushes go first, that of its own image above all.
    Leisure,
}

/// Reads a layer for which a verdict waits, or finds what was read before.
async fn read_now(
    workshop: &Workshop,
    digest: &Digest,
    blob: Blob,
    media_type: &str,
    now: Timestamp,
) -> Result<Read, JobError> {
    let found = async || -> Result<Option<Read>, JobError> {
        match workshop.readers.take_ahead(digest) {
            Some(ReadAhead { outcome, isolation, .. }) => {
                keep(workshop, digest, outcome, isolation, now).await.map(Some)
            }
            None => known(workshop, digest).await,
        }
    };
    if workshop.readers.is_at_leisure(digest) {
        // On a machine with nothing else to do that reader is nearly done; on a busy one it never is. Whoever of the two
        // is first gives the answer, and the other one's is thrown away.
        let file = blob.into_file().await?;
        let mut own = std::pin::pin!(inspect(workshop, file, media_type, Haste::Now));
        let inspected = tokio::select! {
            biased;
            _turn = workshop.readers.turn(digest) => match found().await? {
                Some(read) => return Ok(read),
                None => own.await?,
            },
            inspected = &mut own => inspected?,
        };
        return settle(workshop, digest, inspected, now).await;
    }
    let _turn = workshop.readers.turn(digest).await;
    if let Some(read) = found().await? {
        return Ok(read);
    }
    let inspected = inspect(workshop, blob.into_file().await?, media_type, Haste::Now).await?;
    settle(workshop, digest, inspected, now).await
}

/// Reads a layer at leisure, unless it was read before, and keeps what came out for the image that will ask for it.
pub(in crate::jobs) async fn read_ahead(
    workshop: &Workshop,
    digest: &Digest,
    blob: Blob,
    media_type: &str,
) -> Result<(), JobError> {
    let _turn = workshop.readers.turn(digest).await;
    if workshop.readers.is_ahead(digest) || known(workshop, digest).await?.is_some() {
        return Ok(());
    }
    let file = blob.into_file().await?;
    let at_leisure = workshop.readers.at_leisure(digest);
    let inspected = inspect(workshop, file, media_type, Haste::Leisure).await;
    drop(at_leisure);
    // What went wrong is met and told of by the job that judges the image. If that was faster, nobody will ask again.
    if let Ok(inspected) = inspected?
        && known(workshop, digest).await?.is_none()
    {
        let isolation = serde_json::to_value(&inspected.report.isolation).unwrap_or(Value::Null);
        let (outcome, bytes) = (inspected.outcome, inspected.answer_bytes.saturating_mul(2));
        workshop.readers.keep_ahead(digest, ReadAhead { outcome, isolation, bytes });
    }
    Ok(())
}

/// Has a layer read in the jail: at once at leisure, which there is one reader for, and else as soon as a processor is free.
async fn inspect(
    workshop: &Workshop,
    file: File,
    media_type: &str,
    haste: Haste,
) -> Result<Result<Inspected, InspectError>, JobError> {
    let desk = match haste {
        Haste::Now => workshop.readers.desk().await,
        Haste::Leisure => None,
    };
    let (inspector, media_type) = (workshop.inspector.clone(), media_type.to_owned());
    let at_leisure = haste == Haste::Leisure;
    let read = move || inspector.layer(Input::File(file), &media_type, None, at_leisure);
    let inspected = on_a_thread(read, haste).await;
    drop(desk);
    inspected
}

/// Records what came of reading a layer.
async fn settle(
    workshop: &Workshop,
    digest: &Digest,
    inspected: Result<Inspected, InspectError>,
    now: Timestamp,
) -> Result<Read, JobError> {
    match inspected {
        Ok(inspected) => {
            let isolation = serde_json::to_value(&inspected.report.isolation).unwrap_or(Value::Null);
            keep(workshop, digest, inspected.outcome, isolation, now).await
        }
        // The layer itself broke its reader: reading it again would end the same way (attack B7).
        Err(error) if error.is_the_inputs_fault() => {
            let unreadable = store::LayerOutcome::Unreadable(error.to_string());
            put(workshop, digest, unreadable, Value::Null, now).await?;
            Ok(Read::Unreadable(error.to_string()))
        }
        Err(error) => Err(JobError::Again(error.to_string())),
    }
}

/// Runs blocking work. A thread that steps back does so for good, and so does every process that it starts: it is one of
/// its own, and ends with the work.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    haste: Haste,
) -> Result<T, JobError> {
    let again = |error: &dyn std::fmt::Display| JobError::Again(error.to_string());
    match haste {
        Haste::Now => tokio::task::spawn_blocking(work).await.map_err(|error| again(&error)),
        Haste::Leisure => {
            let (answer, caller) = tokio::sync::oneshot::channel();
            let run = move || {
                // Where it is refused, the work is done nevertheless.
                let _ = sandbox::step_back();
                // Whoever asked may have gone.
                let _ = answer.send(work());
            };
            std::thread::Builder::new()
                .name("read-ahead".into())
                .spawn(run)
                .map_err(|error| again(&error))?;
            caller.await.map_err(|error| again(&error))
        }
    }
}

/// What was read before by this version of the indexer.
async fn known(workshop: &Workshop, digest: &Digest) -> Result<Option<Read>, JobError> {
    Ok(workshop.store.layer(digest, INDEXER_VERSION).await?.and_then(decode))
}

async fn keep(
    workshop: &Workshop,
    digest: &Digest,
    outcome: LayerOutcome,
    isolation: Value,
    now: Timestamp,
) -> Result<Read, JobError> {
    match outcome {
        LayerOutcome::Indexed(inventory) => {
            let json =
                serde_json::to_value(&inventory).map_err(|error| JobError::Again(error.to_string()))?;
            put(workshop, digest, store::LayerOutcome::Indexed(json), isolation.clone(), now).await?;
            Ok(Read::Indexed(Box::new(inventory), isolation))
        }
        LayerOutcome::Unreadable { why, .. } => {
            put(workshop, digest, store::LayerOutcome::Unreadable(why.clone()), isolation, now).await?;
            Ok(Read::Unreadable(why))
        }
    }
}

async fn put(
    workshop: &Workshop,
    digest: &Digest,
    outcome: store::LayerOutcome,
    isolation: Value,
    at: Timestamp,
) -> Result<(), JobError> {
    let digest = digest.clone();
    let record = LayerRecord { digest, indexer_version: INDEXER_VERSION, outcome, isolation, at };
    Ok(workshop.store.put_layer(record).await?)
}

/// What was kept; `None` if it cannot be decoded any more, so that the layer is read again.
fn decode(kept: LayerRecord) -> Option<Read> {
    match kept.outcome {
        store::LayerOutcome::Indexed(json) => {
            Some(Read::Indexed(serde_json::from_value(json).ok()?, kept.isolation))
        }
        store::LayerOutcome::Unreadable(why) => Some(Read::Unreadable(why)),
    }
}
