//! Modules in Go programs: the build information that the linker leaves in every executable.
//!
//! Go's `debug/buildinfo` is the reference. A header `\xff Go buildinf:` on a 16-byte boundary, followed, since
//! Go 1.18, by the two strings themselves with varint lengths, and before by two pointers to Go strings. The first
//! is the version of Go, the second the module lines between two sentinels of 16 bytes.
//! The standard library is a package of its own, with the version of Go, because advisories know it so.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::elf::{self, Elf, Layout};
use crate::programs::recognise;
use inventory::{PackageKind, SkipReason, UNTAGGED};
use regex::bytes::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::sync::OnceLock;

const MAGIC: &[u8] = b"\xff Go buildinf:";
const HEADER: u64 = 32;
/// How far Go itself looks for the header in a program without sections.
const SEARCHED: u64 = 1 << 20;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Go program",
    watched: &[],
    claims: |file| file.may_be_program(),
    magic: &[elf::MAGIC],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

fn browse(file: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let Some(elf) = Elf::parse(body) else { return Ok(Reading::Nothing) };
    let Some((version, modules)) = build_information(&elf) else {
        // The linker of Go always leaves the note and the table, so the program is Go's and hides its modules.
        let is_go = elf.section(b".note.go.buildid").or_else(|| elf.section(b".gopclntab")).is_some();
        return if is_go { without_modules(body, limits) } else { Ok(Reading::Nothing) };
    };
    let linked = if lacks_version(&modules) { set_by_linker(file.path, body, &elf, &modules) } else { None };
    list_modules(&version, &modules, linked.as_deref(), limits)
}

/// The version of a program whose build information has none: by the rule for programs of its name, and then the one text that
/// looks like a version.
fn set_by_linker(path: &str, body: Body<'_>, elf: &Elf<'_>, modules: &[u8]) -> Option<Vec<u8>> {
    if let [(_, version)] = recognise(path, body).as_slice() {
        return Some(version.clone());
    }
    // Builds with `-trimpath` keep no flags. What was set by them is still in the program.
    let is_unknown = lines(modules).all(|line| !line.starts_with(b"build\t-ldflags="));
    if is_unknown { elf.section(b".rodata").and_then(linked_text) } else { None }
}

/// Whether the program itself has no version by its build information.
fn lacks_version(modules: &[u8]) -> bool {
    let main = lines(modules).find_map(|line| line.strip_prefix(b"mod\t"));
    main.is_none_or(|main| matches!(main.split(|byte| *byte == b'\t').nth(1), None | Some(b"" | b"(devel)")))
}

/// The one version among the texts that the linker set; `None` where there are several, since nothing says whose they are.
///
/// Such a text stands between NULs. Texts of the program's source stand one behind the other, without.
fn linked_text(data: Body<'_>) -> Option<Vec<u8>> {
    const LONGEST: u64 = 64;
    static VERSION: OnceLock<Option<Regex>> = OnceLock::new();
    let version = VERSION.get_or_init(|| {
        let sign = r"\x00(v?[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}(?:[-+][0-9A-Za-z.+~-]{1,32})?)\x00";
        RegexBuilder::new(sign).unicode(false).build().ok()
    });
    let version = version.as_ref()?;
    let mut found: Option<Vec<u8>> = None;
    for (_, piece) in data.pieces(LONGEST) {
        let mut rest = &*piece;
        while let Some(text) = version.captures(rest).and_then(|captures| captures.get(1)) {
            let text_bytes = text.as_bytes();
            found = match found {
                None => Some(text_bytes.to_vec()),
                // A distribution sets its own number as well: `1.1.5+ds1` and `1.1.5+ds1-1+deb12u1`.
                Some(known) if text_bytes.starts_with(&known) => Some(known),
                Some(known) if known.starts_with(text_bytes) => Some(text_bytes.to_vec()),
                Some(_) => return None,
            };
            // The NUL behind it may be the one before the next.
            rest = rest.get(text.end()..)?;
        }
    }
    found
}

/// A program whose build information was taken out, as the builders of esbuild do. What `runtime.Version` answers is
/// still in it, and says which standard library it has; what else is in it, nobody knows.
fn without_modules(body: Body<'_>, limits: &Limits) -> Result<Reading, SkipReason> {
    const WHY: &str = "a Go program without build information";
    let Some(version) = runtime_version(body) else { return Err(SkipReason::Unsupported(WHY.to_owned())) };
    let mut list = PackageList::new(PackageKind::Golang, limits);
    list.push(b"stdlib", &version)?;
    list.unread(WHY);
    Ok(list.finish())
}

