//! JSON that says one thing only.
//!
//! Two readers of one document may disagree: one takes the first of two equal keys and another the last; Go's decoder
//! takes `Layers` for `layers`, and even `layerſ`. A manifest that means an image to the scanner and an index to the
//! runtime is the type confusion of CVE-2021-41190. So a document is walked once before it is read, and refused when
//! any object has a key twice, twice but for case, or a known key in another spelling.
//!
//! Objects whose keys are free text, such as annotations, may hold keys that differ in case: no reader folds those.
//! The walk keeps the keys of the open objects and nothing else, and the depth is limited by the parser (128).

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// More keys than any real object has, and few enough to keep the walk small.
const MAXIMUM_KEYS: usize = 10_000;

/// What the walk knows about a kind of document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vocabulary {
    /// Keys that mean something, in the only spelling that is accepted.
    pub(crate) known: &'static [&'static str],
    /// Keys whose object is a map of free text.
    pub(crate) free: &'static [&'static str],
}

/// Walks a document and refuses an ambiguous one.
pub(crate) fn refuse_ambiguity(bytes: &[u8], vocabulary: Vocabulary) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Walk { vocabulary, is_free: false }.deserialize(&mut deserializer)?;
    deserializer.end()
}

#[derive(Clone, Copy)]
struct Walk {
    vocabulary: Vocabulary,
    is_free: bool,
}

impl Walk {
    /// The form under which a key must be unique.
    fn identity(&self, key: &str) -> String {
        if self.is_free { key.to_owned() } else { fold(key) }
    }

    fn refuse_misspelling<E: Error>(&self, key: &str, identity: &str) -> Result<(), E> {
        let known = self.vocabulary.known.iter().find(|known| fold(known) == identity);
        match known {
            Some(known) if *known != key && !self.is_free => {
                Err(E::custom(format_args!("the key `{}` must be written `{known}`", shown(key))))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Folds a key as Go's decoder does: to lower case, with the two letters beyond ASCII that fold into it.
fn fold(key: &str) -> String {
    key.chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'ſ' => 's',
            'K' => 'k',
            _ => c,
        })
        .collect()
}

/// A hostile key, fit to stand in a message.
fn shown(key: &str) -> String {
    key.escape_debug().take(64).collect()
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let element = Self { is_free: false, ..self };
        while sequence.next_element_seed(element)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let identity = self.identity(&key);
            self.refuse_misspelling(&key, &identity)?;
            if !keys.insert(identity) {
                return Err(A::Error::custom(format_args!(
                    "the key `{}` stands twice in one object",
                    shown(&key)
                )));
            }
            if keys.len() > MAXIMUM_KEYS {
                return Err(A::Error::custom(format_args!("an object has more than {MAXIMUM_KEYS} keys")));
            }
            let is_free = self.vocabulary.free.contains(&key.as_str());
            map.next_value_seed(Self { is_free, ..self })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOCABULARY: Vocabulary =
        Vocabulary { known: &["layers", "os.version", "kind"], free: &["annotations"] };

    fn refusal(text: &str) -> Option<String> {
        refuse_ambiguity(text.as_bytes(), VOCABULARY).err().map(|error| error.to_string())
    }

    #[test]
    fn unambiguous_documents_pass() {
        for text in [
            "{}",
            "[1, -1, 1.5, 1e9, 123456789012345678901234567890, null, true, \"x\"]",
            r#"{"layers":[{"a":1},{"a":1}],"annotations":{"A":"1","a":"2","Layers":"3"}}"#,
        ] {
            assert_eq!(refusal(text), None, "{text}");
        }
    }

    #[test]
    fn keys_that_two_readers_read_differently_are_refused() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"A":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":[{"a":1,"a":2}]}"#,
            r#"{"annotations":{"a":"1","a":"2"}}"#,
            r#"{"annotations":{"x":{"a":1,"A":2}}}"#,
            r#"{"Layers":1}"#,
            r#"{"layerſ":1}"#,
            r#"{"Kind":1}"#,
            r#"{"x":{"OS.version":1}}"#,
        ] {
            assert!(refusal(text).is_some(), "{text}");
        }
    }

    #[test]
    fn broken_deep_and_wide_documents_are_refused() {
        assert!(refusal("{} {}").is_some());
        assert!(refusal("").is_some());
        assert!(refusal(&"[".repeat(1_000_000)).is_some());
        let wide: Vec<String> = (0..=MAXIMUM_KEYS).map(|n| format!("\"{n}\":0")).collect();
        assert!(refusal(&format!("{{{}}}", wide.join(","))).is_some());
    }
}
