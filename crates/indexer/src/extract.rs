//! The extractors: each knows the files of one package manager or language, and turns their bytes into packages.
//!
//! To add one, write a file below `extract/` with a `const EXTRACTOR`, and add its line to [`EXTRACTORS`].
//! A test fails if the line is missing.
//!
//! An extractor sees one whole file of a size within its limit, lent from memory or, for kinds of files that grow large,
//! as a [`Body`] that may lie on scratch. It answers with what it understood.
//! It never fails the layer: a stanza that makes no sense is a fault beside the others, and a file that makes no
//! sense is a [`SkipReason`]. Both are kept, and both mean that packages may be missing.

mod apk;
mod assembly;
mod bitnami;
mod bun_lock;
mod cargo_lock;
mod composer;
mod composer_lock;
mod conan;
mod conda;
mod content_sets;
mod cpan;
mod dart;
mod dpkg;
mod elf_note;
mod erlang_app;
mod file_lists;
mod gem;
mod gemfile_lock;
mod ghc;
mod go_binary;
mod haskell;
mod hex;
mod java;
mod julia;
mod jvm;
mod linux_kernel;
mod luarocks;
mod native_image;
mod nix;
mod nix_store;
mod npm;
mod npm_elsewhere;
mod npm_lock;
mod nuget;
mod nuget_declared;
mod nuget_lock;
mod opam;
mod opkg;
mod packed_program;
mod pacman;
mod pear;
mod pipfile_lock;
mod pnpm_lock;
mod portage;
mod program;
mod python;
mod python_bill;
mod python_egg;
mod python_lock;
mod r;
mod release;
mod rpm;
mod rpm_manifest;
mod rust_binary;
mod swift;
mod unread;
mod wordpress;
mod yarn_lock;

use crate::Limits;
use crate::body::{Body, Workspace};
pub use crate::file::File;
use crate::ownership::Owned;
pub(crate) use crate::package_list::PackageList;
use inventory::{Package, PackageKind, Presence, SkipReason};
use serde::de::DeserializeOwned;

/// All extractors. Several may claim the same file.
pub const EXTRACTORS: &[Extractor] = &[
    apk::EXTRACTOR,
    dpkg::EXTRACTOR,
    rpm::EXTRACTOR,
    rpm_manifest::EXTRACTOR,
    pacman::EXTRACTOR,
    portage::EXTRACTOR,
    opkg::EXTRACTOR,
    file_lists::EXTRACTOR,
    release::EXTRACTOR,
    content_sets::EXTRACTOR,
    npm::EXTRACTOR,
    npm_elsewhere::EXTRACTOR,
    npm_lock::EXTRACTOR,
    yarn_lock::EXTRACTOR,
    pnpm_lock::EXTRACTOR,
    bun_lock::EXTRACTOR,
    python::EXTRACTOR,
    python_egg::EXTRACTOR,
    python_bill::EXTRACTOR,
    python_lock::EXTRACTOR,
    pipfile_lock::EXTRACTOR,
    conda::EXTRACTOR,
    go_binary::EXTRACTOR,
    rust_binary::EXTRACTOR,
    cargo_lock::EXTRACTOR,
    java::EXTRACTOR,
    native_image::EXTRACTOR,
    gem::EXTRACTOR,
    gemfile_lock::EXTRACTOR,
    composer::EXTRACTOR,
    composer_lock::EXTRACTOR,
    pear::EXTRACTOR,
    nuget::EXTRACTOR,
    nuget_lock::EXTRACTOR,
    nuget_declared::EXTRACTOR,
    assembly::EXTRACTOR,
    dart::EXTRACTOR,
    hex::EXTRACTOR,
    erlang_app::EXTRACTOR,
    swift::EXTRACTOR,
    haskell::EXTRACTOR,
    ghc::EXTRACTOR,
    r::EXTRACTOR,
    conan::EXTRACTOR,
    julia::EXTRACTOR,
    jvm::EXTRACTOR,
    bitnami::EXTRACTOR,
    nix::EXTRACTOR,
    nix_store::EXTRACTOR,
    wordpress::EXTRACTOR,
    luarocks::EXTRACTOR,
    opam::EXTRACTOR,
    cpan::EXTRACTOR,
    program::EXTRACTOR,
    elf_note::EXTRACTOR,
    linux_kernel::EXTRACTOR,
    packed_program::EXTRACTOR,
    unread::EXTRACTOR,
];

/// One extractor.
#[derive(Debug, Clone, Copy)]
pub struct Extractor {
    /// What it reads, for messages: "apk database".
    pub name: &'static str,
    /// The fixed paths that it claims; one that ends with a slash is a folder whose files it claims.
    ///
    /// Links and other things that stand there, or on the way there, are recorded.
    pub watched: &'static [&'static str],
    /// Whether it wants to see a file; content is not known yet.
    pub claims: fn(&File<'_>) -> bool,
    /// The first bytes that it reads, any of these; empty if the name alone decides.
    pub magic: &'static [&'static [u8]],
    /// What it does.
    pub action: Action,
}