/// The string that the linker wrote for `runtime.buildVersion`. It ends with a NUL, as no string of a program's source does.
fn runtime_version(body: Body<'_>) -> Option<Vec<u8>> {
    const LONGEST: usize = 32;
    body.pieces(LONGEST as u64).find_map(|(_, piece)| {
        memchr::memmem::find_iter(&piece, b"go1.").find_map(|at| {
            let is_begun = at
                .checked_sub(1)
                .and_then(|before| piece.get(before))
                .is_none_or(|sign| !sign.is_ascii_alphanumeric());
            let text = piece.get(at.checked_add(2)?..)?;
            let text = text.get(..memchr::memchr(0, text.get(..LONGEST).unwrap_or(text))?)?;
            let is_release = text.iter().all(|sign| {
                sign.is_ascii_digit() || matches!(sign, b'.' | b'r' | b'c' | b'b' | b'e' | b't' | b'a')
            });
            (is_begun && is_release && text.len() > 2).then(|| text.to_vec())
        })
    })
}

fn list_modules(
    version: &[u8],
    modules: &[u8],
    linked: Option<&[u8]>,
    limits: &Limits,
) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::Golang, limits);
    // `go1.22.1 X:boringcrypto`: what follows the blank are experiments.
    let version = version.split(|byte| *byte == b' ').next().unwrap_or_default();
    list.push(b"stdlib", version.strip_prefix(b"go").unwrap_or(version))?;
    let mut pending: Option<(&[u8], &[u8])> = main_package(modules, linked);
    let commit = commit_version(modules);
    for line in lines(modules) {
        let mut words = line.split(|byte| *byte == b'\t');
        let kind = words.next().unwrap_or_default();
        let mut module = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match kind {
            b"mod" if matches!(module.1, b"" | b"(devel)") => {
                if let Some(linked) = linked_version(modules, module.0).or(linked) {
                    module.1 = linked;
                } else if let Some(commit) = &commit {
                    if let Some(package) = list.push(module.0, commit.as_bytes())? {
                        package.module = Some(UNTAGGED.to_owned());
                    }
                    continue;
                }
            }
            b"mod" | b"dep" | b"=>" => {}
            _ => continue,
        }
        // `=>` says what was really built instead of the line before.
        if kind != b"=>"
            && let Some((name, version)) = pending
        {
            push(&mut list, name, version)?;
        }
        pending = Some(module);
    }
    if let Some((name, version)) = pending {
        push(&mut list, name, version)?;
    }
    Ok(list.finish())
}

/// The main package of a program that was built without modules, as distributions do: it has a path and nothing else.
fn main_package<'a>(modules: &'a [u8], linked: Option<&'a [u8]>) -> Option<(&'a [u8], &'a [u8])> {
    if lines(modules).any(|line| line.starts_with(b"mod\t")) {
        return None;
    }
    let path = lines(modules).find_map(|line| line.strip_prefix(b"path\t"))?;
    // A program made of loose files has no name that anybody else would know.
    let is_named = !path.is_empty() && path != b"command-line-arguments";
    is_named.then(|| (path, linked_version(modules, path).or(linked).unwrap_or_default()))
}

/// The version that was written into the program by the linker: `-X main.version=1.2.3`.
///
/// Go itself knows no version of what it builds from a checkout, so projects set a variable of `main` or of a package
/// of their own. Of other packages' variables nothing is believed.
fn linked_version<'a>(modules: &'a [u8], main: &[u8]) -> Option<&'a [u8]> {
    const NAMES: &[&[u8]] = &[b"version", b"gitversion", b"buildversion", b"appversion", b"ver", b"tag"];
    let flags = lines(modules).find_map(|line| line.strip_prefix(b"build\t-ldflags="))?;
    flags.split(|byte| matches!(byte, b' ' | b'"' | b'\'' | b'\\')).find_map(|word| {
        let equals = memchr::memchr(b'=', word)?;
        let (variable, value) = (word.get(..equals)?, word.get(equals.checked_add(1)?..)?);
        let dot = memchr::memrchr(b'.', variable)?;
        let (package, name) = (variable.get(..dot)?, variable.get(dot.checked_add(1)?..)?);
        let is_version = NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)) && is_version(value);
        (is_version && (package == b"main" || project(package) == project(main))).then_some(value)
    })
}

