//! Azure's REST forms: the resource manager, Security Center and sign-in, so that Azure's own clients work unchanged.
//!
//! A request is matched against one table, [`RESOURCES`], because Azure's paths are not paths of a tree: any resource
//! id may stand before `/providers/Microsoft.Security/...`, and case counts nowhere.
//! The table names the right that each route needs, and the dispatcher asks for it before the handler runs; a handler
//! that answers for many resources asks again for each, so that nobody sees what is not theirs.
//!
//! The forms follow what the clients `az` 2.91 and the Python SDKs send and read.
//! What is not served answers with an error that says so: nothing is pretended.
//!
//! This crate neither judges nor scans: it reads what the store keeps and words it as Azure does.

mod caller;
mod directory;
mod dispatch;
mod error;
mod page;
mod path;
mod query_reference;
mod reach;
mod registries;
mod resources;
mod sign_in;
mod state;
mod throttle;
mod version;

pub use caller::Caller;
pub use directory::{DIRECTORY, DirectoryRight};
pub use dispatch::router;
pub use query_reference::query_reference;
pub use resources::{RESOURCES, Resource, Right, Route, registry_passwords};
pub use state::{ArmState, Entrance, IssuedTokens, Refusal};
