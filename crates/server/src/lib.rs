//! Configuration, listener, jobs, our own API, and the wiring of all crates into one running server.
//!
//! [`start`] takes a [`Configuration`] and gives a [`Running`] server.
//! What happens after a push is a job, one file and one line in [`jobs::JOBS`].
//! The server never looks into a layer or a feed: [`inspect`] sends them to the jail.

mod configuration;
mod listener;
mod tls;

pub use configuration::{Configuration, ConfigurationError, Overrides, Tls};
