//! The OCI distribution API and the token service.
//!
//! [`router()`] turns a [`RegistryState`] into routes that docker, skopeo, buildah and containerd speak with: `/v2/` for
//! blobs, manifests, tags and referrers, `/acr/v1/` for what Azure's clients want to know of them and for locks, and
//! `/oauth2/` for the tokens that open both.
//!
//! How a request goes:
//!
//! 1. The path is taken apart by hand (`endpoint`), because repository names hold slashes.
//! 2. One table ([`ROUTES`]) says what each method and endpoint does and which right it needs.
//! 3. The caller is asked who they are and whether they may (`caller`), before anything is looked up.
//! 4. The operation runs. Blobs stream: memory does not grow with their size.
//! 5. Whatever went wrong is answered from one table (`error`).
//!
//! This crate knows nothing of vulnerabilities. Before content is handed out, a [`Gate`] is asked; when a manifest
//! arrives, the jobs that [`RegistryState::after_push`] names are stored with it in one transaction. So a push succeeds
//! or fails by the rules of OCI alone.
//!
//! Who people are and what they may do is behind [`Authority`]; which registry a request means, behind
//! [`RegistryDirectory`].

mod attach;
mod authority;
mod blob;
mod body;
mod caller;
mod challenge;
mod collection;
mod conditional;
mod deleted;
mod endpoint;
mod error;
mod gate;
mod intake;
mod listing;
mod manifest;
mod metadata;
mod mount;
mod query;
mod range;
mod referrers;
mod route;
mod router;
mod scope;
mod state;
mod token;
mod upload;

pub use attach::{AttachError, Attachment, attach};
pub use authority::{Authority, AuthorityError, Grant, IssuedToken, Permission, SignIn};
pub use collection::{Collected, CollectionError, CollectionMode, CollectionPolicy, Collector, Phase};
pub use endpoint::EndpointKind;
pub use gate::{Gate, OpenGate, Passage, PolicyGate, Pull};
pub use intake::{Content, Intake, IntakeError};
pub use route::{Need, Operation, ROUTES, Route};
pub use router::router;
pub use state::{
    AfterBlob, AfterPush, Clock, Limits, PushedBlob, PushedManifest, RegistryDirectory, RegistryState,
    SingleRegistry, Site,
};
