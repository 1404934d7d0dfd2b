//! Who uses a storage: one server at a time.
//!
//! A collection deletes what the records of its own server do not link, and the lock that keeps it from deleting what is
//! being pushed again is one process's own. Two servers over one storage would delete each other's blobs. So whoever starts
//! writes its name into the object `occupant`, renews it while it runs, and is refused where another name is there that was
//! renewed a moment ago. A server that was killed finds its own name, and goes on at once.
//!
//! What somebody else's installation keeps there is never taken over: its blobs are linked in records that we do not have.
//!
//! A storage that copies whole objects has no compare-and-set that all of them share. Of two that begin at the same moment,
//! the one that wrote last stays; the other learns it at its next look, and until a look has gone well for long enough nobody
//! may delete ([`Occupancy::holds`]).

use super::bucket::BucketError;
use super::{ObjectBlobs, storage};
use crate::BlobError;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Mutex;
use std::sync::PoisonError;

/// The object.
const KEY: &str = "occupant";
/// Our own are a few hundred bytes.
const LONGEST: u64 = 4096;

/// A server, as it is known to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// The installation whose records link the blobs.
    pub installation: String,
    /// The server of that installation.
    pub node: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    occupant: Occupant,
    renewed_at: Timestamp,
}

/// Why a storage cannot be used by a server.
#[derive(Debug, thiserror::Error)]
pub enum OccupancyError {
    /// Another installation keeps its blobs there.
    #[error(
        "the storage holds the blobs of another installation ({0}), which a collection would delete; \
         choose another bucket or prefix, or delete the object `occupant` there if that installation is gone"
    )]
    OtherInstallation(String),
    /// Another server uses it now.
    #[error(
        "another server of this installation uses the storage and was there at {seen}; \
         stop it, or wait {wait} seconds if it was killed"
    )]
    InUse {
        /// When it last said so.
        seen: Timestamp,
        /// How long it may be silent.
        wait: i64,
    },
    /// What is there was not written by a server of ours.
    #[error("the object `occupant` in the storage cannot be read; delete it if no server uses the storage")]
    Unreadable,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] BlobError),
}

/// The use of a storage by one server.
pub struct Occupancy {
    blobs: std::sync::Arc<ObjectBlobs>,
    occupant: Occupant,
    /// When it was last found that nobody else is there; none once somebody was.
    renewed: Mutex<Option<Timestamp>>,
}

impl Occupancy {
    /// Whoever was silent for so long is gone.
    pub const PATIENCE: SignedDuration = SignedDuration::from_secs(120);

    /// Takes a storage for a server.
    ///
    /// # Errors
    /// When somebody else uses it, or the storage fails.
    pub async fn take(
        blobs: std::sync::Arc<ObjectBlobs>,
        occupant: Occupant,
        now: Timestamp,
    ) -> Result<Self, OccupancyError> {
        if let Some(present) = read(&blobs).await? {
            refuse(&present, &occupant, now)?;
        }
        let this = Self { blobs, occupant, renewed: Mutex::new(None) };
        this.write(now).await?;
        // Somebody may have begun at the same moment: the one that wrote last stays.
        match read(&this.blobs).await? {
            Some(present) => refuse(&present, &this.occupant, now)?,
            None => return Err(OccupancyError::Unreadable),
        }
        this.note(Some(now));
        Ok(this)
    }

    /// Says that the server is still there.
    ///
    /// # Errors
    /// When somebody else has taken the storage, which is final, or the storage fails.
    pub async fn renew(&self, now: Timestamp) -> Result<(), OccupancyError> {
        let present = read(&self.blobs).await?;
        if let Some(present) = present.filter(|present| present.occupant != self.occupant) {
            self.note(None);
            let wait = Self::PATIENCE.as_secs();
            return Err(OccupancyError::InUse { seen: present.renewed_at, wait });
        }
        self.write(now).await?;
        self.note(Some(now));
        Ok(())
    }

    /// Leaves the storage to whoever of the installation comes next.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn leave(&self) -> Result<(), OccupancyError> {
        self.note(None);
        match read(&self.blobs).await? {
            Some(present) if present.occupant == self.occupant => self.write(Timestamp::UNIX_EPOCH).await,
            Some(_) | None => Ok(()),
        }
    }

    /// Whether nobody else can be there: it was looked at lately, and whoever comes waits for longer than that.
    pub fn holds(&self, now: Timestamp) -> bool {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        // Half of the patience is left for what is begun now.
        renewed.is_some_and(|renewed| now.duration_since(renewed) < Self::PATIENCE / 2)
    }

    fn note(&self, renewed: Option<Timestamp>) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
    }

    async fn write(&self, now: Timestamp) -> Result<(), OccupancyError> {
        let entry = Entry { occupant: self.occupant.clone(), renewed_at: now };
        let text = serde_json::to_vec(&entry).map_err(|_| OccupancyError::Unreadable)?;
        let written = self.blobs.bucket.put(KEY, Bytes::from(text)).await;
        Ok(written.map_err(storage("say who uses it"))?)
    }
}

fn refuse(present: &Entry, occupant: &Occupant, now: Timestamp) -> Result<(), OccupancyError> {
    if present.occupant.installation != occupant.installation {
        return Err(OccupancyError::OtherInstallation(present.occupant.installation.clone()));
    }
    let silent = now.duration_since(present.renewed_at);
    if present.occupant.node != occupant.node && silent < Occupancy::PATIENCE {
        let wait = (Occupancy::PATIENCE - silent).as_secs().clamp(1, Occupancy::PATIENCE.as_secs());
        return Err(OccupancyError::InUse { seen: present.renewed_at, wait });
    }
    Ok(())
}

/// Who is there.
async fn read(blobs: &ObjectBlobs) -> Result<Option<Entry>, OccupancyError> {
    let fail = |error: BucketError| storage("say who uses it")(error);
    let Some(size) = blobs.bucket.size(KEY).await.map_err(fail)? else { return Ok(None) };
    if size == 0 || size > LONGEST {
        return Err(OccupancyError::Unreadable);
    }
    let stream = match blobs.bucket.get(KEY, 0..size).await {
        Ok(stream) => stream,
        // It went between the two questions.
        Err(error) if error.is_absent() => return Ok(None),
        Err(error) => return Err(fail(error).into()),
    };
    let whole = stream.try_fold(BytesMut::new(), |mut whole, piece| async move {
        whole.extend_from_slice(&piece);
        Ok(whole)
    });
    let whole = whole.await.map_err(|error| fail(BucketError::Unreachable(error)))?;
    serde_json::from_slice(&whole).map(Some).map_err(|_| OccupancyError::Unreadable)
}
