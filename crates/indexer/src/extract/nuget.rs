//! Packages of .NET programs: the `NAME.deps.json` that the SDK writes beside each program.
//!
//! <https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md>: `libraries` has
//! keys `NAME/VERSION`. Those of the type `package` come from NuGet, and a `runtimepack` is the runtime itself inside
//! a self-contained program; `project` and `reference` are the program's own parts, which no feed knows.

use super::{Action, Extractor, File, PackageList, Reading, json};
use crate::Limits;
use inventory::{PackageKind, SkipReason};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: ".NET program",
    watched: &[],
    claims: |file| file.path.ends_with(".deps.json"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Deserialize)]
struct Dependencies {
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "type", default)]
    kind: String,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Dependencies { libraries } = json(content)?;
    let mut list = PackageList::new(PackageKind::NuGet, limits);
    for (key, Library { kind }) in libraries {
        let (name, version) = key.split_once('/').unwrap_or((&key, ""));
        let name = match kind.as_str() {
            "package" => name,
            "runtimepack" => name.strip_prefix("runtimepack.").unwrap_or(name),
            _ => continue,
        };
        list.push(name.as_bytes(), version.as_bytes())?;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn libraries_without_projects() {
        let text = r#"{"runtimeTarget":{"name":".NETCoreApp"},"libraries":{
            "app/1.0.0":{"type":"project","serviceable":false},
            "Own.Reference/1.0.0":{"type":"reference"},
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.1":{"type":"runtimepack"},
            "Newtonsoft.Json/12.0.1":{"type":"package","sha512":"x"}}}"#;
        let file = File { path: "app/app.deps.json", size: 0, mode: 0 };
        expect![[r#"
            nuget Newtonsoft.Json 12.0.1
            nuget Microsoft.NETCore.App.Runtime.linux-x64 6.0.1
        "#]]
        .assert_eq(&show(read(&file, text.as_bytes(), &Limits::default())));
    }
}
