//! Installed rocks of LuaRocks: the `.rockspec` that its installer keeps of each.
//!
//! They lie at `lib/luarocks/rocks-5.1/NAME/VERSION/NAME-VERSION.rockspec`. The file is Lua, which we do not run; the path,
//! which the installer made of the same two words, says all. The version ends with the revision of the file itself.

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Lua rock",
    watched: &[],
    claims: |file| rock(file.path).is_some(),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

/// The name and the version of an installed rock.
fn rock(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.rsplit('/');
    let stem = parts.next()?.strip_suffix(".rockspec")?;
    let (version, name) = (parts.next()?, parts.next()?);
    let is_own = stem.strip_prefix(name)?.strip_prefix('-')? == version;
    is_own.then_some((name, version))
}

fn read(file: &File<'_>, _: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::LuaRocks, limits);
    if let Some((name, version)) = rock(file.path) {
        list.push(name.as_bytes(), version.as_bytes())?;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn the_path_says_all() {
        let path = "usr/local/lib/luarocks/rocks-5.1/lua-cjson/2.1.0.10-1/lua-cjson-2.1.0.10-1.rockspec";
        let shown = shown(read, path, b"error()");
        assert_eq!(shown, "luarocks lua-cjson 2.1.0.10-1\n");
        for path in [
            "src/lua-cjson-2.1-1.rockspec",
            "a/b/c-1.rockspec",
            "c-1.rockspec",
            "x/c/1/c-1.rock",
            "c/1/c1.rockspec",
        ] {
            assert_eq!(rock(path), None, "{path}");
        }
    }
}
