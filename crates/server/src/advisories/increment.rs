//! What changed in a source since it was last read, instead of all of it.
//!
//! OSV publishes beside each export a list, `modified_id.csv`, with a line `DATE,ID` for each record, the latest change
//! first, and each record as `ID.json` (<https://google.github.io/osv.dev/data/>). From the lines above the last known
//! date one learns what to fetch. Records are kept as they come, so that a run that was cut off goes on with what is
//! missing; a record that is gone from the source goes from ours.
//!
//! It is only a shorter way to the same: where the list is missing or says nonsense, where too much changed, and once a
//! week in any case, the whole export is read.

use super::download::{Download, DownloadError, Downloaded, Validators, fetch, shown, take};
use super::sources::{Location, Source};
use futures_util::FutureExt;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The export that has a list beside it.
const EXPORT: &str = "all.zip";
const LIST: &str = "modified_id.csv";
/// With more changed records than this, the export is less work.
const MOST: usize = 3000;
/// No list has more bytes than this; the longest of today has a few dozen megabytes.
const LIST_BYTES: u64 = 512 << 20;
/// A record is at most as long as the jail reads.
const RECORD_BYTES: u64 = 16 << 20;
/// Records that are fetched at the same time.
const AT_A_TIME: usize = 8;
/// After so long the whole export is read once more: a list that forgot a line must not be believed for ever.
const WHOLE_AGAIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far a source was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    /// The latest change that was read. What changed at this moment is read again: there may be more of it.
    pub(super) through: Timestamp,
    /// When the whole export was last read.
    pub(super) whole_at: Timestamp,
    /// Tells the state of the list from others.
    #[serde(default)]
    pub(super) list: Validators,
}

/// What changed in a source.
#[derive(Debug, Clone)]
pub(super) struct Increment {
    /// The records as they are now, each in a file of its own.
    pub(super) documents: Vec<PathBuf>,
    /// The records that are replaced or gone, by identifier.
    pub(super) replaced: BTreeSet<String>,
    /// How far the source is read then.
    pub(super) standing: Standing,
    /// The folder of the documents.
    pub(super) folder: PathBuf,
}

/// What is to be done.
pub(super) enum Changed {
    /// Nothing.
    Nothing,
    /// A few records.
    Some(Increment),
    /// The whole export is to be read.
    Whole,
}

/// Whether a source may have a list of changes beside it.
pub(super) fn has_list(source: &Source) -> bool {
    !source.pointer && source.url.ends_with(&format!("/{EXPORT}"))
}

/// Looks at what changed in a source, and fetches it.
///
/// # Errors
/// When a record cannot be had. What was fetched stays for the next time.
pub(super) async fn changed(
    client: &Client,
    downloads: &Path,
    name: &str,
    source: &Source,
    standing: &Standing,
) -> Result<Changed, DownloadError> {
    let now = Timestamp::now();
    if now.duration_since(standing.whole_at) > WHOLE_AGAIN {
        return Ok(Changed::Whole);
    }
    let target = downloads.join(format!("{name}.list"));
    let list = match get(client, source, LIST, &target, Some(&standing.list), LIST_BYTES).await {
        Ok(Downloaded::NotModified) => return Ok(Changed::Nothing),
        Ok(Downloaded::Fetched { validators, .. }) => validators,
        // A mirror need not have a list.
        Err(DownloadError::Status { .. } | DownloadError::Empty { .. }) => return Ok(Changed::Whole),
        Err(DownloadError::Connection { .. }) if is_local(source) => return Ok(Changed::Whole),
        Err(error) => return Err(error),
    };
    let lines = lines_since(&target, standing.through);
    let _ = std::fs::remove_file(&target);
    let Some(lines) = lines else { return Ok(Changed::Whole) };
    // A date in the future would hide everything that is changed until then.
    let through = lines.values().copied().filter(|date| *date <= now).max().unwrap_or(standing.through);
    let folder = downloads.join(format!("{name}.records"));
    std::fs::create_dir_all(&folder)
        .map_err(|error| DownloadError::File { path: folder.clone(), source: error })?;
    let mut documents = Vec::with_capacity(lines.len());
    let wanted: Vec<(&String, &Timestamp)> = lines.iter().collect();
    for some in wanted.chunks(AT_A_TIME) {
        let mut fetching = Vec::with_capacity(some.len());
        for (id, date) in some {
            fetching.push(one(client, source, &folder, id, **date).boxed());
        }
        documents.extend(try_join_all(fetching).await?.into_iter().flatten());
    }
    let standing = Standing { through, list, ..standing.clone() };
    documents.sort();
    Ok(Changed::Some(Increment { documents, replaced: lines.into_keys().collect(), standing, folder }))
}

