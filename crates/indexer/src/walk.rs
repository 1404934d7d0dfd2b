//! The walk over one layer: each entry once, in the order of the archive.

use crate::body::{Body, Scratch, Workspace};
use crate::codec::Decoded;
use crate::extract::{
    Action, Browse, EXTRACTORS, Extractor, File, PackageList, Placed, Read as ReadWhole, Reading,
};
use crate::findings::{Finding, Findings};
use crate::ownership::Owned;
use crate::tar::{Bounds, EntryKind, Reader};
use crate::watch::{Standing, Watch};
use crate::{IndexError, Limits};
use inventory::{
    LayerInventory, LayerPath, LayerStatistics, Link, LinkKind, PackageKind, PathNumber, Presence, Removal,
    SkipReason,
};
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Read;

/// A buffer that grew beyond this for one large file is given back.
const KEPT_BUFFER: usize = 4 << 20;

/// The least memory for files, however large the window of the decompressor is.
const LEAST_MEMORY: u64 = 8 << 20;

/// Reads one layer, in memory alone: of what does not fit into it, the inventory says so.
///
/// # Errors
/// When the layer as a whole cannot be read: see [`IndexError`]. What cannot be read within a good layer is in
/// the `skipped` of the inventory.
pub fn index_layer(
    input: impl Read,
    media_type: &str,
    limits: &Limits,
) -> Result<LayerInventory, IndexError> {
    index_layer_with(None, input, media_type, limits)
}

/// Reads one layer, with a file for what does not fit into memory.
///
/// # Errors
/// As [`index_layer`].
pub fn index_layer_with(
    scratch: Option<Box<dyn Scratch>>,
    input: impl Read,
    media_type: &str,
    limits: &Limits,
) -> Result<LayerInventory, IndexError> {
    let stream = Decoded::open(input, media_type, limits)?;
    let memory = limits.memory_bytes.saturating_sub(stream.window_bytes()).max(LEAST_MEMORY);
    let mut walk = Walk {
        reader: Reader::new(stream, Bounds::from(limits)),
        limits: *limits,
        watch: Watch::new(),
        findings: Findings::new(limits),
        buffer: Vec::new(),
        workspace: Workspace::new(memory, scratch, limits.scratch_bytes),
        placed: HashSet::new(),
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
    workspace: Workspace,
    /// The numbers of the folders whose package is listed.
    placed: HashSet<u64>,
}

/// How a file is read.
#[derive(Clone, Copy)]
enum Way {
    Whole(ReadWhole),
    Browsed(Browse),
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
        let is_occupied = self.findings.stand(&path, kind == EntryKind::Folder);
        // Nearly all files end here.
        if !matters && !is_occupied {
            return Ok(());
        }
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
        if kind == LinkKind::Hard
            && let Some(target) = LayerPath::from_bytes(target).filter(|target| !self.findings.stands(target))
        {
            let target = target.to_string();
            self.findings
                .add(path, Finding::Link(Link { path: path.clone(), target, kind: LinkKind::Lower }));
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
            LinkKind::Hard | LinkKind::Lower => LayerPath::from_bytes(target),
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
        let Facts { size, mode, sparse } = facts;
        let head = self.reader.peek(8)?;
        // A sparse body begins with its map, or with its first piece: it tells nothing. Of a file that nothing but its
        // bytes could make a program, such as a disk image, it is not assumed.
        let may_be = mode & 0o111 != 0 || path.as_str().contains('.');
        claims.retain(
            |extractor| {
                if sparse { may_be || extractor.by_name() } else { extractor.accepts(head) }
            },
        );
        let mut ways = Vec::new();
        for extractor in claims.iter().copied() {
            let (limit, way) = match extractor.action {
                Action::Refuse(why) => {
                    self.skip(path, SkipReason::Unsupported(why(path.as_str()).to_owned()));
                    continue;
                }
                Action::Place(place) => {
                    if let Some(placed) = place(path.as_str()) {
                        self.place(path, placed);
                    }
                    continue;
                }
                Action::Read { limit, read } => (limit(&self.limits), Way::Whole(read)),
                Action::Browse { limit, browse } => (limit(&self.limits), Way::Browsed(browse)),
            };
            if sparse {
                self.skip(path, SkipReason::Unsupported(format!("{}: a sparse file", extractor.name)));
            } else if size > limit {
                let why = format!("{}: {size} bytes, more than {limit}", extractor.name);
                self.skip(path, SkipReason::Limit(why));
            } else {
                ways.push(way);
            }
        }
        let file = File { path: path.as_str(), size, mode };
        if ways.is_empty() {
            return Ok(());
        }
        if size <= self.workspace.memory() && self.fill_buffer(size)? {
            self.read_in_memory(path, &file, &ways);
            return Ok(());
        }
        ways.retain(|way| matches!(way, Way::Browsed(_)));
        if ways.is_empty() || !self.read_on_scratch(path, &file, &ways)? {
            let why = format!("there is no room for a file of {size} bytes while it is read");
            self.skip(path, SkipReason::Limit(why));
        }
        Ok(())
    }

    /// Lists the package of a folder, at its first file.
    fn place(&mut self, path: &LayerPath, Placed { folder, kind, name, version }: Placed<'_>) {
        let number = PathNumber::of(folder);
        if self.placed.contains(&number) {
            return;
        }
        // Beyond as many packages as there may be, the findings say that there were more.
        if self.placed.len() < self.limits.packages {
            self.placed.insert(number);
        }
        let mut list = PackageList::new(kind, &self.limits);
        let pushed = list.push(name, version).map(|_| ());
        keep(&mut self.findings, path, pushed.map(|()| list.finish()));
    }

    fn skip(&mut self, path: &LayerPath, why: SkipReason) {
        self.findings.add(path, Finding::Skipped { why, conceals_packages: true });
    }

    /// Reads the file in the buffer.
    fn read_in_memory(&mut self, path: &LayerPath, file: &File<'_>, ways: &[Way]) {
        let loan = self.workspace.lend(self.buffer.len() as u64);
        for way in ways {
            let reading = match way {
                Way::Whole(read) => read(file, &self.buffer, &self.limits),
                Way::Browsed(browse) => {
                    browse(file, Body::from(self.buffer.as_slice()), &self.limits, &self.workspace)
                }
            };
            keep(&mut self.findings, path, checked(reading, &self.workspace));
        }
        drop(loan);
        if self.buffer.capacity() > KEPT_BUFFER {
            self.buffer = Vec::new();
        }
    }

    /// Puts the body on scratch and reads it there. False if there is no room for it.
    fn read_on_scratch(
        &mut self,
        path: &LayerPath,
        file: &File<'_>,
        ways: &[Way],
    ) -> Result<bool, IndexError> {
        let mut held = self.workspace.place_on_scratch();
        while let Some(chunk) = self.reader.next_chunk()? {
            if !held.push(chunk) {
                return Ok(false);
            }
        }
        for way in ways {
            if let Way::Browsed(browse) = way {
                let reading = browse(file, held.body(), &self.limits, &self.workspace);
                keep(&mut self.findings, path, checked(reading, &self.workspace));
            }
        }
        Ok(true)
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

/// What an extractor read, unless scratch failed beneath it: then it says nothing, and must not look like nothing.
fn checked(reading: Result<Reading, SkipReason>, workspace: &Workspace) -> Result<Reading, SkipReason> {
    if workspace.take_failure() {
        return Err(SkipReason::Limit(
            "a part of it could not be read back, or is too large to be held".to_owned(),
        ));
    }
    reading
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
