//! Distributions of CPAN: what the installers of Perl keep of each.
//!
//! cpanminus writes `.meta/NAME-VERSION/install.json` beside the modules of the machine, and Carton does the same below
//! `local`. `name` there is the module that was asked for; the distribution is what `dist` says, `NAME-VERSION`.

use super::{Action, Extractor, File, PackageList, Reading, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Perl distribution",
    watched: &[],
    claims: |file| is_installed(file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn is_installed(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    parts.next() == Some("install.json") && parts.next().is_some() && parts.next() == Some(".meta")
}

#[derive(Deserialize)]
struct Installed {
    dist: String,
    version: Version,
}

/// Perl's own versions are numbers or text, as somebody wrote them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Text(String),
    Number(serde_json::Number),
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Installed { dist, version } = json(content)?;
    let version = match version {
        Version::Text(text) => text,
        Version::Number(number) => number.to_string(),
    };
    // The version of a distribution and that of its main module are written alike but for a `v` in front.
    let whole = dist
        .rsplit_once('-')
        .filter(|(_, own)| own.trim_start_matches('v') == version.trim_start_matches('v'));
    let (name, version) = whole
        .or_else(|| dist.rsplit_once('-').filter(|(_, own)| starts_as_version(own)))
        .unwrap_or((&dist, &version));
    let mut list = PackageList::new(PackageKind::Cpan, limits);
    list.push(name.as_bytes(), version.as_bytes())?;
    Ok(list.finish())
}

fn starts_as_version(text: &str) -> bool {
    text.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn distributions_and_their_versions() {
        let read = |text: &str| shown(read, "x", text);
        assert_eq!(
            read(
                r#"{"name":"Mojo","provides":{},"version":9.31,"dist":"Mojolicious-9.31","target":"Mojolicious"}"#
            ),
            "cpan Mojolicious 9.31\n"
        );
        assert_eq!(read(r#"{"version":"v1.2.3","dist":"Foo-Bar-1.2.3"}"#), "cpan Foo-Bar 1.2.3\n");
        assert_eq!(read(r#"{"version":"0.5","dist":"Foo-Bar"}"#), "cpan Foo-Bar 0.5\n");
        assert_eq!(read(r#"{"version":"0.50","dist":"Foo-Bar-0.5"}"#), "cpan Foo-Bar 0.5\n");
        assert!(read("{}").starts_with("malformed"));
        assert!(is_installed("usr/lib/perl5/x86_64-linux/.meta/Mojolicious-9.31/install.json"));
        assert!(!is_installed(".meta/install.json") && !is_installed("app/x/install.json"));
    }
}
