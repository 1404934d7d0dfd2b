//! What this binary does when it is re-executed in the jail.
//!
//! A task is one line in [`TASKS`].
//! The process is locked in before a task begins: it has its input, its output, and nothing else.

use anyhow::{Context, Result};
use server::inspect::{ArchiveEntry, INDEX_LAYER, LIST_ARCHIVE, READ_FEED};
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
    let [media_type, offset, length] = words else { anyhow::bail!("a media type, an offset and a length are needed") };
    let limits = indexer::Limits::default();
    let result = match length.as_str() {
        "-" => indexer::index_layer(input, media_type, &limits),
        length => {
            input.seek(SeekFrom::Start(offset.parse()?))?;
            indexer::index_layer(input.take(length.parse()?), media_type, &limits)
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
        let entry = ArchiveEntry { path: entry.path, offset: entry.offset, length: entry.length, link: entry.link };
        write(output, &Ok(entry)).is_ok()
    });
    if let Err(error) = result {
        write(output, &Err(error.to_string()))?;
    }
    Ok(())
}

fn read_feed(words: &[String], input: File, output: &mut dyn Write) -> Result<()> {
    let [name] = words else { anyhow::bail!("the name of the source is needed") };
    let _ = (name, input, output);
    unreachable!("wired below")
}
