//! An image with everything below it: manifests, children first, and the blobs that they need.

use super::{ImportError, Source};
use axum::body::Bytes;
use oci::{Descriptor, Digest, MAXIMUM_CHILDREN, Manifest, MediaType};
use std::collections::HashMap;

/// Indexes stand at most so deep above each other, as in a push.
const DEEPEST: usize = 5;

/// Whether everything that an index lists has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::jobs) enum Children {
    /// It has: an index that is copied is copied whole.
    Needed,
    /// It need not: registries have indexes of which they hold a part.
    AsFound,
}

/// A manifest as it was found.
#[derive(Debug, Clone)]
pub(in crate::jobs) struct Found {
    pub(in crate::jobs) media_type: String,
    pub(in crate::jobs) digest: Digest,
    pub(in crate::jobs) bytes: Bytes,
}

/// Everything that has to come.
pub(in crate::jobs) struct Tree {
    /// The manifests, in an order in which they can be stored. The image itself is the last.
    pub(in crate::jobs) manifests: Vec<Found>,
    /// The blobs with their sizes, each once.
    pub(in crate::jobs) blobs: Vec<(Digest, u64)>,
}

impl Tree {
    /// Reads the manifests of an image, by a tag or digest.
    pub(in crate::jobs) async fn read(
        source: &Source,
        reference: &str,
        children: Children,
    ) -> Result<Self, ImportError> {
        let root = source.manifest(reference).await?;
        let mut tree = Self { manifests: Vec::new(), blobs: Vec::new() };
        let mut sizes: HashMap<Digest, u64> = HashMap::new();
        // Breadth first; turned round at the end, so that children come before what lists them.
        let mut level = vec![root];
        for _ in 0..=DEEPEST {
            let mut below: Vec<Descriptor> = Vec::new();
            for found in level {
                let manifest = parse(&found)?;
                for blob in manifest.blobs() {
                    if !blob.is_foreign() {
                        sizes.insert(blob.digest.clone(), blob.size);
                    }
                }
                below.extend_from_slice(manifest.children());
                tree.manifests.push(found);
            }
            if below.is_empty() {
                tree.manifests.reverse();
                tree.keep_first();
                tree.blobs = sizes.into_iter().collect();
                tree.blobs.sort();
                return Ok(tree);
            }
            if tree.manifests.len() + below.len() > MAXIMUM_CHILDREN {
                return Err(ImportError::Image("it lists too many others".to_owned()));
            }
            level = Vec::new();
            for child in below {
                let found = match source.manifest(&child.digest.to_string()).await {
                    Err(error) if error.is_absent() && children == Children::AsFound => continue,
                    found => found?,
                };
                if found.bytes.len() as u64 != child.size {
                    return Err(ImportError::Image(format!(
                        "{} has not the size that is listed",
                        child.digest
                    )));
                }
                level.push(Found { media_type: child.media_type.as_str().to_owned(), ..found });
            }
        }
        Err(ImportError::Image("its indexes are nested too deeply".to_owned()))
    }

    /// The image itself.
    pub(in crate::jobs) fn root(&self) -> &Found {
        // `read` puts it there.
        self.manifests.last().expect("a tree has a root")
    }

    /// How many bytes the blobs have.
    pub(in crate::jobs) fn bytes(&self) -> u64 {
        self.blobs.iter().map(|(_, size)| *size).fold(0, u64::saturating_add)
    }

    /// What is listed twice is stored once, where it is needed first.
    fn keep_first(&mut self) {
        let mut seen = std::collections::HashSet::new();
        self.manifests.retain(|found| seen.insert(found.digest.clone()));
    }
}

fn parse(found: &Found) -> Result<Manifest, ImportError> {
    let wrong = |error: &dyn std::fmt::Display| ImportError::Image(error.to_string());
    let media_type: MediaType = found.media_type.parse().map_err(|error| wrong(&error))?;
    Manifest::parse(&media_type, &found.bytes).map_err(|error| wrong(&error))
}
