//! Where advisories come from, unless the configuration says otherwise: the public sources, one file each.
//!
//! A source is an address and a name. Names are what people see, and under what the records of a source are kept.

mod alpine_secdb;
mod debian_tracker;
mod epss;
mod known_exploited;
mod osv;
mod red_hat_vex;

use serde::Deserialize;
use std::path::PathBuf;

/// The public sources.
pub const SOURCES: &[&PublicSource] = &[
    &osv::SOURCE,
    &alpine_secdb::SOURCE,
    &debian_tracker::SOURCE,
    &red_hat_vex::SOURCE,
    &known_exploited::SOURCE,
    &epss::SOURCE,
];

/// A publisher of advisories.
#[derive(Debug)]
pub struct PublicSource {
    /// Its name; those of its files begin with it.
    pub name: &'static str,
    /// What comes from there.
    pub purpose: &'static str,
    /// The address below which its files are.
    pub base: &'static str,
    /// Its files, below the base.
    pub files: &'static [&'static str],
    /// The files are texts that name the file to be read, beside them.
    pub pointer: bool,
    /// Whether it is read without having been asked for.
    pub by_default: bool,
}

/// A source, as it is updated.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// Its name.
    pub name: String,
    /// `https://`, `http://`, or the path of a file or folder.
    pub url: String,
    /// The file is a text that names the file to be read, beside it.
    #[serde(default)]
    pub pointer: bool,
}

/// What is updated, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceList {
    /// The sources.
    pub sources: Vec<Source>,
    /// The most bytes of one file.
    pub most_bytes: u64,
}

/// No public export is near this size; Red Hat's archive, the largest, has a few hundred megabytes.
const MOST_BYTES: u64 = 4 << 30;

impl SourceList {
    /// The sources of a configuration: those it lists, else the public ones, from a mirror if there is one.
    ///
    /// A mirror is an address or a folder that has the files of each public source below the source's name:
    /// `osv/PyPI/all.zip`.
    pub fn new(listed: Option<Vec<Source>>, mirror: Option<&str>) -> Self {
        let sources = listed.unwrap_or_else(|| public(mirror));
        Self { sources, most_bytes: MOST_BYTES }
    }
}

fn public(mirror: Option<&str>) -> Vec<Source> {
    let mut sources = Vec::new();
    for publisher in SOURCES.iter().filter(|publisher| publisher.by_default) {
        for file in publisher.files {
            let base = match mirror {
                Some(mirror) => format!("{}/{}", mirror.trim_end_matches('/'), publisher.name),
                None => publisher.base.to_owned(),
            };
            sources.push(Source {
                name: format!("{}/{file}", publisher.name),
                url: format!("{base}/{}", escaped(file)),
                pointer: publisher.pointer,
            });
        }
    }
    sources
}

/// Ecosystems have spaces in their names.
fn escaped(file: &str) -> String {
    file.replace(' ', "%20")
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// Behind an address.
    Remote(String),
    /// In a folder of this machine.
    Local(PathBuf),
}

impl Source {
    /// Where it is.
    pub(super) fn location(&self) -> Location {
        location(&self.url)
    }

    /// Where a file beside it is. The name is one that its caller has looked at.
    pub(super) fn beside(&self, name: &str) -> Option<Location> {
        let (folder, _) = self.url.rsplit_once('/')?;
        Some(location(&format!("{folder}/{name}")))
    }

    /// Where the file is that a pointer names. Only a plain name leads on, so that no pointer leads elsewhere.
    pub(super) fn pointed(&self, text: &str) -> Option<Location> {
        let name = text.trim();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        let is_plain =
            !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(plain);
        self.beside(name).filter(|_| is_plain)
    }
}

fn location(url: &str) -> Location {
    match url.strip_prefix("file://") {
        Some(path) => Location::Local(path.into()),
        None if url.starts_with("https://") || url.starts_with("http://") => Location::Remote(url.to_owned()),
        None => Location::Local(url.replace("%20", " ").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_file_is_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/advisories/sources");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut names: Vec<_> = SOURCES.iter().map(|source| source.name.replace('-', "_")).collect();
        names.sort();
        assert_eq!(files, names);
    }

    #[test]
    fn a_mirror_takes_the_place_of_every_public_address() {
        let list = SourceList::new(None, Some("https://mirror.example/advisories/"));
        assert!(list.sources.len() > 40);
        for source in &list.sources {
            assert!(source.url.starts_with("https://mirror.example/advisories/"), "{source:?}");
        }
        let folder = SourceList::new(None, Some("/srv/mirror"));
        assert!(folder.sources.iter().all(|source| matches!(source.location(), Location::Local(_))));
        let names: std::collections::BTreeSet<_> = list.sources.iter().map(|source| &source.name).collect();
        assert_eq!(names.len(), list.sources.len(), "names are distinct");
    }

    #[test]
    fn what_is_listed_takes_the_place_of_the_public_sources() {
        let own = Source { name: "own".into(), url: "https://a.example/b.zip".into(), pointer: false };
        assert_eq!(SourceList::new(Some(vec![own.clone()]), Some("x")).sources, [own]);
    }

    #[test]
    fn a_pointer_leads_only_to_its_own_folder() {
        let url = "https://a.example/vex/archive_latest.txt".to_owned();
        let source = Source { name: "a".into(), url, pointer: true };
        let pointed = |text: &str| source.pointed(text);
        let expected = Location::Remote("https://a.example/vex/archive_2026-11-20.tar.zst".into());
        assert_eq!(pointed("archive_2026-11-20.tar.zst\n"), Some(expected));
        for text in ["", "../x", "a/b", "https://evil.example/x", ".", "..", "a b", "a\nb", "@x", "a?b"] {
            assert_eq!(pointed(text), None, "{text:?}");
        }
    }
}
