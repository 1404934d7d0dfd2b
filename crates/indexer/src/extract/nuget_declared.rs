//! What .NET projects declare: `packages.config` of the older kind, and `Packages.props`, in which the newer ones keep the
//! versions of all their parts.
//!
//! Both are XML of which nothing but the attributes of one element is of interest:
//! `<package id="…" version="…" />` and `<PackageVersion Include="…" Version="…" />`. Entities, namespaces and comments
//! are not followed: a name or a version has none, and what a comment names is at worst listed too often. A version that is
//! a variable of the build, `$(Version)`, is none.
//!
//! See <https://learn.microsoft.com/nuget/reference/packages-config> and
//! <https://learn.microsoft.com/nuget/consume-packages/central-package-management>.

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use std::collections::BTreeSet;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "declared NuGet packages",
    watched: &[],
    claims: |file| form(file.name()).is_some(),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

/// The elements that name a package, and their attributes for its name and its version.
type Form = (&'static [&'static [u8]], &'static [&'static [u8]], &'static [u8]);

fn form(name: &str) -> Option<Form> {
    if name.eq_ignore_ascii_case("packages.config") {
        return Some((&[b"package"], &[b"id"], b"version"));
    }
    let end = name.len().checked_sub("packages.props".len()).and_then(|start| name.get(start..));
    let is_props = end.is_some_and(|end| end.eq_ignore_ascii_case("packages.props"));
    is_props.then_some((&[b"PackageVersion", b"PackageReference"], &[b"Include", b"Update"], b"Version"))
}

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Some((elements, names, version)) = form(file.name()) else { return Ok(Reading::Nothing) };
    let mut list = PackageList::locked(PackageKind::NuGet, limits);
    let mut packages = BTreeSet::new();
    for start in memchr::memchr_iter(b'<', content) {
        let rest = content.get(start..).and_then(|rest| rest.strip_prefix(b"<")).unwrap_or_default();
        let tag = rest.get(..memchr::memchr(b'>', rest).unwrap_or(rest.len())).unwrap_or_default();
        let is_wanted = elements.iter().any(|element| {
            tag.strip_prefix(*element).is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))
        });
        if !is_wanted || attribute(tag, b"developmentDependency") == Some(b"true") {
            continue;
        }
        let name = names.iter().find_map(|name| attribute(tag, name));
        if let (Some(name), Some(version)) = (name, attribute(tag, version)) {
            // One number in brackets is that version and no other.
            let version =
                version.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(version);
            let is_plain =
                |text: &[u8]| !text.is_empty() && !text.iter().any(|byte| b"$%@*,[]()&".contains(byte));
            if is_plain(name) && is_plain(version) {
                packages.insert((name, version));
            }
        }
    }
    for (name, version) in packages {
        list.push(name, version)?;
    }
    Ok(list.finish())
}

/// The value of an attribute.
fn attribute<'t>(tag: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    memchr::memmem::find_iter(tag, name).find_map(|at| {
        let before = at.checked_sub(1).and_then(|before| tag.get(before))?;
        let rest =
            tag.get(at..)?.strip_prefix(name)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let quote = *rest.first().filter(|quote| matches!(quote, b'"' | b'\''))?;
        let rest = rest.get(1..)?;
        let value = rest.get(..memchr::memchr(quote, rest)?)?;
        before.is_ascii_whitespace().then(|| value.trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn packages_of_the_older_kind() {
        let text = "<?xml version=\"1.0\"?>\n<packages>\n\
            <package id=\"Newtonsoft.Json\" version=\"6.0.4\" targetFramework=\"net45\" />\n\
            <package version = '1.0' id='A' />\n\
            <package id=\"StyleCop\" version=\"1.1\" developmentDependency=\"true\" />\n\
            <package id=\"NoVersion\" allowedVersions=\"[1,2)\" />\n</packages>\n";
        assert_eq!(
            shown(read, "srv/packages.config", text),
            "nuget A 1.0 locked\nnuget Newtonsoft.Json 6.0.4 locked\n"
        );
    }

    #[test]
    fn versions_kept_in_one_place() {
        let text = "\u{feff}<Project><ItemGroup>\n\
            <PackageVersion Include=\"Serilog\" Version=\"[3.1.1]\"/>\n\
            <PackageVersion Include=\"Ours\" Version=\"$(OurVersion)\"/>\n\
            <PackageVersion Include=\"Any\" Version=\"1.*\"/>\n\
            <PackageReference Update=\"Old\" Version=\"2.0\">\n</PackageReference>\n\
            <PackageVersions Include=\"X\" Version=\"1\"/></ItemGroup></Project>";
        let expected = "nuget Old 2.0 locked\nnuget Serilog 3.1.1 locked\n";
        assert_eq!(shown(read, "src/Directory.Packages.props", text), expected);
        assert_eq!(shown(read, "src/packages.props", text), expected);
    }

    #[test]
    fn rubbish() {
        for text in
            ["", "<", "<package", "<package id=", "<package id=\"a\" version=\"", "<package id version>"]
        {
            assert_eq!(shown(read, "packages.config", text), "nuget: no packages\n", "{text}");
        }
        assert!(form("Directory.Build.props").is_none());
        assert!(form("nuget.config").is_none());
    }
}
