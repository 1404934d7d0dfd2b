//! `Package.resolved`: the packages of a Swift program.
//!
//! Form 1 has the pins within `object`, forms 2 and 3 bare. A package's name is the place of its repository without
//! the scheme, `github.com/apple/swift-nio`, as the advisories have it. A pin to a branch has no version.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Swift lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "Package.resolved"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Deserialize)]
struct Resolved {
    object: Option<Pins>,
    #[serde(default)]
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pins {
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pin {
    #[serde(alias = "repositoryURL", default)]
    location: String,
    state: State,
}

#[derive(Deserialize)]
struct State {
    version: Option<String>,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Resolved { object, pins } = json(content)?;
    let mut list = PackageList::locked(PackageKind::Swift, limits);
    for Pin { location, state } in object.map_or(pins, |object| object.pins) {
        let place = location.split_once("://").map_or(location.as_str(), |(_, place)| place);
        let name = place.strip_suffix(".git").unwrap_or(place);
        if let Some(version) = state.version {
            list.push(name.as_bytes(), version.as_bytes())?;
        }
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;

    #[test]
    fn all_forms() {
        let read = |text: &str| {
            let file = File { path: "Package.resolved", size: 0, mode: 0 };
            show(read(&file, text.as_bytes(), &Limits::default()))
        };
        let expected = "swift github.com/apple/swift-nio 2.40.0 locked\n";
        let one = r#"{"object":{"pins":[{"package":"swift-nio","repositoryURL":"https://github.com/apple/swift-nio.git",
            "state":{"branch":null,"revision":"x","version":"2.40.0"}}]},"version":1}"#;
        assert_eq!(read(one), expected);
        let two = r#"{"pins":[{"identity":"swift-nio","kind":"remoteSourceControl","location":"https://github.com/apple/swift-nio",
            "state":{"revision":"x","version":"2.40.0"}},{"location":"https://x/y","state":{"branch":"main"}}],"version":2}"#;
        assert_eq!(read(two), expected);
        assert!(read(r#"{"pins":[{}]}"#).starts_with("malformed"));
    }
}
