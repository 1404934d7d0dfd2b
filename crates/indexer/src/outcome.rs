//! What indexing one layer comes to, in the form in which it leaves the jail.

use crate::tar;
use inventory::LayerInventory;
use serde::{Deserialize, Serialize};
use std::io;

/// What the jailed indexer writes: one of these, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerOutcome {
    /// The layer was read; single files may still be listed as skipped.
    Indexed(LayerInventory),
    /// The layer as a whole could not be read, so nothing can be said about it.
    Unreadable {
        /// The sentence for people.
        why: String,
        /// The same for programs.
        error: IndexError,
    },
}

impl From<Result<LayerInventory, IndexError>> for LayerOutcome {
    fn from(result: Result<LayerInventory, IndexError>) -> Self {
        match result {
            Ok(inventory) => Self::Indexed(inventory),
            Err(error) => Self::Unreadable { why: error.to_string(), error },
        }
    }
}

/// Why a layer as a whole could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum IndexError {
    /// The media type is none of a layer.
    #[error(
        "the layer has the media type {media_type:?}, which this version cannot read; \
         it reads tar, tar+gzip and tar+zstd of OCI and Docker"
    )]
    UnknownMediaType {
        /// As the manifest says.
        media_type: String,
    },
    /// The first bytes contradict the media type.
    #[error(
        "the manifest promises {promised}, but the layer begins like {found}; push it with its right media type"
    )]
    Mismatch {
        /// What the media type means.
        promised: String,
        /// What the bytes look like.
        found: String,
    },
    /// The compressed stream is damaged.
    #[error("the {codec} stream of the layer is damaged: {detail}; push the layer again")]
    Compression {
        /// gzip or zstd.
        codec: String,
        /// What the decoder says.
        detail: String,
    },
    /// The archive is damaged, or could be read in more than one way.
    #[error("the tar archive of the layer cannot be read at byte {offset}: {detail}")]
    Archive {
        /// Where in the uncompressed stream.
        offset: u64,
        /// What is wrong.
        detail: String,
    },
    /// A limit was reached.
    #[error(
        "the layer was not read to its end: more than {value} {what}; raise the limit if you trust the image"
    )]
    Limit {
        /// What was counted.
        what: String,
        /// The limit.
        value: u64,
    },
    /// The layer could not be fetched from whoever hands it in.
    #[error("the layer could not be read from its source: {detail}")]
    Input {
        /// What the operating system says.
        detail: String,
    },
}

impl IndexError {
    /// A reached limit.
    pub(crate) fn limit(what: &str, value: u64) -> Self {
        Self::Limit { what: what.to_owned(), value }
    }

    /// Finds the error that [`crate::codec`] sent through a [`io::Read`].
    pub(crate) fn from_io(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(other) => Self::Input { detail: other.to_string() },
        }
    }
}

impl From<tar::Error> for IndexError {
    fn from(error: tar::Error) -> Self {
        let tar::Error { offset, fault } = error;
        match fault {
            tar::Fault::Read(source) => Self::from_io(source),
            tar::Fault::Limit { what, value } => Self::limit(what, value),
            fault @ (tar::Fault::Truncated
            | tar::Fault::Checksum
            | tar::Fault::LoneZeroBlock
            | tar::Fault::Number(_)
            | tar::Fault::Extension(_)
            | tar::Fault::Ambiguous(_)) => Self::Archive { offset, detail: fault.to_string() },
        }
    }
}
