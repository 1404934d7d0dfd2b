//! The walk over one layer: each entry once, in the order of the archive.

use crate::codec::Decoded;
use crate::extract::{Action, EXTRACTORS, Extractor, File, Reading};
use crate::findings::{Finding, Findings};
use crate::ownership::Owned;
use crate::tar::{Bounds, EntryKind, Reader};
use crate::watch::{Standing, Watch};
use crate::{IndexError, Limits};
use inventory::{
    LayerInventory, LayerPath, LayerStatistics, Link, LinkKind, PackageKind, Presence, Removal, SkipReason,
};
use std::borrow::Cow;
use std::io::Read;

/// A buffer that grew beyond this for one large file is given back.
const KEPT_BUFFER: usize = 4 << 20;

/// Reads one layer.
///
/// # Errors
/// When the layer as a whole cannot be read: see [`IndexError`]. What cannot be read within a good layer is in
/// the `skipped` of the inventory.
pub fn index_layer(
    input: impl Read,
    media_type: &str,
    limits: &Limits,
) -> Result<LayerInventory, IndexError> {
    let stream = Decoded::open(input, media_type, limits)?;
    let mut walk = Walk {
        reader: Reader::new(stream, Bounds::from(limits)),
        limits: *limits,
        watch: Watch::new(),
        findings: Findings::new(limits),
        buffer: Vec::new(),
    };
    while walk.reader.advance()? {
        walk.visit()?;
    }
    walk.reader.drain()?;
    let stream = walk.reader.get_ref();
    let statistics = LayerStatistics {
        compressed_bytes: stream.compressed_bytes(),
        uncompressed_bytes: stream.uncompressed_bytes(),
        entries: walk.reader.entries(),
    };
    Ok(walk.findings.into_inventory(statistics))
}

struct Walk<R> {
    reader: Reader<Decoded<R>>,
    limits: Limits,
    watch: Watch,
    findings: Findings,
    buffer: Vec<u8>,
}

/// What the header of a file says of its body.
#[derive(Clone, Copy)]
struct Facts {
    size: u64,
    mode: u64,
    sparse: bool,
}