impl Extractor {
    /// Whether the name alone decides, so that a link with such a name matters.
    pub(crate) fn by_name(&self) -> bool {
        self.magic.is_empty() && !matches!(self.action, Action::Place(_))
    }

    /// Whether a file that it claims begins as it must.
    pub(crate) fn accepts(&self, head: &[u8]) -> bool {
        self.magic.is_empty() || self.magic.iter().any(|magic| head.starts_with(magic))
    }
}

/// What an extractor does with a file.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// Reads it.
    Read {
        /// The largest file that it reads.
        limit: fn(&Limits) -> u64,
        /// Reads it.
        read: Read,
    },
    /// Reads it at the places that it wants to see, so that it may be larger than memory.
    Browse {
        /// The largest file that it reads.
        limit: fn(&Limits) -> u64,
        /// Reads it.
        browse: Browse,
    },
    /// Says by the path alone to which package a file belongs. The package is listed once, at the first such file.
    Place(fn(&str) -> Option<Placed<'_>>),
    /// Says of a path why it is not read in this version.
    Refuse(fn(&str) -> &'static str),
}

/// A package that is known by the folder in which its files lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<'p> {
    /// The folder.
    pub folder: &'p str,
    /// Of which kind the package is.
    pub kind: PackageKind,
    /// Its name.
    pub name: &'p [u8],
    /// Its version.
    pub version: &'p [u8],
}

/// Turns the bytes of a file into what they say.
pub type Read = fn(&File<'_>, &[u8], &Limits) -> Result<Reading, SkipReason>;

/// Turns a file that may be large into what it says; archives inside it are held in the workspace.
pub type Browse = fn(&File<'_>, Body<'_>, &Limits, &Workspace) -> Result<Reading, SkipReason>;

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It lists packages.
    Packages {
        /// Of which kind.
        kind: PackageKind,
        /// How the file knows of them.
        presence: Presence,
        /// In the order of the file.
        packages: Vec<Package>,
        /// What they own, where the file says so.
        owned: Owned,
        /// What could not be understood.
        faults: Vec<SkipReason>,
    },
    /// It says what packages own, which are listed elsewhere.
    Owned(PackageKind, Owned),
    /// It names the distribution.
    Release(Vec<(String, String)>),
    /// It is well formed, and has nothing for us.
    Nothing,
}

/// A foreign word that may stand in an inventory: short text without control characters.
pub(crate) fn word(raw: &[u8], limits: &Limits) -> Option<String> {
    let text = std::str::from_utf8(raw).ok()?.trim();
    let proper = !text.is_empty() && text.len() <= limits.text_bytes && !text.chars().any(char::is_control);
    proper.then(|| text.to_owned())
}

/// Whether a path is a project's own file of this name, as a lock file is.
///
/// Installed packages bring such files along from where they were made; they lock nothing here.
pub(crate) fn is_project_file(path: &str, name: &str) -> bool {
    const PACKAGES: &[&str] = &[
        "node_modules/",
        "site-packages/",
        "dist-packages/",
        "vendor/",
        "gems/",
        "registry/src/",
        "pkg/mod/",
        ".pub-cache/",
    ];
    path.strip_suffix(name).is_some_and(|folder| {
        (folder.is_empty() || folder.ends_with('/')) && !PACKAGES.iter().any(|place| folder.contains(place))
    })
}

/// Reads JSON. The parser ends at a depth of 128, skips without recursion what is not asked for, and its memory is
/// bounded by the limit of the file.
pub(crate) fn json<T: DeserializeOwned>(content: &[u8]) -> Result<T, SkipReason> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    serde_json::from_slice(content).map_err(|error| SkipReason::Malformed(format!("JSON: {error}")))
}

