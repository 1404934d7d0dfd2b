//! Foreign bytes go into the jail here, and what comes out is decoded with distrust.
//!
//! This process opens files and reads answers; it never looks into a layer, an archive or a feed itself.
//! The tasks inside are named here and implemented by the binary, which re-executes itself.

use indexer::LayerOutcome;
use inventory::LayerInventory;
use inventory::sbom::{Bill, BillLimits};
use sandbox::{Antechamber, Input, Isolation, JailError, Report, Requirement};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The task that reads a layer. Arguments: media type, offset, length (`-` for all there is).
pub const INDEX_LAYER: &str = "index-layer";
/// The task that lists a plain tar archive.
pub const LIST_ARCHIVE: &str = "list-archive";
/// The task that reads a bill of materials.
pub const READ_BILL: &str = "read-bill";
/// The task that reads advisories. Arguments: the name of the source, and `one` document or `many` in frames.
pub const READ_FEED: &str = "read-feed";

/// A document in a stream of many: the lengths of name and content, little-endian, then both.
pub fn document_frame(name: &str, content: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(16 + name.len() + content.len());
    frame.extend_from_slice(&(name.len() as u64).to_le_bytes());
    frame.extend_from_slice(&(content.len() as u64).to_le_bytes());
    frame.extend_from_slice(name.as_bytes());
    frame.extend_from_slice(content);
    frame
}

/// More entries than this are no image archive.
const ARCHIVE_ENTRIES: usize = 200_000;

/// One entry of an archive, as the jail lists it: a line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveEntry {
    /// Its path.
    pub path: String,
    /// Where its content begins in the file.
    pub offset: u64,
    /// How long its content is.
    pub length: u64,
    /// The target, for a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What the jail said of a layer, and how it was locked in.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// The inventory, or why there is none.
    pub outcome: LayerOutcome,
    /// What the worker took.
    pub report: Report,
    /// How long its answer was.
    pub answer_bytes: usize,
}

/// Why nothing came out of the jail.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The worker did not end well.
    #[error(transparent)]
    Jail(#[from] JailError),
    /// The worker did its work, and says that the input is not what it should be.
    #[error("{0}")]
    Refused(String),
    /// The worker's answer could not be read.
    #[error("the answer of the jailed worker is not valid: {0}")]
    Answer(String),
}

impl InspectError {
    /// Whether the layer itself is the reason, so that trying again would end the same way.
    pub fn is_the_inputs_fault(&self) -> bool {
        match self {
            Self::Jail(
                JailError::CpuExhausted { .. }
                | JailError::OutOfMemory { .. }
                | JailError::OutputTooLarge { .. }
                | JailError::ForbiddenCall
                | JailError::Crashed { .. },
            ) => true,
            // These may be the machine's fault: it is tried again, and given up after some attempts.
            Self::Jail(
                JailError::Start { .. }
                | JailError::Refused { .. }
                | JailError::NoGreeting
                | JailError::TimedOut { .. }
                | JailError::Killed { .. }
                | JailError::Input(_)
                | JailError::Output(_)
                | JailError::Reap(_),
            ) => false,
            // A worker that writes nonsense was taken over, or is broken; neither gets better by itself.
            Self::Answer(_) | Self::Refused(_) => true,
        }
    }
}

/// Starts jailed workers.
#[derive(Debug, Clone)]
pub struct Inspector {
    /// The program that is executed again; by default this one.
    pub program: Option<PathBuf>,
    /// What the jail must achieve.
    pub requirement: Requirement,
    /// The folder in which a worker that reads a layer gets a file without a name, for what does not fit into its memory.
    pub scratch: Option<PathBuf>,
    /// Where workers wait for layers, if any do.
    pub antechamber: Option<Arc<Antechamber>>,
    /// What a worker that reads one layer may use.
    pub layer_limits: sandbox::Limits,
    /// What a worker that reads one feed may use.
    pub feed_limits: sandbox::Limits,
}

impl Inspector {
    /// The usual limits.
    ///
    /// A layer: 512 MiB of address space, which holds the binary, a zstd window of 64 MiB and what the indexer's own limits
    /// let it hold, with room to spare; what is resident stays below 100 MB. At 400 MB of tar per CPU-second, 300 s reach far beyond the largest
    /// layer that the indexer's own limits let through.
    pub fn new(requirement: Requirement) -> Self {
        let limits = |memory: u64, output: u64| sandbox::Limits {
            memory_bytes: memory,
            cpu_seconds: 300,
            wall: Duration::from_secs(600),
            output_bytes: output,
            scratch_bytes: 0,
        };
        let layer_limits = limits(512 << 20, 128 << 20);
        Self {
            program: None,
            requirement,
            scratch: Some(std::env::temp_dir()),
            antechamber: None,
            layer_limits: sandbox::Limits {
                scratch_bytes: indexer::Limits::default().scratch_bytes,
                ..layer_limits
            },
            feed_limits: limits(2 << 30, 4 << 30),
        }
    }

    /// With places for workers that wait for layers. [`Antechamber::fill`] starts them.
    #[must_use]
    pub fn with_antechamber(self, places: usize) -> Self {
        let program = self.command(Vec::new()).program;
        Self { antechamber: Some(Arc::new(Antechamber::new(program, places))), ..self }
    }

