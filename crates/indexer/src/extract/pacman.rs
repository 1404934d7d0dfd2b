//! The database of pacman: Arch Linux and its kin.
//!
//! A folder for each package, `var/lib/pacman/local/NAME-VERSION/`, with the files `desc` and `files`. Both are
//! blocks: a line `%KEY%`, then values a line each, then an empty line; see alpm-db-desc(5). `%BASE%` is the source
//! package, which has the same version. `files` lists what the package owns; it does not name the package, its folder
//! does.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use crate::ownership::Owned;
use inventory::{PackageKind, SkipReason, SourcePackage};

const FOLDER: &str = "var/lib/pacman/local/";

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "pacman database",
    watched: &[],
    claims: |file| folder(file.path).is_some(),
    magic: &[],
    action: Action::Read { limit: |limits| limits.database_bytes, read },
};

/// The folder of the package whose `desc` or `files` this is.
fn folder(path: &str) -> Option<&str> {
    let (folder, name) = path.strip_prefix(FOLDER)?.split_once('/')?;
    matches!(name, "desc" | "files").then_some(folder)
}

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    if file.name() == "files" {
        return Ok(owned(folder(file.path).unwrap_or_default(), content, limits));
    }
    let mut list = PackageList::new(PackageKind::Alpm, limits);
    let (mut name, mut version, mut base, mut architecture) = Default::default();
    for (key, value) in values(content) {
        let place: &mut &[u8] = match key {
            b"%NAME%" => &mut name,
            b"%VERSION%" => &mut version,
            b"%BASE%" => &mut base,
            b"%ARCH%" => &mut architecture,
            _ => continue,
        };
        if place.is_empty() {
            *place = value;
        }
    }
    let (architecture, base) = (list.word(architecture), list.word(base));
    if let Some(package) = list.push(name, version)? {
        package.architecture = architecture;
        package.source = base.map(|name| SourcePackage { name, version: package.version.clone() });
    }
    Ok(list.finish())
}

/// What the package in a folder `NAME-VERSION-RELEASE` owns.
fn owned(folder: &str, content: &[u8], limits: &Limits) -> Reading {
    let mut owned = Owned::new(limits);
    let mut parts = folder.rsplitn(3, '-');
    if let (Some(_), Some(_), Some(package)) = (parts.next(), parts.next(), parts.next()) {
        for (_, path) in values(content).filter(|(key, _)| *key == b"%FILES%") {
            owned.note(package.as_bytes(), path);
        }
    }
    Reading::Owned(PackageKind::Alpm, owned)
}

/// Each value with the key of its block.
fn values(content: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut key: &[u8] = b"";
    lines(content).filter_map(move |line| {
        let is_key = line.len() > 2 && line.starts_with(b"%") && line.ends_with(b"%");
        if is_key || line.is_empty() {
            key = if is_key { line } else { b"" };
            return None;
        }
        Some((key, line))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_package_and_its_files() {
        let desc = "%NAME%\nopenssl\n\n%VERSION%\n3.3.2-1\n\n%BASE%\nopenssl-src\n\n%DESC%\nThe %NAME%\n\n%ARCH%\nx86_64\n\n%LICENSE%\nApache-2.0\n";
        expect![[r#"
            alpm openssl 3.3.2-1 x86_64 from openssl-src 3.3.2-1
        "#]]
        .assert_eq(&shown(read, "var/lib/pacman/local/openssl-3.3.2-1/desc", desc));
        let files = "%FILES%\nusr/\nusr/bin/\nusr/bin/openssl\nusr/lib/libssl.so.3\nusr/share/x\n\n%BACKUP%\nbin/no\tabc\n";
        expect![[r#"
            open-ssl owns usr/bin/openssl
            open-ssl owns usr/lib/libssl.so.3
        "#]]
        .assert_eq(&shown(read, "var/lib/pacman/local/open-ssl-3.3.2-1/files", files));
    }

    #[test]
    fn rubbish() {
        assert!(
            shown(read, "var/lib/pacman/local/a-1-1/desc", "").starts_with("alpm: no packages\nmalformed")
        );
        assert!(shown(read, "var/lib/pacman/local/a-1-1/desc", "%NAME%\n\n%%\nx\n").contains("malformed"));
        assert_eq!(shown(read, "var/lib/pacman/local/a/files", "%FILES%\nbin/a\n"), "");
        assert_eq!(folder("var/lib/pacman/local/ALPM_DB_VERSION"), None);
        assert_eq!(folder("var/lib/pacman/local/a/b/desc"), None);
    }
}
