//! The bounds under which the server reads what a jailed indexer wrote.
//!
//! Whoever wrote it had read hostile bytes, and may have been taken over by them. So it is checked like a stranger's:
//! it may say wrong things about its own layer, but it may not be larger than a layer can make it, and no path in it
//! can be other than normalised, which [`LayerPath`](crate::LayerPath) itself sees to when it is decoded.

use crate::{LayerInventory, SkipReason};

/// How large an inventory of a layer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InventoryLimits {
    /// Bytes of the JSON text.
    pub bytes: usize,
    /// Packages of all databases together.
    pub packages: usize,
    /// Databases, release files, removals, links, displacements and skipped files together.
    pub entries: usize,
    /// Paths that packages of the distribution own.
    pub owned_paths: usize,
    /// Paths of the footprint.
    pub footprint: usize,
    /// Fields of one release file.
    pub fields: usize,
    /// Bytes of one name, version or value.
    pub text_bytes: usize,
    /// Bytes of one path, or target of a link.
    pub path_bytes: usize,
}

impl Default for InventoryLimits {
    fn default() -> Self {
        Self {
            // 200 000 packages of 300 bytes are 60 MB; whiteouts with long paths take as much again.
            bytes: 128 << 20,
            // The fullest desktop images have 10 000.
            packages: 200_000,
            // Each manifest of a language is a database of its own; large monorepos reach 100 000.
            entries: 400_000,
            // The indexer keeps at most 200 000.
            owned_paths: 400_000,
            // The indexer keeps at most a million.
            footprint: 2_000_000,
            // An os-release file has about 15.
            fields: 1_000,
            // Four times the longest that the indexer keeps, for what it writes around them.
            text_bytes: 4_096,
            // Linux opens paths of up to 4096 bytes, and a byte that is not UTF-8 is written as four.
            path_bytes: 16_384,
        }
    }
}

/// Why what should be the inventory of a layer is refused.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// It is not an inventory.
    #[error("the inventory of the layer cannot be decoded")]
    Malformed(#[from] serde_json::Error),
    /// There is more of something than a layer can have.
    #[error("the inventory of the layer has {count} {what}, and no more than {limit} are taken")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A name or a version that no terminal and no page should have to show.
    #[error("the inventory of the layer has a package with a control character in its words")]
    ControlCharacter,
}

impl LayerInventory {
    /// Decodes what an indexer wrote, and checks it.
    ///
    /// # Errors
    ///
    /// If it is larger than the limits allow, or no inventory.
    pub fn from_json(bytes: &[u8], limits: &InventoryLimits) -> Result<Self, InventoryError> {
        at_most("bytes", bytes.len(), limits.bytes)?;
        let inventory: Self = serde_json::from_slice(bytes)?;
        inventory.check(limits)?;
        Ok(inventory)
    }