/// What an entry's name makes of it.
enum Place<'a> {
    /// An ordinary path, normalised.
    Path(Cow<'a, str>),
    /// A whiteout.
    Removal(Removal),
    /// Bookkeeping of AUFS, which no runtime unpacks.
    Bookkeeping,
    /// A name that no tool should have written.
    Malformed(&'static str),
}

impl<R: Read> Walk<R> {
    fn visit(&mut self) -> Result<(), IndexError> {
        let Some(entry) = self.reader.entry() else { return Ok(()) };
        let path = match place(entry.path) {
            Place::Path(path) => path,
            Place::Bookkeeping => return Ok(()),
            Place::Removal(removal) => {
                self.findings.remove(removal);
                return Ok(());
            }
            Place::Malformed(why) => {
                if let Some(path) = without_climbing(entry.path) {
                    let why = SkipReason::Malformed(why.to_owned());
                    self.findings.add(&path, Finding::Skipped { why, conceals_packages: true });
                }
                return Ok(());
            }
        };
        // The root itself says nothing.
        if path.is_empty() {
            return Ok(());
        }
        let standing = self.watch.standing(&path);
        let file = File { path: &path, size: entry.size, mode: entry.mode };
        let kind = entry.kind;
        let claims: Vec<&'static Extractor> = if kind == EntryKind::Folder {
            Vec::new()
        } else {
            EXTRACTORS.iter().filter(|extractor| (extractor.claims)(&file)).collect()
        };
        let facts = Facts { size: entry.size, mode: entry.mode, sparse: entry.sparse };
        let matters = !claims.is_empty() || standing != Standing::Elsewhere;
        let target = matters.then(|| entry.link.to_vec());
        let Some(layer_path) = LayerPath::from_bytes(entry.path) else { return Ok(()) };
        self.findings.replace(&layer_path, kind == EntryKind::Folder);
        match (kind, target) {
            (EntryKind::File, _) => self.read_file(&layer_path, facts, claims)?,
            (EntryKind::HardLink, Some(target)) => {
                self.link(&layer_path, LinkKind::Hard, &target, standing, &claims)
            }
            (EntryKind::SymbolicLink, Some(target)) => {
                self.link(&layer_path, LinkKind::Symbolic, &target, standing, &claims);
            }
            (EntryKind::Device | EntryKind::Fifo | EntryKind::Other(_), _)
                if claims.iter().any(|extractor| extractor.by_name()) =>
            {
                let why = "a device, a pipe or an unknown thing stands where a file is expected";
                let why = SkipReason::Malformed(why.to_owned());
                self.findings.add(&layer_path, Finding::Skipped { why, conceals_packages: true });
            }
            _ => {}
        }
        if displaces(kind, standing) {
            self.findings.add(&layer_path, Finding::Displacement);
        }
        Ok(())
    }

    fn link(
        &mut self,
        path: &LayerPath,
        kind: LinkKind,
        target: &[u8],
        standing: Standing,
        claims: &[&'static Extractor],
    ) {
        if standing != Standing::Elsewhere {
            // Coalescing follows it. The target of a hard link is a path of the archive, so it is normalised.
            let target = LayerPath::from_bytes(target)
                .filter(|_| kind == LinkKind::Hard)
                .map_or_else(|| String::from_utf8_lossy(target).into_owned(), |target| target.to_string());
            self.findings.add(path, Finding::Link(Link { path: path.clone(), target, kind }));
            return;
        }
        if kind == LinkKind::Hard && self.second_name(path, target) {
            return;
        }
        for extractor in claims.iter().filter(|extractor| extractor.by_name()) {
            self.link_to_manifest(path, kind, target, extractor);
        }
    }

    /// Whether a hard link is a second name of a file with packages, which stays when a later layer deletes the first.
    fn second_name(&mut self, path: &LayerPath, target: &[u8]) -> bool {
        let found =
            LayerPath::from_bytes(target).map(|target| self.findings.databases(&target)).unwrap_or_default();
        let mut is_second = false;
        // The databases of distributions count only in their own places.
        for (kind, packages) in found.into_iter().filter(|(kind, _)| !kind.is_os()) {
            let finding = if kind == PackageKind::Binary {
                // BusyBox has 400 names; as a link each stands for the one program that it is.
                let target = String::from_utf8_lossy(target).into_owned();
                Finding::Link(Link { path: path.clone(), target, kind: LinkKind::Hard })
            } else {
                Finding::Database { kind, presence: Presence::Installed, packages }
            };
            self.findings.add(path, finding);
            is_second = true;
        }
        is_second
    }

    /// A link that stands where an extractor would read a file, somewhere in the image.
    ///
    /// If its target is read too, nothing is lost; if not, packages may be.
    fn link_to_manifest(&mut self, path: &LayerPath, kind: LinkKind, target: &[u8], extractor: &Extractor) {
        let resolved = match kind {
            LinkKind::Hard => LayerPath::from_bytes(target),
            LinkKind::Symbolic => resolve(path, target),
        };
        let is_read = resolved
            .is_some_and(|target| (extractor.claims)(&File { path: target.as_str(), size: 0, mode: 0 }));
        if !is_read {
            let why = format!("{}: a link to a file that is not read itself", extractor.name);
            let why = SkipReason::Unsupported(why);
            self.findings.add(path, Finding::Skipped { why, conceals_packages: true });
        }
    }

    /// Hands a regular file to those that claim it.
    fn read_file(
        &mut self,
        path: &LayerPath,
        facts: Facts,
        mut claims: Vec<&'static Extractor>,
    ) -> Result<(), IndexError> {
        if claims.is_empty() {
            return Ok(());
        }
        let Facts { size, .. } = facts;
        let bare = File { path: path.as_str(), size, mode: 0 };
        let is_named = claims.iter().any(|extractor| (extractor.claims)(&bare));
        self.read_claimed(path, facts, &mut claims)?;
        // What lower layers had under such a name is gone, also if this file says nothing.
        if is_named && !self.findings.has(path) {
            self.findings.silence(path);
        }
        Ok(())
    }

    fn read_claimed(
        &mut self,
        path: &LayerPath,
        facts: Facts,
        claims: &mut Vec<&'static Extractor>,
    ) -> Result<(), IndexError> {
        let Facts { size, mode, sparse } = facts;
        let head = self.reader.peek(8)?;
        // A sparse body begins with its map, or with its first piece: it tells nothing.
        claims.retain(|extractor| sparse || extractor.accepts(head));
        let mut readers = Vec::new();
        for extractor in claims.iter().copied() {
            let why = match extractor.action {
                Action::Refuse(why) => SkipReason::Unsupported(why(path.as_str()).to_owned()),
                Action::Read { .. } if sparse => {
                    SkipReason::Unsupported(format!("{}: a sparse file", extractor.name))
                }
                Action::Read { limit, read } => {
                    let limit = limit(&self.limits);
                    if size <= limit {
                        readers.push((extractor, read));
                        continue;
                    }
                    SkipReason::Limit(format!("{}: {size} bytes, more than {limit}", extractor.name))
                }
            };
            self.findings.add(path, Finding::Skipped { why, conceals_packages: true });
        }
        if readers.is_empty() {
            return Ok(());
        }
        if !self.fill_buffer(size)? {
            let why = SkipReason::Limit(format!("no memory for a file of {size} bytes"));
            self.findings.add(path, Finding::Skipped { why, conceals_packages: true });
            return Ok(());
        }
        for (_, read) in readers {
            let reading = read(&File { path: path.as_str(), size, mode }, &self.buffer, &self.limits);
            keep(&mut self.findings, path, reading);
        }
        if self.buffer.capacity() > KEPT_BUFFER {
            self.buffer = Vec::new();
        }
        Ok(())
    }

    /// Reads the whole body; its size is within a limit already. False if there is no room for it.
    fn fill_buffer(&mut self, size: u64) -> Result<bool, IndexError> {
        self.buffer.clear();
        // Reserving costs no memory before it is written to, so a size that lies costs nothing. The jail may grant
        // less than our limits do.
        let reserved = usize::try_from(size).map(|size| self.buffer.try_reserve_exact(size));
        if !matches!(reserved, Ok(Ok(()))) {
            return Ok(false);
        }
        while let Some(chunk) = self.reader.next_chunk()? {
            self.buffer.extend_from_slice(chunk);
        }
        Ok(true)
    }
}

/// Whether an entry hides what lower layers may have in a place that matters.
fn displaces(kind: EntryKind, standing: Standing) -> bool {
    match kind {
        EntryKind::File => standing == Standing::Ancestor,
        EntryKind::Folder => standing == Standing::Watched,
        EntryKind::HardLink
        | EntryKind::SymbolicLink
        | EntryKind::Device
        | EntryKind::Fifo
        | EntryKind::Other(_) => standing != Standing::Elsewhere,
    }
}

/// Keeps what an extractor made of a file.
fn keep(findings: &mut Findings, path: &LayerPath, reading: Result<Reading, SkipReason>) {
    let skipped = |why| Finding::Skipped { why, conceals_packages: true };
    match reading {
        Ok(Reading::Nothing) => {}
        Ok(Reading::Release(fields)) => findings.add(path, Finding::Release { fields }),
        Ok(Reading::Owned(kind, owned)) => keep_owned(findings, path, kind, owned),
        Ok(Reading::Packages { kind, presence, packages, owned, faults }) => {
            findings.add(path, Finding::Database { kind, presence, packages });
            if !owned.owners.is_empty() || !owned.is_complete {
                keep_owned(findings, path, kind, owned);
            }
            for fault in faults {
                findings.add(path, skipped(fault));
            }
        }
        Err(why) => findings.add(path, skipped(why)),
    }
}

fn keep_owned(findings: &mut Findings, path: &LayerPath, kind: PackageKind, owned: Owned) {
    if !owned.is_complete {
        findings.cut_ownership();
    }
    findings.add(path, Finding::Ownership { kind, owners: owned.owners });
}

/// Normalises a path and recognises whiteouts.
fn place(raw: &[u8]) -> Place<'_> {
    let Some(path) = normalise(raw) else {
        return Place::Malformed("the path climbs out of the root with `..`");
    };
    if raw.contains(&0) {
        return Place::Malformed("the path has a NUL in it");
    }
    // AUFS keeps its own things at the root of a layer; everywhere else the prefix is an ordinary whiteout.
    if path.starts_with(".wh..wh.") && path.split('/').next() != Some(".wh..wh..opq") {
        return Place::Bookkeeping;
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let Some(hidden) = name.strip_prefix(".wh.") else { return Place::Path(path) };
    if hidden == ".wh..opq" {
        return match LayerPath::from_bytes(folder.as_bytes()) {
            Some(folder) => Place::Removal(Removal::Opaque(folder)),
            None => Place::Malformed("a whiteout outside of the root"),
        };
    }
    // Go would join these names to the folder itself or its parent.
    if matches!(hidden, "" | "." | "..") {
        return Place::Malformed("a whiteout without a name");
    }
    let slash = if folder.is_empty() { "" } else { "/" };
    match LayerPath::from_bytes(format!("{folder}{slash}{hidden}").as_bytes()) {
        Some(path) => Place::Removal(Removal::Path(path)),
        None => Place::Malformed("a whiteout outside of the root"),
    }
}

/// The normalised path as text, borrowed where it is normal already, as nearly all are.
fn normalise(raw: &[u8]) -> Option<Cow<'_, str>> {
    let trimmed = raw.strip_prefix(b"./").unwrap_or(raw);
    let trimmed = trimmed.strip_suffix(b"/").unwrap_or(trimmed);
    let is_normal = trimmed.split(|byte| *byte == b'/').all(|part| !matches!(part, b"" | b"." | b".."));
    match std::str::from_utf8(trimmed) {
        Ok(text) if is_normal => Some(Cow::Borrowed(text)),
        _ => LayerPath::from_bytes(raw).map(|path| Cow::Owned(path.as_str().to_owned())),
    }
}

/// A path with its `..` dropped, only to name it in a report.
fn without_climbing(raw: &[u8]) -> Option<LayerPath> {
    let parts: Vec<&[u8]> = raw.split(|byte| *byte == b'/').filter(|part| *part != b"..").collect();
    LayerPath::from_bytes(&parts.join(&b'/'))
}

/// Where a symbolic link leads by its words alone.
fn resolve(link: &LayerPath, target: &[u8]) -> Option<LayerPath> {
    if target.starts_with(b"/") {
        return LayerPath::from_bytes(target);
    }
    let folder = link.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
    LayerPath::from_bytes(&[folder.as_bytes(), b"/", target].concat())
}
