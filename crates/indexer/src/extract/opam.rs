//! Packages of OCaml: the file `opam` that the package manager keeps of each in its switch.
//!
//! `SWITCH/.opam-switch/packages/NAME.VERSION/opam` is there exactly while the package is installed, and its folder says
//! name and version. <https://opam.ocaml.org/doc/Manual.html#Switches>

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "OCaml package",
    watched: &[],
    claims: |file| installed(file.path).is_some(),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

/// The name and the version of an installed package. The name has no dot.
fn installed(path: &str) -> Option<(&str, &str)> {
    let (above, package) = path.strip_suffix("/opam")?.rsplit_once('/')?;
    let is_switch = above.ends_with(".opam-switch/packages");
    is_switch.then(|| package.split_once('.'))?
}

fn read(file: &File<'_>, _: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::Opam, limits);
    if let Some((name, version)) = installed(file.path) {
        list.push(name.as_bytes(), version.as_bytes())?;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn packages_of_a_switch() {
        let path = "home/opam/.opam/4.14/.opam-switch/packages/ocaml-base-compiler.4.14.1/opam";
        let shown = shown(read, path, b"");
        assert_eq!(shown, "opam ocaml-base-compiler 4.14.1\n");
        for path in [
            ".opam/repo/default/packages/a/a.1/opam",
            ".opam/4.14/.opam-switch/packages/cache/opam",
            ".opam/4.14/.opam-switch/sources/a.1/opam",
        ] {
            assert_eq!(installed(path), None, "{path}");
        }
    }
}