    /// Checks an inventory that was decoded elsewhere.
    ///
    /// # Errors
    ///
    /// If it is larger than the limits allow.
    pub fn check(&self, limits: &InventoryLimits) -> Result<(), InventoryError> {
        let packages = self.databases.iter().map(|database| database.packages.len()).sum();
        at_most("packages", packages, limits.packages)?;
        let lists = [
            self.databases.len(),
            self.ownership.len(),
            self.release_files.len(),
            self.removals.len(),
            self.links.len(),
            self.displacements.len(),
            self.skipped.len(),
        ];
        at_most("entries", lists.iter().sum(), limits.entries)?;
        let owners = self.ownership.iter().flat_map(|ownership| &ownership.owners);
        // An owner without paths costs memory too.
        let owned = owners.map(|owner| owner.paths.len().max(1)).sum();
        at_most("owned paths", owned, limits.owned_paths)?;
        at_most("paths in its footprint", self.footprint.len(), limits.footprint)?;
        for file in &self.release_files {
            at_most("fields in a release file", file.fields.len(), limits.fields)?;
        }
        let longest_path = self.paths().map(str::len).max().unwrap_or_default();
        at_most("bytes in a path", longest_path, limits.path_bytes)?;
        let longest_text = self.texts().map(str::len).max().unwrap_or_default();
        at_most("bytes in a text", longest_text, limits.text_bytes)?;
        // The indexer lets no such word pass; one that was taken over might (attack B12).
        if self.words().any(|word| word.chars().any(char::is_control)) {
            return Err(InventoryError::ControlCharacter);
        }
        Ok(())
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        let databases = self.databases.iter().map(|database| &database.path);
        let files = self.release_files.iter().map(|file| &file.path);
        let removals = self.removals.iter().map(|removal| removal.path());
        let links = self.links.iter().map(|link| &link.path);
        let displacements = self.displacements.iter().map(|displacement| &displacement.path);
        let skipped = self.skipped.iter().map(|skipped| &skipped.path);
        let lists = self.ownership.iter().map(|ownership| &ownership.path);
        let owned =
            self.ownership.iter().flat_map(|ownership| &ownership.owners).flat_map(|owner| &owner.paths);
        let paths = databases
            .chain(lists)
            .chain(owned)
            .chain(files)
            .chain(removals)
            .chain(links)
            .chain(displacements)
            .chain(skipped);
        paths.map(|path| path.as_str()).chain(self.links.iter().map(|link| &*link.target))
    }

    /// The words of packages.
    fn words(&self) -> impl Iterator<Item = &str> {
        let packages = self.databases.iter().flat_map(|database| &database.packages).flat_map(|package| {
            let source = package.source.iter().flat_map(|source| [&*source.name, &*source.version]);
            [&*package.name, &*package.version]
                .into_iter()
                .chain(package.architecture.as_deref())
                .chain(package.module.as_deref())
                .chain(source)
        });
        let owners = self.ownership.iter().flat_map(|ownership| &ownership.owners);
        packages.chain(owners.map(|owner| &*owner.package))
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let fields = self.release_files.iter().flat_map(|file| &file.fields);
        let fields = fields.flat_map(|(key, value)| [&**key, &**value]);
        let reasons = self.skipped.iter().map(|skipped| match &skipped.why {
            SkipReason::Limit(text) | SkipReason::Malformed(text) | SkipReason::Unsupported(text) => &**text,
        });
        self.words().chain(fields).chain(reasons)
    }
}

