//! Conditions of role assignments: a role that is given for some repositories alone.
//!
//! The language is version 2.0 of Azure's, as far as there is something here to ask about:
//! `ActionMatches{'...'}`, the attribute `Microsoft.ContainerRegistry/registries/repositories:name` of the request, the
//! operators on texts with their quantifiers, `Exists`, `AND`, `OR`, `!` and parentheses.
//! <https://learn.microsoft.com/azure/role-based-access-control/conditions-format>
//!
//! A condition is read when a role is given, and what could not be evaluated later is refused then.
//! Where an attribute has no value, whatever is said of it is neither true nor false, and a condition that is not true
//! grants nothing: `!(... StringEquals 'secret')` opens no request that names no repository.

mod lexer;
mod parser;
mod text;

use crate::{Action, ResourceId};
use std::fmt;
use std::str::FromStr;
use text::{Comparison, Quantifier};

/// The version of the language.
pub const CONDITION_VERSION: &str = "2.0";
/// As long as Azure allows.
const MAXIMUM_LENGTH: usize = 8 * 1024;

/// A condition that can be evaluated.
#[derive(Clone, PartialEq, Eq)]
pub struct Condition {
    text: String,
    root: Expression,
}

/// What a condition says. Depth and number of parts are bounded by the parser.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    /// All of these.
    All(Vec<Self>),
    /// Any of these.
    Any(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// The action is covered by a pattern.
    ActionMatches(String),
    /// The request names a repository.
    RepositoryExists,
    /// The values on the left compare to those on the right.
    Compare { left: Operand, quantifier: Quantifier, comparison: Comparison, right: Operand },
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    /// The name of the repository that the request is about.
    RepositoryName,
    /// Written in the condition.
    Values(Vec<String>),
}

/// Why a condition is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// It is too long.
    #[error("a condition may have at most {MAXIMUM_LENGTH} bytes")]
    TooLong,
    /// It is nested too deeply, or has too many parts.
    #[error("the condition is nested too deeply or has too many parts; divide it into several assignments")]
    TooComplex,
    /// Something else was expected at a place.
    #[error("at character {at} of the condition, {expected} is expected")]
    Unexpected {
        /// The place, counted from 1.
        at: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// An attribute that nothing here has.
    #[error(
        "the attribute {name:?} has no value here; only @Request[Microsoft.ContainerRegistry/registries/repositories:name] has one"
    )]
    Attribute {
        /// The attribute, shortened.
        name: String,
    },
    /// An operator or function that is not evaluated here.
    #[error(
        "{name:?} is not evaluated here; use StringEquals, StringStartsWith or StringLike, with Not and IgnoreCase as needed"
    )]
    Operator {
        /// Its name, shortened.
        name: String,
    },
    /// `AND` and `OR` side by side.
    #[error("at character {at} of the condition, parentheses are needed between AND and OR")]
    Mixed {
        /// The place, counted from 1.
        at: usize,
    },
}

impl Condition {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is true of an action at a scope. The scope of a repository says which repository is meant.
    pub fn allows(&self, action: Action, scope: &ResourceId) -> bool {
        let repository = repository(scope);
        self.root.evaluate(action, repository.as_deref()) == Some(true)
    }
}

/// The repository that a scope means: `.../registries/NAME/repositories/a:b` is `a/b`.
fn repository(scope: &ResourceId) -> Option<String> {
    let kind = scope.kind()?;
    let is_repository = kind.eq_ignore_ascii_case("Microsoft.ContainerRegistry/registries/repositories");
    is_repository.then(|| scope.name().unwrap_or_default().replace(':', "/"))
}

impl Expression {
    /// Three values: none where something without a value decides (Kleene's logic).
    fn evaluate(&self, action: Action, repository: Option<&str>) -> Option<bool> {
        match self {
            Self::All(parts) => decided(parts, false, action, repository),
            Self::Any(parts) => decided(parts, true, action, repository),
            Self::Not(part) => part.evaluate(action, repository).map(|is| !is),
            Self::ActionMatches(pattern) => Some(action.matches(pattern)),
            Self::RepositoryExists => Some(repository.is_some()),
            Self::Compare { left, quantifier, comparison, right } => {
                let (left, right) = (left.values(repository)?, right.values(repository)?);
                Some(quantifier.holds(&left, &right, *comparison))
            }
        }
    }
}

/// What the parts decide together, where one of this value decides alone. It does so wherever it stands, also behind
/// one that has no value.
fn decided(parts: &[Expression], alone: bool, action: Action, repository: Option<&str>) -> Option<bool> {
    let mut all_have_one = true;
    for part in parts {
        match part.evaluate(action, repository) {
            Some(value) if value == alone => return Some(alone),
            Some(_) => {}
            None => all_have_one = false,
        }
    }
    all_have_one.then_some(!alone)
}

impl Operand {
    fn values<'a>(&'a self, repository: Option<&'a str>) -> Option<Vec<&'a str>> {
        match self {
            Self::RepositoryName => repository.map(|name| vec![name]),
            Self::Values(values) => Some(values.iter().map(String::as_str).collect()),
        }
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        if text.len() > MAXIMUM_LENGTH {
            return Err(ConditionError::TooLong);
        }
        Ok(Self { text: text.to_owned(), root: parser::parse(text)? })
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests;
