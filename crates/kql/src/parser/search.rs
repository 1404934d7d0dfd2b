//! `search` and `find`: a text looked for in tables.

use super::{Parsed, Parser};
use crate::syntax::{Expression, Find, Name, Origin, Pipeline};
use crate::value::Kind;

impl Parser {
    /// Options of `search`; says whether the case of letters matters.
    pub(super) fn search_options(&mut self) -> Parsed<bool> {
        let options = self.options()?;
        Ok(options.iter().any(|(name, value)| &*name.text == "kind" && &*value.text == "case_sensitive"))
    }

    /// What is searched for; `column:text` is a condition there.
    pub(super) fn search_term(&mut self) -> Parsed<Expression> {
        let outer = std::mem::replace(&mut self.searching, true);
        let term = self.expression();
        self.searching = outer;
        term
    }

    /// `in (T, U*)`, if it is there.
    fn searched(&mut self) -> Parsed<Vec<Pipeline>> {
        if !self.take_word("in") {
            return Ok(Vec::new());
        }
        self.expect_sign("(")?;
        let tables = self.list(Self::leg)?;
        self.expect_sign(")")?;
        Ok(tables)
    }

    pub(super) fn search(&mut self) -> Parsed<Origin> {
        let case_sensitive = self.search_options()?;
        let tables = self.searched()?;
        Ok(Origin::Search { tables, case_sensitive, term: self.search_term()? })
    }

    pub(super) fn find(&mut self) -> Parsed<Origin> {
        let options = self.options()?;
        let source_column = options.into_iter().find(|(name, _)| &*name.text == "withsource");
        let tables = self.searched()?;
        self.take_word("where");
        let term = self.search_term()?;
        let (mut columns, mut pack) = (None, false);
        // `project-smart` is what happens anyway.
        let smart = self.is_word("project") && self.is_ahead_word(2, "smart");
        if smart {
            (0..3).for_each(|_| self.advance());
        } else if self.take_word("project") {
            let mut wanted = Vec::new();
            self.list(|parser| {
                let packs = parser.is_word("pack_all") || parser.is_word("pack");
                let called = packs && *parser.ahead(1) == crate::lexer::TokenKind::Sign("(");
                if called {
                    parser.expression()?;
                    pack = true;
                    return Ok(());
                }
                wanted.push(parser.found_column()?);
                Ok(())
            })?;
            columns = Some(wanted);
        }
        let source_column = source_column.map(|(_, value)| value);
        Ok(Origin::Find(Box::new(Find { source_column, tables, term, columns, pack })))
    }

    fn found_column(&mut self) -> Parsed<(Name, Option<Kind>)> {
        let name = self.name()?;
        let kind = if self.take_sign(":") { Some(self.kind()?) } else { None };
        Ok((name, kind))
    }

    fn is_ahead_word(&self, distance: usize, word: &str) -> bool {
        matches!(self.ahead(distance), crate::lexer::TokenKind::Name(name) if &**name == word)
    }
}
