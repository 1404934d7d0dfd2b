//! From tokens to the tree: a parser by hand, with precedence climbing for expressions.
//!
//! It is total. A fault in one operator is reported with what was expected there, the parser goes on behind the next
//! `|` of the same level, and so one run finds more than the first fault. Nesting is bounded, because every level of it
//! is a level of the stack, here and in everything that walks the tree afterwards.

mod expression;
mod hierarchy;
mod operator;
mod search;
mod series;
mod source;

pub(crate) use operator::literal_count;

use crate::context::Limits;
use crate::diagnostic::{DiagnosticCode, Fault, Span};
use crate::lexer::{Token, TokenKind, tokens};
use crate::syntax::{Name, Query};
use std::sync::Arc;

/// The way out of a rule that cannot go on; the fault itself is already written down.
#[derive(Debug)]
pub(crate) struct Stop;

/// The result of a rule.
pub(crate) type Parsed<T> = Result<T, Stop>;

/// A fault is not repeated more often than this.
const FAULTS: usize = 20;

/// The tree of a query and everything that is wrong with its text.
pub(crate) fn parse(query: &str, limits: &Limits) -> (Query, Vec<Fault>) {
    if query.len() > limits.query_bytes {
        let message = format!("the query has {} bytes; {} are allowed", query.len(), limits.query_bytes);
        return (Query::default(), vec![Fault::new(DiagnosticCode::Limit, Span::default(), message)]);
    }
    let mut parser = Parser {
        tokens: tokens(query),
        at: 0,
        faults: Vec::new(),
        depth: 0,
        limit: limits.depth,
        searching: false,
    };
    let tree = parser.query();
    (tree, parser.faults)
}

pub(crate) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    faults: Vec<Fault>,
    depth: usize,
    limit: usize,
    /// Inside `search`, where `column:text` is a condition.
    searching: bool,
}

impl Parser {
    fn token(&self) -> &Token {
        const END: &Token =
            &Token { kind: TokenKind::End, span: Span { start: usize::MAX, end: usize::MAX } };
        self.tokens.get(self.at).or_else(|| self.tokens.last()).unwrap_or(END)
    }

    fn ahead(&self, distance: usize) -> &TokenKind {
        self.tokens.get(self.at + distance).map_or(&TokenKind::End, |token| &token.kind)
    }

    fn span(&self) -> Span {
        self.token().span
    }

    /// The place of the token before this one.
    fn last_span(&self) -> Span {
        self.at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map_or_else(Span::default, |token| token.span)
    }

    fn advance(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    fn at_end(&self) -> bool {
        self.token().kind == TokenKind::End
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.token().kind == TokenKind::Sign(self::sign(sign))
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        if found {
            self.advance();
        }
        found
    }

    fn expect_sign(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { self.stop(&[&format!("`{sign}`")]) }
    }

    /// The name at this place, if there is one.
    fn word(&self) -> Option<&str> {
        if let TokenKind::Name(name) = &self.token().kind { Some(name) } else { None }
    }

    fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { self.stop(&[&format!("`{word}`")]) }
    }

    /// Writes down that this token is not what was expected.
    fn stop<T>(&mut self, expected: &[&str]) -> Parsed<T> {
        let token = self.token().clone();
        let (message, expected) = match &token.kind {
            TokenKind::Broken(reason) => (reason.clone(), &[][..]),
            TokenKind::End => ("the query ends too early".to_owned(), expected),
            TokenKind::Name(name) => (format!("`{name}` cannot stand here"), expected),
            TokenKind::Sign(sign) => (format!("`{sign}` cannot stand here"), expected),
            TokenKind::Text(_) => ("a string cannot stand here".to_owned(), expected),
            TokenKind::Literal(..) => ("a literal cannot stand here".to_owned(), expected),
        };
        let mut fault = Fault::new(DiagnosticCode::Syntax, token.span, message);
        fault.expected = expected.iter().map(|text| (*text).to_owned()).collect();
        if token.kind == TokenKind::Sign("=") {
            // Nobody who writes a condition so means anything else.
            fault.suggestion = Some("==".to_owned());
        }
        self.fault(fault);
        Err(Stop)
    }

    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS {
            self.faults.push(fault);
        }
    }

    /// Goes one level deeper, if that is allowed.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= self.limit {
            return self.too_deep();
        }
        self.depth += 1;
        let result = rule(self);
        self.depth -= 1;
        result
    }

    fn too_deep<T>(&mut self) -> Parsed<T> {
        let message = format!("the query is nested more than {} deep", self.limit);
        self.fault(Fault::new(DiagnosticCode::Limit, self.span(), message));
        // There is no use in going on behind this.
        self.at = self.tokens.len().saturating_sub(1);
        Err(Stop)
    }

    /// A name: bare, or in brackets and quotes.
    fn name(&mut self) -> Parsed<Name> {
        let span = self.span();
        if let TokenKind::Name(name) = &self.token().kind {
            let text = name.clone();
            self.advance();
            return Ok(Name { text, span });
        }
        if self.is_sign("[")
            && let (TokenKind::Text(text), TokenKind::Sign("]")) = (self.ahead(1), self.ahead(2))
        {
            let text: Arc<str> = text.clone();
            self.at += 2;
            let span = span.to(self.span());
            self.advance();
            return Ok(Name { text, span });
        }
        self.stop(&["a name"])
    }

    /// Whether a name begins here and a sign follows it.
    fn name_then(&self, sign: &str) -> bool {
        let sign = TokenKind::Sign(self::sign(sign));
        match &self.token().kind {
            TokenKind::Name(_) => *self.ahead(1) == sign,
            TokenKind::Sign("[") => {
                matches!((self.ahead(1), self.ahead(2)), (TokenKind::Text(_), TokenKind::Sign("]")))
                    && *self.ahead(3) == sign
            }
            TokenKind::Sign(_)
            | TokenKind::Text(_)
            | TokenKind::Literal(..)
            | TokenKind::Broken(_)
            | TokenKind::End => false,
        }
    }

    /// One or more, with commas between.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take_sign(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Goes on behind the next `|`, or before the `)` or `;` that ends this pipeline.
    fn recover(&mut self) -> bool {
        let mut open = 0usize;
        while !self.at_end() {
            match self.token().kind {
                TokenKind::Sign("(" | "[" | "{") => open += 1,
                TokenKind::Sign(")" | "]" | "}" | ";") if open == 0 => return false,
                TokenKind::Sign(")" | "]" | "}") => open -= 1,
                TokenKind::Sign("|") if open == 0 => return true,
                TokenKind::Sign(_)
                | TokenKind::Name(_)
                | TokenKind::Text(_)
                | TokenKind::Literal(..)
                | TokenKind::Broken(_)
                | TokenKind::End => {}
            }
            self.advance();
        }
        false
    }
}

/// A sign as the lexer spells it; the comparison needs its lifetime.
fn sign(text: &str) -> &'static str {
    crate::lexer::SIGNS.iter().find(|sign| **sign == text).copied().unwrap_or("")
}

#[cfg(test)]
mod tests;
