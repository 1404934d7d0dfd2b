//! The string operators: `contains`, `has`, `startswith` and their kin.
//!
//! `has` looks for a whole *term*: a run of letters and digits, so that `has 'core'` finds `mscorlib.core` and not
//! `score`. Without `_cs` the case of letters is ignored; for ASCII, which is nearly all of it, nothing is copied.

/// A string operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TextOperator {
    pub(crate) search: Search,
    pub(crate) case_sensitive: bool,
    pub(crate) negated: bool,
}

/// Where the text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Search {
    Contains,
    StartsWith,
    EndsWith,
    Has,
    HasPrefix,
    HasSuffix,
}

impl TextOperator {
    /// The operator of a word, with its `_cs` and without its `!`.
    pub(crate) fn from_word(word: &str, negated: bool) -> Option<Self> {
        let (stem, case_sensitive) = match word.strip_suffix("_cs") {
            Some(stem) => (stem, true),
            None if word == "containscs" => ("contains", true),
            None => (word, false),
        };
        let search = match stem {
            "contains" => Search::Contains,
            "startswith" => Search::StartsWith,
            "endswith" => Search::EndsWith,
            "has" => Search::Has,
            "hasprefix" => Search::HasPrefix,
            "hassuffix" => Search::HasSuffix,
            _ => return None,
        };
        Some(Self { search, case_sensitive, negated })
    }

    /// Whether it holds.
    pub(crate) fn holds(self, text: &str, wanted: &str) -> bool {
        let found = if self.case_sensitive {
            search(self.search, text, wanted)
        } else if text.is_ascii() && wanted.is_ascii() {
            search_ascii(self.search, text.as_bytes(), wanted.as_bytes())
        } else {
            search(self.search, &text.to_lowercase(), &wanted.to_lowercase())
        };
        found != self.negated
    }
}

fn search(how: Search, text: &str, wanted: &str) -> bool {
    match how {
        Search::Contains => text.contains(wanted),
        Search::StartsWith => text.starts_with(wanted),
        Search::EndsWith => text.ends_with(wanted),
        Search::Has | Search::HasPrefix | Search::HasSuffix => {
            if wanted.is_empty() {
                return true;
            }
            text.match_indices(wanted).any(|(at, _)| {
                let before = text.get(..at).and_then(|before| before.chars().next_back());
                let after = text.get(at + wanted.len()..).and_then(|after| after.chars().next());
                let wanted_first = wanted.chars().next().is_some_and(char::is_alphanumeric);
                let wanted_last = wanted.chars().next_back().is_some_and(char::is_alphanumeric);
                bounded(
                    how,
                    wanted_first && before.is_some_and(char::is_alphanumeric),
                    wanted_last && after.is_some_and(char::is_alphanumeric),
                )
            })
        }
    }
}

/// Whether a find that is in the middle of a term, to the left or to the right, is one.
fn bounded(how: Search, inside_left: bool, inside_right: bool) -> bool {
    match how {
        Search::Has => !inside_left && !inside_right,
        Search::HasPrefix => !inside_left,
        Search::HasSuffix => !inside_right,
        Search::Contains | Search::StartsWith | Search::EndsWith => true,
    }
}

fn search_ascii(how: Search, text: &[u8], wanted: &[u8]) -> bool {
    let Some(room) = text.len().checked_sub(wanted.len()) else { return false };
    let at = |start: usize| {
        text.get(start..start + wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted))
    };
    match how {
        Search::StartsWith => at(0),
        Search::EndsWith => at(room),
        Search::Contains | Search::Has | Search::HasPrefix | Search::HasSuffix => {
            let Some((first, last)) = wanted.first().zip(wanted.last()) else { return true };
            let (small, large) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
            let term = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
            text.get(..=room).unwrap_or_default().iter().enumerate().any(|(start, byte)| {
                (*byte == small || *byte == large)
                    && at(start)
                    && bounded(
                        how,
                        first.is_ascii_alphanumeric() && start > 0 && term(text.get(start - 1)),
                        last.is_ascii_alphanumeric() && term(text.get(start + wanted.len())),
                    )
            })
        }
    }
}

/// Whether two strings are equal when the case of letters is ignored.
pub(crate) fn equal_ignoring_case(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
        || ((!left.is_ascii() || !right.is_ascii()) && left.to_lowercase() == right.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_find_what_they_say() {
        for (text, word, wanted, found) in [
            ("North America", "contains", "ERIC", true),
            ("North America", "contains_cs", "ERIC", false),
            ("North America", "has", "america", true),
            ("North America", "has", "ameri", false),
            ("North America", "hasprefix", "ameri", true),
            ("North America", "hassuffix", "RICA", true),
            ("North America", "hassuffix_cs", "RICA", false),
            ("a/b-core.c", "has", "core", true),
            ("a/score", "has", "core", false),
            ("Größe", "contains", "GRÖSSE", false),
            ("GRÖẞE", "startswith", "grö", true),
            ("abc", "endswith", "BC", true),
            ("abc", "has", "", true),
            ("x", "contains", "long text", false),
        ] {
            let operator = TextOperator::from_word(word, false).unwrap();
            assert_eq!(operator.holds(text, wanted), found, "{text} {word} {wanted}");
        }
    }
}