fn at_most(what: &'static str, count: usize, limit: usize) -> Result<(), InventoryError> {
    if count > limit { Err(InventoryError::TooMany { what, count, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{InventoryError, InventoryLimits};
    use crate::LayerInventory;
    use proptest::prelude::*;

    const SMALL: InventoryLimits = InventoryLimits {
        bytes: 2_000,
        packages: 2,
        entries: 3,
        owned_paths: 3,
        footprint: 3,
        fields: 2,
        text_bytes: 20,
        path_bytes: 30,
    };

    /// An inventory whose lists are the default ones, but for what is given as JSON members.
    fn json(members: &str) -> String {
        let mut value = serde_json::json!({
            "indexer_version": 1, "databases": [], "release_files": [], "removals": [], "links": [],
            "displacements": [], "skipped": [],
            "statistics": { "compressed_bytes": 1, "uncompressed_bytes": 2, "entries": 3 },
        });
        let members: serde_json::Map<_, _> = serde_json::from_str(&format!("{{{members}}}")).unwrap();
        value.as_object_mut().unwrap().extend(members);
        value.to_string()
    }

    /// What is refused, in words; empty if nothing is.
    fn refusal(members: &str) -> String {
        match LayerInventory::from_json(json(members).as_bytes(), &SMALL) {
            Ok(_) => String::new(),
            Err(InventoryError::Malformed(source)) => source.to_string(),
            Err(error @ (InventoryError::TooMany { .. } | InventoryError::ControlCharacter)) => {
                error.to_string()
            }
        }
    }

    fn database(packages: &[&str]) -> String {
        let package = |name: &&str| format!(r#"{{"kind":"apk","name":"{name}","version":"1"}}"#);
        let packages: Vec<String> = packages.iter().map(package).collect();
        format!(
            r#""databases":[{{"path":"lib/apk/db/installed","kind":"apk","packages":[{}]}}]"#,
            packages.join(",")
        )
    }

    #[test]
    fn inventory_comes_back_as_it_was() {
        let text = json(&database(&["musl"]));
        let inventory = LayerInventory::from_json(text.as_bytes(), &SMALL).unwrap();
        assert_eq!(
            serde_json::to_value(&inventory).unwrap(),
            serde_json::from_str::<serde_json::Value>(&text).unwrap()
        );
    }

    #[test]
    fn too_much_of_anything_is_refused() {
        assert_eq!(refusal(&database(&["a", "b"])), "");
        let too_many = |what: &str| format!("the inventory of the layer has {what} are taken");
        assert_eq!(refusal(&database(&["a", "b", "c"])), too_many("3 packages, and no more than 2"));
        assert_eq!(
            refusal(&database(&["a".repeat(21).as_str()])),
            too_many("21 bytes in a text, and no more than 20")
        );
        let removals = r#""removals":[{"path":"a"},{"path":"b"},{"opaque":"c"},{"path":"d"}]"#;
        assert_eq!(refusal(removals), too_many("4 entries, and no more than 3"));
        let fields = r#""release_files":[{"path":"a","fields":[["A","1"],["B","2"],["C","3"]]}]"#;
        assert_eq!(refusal(fields), too_many("3 fields in a release file, and no more than 2"));
        let owned = r#""ownership":[{"path":"a","kind":"apk","owners":[{"package":"b","paths":["a","b"]},{"package":"c","paths":[]}]}]"#;
        assert_eq!(refusal(owned), "");
        let owned = owned.replace(r#""paths":[]"#, r#""paths":["c","d"]"#);
        assert_eq!(refusal(&owned), too_many("4 owned paths, and no more than 3"));
        let target = format!(r#""links":[{{"path":"a","target":"{}","kind":"symbolic"}}]"#, "b".repeat(31));
        assert_eq!(refusal(&target), too_many("31 bytes in a path, and no more than 30"));
        let long = format!(
            r#""skipped":[{{"path":"a","reason":"limit","detail":"{}","conceals_packages":true}}]"#,
            "c".repeat(21)
        );
        assert_eq!(refusal(&long), too_many("21 bytes in a text, and no more than 20"));
        assert!(refusal(&" ".repeat(3000)).is_empty(), "white space is lost when the case is built");
        let padded = format!("{}{}", " ".repeat(2_000), json(""));
        assert!(matches!(
            LayerInventory::from_json(padded.as_bytes(), &SMALL),
            Err(InventoryError::TooMany { what: "bytes", .. })
        ));
    }

    #[test]
    fn words_with_control_characters_are_refused() {
        for name in ["a\\u001b[2J", "a\\n", "\\u0000", "\\u009b"] {
            assert!(refusal(&database(&[name])).contains("control character"), "{name}");
        }
    }

    #[test]
    fn paths_that_are_not_normalised_are_refused() {
        for path in ["/etc", "a//b", "a/", "a/./b", "../a", "a/../b", "."] {
            let refusal = refusal(&format!(r#""displacements":[{{"path":"{path}"}}]"#));
            assert!(refusal.contains("is not a normalised path"), "{path}: {refusal}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(LayerInventory::from_json(&bytes, &SMALL).is_err());
        }

        #[test]
        fn cut_short_it_is_refused(length in 0usize..200) {
            let text = json(&database(&["musl"]));
            prop_assert!(LayerInventory::from_json(text.get(..length).unwrap().as_bytes(), &SMALL).is_err());
        }
    }
}