    fn command(&self, arguments: Vec<OsString>) -> sandbox::Command {
        match &self.program {
            Some(program) => {
                sandbox::Command { program: program.clone(), ..sandbox::Command::this_program(arguments) }
            }
            None => sandbox::Command::this_program(arguments),
        }
    }

    /// Reads one layer. `part` is where it stands in a larger file; at leisure means that nobody waits for it, so that it
    /// takes only the processor time which nobody else wants.
    ///
    /// # Errors
    /// When the worker could not be jailed, reached a limit, crashed, or wrote nonsense.
    pub fn layer(
        &self,
        input: Input,
        media_type: &str,
        part: Option<(u64, u64)>,
        at_leisure: bool,
    ) -> Result<Inspected, InspectError> {
        let (offset, length) = match part {
            Some((offset, length)) => (offset.to_string(), length.to_string()),
            None => ("0".into(), "-".into()),
        };
        let command = self.command(vec![INDEX_LAYER.into(), media_type.into(), offset.into(), length.into()]);
        let command = sandbox::Command { scratch: self.scratch.clone(), at_leisure, ..command };
        let (limits, requirement) = (&self.layer_limits, self.requirement);
        let antechamber = self.antechamber.as_deref();
        let (outcome, report) =
            sandbox::run(antechamber, &command, input, limits, requirement, decode_outcome)?;
        let (outcome, answer_bytes) = outcome?;
        Ok(Inspected { outcome, report, answer_bytes })
    }

    /// Lists the entries of a plain tar file.
    ///
    /// # Errors
    /// As [`Self::layer`], or when the archive is damaged.
    pub fn list_archive(&self, file: File) -> Result<Vec<ArchiveEntry>, InspectError> {
        let command = self.command(vec![LIST_ARCHIVE.into()]);
        let (entries, _) = sandbox::run(
            None,
            &command,
            Input::File(file),
            &self.layer_limits,
            self.requirement,
            decode_entries,
        )?;
        entries
    }

    /// Reads a bill of materials, CycloneDX or SPDX.
    ///
    /// # Errors
    /// As [`Self::layer`], or when the file is no bill.
    pub fn bill(&self, file: File) -> Result<(Bill, Isolation), InspectError> {
        let command = self.command(vec![READ_BILL.into()]);
        let (bill, report) = sandbox::run(
            None,
            &command,
            Input::File(file),
            &self.layer_limits,
            self.requirement,
            decode_bill,
        )?;
        Ok((bill?, report.isolation))
    }

    /// Reads advisories from one source; `consume` gets the stream that the task writes.
    ///
    /// # Errors
    /// As [`Self::layer`].
    pub fn feed<T>(
        &self,
        input: Input,
        name: &str,
        many: bool,
        consume: impl FnOnce(&mut dyn Read) -> T,
    ) -> Result<(T, Isolation), InspectError> {
        let mode = if many { "many" } else { "one" };
        let command = self.command(vec![READ_FEED.into(), name.into(), mode.into()]);
        let (value, report) =
            sandbox::run(None, &command, input, &self.feed_limits, self.requirement, consume)?;
        Ok((value, report.isolation))
    }
}

fn decode_outcome(answer: &mut dyn Read) -> Result<(LayerOutcome, usize), InspectError> {
    let mut bytes = Vec::new();
    answer.read_to_end(&mut bytes).map_err(|error| InspectError::Answer(error.to_string()))?;
    let outcome: LayerOutcome =
        serde_json::from_slice(&bytes).map_err(|error| InspectError::Answer(error.to_string()))?;
    if let LayerOutcome::Indexed(inventory) = &outcome {
        check(inventory)?;
    }
    Ok((outcome, bytes.len()))
}

fn decode_bill(answer: &mut dyn Read) -> Result<Bill, InspectError> {
    let mut bytes = Vec::new();
    answer.read_to_end(&mut bytes).map_err(|error| InspectError::Answer(error.to_string()))?;
    let bill: Result<Bill, String> =
        serde_json::from_slice(&bytes).map_err(|error| InspectError::Answer(error.to_string()))?;
    let bill = bill.map_err(InspectError::Refused)?;
    if bill.keeps(&BillLimits::default()) {
        Ok(bill)
    } else {
        Err(InspectError::Answer("the bill breaks the limits under which it was read".into()))
    }
}

/// Whoever wrote the inventory had read hostile bytes: it is checked like a stranger's.
fn check(inventory: &LayerInventory) -> Result<(), InspectError> {
    inventory
        .check(&inventory::InventoryLimits::default())
        .map_err(|error| InspectError::Answer(error.to_string()))
}

fn decode_entries(answer: &mut dyn Read) -> Result<Vec<ArchiveEntry>, InspectError> {
    let wrong = |error: &dyn std::fmt::Display| InspectError::Answer(error.to_string());
    let mut entries = Vec::new();
    for line in BufReader::new(answer).lines() {
        let line = line.map_err(|error| wrong(&error))?;
        let entry: Result<ArchiveEntry, String> =
            serde_json::from_str(&line).map_err(|error| wrong(&error))?;
        entries.push(entry.map_err(|error| wrong(&error))?);
        if entries.len() > ARCHIVE_ENTRIES {
            return Err(wrong(&format!("the archive has more than {ARCHIVE_ENTRIES} entries")));
        }
    }
    Ok(entries)
}
