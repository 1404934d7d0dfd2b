//! The database of rpm in its three forms: SQLite, Berkeley DB and rpm's own NDB. Each keeps the header of each
//! package as a blob.
//!
//! The file's first bytes say which form it is.
//! `gpg-pubkey` is a key that was imported, not a package. The source package is told by the name of its file,
//! `NAME-VERSION-RELEASE.src.rpm`; it has the epoch of the package, for no other is written anywhere.

mod berkeley;
mod header;
mod ndb;

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::sqlite::{Damage, Database, Value, record};
use header::Header;
use inventory::{PackageKind, SkipReason, SourcePackage};

const PATHS: &[&str] = &[
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/Packages",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/Packages",
    "usr/share/rpm/rpmdb.sqlite",
];

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "rpm database",
    watched: PATHS,
    claims: |file| PATHS.contains(&file.path),
    magic: &[],
    action: Action::Browse { limit: |limits| limits.database_bytes, browse },
};

/// What ends the reading of a database.
struct Refusal(SkipReason);

impl From<Damage> for Refusal {
    fn from(damage: Damage) -> Self {
        Self(SkipReason::Malformed(damage.to_string()))
    }
}

fn browse(_: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::Rpm, limits);
    let mut package = |blob: &[u8]| match Header::parse(blob) {
        Some(header) => push(&mut list, &header).map_err(Refusal),
        None => {
            list.fault("a package whose header is damaged");
            Ok(())
        }
    };
    let result = if berkeley::is_database(body) {
        berkeley::packages(body, &mut package)
    } else if ndb::is_database(body) {
        ndb::packages(body, &mut package)
    } else {
        rows(body, &mut package)
    };
    result.map_err(|Refusal(why)| why)?;
    Ok(list.finish())
}

/// The packages of a database in SQLite: the blob is the second column of the table.
fn rows(body: Body<'_>, package: &mut dyn FnMut(&[u8]) -> Result<(), Refusal>) -> Result<(), Refusal> {
    Database::open(body)?.rows("Packages", &mut |payload| match record(payload).as_deref() {
        Some([_, Value::Bytes(blob), ..]) => package(blob),
        // What is no header is a fault of the list.
        Some(_) | None => package(&[]),
    })
}

fn push(list: &mut PackageList, header: &Header<'_>) -> Result<(), SkipReason> {
    if header.name == b"gpg-pubkey" {
        return Ok(());
    }
    let epoch = header.epoch.filter(|epoch| *epoch != 0).map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let whole = |version: &[u8], release: &[u8]| [epoch.as_bytes(), version, b"-", release].concat();
    let architecture = list.word(header.architecture);
    let module = list.word(header.module);
    let source = split_source(header.source).and_then(|(name, version, release)| {
        Some(SourcePackage { name: list.word(name)?, version: list.word(&whole(version, release))? })
    });
    // Without a version or a release there is nothing to compare, and the list makes a fault of it.
    let version = if header.version.is_empty() || header.release.is_empty() {
        Vec::new()
    } else {
        whole(header.version, header.release)
    };
    if let Some(package) = list.push(header.name, &version)? {
        package.architecture = architecture;
        package.source = source;
        package.module = module;
    }
    for (folder, name) in header.files.iter() {
        list.owned.note(header.name, &[folder, name].concat());
        if !list.owned.is_complete {
            break;
        }
    }
    Ok(())
}

/// A package of a list that is no database, whose version and release are one word.
pub(super) fn push_manifest(
    list: &mut PackageList,
    name: &[u8],
    version: &[u8],
    epoch: Option<u32>,
    architecture: &[u8],
    source: &[u8],
) -> Result<(), SkipReason> {
    let (version, release) = split_last(version).unwrap_or((version, b""));
    push(list, &Header { name, version, release, epoch, architecture, source, ..Header::default() })
}

