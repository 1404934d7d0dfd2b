//! Patterns in which `*` stands for any text: matched in time that grows with the text alone, and without case.
//!
//! There is no regular expression here: a pattern is written by people who know names, and must not be able to make
//! a comparison slow (attack B8).

/// A pattern in which `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern of this text.
    pub fn new(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    /// Whether it says nothing: empty, or stars alone.
    pub fn is_anything(&self) -> bool {
        self.0.chars().all(|letter| letter == '*')
    }

    /// Whether it covers the whole text.
    pub fn covers(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let (text, pattern) = (text.as_bytes(), self.0.as_bytes());
        let (mut at, mut in_pattern) = (0, 0);
        // Where to go on after the last star: that star then swallows one byte more.
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            if pattern.get(in_pattern) == Some(&b'*') {
                in_pattern += 1;
                retry = Some((at, in_pattern));
            } else if pattern.get(in_pattern) == text.get(at) {
                (at, in_pattern) = (at + 1, in_pattern + 1);
            } else if let Some((from, after_star)) = retry {
                (at, in_pattern) = (from + 1, after_star);
                retry = Some((from + 1, after_star));
            } else {
                return false;
            }
        }
        pattern[in_pattern..].iter().all(|byte| *byte == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("team/*", "team/app", true),
            ("team/*", "Team/a/b", true),
            ("team/*", "teams/app", false),
            ("*app", "team/app", true),
            ("*a*b*", "xaxbx", true),
            ("*a*b*", "xbxa", false),
            ("app", "app", true),
            ("app", "apps", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(Pattern::new(pattern).covers(text), expected, "{pattern} {text}");
        }
        assert!(Pattern::new("**").is_anything());
        assert!(!Pattern::new("*a").is_anything());
    }

    proptest! {
        #[test]
        fn a_pattern_covers_what_it_was_made_of(text in "[a-z/*]{0,12}", more in "[a-z*]{0,6}") {
            prop_assert!(Pattern::new(&text).covers(&text.replace('*', &more)));
        }
    }
}