/// The lines of a file, without their ends.
pub(crate) fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(content).filter(|content| !content.is_empty());
    std::iter::from_fn(move || {
        let content = rest?;
        let (line, tail) = match memchr::memchr(b'\n', content).and_then(|end| content.split_at_checked(end))
        {
            Some((line, tail)) => (line, tail.get(1..).filter(|tail| !tail.is_empty())),
            None => (content, None),
        };
        rest = tail;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

#[cfg(test)]
mod tests_support {
    use super::*;
    use std::fmt::Write;

    /// What is read of a body in memory, and of the same body on scratch, where nothing else is held in memory either.
    pub(super) fn both_ways<T>(content: &[u8], read: impl Fn(Body<'_>, &Workspace) -> T) -> [T; 2] {
        let scratch = || Some(Box::new(std::io::Cursor::new(Vec::new())) as Box<dyn crate::body::Scratch>);
        let memory = Workspace::new(u64::MAX, scratch(), 0);
        let first = read(content.into(), &memory);
        let workspace = Workspace::new(0, scratch(), u64::MAX);
        let mut held = workspace.place_on_scratch();
        assert!(held.fill(content).unwrap());
        [first, read(held.body(), &workspace)]
    }

    /// What an extractor reads of a body, as lines of text. In memory and on scratch the answer is the same.
    pub(super) fn browsed(
        browse: fn(&File<'_>, Body<'_>, &Limits, &Workspace) -> Result<Reading, SkipReason>,
        file: &File<'_>,
        content: &[u8],
        limits: &Limits,
    ) -> String {
        let [memory, scratch] =
            both_ways(content, |body, workspace| show(browse(file, body, limits, workspace)));
        assert_eq!(memory, scratch);
        memory
    }

    /// What an extractor reads of a file with this text, as lines of text.
    pub(super) fn shown(
        read: fn(&File<'_>, &[u8], &Limits) -> Result<Reading, SkipReason>,
        path: &str,
        text: impl AsRef<[u8]>,
    ) -> String {
        show(read(&File { path, size: 0, mode: 0 }, text.as_ref(), &Limits::default()))
    }

    /// A reading as lines of text, for snapshots.
    pub(super) fn show(reading: Result<Reading, SkipReason>) -> String {
        let mut text = String::new();
        match reading {
            Err(why) => reason(&mut text, &why),
            Ok(Reading::Nothing) => text.push_str("nothing\n"),
            Ok(Reading::Release(fields)) => {
                for (key, value) in fields {
                    writeln!(text, "{key} = {value}").unwrap();
                }
            }
            Ok(Reading::Owned(_, owned)) => owners(&mut text, &owned),
            Ok(Reading::Packages { kind, presence, packages, owned, faults }) => {
                if packages.is_empty() {
                    writeln!(text, "{}: no packages", kind.purl_type()).unwrap();
                }
                for Package { kind, name, version, architecture, source, module } in packages {
                    write!(text, "{} {name} {version}", kind.purl_type()).unwrap();
                    if presence == Presence::Locked {
                        text.push_str(" locked");
                    }
                    if let Some(architecture) = architecture {
                        write!(text, " {architecture}").unwrap();
                    }
                    if let Some(source) = source {
                        write!(text, " from {} {}", source.name, source.version).unwrap();
                    }
                    if let Some(module) = module {
                        write!(text, " in {module}").unwrap();
                    }
                    text.push('\n');
                }
                owners(&mut text, &owned);
                faults.iter().for_each(|why| reason(&mut text, why));
            }
        }
        text
    }

    fn owners(text: &mut String, owned: &Owned) {
        for owner in &owned.owners {
            for path in &owner.paths {
                writeln!(text, "{} owns {path}", owner.package).unwrap();
            }
        }
        if !owned.is_complete {
            text.push_str("and more\n");
        }
    }

    fn reason(text: &mut String, why: &SkipReason) {
        let (word, detail) = match why {
            SkipReason::Limit(detail) => ("limit", detail),
            SkipReason::Malformed(detail) => ("malformed", detail),
            SkipReason::Unsupported(detail) => ("unsupported", detail),
        };
        writeln!(text, "{word}: {detail}").unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_this_folder_is_registered() {
        let source = include_str!("extract.rs");
        let table = source.split("pub const EXTRACTORS").nth(1).unwrap();
        let table = table.split("];").next().unwrap();
        let registered: BTreeSet<&str> = table
            .split([',', '[', ']', '\n'])
            .filter_map(|word| word.trim().strip_suffix("::EXTRACTOR"))
            .collect();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/extract");
        let mut missing = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            // A folder holds the parts of an extractor; a file is one.
            if path.is_file() && !registered.contains(name.as_str()) {
                missing.push(name);
            }
        }
        assert!(missing.is_empty(), "add a line to EXTRACTORS for: {missing:?}");
        assert_eq!(registered.len(), EXTRACTORS.len());
    }

    #[test]
    fn extractors_claim_what_they_watch() {
        for extractor in EXTRACTORS {
            for path in extractor.watched {
                let path = if path.ends_with('/') { format!("{path}base") } else { (*path).to_owned() };
                let file = File { path: &path, size: 100, mode: 0o644 };
                assert!((extractor.claims)(&file), "{} does not claim {path}", extractor.name);
            }
        }
    }

    #[test]
    fn project_files_are_not_those_of_installed_packages() {
        for path in ["Cargo.lock", "app/Cargo.lock", "srv/a/b/Cargo.lock"] {
            assert!(is_project_file(path, "Cargo.lock"), "{path}");
        }
        for path in ["xCargo.lock", "app/vendor/a/Cargo.lock", "node_modules/a/Cargo.lock", "Cargo.lock/x"] {
            assert!(!is_project_file(path, "Cargo.lock"), "{path}");
        }
    }

    #[test]
    fn lines_end_where_they_end() {
        let all = |text: &'static str| lines(text.as_bytes()).map(<[u8]>::len).collect::<Vec<_>>();
        assert_eq!(all(""), [] as [usize; 0]);
        assert_eq!(all("a"), [1]);
        assert_eq!(all("a\n"), [1]);
        assert_eq!(all("a\n\nbc\r\n"), [1, 0, 2]);
    }
}
