//! What this binary does when it is re-executed in the jail.
//!
//! A task is one line in [`TASKS`].
//! The process is locked in before a task begins: it has its input, its output, and nothing else.

use advisory::wire::RecordWriter;
use advisory::{Skip, SourceLimits, SourceReport};
use anyhow::{Context, Result};
use indexer::body::Scratch;
use inventory::sbom::{self, BillLimits};
use server::inspect::{ArchiveEntry, INDEX_LAYER, LIST_ARCHIVE, READ_BILL, READ_FEED};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::process::ExitCode;

/// A task: reads the input, writes the answer.
struct Task {
    name: &'static str,
    run: fn(&[String], File, &mut dyn Write) -> Result<()>,
}

const TASKS: &[Task] = &[
    Task { name: INDEX_LAYER, run: index_layer },
    Task { name: LIST_ARCHIVE, run: list_archive },
    Task { name: READ_BILL, run: read_bill },
    Task { name: READ_FEED, run: read_feed },
];

/// Runs the task if this process is a worker. `None` for a process that a person started.
pub(crate) fn run_if_worker() -> Option<ExitCode> {
    let arguments: Vec<OsString> = sandbox::worker_arguments()?;
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    // Nobody reads the standard error of a worker: its exit code is all that it can say about itself.
    Some(match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn run(words: &[String]) -> Result<()> {
    let (name, rest) = words.split_first().context("no task was named")?;
    let task = TASKS.iter().find(|task| task.name == name).context("there is no such task")?;
    let mut output = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    (task.run)(rest, sandbox::input()?, &mut output)?;
    output.flush()?;
    Ok(())
}

fn index_layer(words: &[String], mut input: File, output: &mut dyn Write) -> Result<()> {
    let [media_type, offset, length] = words else {
        anyhow::bail!("a media type, an offset and a length are needed")
    };
    let limits = indexer::Limits::default();
    let scratch = sandbox::scratch().map(|file| Box::new(file) as Box<dyn Scratch>);
    let result = match length.as_str() {
        "-" => indexer::index_layer_with(scratch, input, media_type, &limits),
        length => {
            input.seek(SeekFrom::Start(offset.parse()?))?;
            indexer::index_layer_with(scratch, input.take(length.parse()?), media_type, &limits)
        }
    };
    serde_json::to_writer(output, &indexer::LayerOutcome::from(result))?;
    Ok(())
}

/// A line for each entry, and a last one with the reason if the archive could not be read to its end.
fn list_archive(_: &[String], input: File, output: &mut dyn Write) -> Result<()> {
    let write = |output: &mut dyn Write, line: &Result<ArchiveEntry, String>| -> Result<()> {
        serde_json::to_writer(&mut *output, line)?;
        output.write_all(b"\n")?;
        Ok(())
    };
    let result = indexer::tar::list(input, &indexer::Limits::default(), &mut |entry| {
        let entry =
            ArchiveEntry { path: entry.path, offset: entry.offset, length: entry.length, link: entry.link };
        write(output, &Ok(entry)).is_ok()
    });
    if let Err(error) = result {
        write(output, &Err(error.to_string()))?;
    }
    Ok(())
}

/// The bill, or why it is none.
fn read_bill(_: &[String], input: File, output: &mut dyn Write) -> Result<()> {
    let limits = BillLimits::default();
    let mut bytes = Vec::new();
    // One byte more than is allowed tells a bill that is too large from one that was cut.
    input.take(limits.bytes as u64 + 1).read_to_end(&mut bytes)?;
    let bill = sbom::read(&bytes, &limits).map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    });
    serde_json::to_writer(output, &bill)?;
    Ok(())
}

/// The records of a source, and then whether it was read.
fn read_feed(words: &[String], input: File, output: &mut dyn Write) -> Result<()> {
    let [name, mode] = words else { anyhow::bail!("the name of the source and a mode are needed") };
    let mut writer = RecordWriter::new(&mut *output)?;
    let result = match mode.as_str() {
        "many" => many_documents(input, &mut writer),
        _ => one_source(input, name, &mut writer),
    };
    let (report, verdict) = match result {
        Ok(report) => (report, Ok(())),
        Err(error) => (SourceReport::default(), Err(error.to_string())),
    };
    writer.finish(&report)?;
    serde_json::to_writer(output, &verdict)?;
    Ok(())
}

fn one_source<W: Write>(
    input: impl Read + Seek,
    name: &str,
    writer: &mut RecordWriter<W>,
) -> Result<SourceReport> {
    let mut failed = None;
    let report = advisory::parse_source(input, name, &SourceLimits::default(), &mut |record| {
        if failed.is_none() {
            failed = writer.write(&record).err();
        }
    })?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(report),
    }
}

/// Loose documents, one after the other. One that cannot be read is skipped and told of.
fn many_documents<W: Write>(input: File, writer: &mut RecordWriter<W>) -> Result<SourceReport> {
    let limits = SourceLimits::default();
    let mut input = io::BufReader::with_capacity(1 << 18, input);
    let mut whole = SourceReport::default();
    let mut lengths = [0; 16];
    while input.read(&mut lengths[..1])? == 1 {
        input.read_exact(&mut lengths[1..])?;
        let (name, content) = lengths.split_at(8);
        let length = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let name = String::from_utf8_lossy(&take(&mut input, length(name), 4096)?).into_owned();
        let content = take(&mut input, length(content), limits.document_bytes)?;
        match one_source(io::Cursor::new(content), &name, writer) {
            Ok(report) => add(&mut whole, report),
            Err(error) => {
                whole.skipped += 1;
                whole.skips.push(Skip { place: name, why: error.to_string() });
                whole.skips.truncate(50);
            }
        }
    }
    if whole.is_empty() {
        let why =
            whole.skips.first().map_or_else(String::new, |skip| format!(" ({}: {})", skip.place, skip.why));
        anyhow::bail!("none of its documents could be read{why}");
    }
    Ok(whole)
}

fn take(input: &mut impl Read, length: u64, limit: u64) -> Result<Vec<u8>> {
    anyhow::ensure!(length <= limit, "a document has {length} bytes, more than the limit of {limit}");
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() as u64 == length, "the stream of documents was cut off");
    Ok(bytes)
}

fn add(whole: &mut SourceReport, part: SourceReport) {
    for (feed, count) in part.documents {
        *whole.documents.entry(feed).or_default() += count;
    }
    whole.advisories += part.advisories;
    whole.withdrawn += part.withdrawn;
    whole.enrichments += part.enrichments;
    whole.skipped += part.skipped;
    whole.skips.extend(part.skips);
    whole.skips.truncate(50);
}
