//! The resource manager from outside: its router over the real store, with people of different roles.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod assessments;
mod attacks;
mod authorization;
mod automations;
mod custom_assessments;
mod directory;
mod estate;
mod exemptions;
mod governance;
mod locks;
mod parts;
mod plans;
mod registries;
mod resource_graph;
mod resources;
mod roles;
mod secure_scores;
mod sign_in;
mod software;
mod sub_assessments;
mod wire;
