//! From the text of a condition to its words.

use super::ConditionError;

/// One word, and where it begins: the number of the character, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: TokenKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// `(`, `)`, `{`, `}`, `,`, `!` or `:`.
    Sign(char),
    /// Letters, digits and underlines.
    Word(String),
    /// A text between single quotes.
    Text(String),
    /// `@SOURCE[NAME]`.
    Attribute { source: String, name: String },
}

/// More words than this are more than anybody writes by hand.
const MAXIMUM_TOKENS: usize = 2000;

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ConditionError> {
    let letters: Vec<char> = text.chars().collect();
    let mut reader = Reader { letters: &letters, at: 0 };
    let mut found = Vec::new();
    while let Some(token) = reader.next()? {
        found.push(token);
        if found.len() > MAXIMUM_TOKENS {
            return Err(ConditionError::TooComplex);
        }
    }
    Ok(found)
}

struct Reader<'a> {
    letters: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek().filter(|c| belongs(*c)) {
            taken.push(c);
            self.at += 1;
        }
        taken
    }

    fn unexpected(&self, expected: &'static str) -> ConditionError {
        ConditionError::Unexpected { at: self.at + 1, expected }
    }

    fn next(&mut self) -> Result<Option<Token>, ConditionError> {
        self.take_while(char::is_whitespace);
        let at = self.at + 1;
        let Some(first) = self.peek() else { return Ok(None) };
        let kind = match first {
            '(' | ')' | '{' | '}' | ',' | '!' | ':' => {
                self.at += 1;
                TokenKind::Sign(first)
            }
            '&' | '|' => self.doubled(first)?,
            '\'' => TokenKind::Text(self.text()?),
            '@' => self.attribute()?,
            c if is_word(c) => TokenKind::Word(self.take_while(is_word)),
            _ => return Err(self.unexpected("a function, an attribute, a text in single quotes or a sign")),
        };
        Ok(Some(Token { at, kind }))
    }

    /// `&&` is `AND`, and `||` is `OR`.
    fn doubled(&mut self, sign: char) -> Result<TokenKind, ConditionError> {
        self.at += 1;
        if self.peek() != Some(sign) {
            return Err(self.unexpected("&& or ||"));
        }
        self.at += 1;
        Ok(TokenKind::Word(if sign == '&' { "AND" } else { "OR" }.to_owned()))
    }

    fn text(&mut self) -> Result<String, ConditionError> {
        self.at += 1;
        let text = self.take_while(|c| c != '\'');
        if self.peek().is_none() {
            return Err(self.unexpected("the quote that ends a text"));
        }
        self.at += 1;
        Ok(text)
    }

    fn attribute(&mut self) -> Result<TokenKind, ConditionError> {
        self.at += 1;
        let source = self.take_while(is_word);
        if self.peek() != Some('[') {
            return Err(self.unexpected("an attribute such as @Request[...]"));
        }
        self.at += 1;
        let name = self.take_while(|c| c != ']');
        if self.peek().is_none() {
            return Err(self.unexpected("the bracket that ends the name of an attribute"));
        }
        self.at += 1;
        Ok(TokenKind::Attribute { source, name })
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