/// A record as it is now; none if it is gone.
async fn one(
    client: &Client,
    source: &Source,
    folder: &Path,
    id: &str,
    date: Timestamp,
) -> Result<Option<PathBuf>, DownloadError> {
    let hash = Sha256::digest(format!("{id} {date}"));
    let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let target = folder.join(format!("{hash}.json"));
    if target.exists() {
        return Ok(Some(target));
    }
    match get(client, source, &format!("{id}.json"), &target, None, RECORD_BYTES).await {
        Ok(_) => Ok(Some(target)),
        Err(DownloadError::Status { status, .. }) if matches!(status.as_u16(), 404 | 410) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gets a file beside the export.
async fn get(
    client: &Client,
    source: &Source,
    file: &str,
    target: &Path,
    known: Option<&Validators>,
    most_bytes: u64,
) -> Result<Downloaded, DownloadError> {
    let Some(location) = source.beside(file) else {
        return Err(DownloadError::Address(shown(&source.url)));
    };
    match location {
        Location::Remote(url) => {
            fetch(client, &Download { url: &url, target, known, most_bytes }, &|_, _| {}).await
        }
        Location::Local(path) => {
            let url = path.display().to_string();
            take(&path, &Download { url: &url, target, known, most_bytes })
        }
    }
}

fn is_local(source: &Source) -> bool {
    matches!(source.location(), Location::Local(_))
}

/// The identifiers of the records that changed at a moment or after it, with the dates. None if there are many, or if the
/// list is not what it should be.
fn lines_since(list: &Path, since: Timestamp) -> Option<BTreeMap<String, Timestamp>> {
    let mut found = BTreeMap::new();
    let mut last = Timestamp::MAX;
    for line in BufReader::new(std::fs::File::open(list).ok()?).lines() {
        let line = line.ok()?;
        let (date, id) = line.trim_end().split_once(',')?;
        let date: Timestamp = date.parse().ok()?;
        if date > last || !is_identifier(id) {
            return None;
        }
        last = date;
        if date < since {
            return Some(found);
        }
        found.insert(id.to_owned(), date);
        if found.len() > MOST {
            return None;
        }
    }
    Some(found)
}

/// An identifier becomes a part of an address, and never leads out of its folder.
fn is_identifier(id: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"._:-".contains(&letter);
    (1..=128).contains(&id.len()) && !id.starts_with('.') && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str, since: &str) -> Option<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, list).unwrap();
        lines_since(&path, since.parse().unwrap()).map(|found| found.into_keys().collect())
    }

    #[test]
    fn lines_are_read_down_to_what_is_known() {
        let list = "2026-11-03T00:00:00Z,B-1\n2026-11-02T00:00:00.5Z,ALSA-2021:1\n2026-11-01T00:00:00Z,C-1\n";
        assert_eq!(read(list, "2026-11-02T12:00:00Z").unwrap(), ["B-1"]);
        assert_eq!(read(list, "2026-11-01T00:00:00Z").unwrap(), ["ALSA-2021:1", "B-1", "C-1"]);
        assert_eq!(read(list, "2026-11-04T00:00:00Z").unwrap(), [""; 0]);
    }

    #[test]
    fn a_list_that_is_none_is_not_believed() {
        let since = "2026-11-01T00:00:00Z";
        for list in [
            "nonsense",
            "2026-11-03T00:00:00Z,../x",
            "2026-11-03T00:00:00Z,.x",
            "2026-11-03T00:00:00Z,a/b",
            "2026-11-03T00:00:00Z,",
            "yesterday,X-1",
            "2026-11-02T00:00:00Z,X-1\n2026-11-03T00:00:00Z,X-2",
        ] {
            assert_eq!(read(list, since), None, "{list}");
        }
        let many: String = (0..=MOST).map(|number| format!("2026-11-03T00:00:00Z,X-{number}\n")).collect();
        assert_eq!(read(&many, since), None, "the export is less work");
    }
}
