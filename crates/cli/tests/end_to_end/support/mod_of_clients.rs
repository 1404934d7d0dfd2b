//! The same support for the tests of Azure's clients, which are a program of their own.

#[path = "image.rs"]
pub(crate) mod image;
#[path = "many_findings.rs"]
pub(crate) mod many_findings;
#[path = "push.rs"]
pub(crate) mod push;
#[path = "server.rs"]
pub(crate) mod server;
