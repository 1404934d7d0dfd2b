//! The content sets of Red Hat's images: from which repositories each layer was built.
//!
//! The build system leaves a JSON file for each layer in `root/buildinfo/content_manifests`, and its successor one in
//! `usr/share/buildinfo`. Bills of materials lie beside them; those have no content sets, and say nothing here.
//! Red Hat's advisories tell products apart by these names, where version and distribution alone would say too much. They travel as a release file with one field for each set.

use super::{Action, Extractor, File, Reading, json, word};
use crate::Limits;
use inventory::SkipReason;
use inventory::distribution::{CONTENT_SET, is_content_manifest};
use serde::Deserialize;

/// More sets than an image can be built from.
const SETS: usize = 500;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "content manifest",
    watched: &[],
    claims: |file| is_content_manifest(file.path),
    magic: &[b"{"],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    content_sets: Vec<String>,
}

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let Manifest { content_sets } = json(content)?;
    if content_sets.len() > SETS {
        return Err(SkipReason::Limit(format!("more than {SETS} content sets in one file")));
    }
    let sets = content_sets.iter().filter_map(|set| word(set.as_bytes(), limits));
    Ok(Reading::Release(sets.map(|set| (CONTENT_SET.to_owned(), set)).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn sets_are_fields() {
        let read = |text: &str| shown(read, "x", text);
        let text = r#"{"metadata":{"icm_version":1},"from_dnf_hint":true,"content_sets":["rhel-9-baseos","a\u0000"],"image_contents":[]}"#;
        assert_eq!(read(text), "CONTENT_SET = rhel-9-baseos\n");
        assert_eq!(read("{}"), "");
        assert_eq!(read(r#"{"bomFormat":"CycloneDX","components":[]}"#), "");
        let claimed = |path| (EXTRACTOR.claims)(&File { path, size: 0, mode: 0 });
        assert!(claimed("root/buildinfo/content_manifests/ubi9-9.4-1.json"));
        assert!(claimed("usr/share/buildinfo/content-sets.json"));
        assert!(
            !claimed("usr/share/buildinfo/labels.json")
                && !claimed("root/buildinfo/content_manifests/a/b.json")
        );
        assert!(read("[").starts_with("malformed"));
        assert!(read(&format!(r#"{{"content_sets":[{}"a"]}}"#, r#""a","#.repeat(600))).starts_with("limit"));
    }
}
