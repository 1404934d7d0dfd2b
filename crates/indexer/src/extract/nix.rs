//! The database of a Nix store: which paths of the store are valid.
//!
//! `nix/var/nix/db/db.sqlite` has a table `ValidPaths`, whose second column is `/nix/store/HASH-NAME-VERSION`. As Nix
//! itself does it, the version begins behind the first hyphen that no letter follows. Paths without a version are
//! sources and scripts of a build.
//!
//! Images that Nix builds itself have a store without this database; `nix_store` lists them.

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::sqlite::{Damage, Database, Value, record};
use inventory::{PackageKind, SkipReason};

const PATH: &str = "nix/var/nix/db/db.sqlite";

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Nix database",
    watched: &[PATH],
    claims: |file| file.path == PATH,
    magic: &[],
    action: Action::Browse { limit: |limits| limits.database_bytes, browse },
};

struct Refusal(SkipReason);

impl From<Damage> for Refusal {
    fn from(damage: Damage) -> Self {
        Self(SkipReason::Malformed(damage.to_string()))
    }
}

fn browse(_: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::Nix, limits);
    let rows = Database::open(body).map_err(Refusal::from).and_then(|database| {
        database.rows("ValidPaths", &mut |payload| {
            if let Some([_, Value::Bytes(path), ..]) = record(payload).as_deref()
                && let Some((name, version)) = name_and_version(path)
            {
                list.push(name, version).map_err(Refusal)?;
            }
            Ok(())
        })
    });
    rows.map_err(|Refusal(why)| why)?;
    Ok(list.finish())
}

/// Name and version of a path of the store. A last word without a number is the part of the package: `bin`, `dev`.
pub(super) fn name_and_version(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = path.strip_prefix(b"/").unwrap_or(path).strip_prefix(b"nix/store/")?;
    if name.ends_with(b".drv") {
        return None;
    }
    // A hash in base 32.
    let (hash, name) = name.split_at_checked(32)?;
    let name = name.strip_prefix(b"-").filter(|_| hash.iter().all(u8::is_ascii_alphanumeric))?;
    let hyphen = memchr::memchr_iter(b'-', name)
        .find(|at| at.checked_add(1).and_then(|next| name.get(next)).is_some_and(u8::is_ascii_digit))?;
    let (name, version) = name.split_at_checked(hyphen)?;
    let version = version.strip_prefix(b"-")?;
    let whole = memchr::memrchr(b'-', version).and_then(|hyphen| version.split_at_checked(hyphen));
    let is_part = |part: &[u8]| !part.iter().any(u8::is_ascii_digit);
    Some((name, whole.filter(|(_, part)| is_part(part)).map_or(version, |(version, _)| version)))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{both_ways, show};
    use super::*;

    #[test]
    fn versions_begin_with_a_digit() {
        let parts = |path: &str| {
            name_and_version(path.as_bytes()).map(|(name, version)| {
                (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(version).into_owned())
            })
        };
        let hash = "0c0b7vlxlb0xqg2m9dyhb8wlsr2mfq4a";
        let pair = |name: &str, version: &str| Some((name.to_owned(), version.to_owned()));
        assert_eq!(parts(&format!("/nix/store/{hash}-openssl-3.0.13-bin")), pair("openssl", "3.0.13"));
        assert_eq!(parts(&format!("/nix/store/{hash}-glibc-2.34-210-dev")), pair("glibc", "2.34-210"));
        assert_eq!(parts(&format!("/nix/store/{hash}-gtk-doc-1.33")), pair("gtk-doc", "1.33"));
        assert_eq!(parts(&format!("/nix/store/{hash}-openssl-3.0.13.drv")), None);
        assert_eq!(parts(&format!("/nix/store/{hash}-builder.sh")), None);
        assert_eq!(parts("/nix/store/short-1"), None);
    }

    #[test]
    fn what_is_no_database_is_malformed() {
        let file = File { path: PATH, size: 0, mode: 0 };
        for text in
            both_ways(b"SQLite", |body, workspace| show(browse(&file, body, &Limits::default(), workspace)))
        {
            assert!(text.starts_with("malformed"), "{text}");
        }
    }
}