/// Name, version and release from `NAME-VERSION-RELEASE.src.rpm`.
fn split_source(file: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let stem = file.strip_suffix(b".src.rpm").or_else(|| file.strip_suffix(b".nosrc.rpm"))?;
    let (rest, release) = split_last(stem)?;
    let (name, version) = split_last(rest)?;
    Some((name, version, release))
}

fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, after) = text.split_at_checked(memchr::memrchr(b'-', text)?)?;
    Some((before, after.strip_prefix(b"-")?))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{both_ways, show};
    use super::*;
    use expect_test::expect;

    fn listed(headers: &[Header<'_>]) -> String {
        let mut list = PackageList::new(PackageKind::Rpm, &Limits::default());
        for header in headers {
            push(&mut list, header).unwrap();
        }
        show(Ok(list.finish()))
    }

    #[test]
    fn epoch_and_source() {
        let bind = Header {
            name: b"bind-libs",
            version: b"9.16.23",
            release: b"1.el9",
            epoch: Some(32),
            architecture: b"x86_64",
            source: b"bind-9.16.23-1.el9.src.rpm",
            module: b"bind:9:8090:abc",
            ..Header::default()
        };
        let key = Header { name: b"gpg-pubkey", version: b"1", release: b"2", ..Header::default() };
        let zero =
            Header { name: b"bash", version: b"5.1", release: b"4", epoch: Some(0), ..Header::default() };
        let bare = Header { name: b"bare", version: b"1", ..Header::default() };
        expect![[r#"
            rpm bind-libs 32:9.16.23-1.el9 x86_64 from bind 32:9.16.23-1.el9 in bind:9:8090:abc
            rpm bash 5.1-4
            malformed: a package whose name or version is missing, too long or not text
        "#]]
        .assert_eq(&listed(&[bind, key, zero, bare]));
    }

    #[test]
    fn files_are_folder_and_name() {
        let entry = |tag: u32, kind: u32, at: u32, count: u32| {
            [tag, kind, at, count].into_iter().flat_map(u32::to_be_bytes).collect::<Vec<u8>>()
        };
        let store = b"a\x001\x002\0/usr/bin/\0/etc/\0tool\0conf\0\0\0\0\0\0\0\0\x01";
        let entries = [
            entry(1000, 6, 0, 1),
            entry(1001, 6, 2, 1),
            entry(1002, 6, 4, 1),
            entry(1118, 8, 6, 2),
            entry(1117, 8, 22, 2),
            entry(1116, 4, 32, 2),
        ];
        let mut blob = [6_u32.to_be_bytes(), 40_u32.to_be_bytes()].concat();
        blob.extend(entries.concat());
        blob.extend(store);
        let header = Header::parse(&blob).unwrap();
        let files: Vec<(&[u8], &[u8])> = header.files.iter().collect();
        let expected: [(&[u8], &[u8]); 2] = [(b"/usr/bin/", b"tool"), (b"/etc/", b"conf")];
        assert_eq!(files, expected);
        expect![[r#"
            rpm a 1-2
            a owns usr/bin/tool
        "#]]
        .assert_eq(&listed(&[header]));
    }

    #[test]
    fn headers_that_claim_too_much_are_none() {
        let mut blob = [0, 0, 0, 1, 0, 0, 0, 3].to_vec();
        blob.extend([0, 0, 3, 0xe8, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1]);
        blob.extend(b"ab\0");
        assert_eq!(Header::parse(&blob).unwrap().name, b"ab");
        for length in 0..blob.len() {
            assert_eq!(Header::parse(blob.get(..length).unwrap()), None, "{length}");
        }
    }

    #[test]
    fn what_is_no_database_is_malformed() {
        let file = File { path: "var/lib/rpm/rpmdb.sqlite", size: 0, mode: 0 };
        for content in [&b""[..], b"SQLite format 3\0", &[b'x'; 5000]] {
            for text in
                both_ways(content, |body, workspace| show(browse(&file, body, &Limits::default(), workspace)))
            {
                assert!(text.starts_with("malformed"), "{text}");
            }
        }
    }
}
