//! Configuration, listener, jobs, our own API, and the wiring of all crates into one running server.
//!
//! [`start`] takes a [`Configuration`] and gives a [`Running`] server.
//! What happens after a push is a job, one file and one line in [`jobs::JOBS`].
//! The server never looks into a layer or a feed: [`inspect`] sends them to the jail.

// The schemas of the API are one large JSON document.
#![recursion_limit = "256"]

mod address;
pub mod advisories;
pub mod api;
mod app;
mod attached;
pub mod audit;
mod authority;
mod bill;
mod configuration;
mod digests;
pub mod exports;
mod folder_lock;
mod hosts;
pub mod inspect;
mod installation;
pub mod jobs;
pub mod judge;
mod keys;
mod listener;
mod mail;
mod occupancy;
mod operations;
pub mod providers;
mod registry_account;
pub mod remote;
pub mod sender;
mod settled;
mod sign_in;
mod storage;
mod syslog;
mod tls;
mod traffic;
mod transients;
pub mod vex;
pub mod webhooks;

pub use app::{Running, StartError, start};
pub use configuration::{
    Configuration, ConfigurationError, Overrides, Patience, Tls, jail as configured_jail,
};
pub use mail::{MailError, MailSettings};
pub use storage::{BlobStorage, StorageSettings};
