//! Installed packages of Haskell: the `.conf` files of GHC's package databases.
//!
//! `package.conf.d/NAME-VERSION-HASH.conf`, and `package.db` in the store of Cabal, have lines `name: aeson` and
//! `version: 2.0.3.0`; an older form puts each value on the next line.
//! <https://downloads.haskell.org/ghc/latest/docs/users_guide/packages.html#package-databases>
//! A program of Haskell has its libraries in it and nothing that names them.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Haskell package",
    watched: &[],
    claims: |file| is_registration(file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn is_registration(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    parts.next().is_some_and(|name| name.ends_with(".conf"))
        && matches!(parts.next(), Some("package.conf.d" | "package.db"))
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let field = |key: &[u8]| {
        let mut lines = lines(content);
        let value = lines.find_map(|line| line.strip_prefix(key)?.trim_ascii_start().strip_prefix(b":"))?;
        Some(value.trim_ascii())
            .filter(|value| !value.is_empty())
            .or_else(|| Some(lines.next()?.trim_ascii()))
    };
    // A library inside a package goes by a name of its own, and is its package.
    let name = field(b"package-name").or_else(|| field(b"name"));
    let mut list = PackageList::new(PackageKind::Hackage, limits);
    list.push(name.unwrap_or_default(), field(b"version").unwrap_or_default())?;
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn both_forms_and_inner_libraries() {
        let read = |text: &str| shown(read, "x", text);
        assert_eq!(
            read("name:            aeson\nversion:         2.0.3.0\nvisibility:      public\n"),
            "hackage aeson 2.0.3.0\n"
        );
        assert_eq!(read("name:\n    text\nversion:\n    2.0.1\n"), "hackage text 2.0.1\n");
        assert_eq!(
            read("name: z-attoparsec-z-internal\nversion: 0.14.4\npackage-name: attoparsec\n"),
            "hackage attoparsec 0.14.4\n"
        );
        assert!(read("id: x\n").contains("malformed"));
        assert!(is_registration("usr/lib/ghc/package.conf.d/base-4.17.2.1.conf"));
        assert!(!is_registration("etc/a.conf") && !is_registration("package.conf.d/package.cache"));
    }
}
