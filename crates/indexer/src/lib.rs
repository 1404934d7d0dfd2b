//! Extractors: from the bytes of a layer to its inventory, only ever inside the jail.
//!
//! Every byte this crate reads was written by a stranger.
//! Therefore nothing is unpacked, nothing is written, nothing is executed, and no memory grows with the layer:
//! [`index_layer`] decompresses, walks the archive once, and hands each interesting file to its extractor.
//!
//! * [`codec`] undoes the compression and stops bombs.
//! * [`tar`] is our own pull parser. Where GNU tar and the runtimes' Go library would read an archive differently,
//!   it refuses the archive: what we cannot say for sure, we do not say.
//! * [`extract`] holds the extractors, one file and one line in [`extract::EXTRACTORS`] each.
//! * [`Limits`] bounds everything, and its default tells the arithmetic.
//!
//! A layer that cannot be read as a whole is an [`IndexError`].
//! A file that cannot be read is an [`inventory::Skipped`] in an otherwise good inventory:
//! one bad string never fails the layer, and nothing that was passed over is forgotten.
//!
//! Deliberately absent: links are recorded and never followed, and whiteouts are recorded and never applied.
//! Both need the other layers; `inventory::coalesce` has them.

#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::expect_used, clippy::panic)]

pub mod body;
#[cfg(feature = "build")]
pub mod build;
pub mod codec;
mod elf;
pub mod extract;
mod file;
mod findings;
mod limits;
mod little_endian;
mod outcome;
mod ownership;
mod package_list;
mod pe;
mod programs;
mod sqlite;
mod tables;
pub mod tar;
mod walk;
mod watch;
mod zip;

pub use limits::Limits;
pub use outcome::{IndexError, LayerOutcome};
pub use walk::{index_layer, index_layer_with};