/// The version that Go gives to a commit without a tag, `v0.0.0-20231129202119-0123456789ab`: of the checkout that the
/// program was built from.
///
/// See <https://go.dev/ref/mod#pseudo-versions>.
fn commit_version(modules: &[u8]) -> Option<String> {
    let setting = |key: &[u8]| {
        lines(modules)
            .find_map(|line| std::str::from_utf8(line.strip_prefix(b"build\t")?.strip_prefix(key)?).ok())
    };
    let revision = setting(b"vcs.revision=")?;
    let revision = revision.get(..12).unwrap_or(revision);
    // Go writes it in UTC, and only that is understood: 2023-11-29T20:21:19Z
    let time = setting(b"vcs.time=")?.strip_suffix('Z')?;
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    let is_time = time.len() == 19 && digits.len() == 14;
    let is_revision = !revision.is_empty() && revision.chars().all(|sign| sign.is_ascii_hexdigit());
    (is_time && is_revision).then(|| format!("v0.0.0-{digits}-{revision}"))
}

/// Who made a package: the host with, on hosts of many, the owner. Prometheus has its version in `common` beside it.
fn project(path: &[u8]) -> &[u8] {
    let parts: usize =
        if path.starts_with(b"github.com/") || path.starts_with(b"gitlab.com/") { 2 } else { 1 };
    let end = memchr::memchr_iter(b'/', path).nth(parts.saturating_sub(1));
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

/// Two numbers with a point between, and perhaps more.
fn is_version(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"v").unwrap_or(text);
    let mut parts = text.split(|byte| *byte == b'.');
    let first = parts.next().unwrap_or_default();
    let second = parts.next().unwrap_or_default();
    !first.is_empty()
        && first.iter().all(u8::is_ascii_digit)
        && second.first().is_some_and(u8::is_ascii_digit)
}

/// A replacement by a local folder has no version; it is as unversioned as a module in development.
fn push(list: &mut PackageList, name: &[u8], version: &[u8]) -> Result<(), SkipReason> {
    list.push(name, if version.is_empty() { b"(devel)" } else { version })?;
    Ok(())
}

/// A string in a program, lent where the program is in memory.
type Text<'a> = Cow<'a, [u8]>;

/// The version of Go and the module lines.
fn build_information<'a>(elf: &Elf<'a>) -> Option<(Text<'a>, Text<'a>)> {
    let place = elf.section(b".go.buildinfo").or_else(|| elf.data(SEARCHED))?;
    let blob = find_header(place)?;
    let header = blob.bytes(0, HEADER)?;
    let flags = *header.get(15)?;
    let (version, modules) = if flags & 2 != 0 {
        let (version, rest) = split_string(blob.behind(HEADER))?;
        (version, split_string(rest)?.0)
    } else {
        let width = u64::from(*header.get(14)?);
        let layout = Layout { wide: width == 8, big_endian: flags & 1 != 0 };
        let version = pointed_string(elf, layout, layout.word(&header, 16)?)?;
        let modules =
            layout.word(&header, width.checked_add(16)?).and_then(|at| pointed_string(elf, layout, at));
        (version, modules.unwrap_or_default())
    };
    if version.is_empty() {
        return None;
    }
    // The sentinels are there only together with modules.
    let inner = modules.len().checked_sub(16).and_then(|end| modules.get(16..end));
    let inner = inner.filter(|inner| inner.ends_with(b"\n")).unwrap_or_default().to_vec();
    Some((version, Cow::Owned(inner)))
}

fn find_header(place: Body<'_>) -> Option<Body<'_>> {
    let found = place.pieces(HEADER).find_map(|(offset, piece)| {
        // Alignment counts from the beginning of the place.
        memchr::memmem::find_iter(&piece, MAGIC)
            .map(|at| offset.saturating_add(at as u64))
            .find(|at| at.is_multiple_of(16) && place.part(*at, HEADER).is_some())
    });
    found.map(|at| place.behind(at))
}

/// A string after its length in base 128.
fn split_string(bytes: Body<'_>) -> Option<(Text<'_>, Body<'_>)> {
    let mut length = 0_u64;
    for (index, byte) in bytes.first(9).whole()?.iter().enumerate() {
        let shift = u32::try_from(index).ok()?.checked_mul(7)?;
        length |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            let start = (index as u64).checked_add(1)?;
            return Some((bytes.bytes(start, length)?, bytes.behind(start.checked_add(length)?)));
        }
    }
    None
}

/// A string of Go in memory: an address and a length.
fn pointed_string<'a>(elf: &Elf<'a>, layout: Layout, address: u64) -> Option<Text<'a>> {
    let width = if layout.wide { 8 } else { 4 };
    let header = elf.at(address, width << 1)?;
    elf.at(layout.word(&header, 0)?, layout.word(&header, width)?)
}

#[cfg(test)]
mod tests;
