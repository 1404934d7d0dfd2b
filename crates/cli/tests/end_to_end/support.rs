//! What the end-to-end tests share: a server, images, and a client that pushes them.

pub(crate) mod distribution;
pub(crate) mod feeds;
pub(crate) mod image;
pub(crate) mod many_findings;
pub(crate) mod process;
pub(crate) mod push;
pub(crate) mod server;
