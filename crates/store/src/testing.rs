//! What the tests and benches of the crates above put into a store: an installation, and a manifest that is pushed;
//! numbers by which they choose moments; and ports for the programs that they start.
//!
//! Built only with the feature `testing`, which no program has.

mod berth;

pub use berth::Berth;

use crate::{
    Actor, ImageKey, Installation, PushOrigin, PutManifest, RegistryId, RepositoryKey, SubscriptionId,
    TenantId,
};
use bytes::Bytes;
use jiff::Timestamp;
use oci::Digest;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An installation with a registry of this name, which is reached at `NAME.test`.
pub fn installation(registry: &str) -> Installation {
    Installation {
        tenant: TenantId(Uuid::from_u128(0x777)),
        subscription: SubscriptionId(Uuid::from_u128(0xabc)),
        subscription_name: "Harbour".to_owned(),
        resource_group: "rg".to_owned(),
        registry: registry.to_owned(),
        login_server: format!("{}.test", registry.to_lowercase()),
        location: "local".to_owned(),
    }
}

/// A push of these bytes as the manifest of an image, without tags and references. Whatever else the bytes are named
/// by, their digest is that of the content.
pub fn push(registry: RegistryId, repository: &str, bytes: impl Into<Bytes>, at: Timestamp) -> PutManifest {
    let bytes = bytes.into();
    PutManifest {
        repository: RepositoryKey {
            registry,
            name: repository.parse().expect("tests name their repositories well"),
        },
        digest: Digest::of_sha256(&bytes),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        bytes,
        artifact_type: None,
        subject: None,
        config: None,
        annotations: BTreeMap::new(),
        tags: Vec::new(),
        references: Vec::new(),
        jobs: Vec::new(),
        actor: Actor("owner".to_owned()),
        origin: PushOrigin::default(),
        at,
    }
}

/// The image that a push makes.
pub fn image_of(push: &PutManifest) -> ImageKey {
    ImageKey { repository: push.repository.clone(), digest: push.digest.clone() }
}

/// SplitMix64: small, and good enough to choose moments. The same numbers for the same seed.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// A number below an end, which is not zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
