//! The resource manager from outside: its router over the real store, with people of different roles.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod assessments;
mod authorization;
mod directory;
mod estate;
mod plans;
mod registries;
mod resource_graph;
mod resources;
mod roles;
mod sign_in;
mod sub_assessments;
