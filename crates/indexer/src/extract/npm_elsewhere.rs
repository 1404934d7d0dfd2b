//! Node.js packages where Node does not look for them by name: a `package.json` anywhere else than at the root of an
//! installed package.
//!
//! Builders copy libraries into their own packages, such as `next/dist/compiled/react-is`, and other programs bring
//! packages along in folders of their own. Node does not find them by name, but their code is there and runs.
//! Many such files are no packages: they say only `{"type":"module"}`, and those of tests are broken on purpose. So what
//! has no name, no version, or is no JSON says nothing, and conceals nothing.
//! An application's own manifest mostly says that it is private. Such a package comes from no registry, no advisory
//! knows it, and its name may be that of a stranger's package; it is left out.

use super::npm::is_package_root;
use super::{Action, Extractor, File, PackageList, Reading, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Node.js package elsewhere",
    watched: &[],
    claims: |file| is_elsewhere(file.path) && file.size <= LARGEST,
    // By what it begins with and not by its name: a link with such a name is nothing to be told of.
    magic: &[b"{", b" ", b"\n", b"\r", b"\t", b"\xef\xbb\xbf"],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

/// Larger ones are data of tests.
const LARGEST: u64 = 1 << 20;

fn is_elsewhere(path: &str) -> bool {
    (path.ends_with("/package.json") || path == "package.json") && !is_package_root(path)
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
    #[serde(default)]
    private: serde_json::Value,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Ok(Manifest { name, version, private }) = json(content) else { return Ok(Reading::Nothing) };
    let mut list = PackageList::new(PackageKind::Npm, limits);
    let is_private = private == serde_json::Value::Bool(true);
    if is_private || list.word(name.as_bytes()).is_none() || list.word(version.as_bytes()).is_none() {
        return Ok(Reading::Nothing);
    }
    list.push(name.as_bytes(), version.as_bytes())?;
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn roots_of_packages_are_left_to_their_own_extractor() {
        for path in [
            "package.json",
            "srv/node_modules/next/dist/compiled/@babel/runtime/package.json",
            "node_modules/a/test/package.json",
            "usr/share/nodejs/a/lib/package.json",
            "usr/share/jupyter/labextensions/x/package.json",
        ] {
            assert!(is_elsewhere(path), "{path}");
        }
        for path in ["node_modules/a/package.json", "usr/share/nodejs/a/package.json", "xpackage.json"] {
            assert!(!is_elsewhere(path), "{path}");
        }
    }

    #[test]
    fn what_is_no_package_of_a_registry_says_nothing() {
        let read = |text: &str| {
            let path = "node_modules/a/b/package.json";
            shown(read, path, text)
        };
        assert_eq!(read(r#"{"name":"react-is","version":"19.0.0"}"#), "npm react-is 19.0.0\n");
        assert_eq!(read(r#"{"name":"a","version":"1","private":false}"#), "npm a 1\n");
        for text in [
            r#"{"type":"module"}"#,
            r#"{"name":"a"}"#,
            "{",
            "",
            r#"{"name":1,"version":"1"}"#,
            r#"{"name":"a\u0000b","version":"1"}"#,
            r#"{"name":"app","version":"1.0.0","private":true}"#,
        ] {
            assert_eq!(read(text), "nothing\n", "{text}");
        }
    }
}
