//! What the end-to-end tests share: a server, images, and a client that pushes them.

pub mod image;
pub mod push;
pub mod server;
