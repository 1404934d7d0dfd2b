//! Comparing texts, and lists of texts.

/// How two texts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Comparison {
    kind: Kind,
    ignores_case: bool,
    is_negated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Equals,
    StartsWith,
    Like,
}

/// How many values on each side have to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// At least one on the left to at least one on the right; the same as none written, where both are single.
    AnyOfAny,
    /// Each on the left to at least one on the right.
    AllOfAny,
    /// At least one on the left to each on the right.
    AnyOfAll,
    /// Each on the left to each on the right.
    AllOfAll,
}

impl Comparison {
    /// The operator of a name: `StringNotEqualsIgnoreCase`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("String")?;
        let (rest, ignores_case) = match rest.strip_suffix("IgnoreCase") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, is_negated) = match rest.strip_prefix("Not") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let kind = match rest {
            "Equals" => Kind::Equals,
            "StartsWith" => Kind::StartsWith,
            "Like" => Kind::Like,
            _ => return None,
        };
        Some(Self { kind, ignores_case, is_negated })
    }

    fn holds(self, left: &str, right: &str) -> bool {
        let folded = |text: &str| if self.ignores_case { text.to_lowercase() } else { text.to_owned() };
        let (left, right) = (folded(left), folded(right));
        let is = match self.kind {
            Kind::Equals => left == right,
            Kind::StartsWith => left.starts_with(&right),
            Kind::Like => is_like(&left, &right),
        };
        is != self.is_negated
    }
}

impl Quantifier {
    /// The quantifier of a name: `ForAnyOfAnyValues`.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "ForAnyOfAnyValues" => Some(Self::AnyOfAny),
            "ForAllOfAnyValues" => Some(Self::AllOfAny),
            "ForAnyOfAllValues" => Some(Self::AnyOfAll),
            "ForAllOfAllValues" => Some(Self::AllOfAll),
            _ => None,
        }
    }

    pub(super) fn holds(self, left: &[&str], right: &[&str], comparison: Comparison) -> bool {
        let any = |one: &str| right.iter().any(|other| comparison.holds(one, other));
        let all = |one: &str| right.iter().all(|other| comparison.holds(one, other));
        match self {
            Self::AnyOfAny => left.iter().any(|one| any(one)),
            Self::AllOfAny => left.iter().all(|one| any(one)),
            Self::AnyOfAll => left.iter().any(|one| all(one)),
            Self::AllOfAll => left.iter().all(|one| all(one)),
        }
    }
}

/// Whether a text is like a pattern: `*` is any text, `?` any character, and a backslash takes that from them.
fn is_like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let pattern = pieces(pattern);
    let (mut at, mut in_pattern) = (0, 0);
    // Where to go on after the last star: that star then swallows one character more.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = text.get(at) {
        match pattern.get(in_pattern) {
            Some(Piece::Many) => {
                in_pattern += 1;
                retry = Some((at, in_pattern));
            }
            Some(piece) if piece.takes(*c) => (at, in_pattern) = (at + 1, in_pattern + 1),
            Some(_) | None => match retry {
                Some((from, after_star)) => {
                    (at, in_pattern) = (from + 1, after_star);
                    retry = Some((from + 1, after_star));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(in_pattern).all(|piece| matches!(piece, Piece::Many))
}

#[derive(Debug, Clone, Copy)]
enum Piece {
    Many,
    One,
    This(char),
}

impl Piece {
    fn takes(self, c: char) -> bool {
        match self {
            Self::Many => false,
            Self::One => true,
            Self::This(own) => own == c,
        }
    }
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut letters = pattern.chars().peekable();
    while let Some(c) = letters.next() {
        pieces.push(match c {
            '*' => Piece::Many,
            '?' => Piece::One,
            '\\' => Piece::This(letters.next_if(|next| matches!(next, '*' | '?' | '\\')).unwrap_or('\\')),
            other => Piece::This(other),
        });
    }
    pieces
}
