//! From the words of a condition to what it says.
//!
//! Words of the language have no case. `AND` and `OR` side by side need parentheses, as at Azure, since nobody should
//! have to know which of them binds tighter.

use super::lexer::{Token, TokenKind, tokens};
use super::text::{Comparison, Quantifier};
use super::{ConditionError, Expression, Operand};

/// Deeper than any condition that a person reads.
const MAXIMUM_DEPTH: usize = 24;
/// Each is evaluated with every request.
const MAXIMUM_PARTS: usize = 200;
/// What a name in an error is shortened to.
const SHOWN: usize = 120;

const REPOSITORY_NAME: &str = "Microsoft.ContainerRegistry/registries/repositories:name";
/// A repository's name is told by Azure with the request; what is read of it later is the same here.
const SOURCES: [&str; 2] = ["Request", "Resource"];

pub(super) fn parse(text: &str) -> Result<Expression, ConditionError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, parts: 0, end: text.chars().count() + 1 };
    let root = parser.expression(0)?;
    match parser.peek() {
        None => Ok(root),
        Some(_) => Err(parser.unexpected("the end, AND or OR")),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    parts: usize,
    end: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |token| token.at)
    }

    fn unexpected(&self, expected: &'static str) -> ConditionError {
        ConditionError::Unexpected { at: self.place(), expected }
    }

    fn is_sign(&self, sign: char) -> bool {
        matches!(self.peek(), Some(TokenKind::Sign(found)) if *found == sign)
    }

    fn take_sign(&mut self, sign: char) -> bool {
        let is = self.is_sign(sign);
        self.at += usize::from(is);
        is
    }

    fn expect_sign(&mut self, sign: char, expected: &'static str) -> Result<(), ConditionError> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Word(found)) if found.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    fn expression(&mut self, depth: usize) -> Result<Expression, ConditionError> {
        let first = self.term(depth)?;
        let (word, other) = match () {
            () if self.is_word("AND") => ("AND", "OR"),
            () if self.is_word("OR") => ("OR", "AND"),
            () => return Ok(first),
        };
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(self.term(depth)?);
        }
        if self.is_word(other) {
            return Err(ConditionError::Mixed { at: self.place() });
        }
        Ok(if word == "AND" { Expression::All(parts) } else { Expression::Any(parts) })
    }

    fn term(&mut self, depth: usize) -> Result<Expression, ConditionError> {
        self.parts += 1;
        if depth > MAXIMUM_DEPTH || self.parts > MAXIMUM_PARTS {
            return Err(ConditionError::TooComplex);
        }
        if self.take_sign('!') || self.take_word("NOT") {
            return Ok(Expression::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.take_sign('(') {
            let inside = self.expression(depth + 1)?;
            self.expect_sign(')', "a closing parenthesis, AND or OR")?;
            return Ok(inside);
        }
        if self.take_word("ActionMatches") {
            return Ok(Expression::ActionMatches(self.pattern()?));
        }
        if self.take_word("Exists") {
            return match self.operand()? {
                Operand::RepositoryName => Ok(Expression::RepositoryExists),
                Operand::Values(_) => Err(self.unexpected("an attribute behind Exists")),
            };
        }
        self.comparison()
    }

    /// `{'...'}`: one text.
    fn pattern(&mut self) -> Result<String, ConditionError> {
        let expected =
            "an action in braces and quotes, such as {'Microsoft.ContainerRegistry/registries/pull/read'}";
        self.expect_sign('{', expected)?;
        let Some(TokenKind::Text(pattern)) = self.peek().cloned() else {
            return Err(self.unexpected(expected));
        };
        self.at += 1;
        self.expect_sign('}', "a closing brace")?;
        Ok(pattern)
    }

    fn comparison(&mut self) -> Result<Expression, ConditionError> {
        let left = self.operand()?;
        let Some(TokenKind::Word(word)) = self.peek().cloned() else {
            return Err(self.unexpected("an operator such as StringEquals"));
        };
        self.at += 1;
        let unknown = |name: &str| ConditionError::Operator { name: name.chars().take(SHOWN).collect() };
        let (quantifier, word) = if self.take_sign(':') {
            let quantifier = Quantifier::named(&word).ok_or_else(|| unknown(&word))?;
            let Some(TokenKind::Word(word)) = self.peek().cloned() else {
                return Err(self.unexpected("an operator such as StringEquals"));
            };
            self.at += 1;
            (Some(quantifier), word)
        } else {
            (None, word)
        };
        let comparison = Comparison::named(&word).ok_or_else(|| unknown(&word))?;
        let before_right = self.at;
        let right = self.operand()?;
        let is_list = |operand: &Operand| matches!(operand, Operand::Values(values) if values.len() != 1);
        if quantifier.is_none() && (is_list(&left) || is_list(&right)) {
            self.at = before_right;
            return Err(
                self.unexpected("one value, or a quantifier such as ForAnyOfAnyValues: before the operator")
            );
        }
        let quantifier = quantifier.unwrap_or(Quantifier::AnyOfAny);
        Ok(Expression::Compare { left, quantifier, comparison, right })
    }

    fn operand(&mut self) -> Result<Operand, ConditionError> {
        let expected = "ActionMatches, Exists, an attribute, or a text in single quotes";
        match self.peek().cloned() {
            Some(TokenKind::Text(text)) => {
                self.at += 1;
                Ok(Operand::Values(vec![text]))
            }
            Some(TokenKind::Attribute { source, name }) => {
                let is_known = SOURCES.iter().any(|known| known.eq_ignore_ascii_case(&source))
                    && name.trim().eq_ignore_ascii_case(REPOSITORY_NAME);
                if !is_known {
                    let name = format!("@{source}[{name}]").chars().take(SHOWN).collect();
                    return Err(ConditionError::Attribute { name });
                }
                self.at += 1;
                Ok(Operand::RepositoryName)
            }
            Some(TokenKind::Sign('{')) => self.list(),
            Some(TokenKind::Word(name)) if self.is_call() => {
                Err(ConditionError::Operator { name: name.chars().take(SHOWN).collect() })
            }
            Some(TokenKind::Sign(_) | TokenKind::Word(_)) | None => Err(self.unexpected(expected)),
        }
    }

    /// Whether a function with a brace stands here, of which only `ActionMatches` is known.
    fn is_call(&self) -> bool {
        matches!(self.tokens.get(self.at + 1).map(|token| &token.kind), Some(TokenKind::Sign('{')))
    }

    fn list(&mut self) -> Result<Operand, ConditionError> {
        self.at += 1;
        let mut values = Vec::new();
        loop {
            let Some(TokenKind::Text(text)) = self.peek().cloned() else {
                return Err(self.unexpected("a text in single quotes"));
            };
            self.at += 1;
            values.push(text);
            if values.len() > MAXIMUM_PARTS {
                return Err(ConditionError::TooComplex);
            }
            if self.take_sign('}') {
                return Ok(Operand::Values(values));
            }
            self.expect_sign(',', "a comma or a closing brace")?;
        }
    }
}
