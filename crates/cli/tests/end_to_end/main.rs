//! The product from outside: the built binary, real HTTP, real clients where they are installed.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod advisories;
mod artifact;
mod attached;
mod attached_registries;
mod automations;
mod browser;
mod clients;
mod collection;
mod content_sets;
mod demo;
mod explain;
mod following;
mod held;
mod hostile;
mod increments;
mod indexes;
mod kill;
mod management;
mod object_storage;
mod origin;
mod quarantine;
mod resource_graph;
mod samples;
mod schema;
mod security;
mod sign_in;
mod states;
mod support;
mod update;
