//! Java: the file `release` at the root of every development kit and runtime.
//!
//! Lines of `KEY="value"`, in any order. Since Java 9 `JAVA_RUNTIME_VERSION` has the build, `17.0.9+9`; builds of Java 8
//! have it in `FULL_VERSION`, `1.8.0_422-b05`, where they have it at all. `FULL_VERSION` of some vendors counts otherwise
//! than Java does, and is taken only where both begin with the same number.
//!
//! The names are those by which others list them, and by which the National Vulnerability Database knows them. Whose
//! build it is changes nothing where it is one of OpenJDK.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Java runtime",
    watched: &[],
    claims: |file| file.path.rsplit('/').next() == Some("release"),
    // With which key it begins is different from builder to builder.
    magic: &[
        b"IMPLEMEN",
        b"JAVA_",
        b"BUILD_",
        b"OS_",
        b"SOURCE",
        b"MODULES",
        b"FULL_",
        b"SEMANTIC",
        b"JVM_",
        b"LIBC",
        b"IMAGE_",
        b"GRAALVM",
        b"COMMIT",
    ],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let value = |key: &[u8]| {
        let values = lines(content).filter_map(|line| {
            let value = line.strip_prefix(key)?.strip_prefix(b"=")?.trim_ascii();
            Some(value.strip_prefix(b"\"").unwrap_or(value))
        });
        let values = values.map(|value| value.strip_suffix(b"\"").unwrap_or(value));
        values.into_iter().find(|value| !value.is_empty())
    };
    let java = value(b"JAVA_VERSION");
    let full = value(b"FULL_VERSION").filter(|full| {
        let first = |version: &[u8]| version.split(|byte| *byte == b'.').next().map(<[u8]>::to_vec);
        java.is_some_and(|java| first(java) == first(full))
    });
    let Some(version) = value(b"JAVA_RUNTIME_VERSION").or(full).or(java) else {
        return Ok(Reading::Nothing);
    };
    let builder = value(b"IMPLEMENTOR").unwrap_or_default().to_ascii_lowercase();
    let is_runtime = value(b"IMAGE_TYPE").is_some_and(|image| image.eq_ignore_ascii_case(b"jre"));
    let mut list = PackageList::new(PackageKind::Binary, limits);
    list.push(name(&builder, file.path, is_runtime).as_bytes(), version)?;
    Ok(list.finish())
}

fn name(builder: &[u8], path: &str, is_runtime: bool) -> &'static str {
    let says = |word: &[u8]| memchr::memmem::find(builder, word).is_some();
    if says(b"azul") || path.contains("zulu") {
        return "zulu";
    }
    if says(b"sun ") || says(b"oracle") || path.contains("oracle") {
        return if is_runtime { "jre" } else { "jdk" };
    }
    "openjdk"
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn builds_of_all_kinds() {
        let read = |path, text: &str| shown(read, path, text);
        let of = |text| read("opt/java/release", text);
        assert_eq!(
            of(
                "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_RUNTIME_VERSION=\"17.0.9+9\"\nJAVA_VERSION=\"17.0.9\"\n"
            ),
            "generic openjdk 17.0.9+9\n"
        );
        assert_eq!(
            of("JAVA_VERSION=\"1.8.0_422\"\nFULL_VERSION=\"1.8.0_422-b05\"\nIMAGE_TYPE=\"JRE\"\n"),
            "generic openjdk 1.8.0_422-b05\n"
        );
        // Another count, and another vendor.
        assert_eq!(
            of(
                "IMPLEMENTOR=\"Oracle Corporation\"\r\nJAVA_VERSION=\"21.0.1\"\r\nFULL_VERSION=\"23.1+5\"\r\n"
            ),
            "generic jdk 21.0.1\n"
        );
        assert_eq!(
            of("IMPLEMENTOR=\"Oracle Corporation\"\nJAVA_VERSION=\"1.8.0_401\"\nIMAGE_TYPE=\"JRE\""),
            "generic jre 1.8.0_401\n"
        );
        let azul = "IMPLEMENTOR=\"Azul Systems, Inc.\"\nJAVA_RUNTIME_VERSION=\"21+35-LTS\"\n";
        assert_eq!(of(azul), "generic zulu 21+35-LTS\n");
        assert_eq!(read("usr/lib/jvm/zulu8/release", "JAVA_VERSION=1.8.0\n"), "generic zulu 1.8.0\n");
        assert_eq!(of("OS_NAME=\"Linux\"\n"), "nothing\n");
        assert_eq!(of("JAVA_VERSION=\"\"\n"), "nothing\n");
    }
}
