//! The surroundings of one evaluation: limits, the present, chance, and the wish to stop.
//!
//! The crate reads no clock and no randomness. The caller hands in the present and a seed; the same query over the same
//! rows then has the same answer, which is what lets a page be read again.

use crate::value::Value;
use regex::{Regex, RegexBuilder};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// How much a query may be and use. Reaching a limit is an error that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the query text.
    pub query_bytes: usize,
    /// Nesting of expressions and of pipelines inside pipelines.
    pub depth: usize,
    /// Operators in all pipelines of a query, after functions are put in their place.
    pub operators: usize,
    /// Expressions of a query, after functions are put in their place.
    pub expressions: usize,
    /// Rows read from the source.
    pub rows_scanned: u64,
    /// Rows made by any operator, so that a join or an expansion does not grow without end.
    pub rows_produced: u64,
    /// Bytes held at once by sorts, joins, groups and results.
    pub memory_bytes: usize,
    /// Bytes of one string or one dynamic value.
    pub value_bytes: usize,
    /// Bytes of a compiled regular expression.
    pub regex_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            query_bytes: 256 * 1024,
            depth: 96,
            operators: 256,
            expressions: 50_000,
            rows_scanned: 100_000_000,
            rows_produced: 200_000_000,
            memory_bytes: 512 << 20,
            value_bytes: 1 << 20,
            regex_bytes: 1 << 20,
        }
    }
}

/// What an evaluation is given besides rows.
pub struct Environment<'a> {
    /// The present, in ticks since 1970 of one nanosecond; the language counts in hundreds of them.
    pub now_unix_nanoseconds: i128,
    /// Where chance begins.
    pub seed: u64,
    /// Asked now and then; the query stops when it says true. A deadline and a client that left both end here.
    pub interrupt: &'a dyn Fn() -> bool,
}

/// Why an evaluation ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// The interrupt said so.
    #[error("the query was stopped before it was done")]
    Interrupted,
    /// More rows of tables were read than the budget has.
    #[error("the query reads more than {limit} rows; narrow it with `where`")]
    TooManyRowsScanned {
        /// The budget.
        limit: u64,
    },
    /// The operators made more rows than the budget has.
    #[error("the query produces more than {limit} rows on its way; narrow its joins and expansions")]
    TooManyRowsProduced {
        /// The budget.
        limit: u64,
    },
    /// Sorts, joins and groups hold more than the budget has.
    #[error("the query needs more than {limit} bytes of memory in `{operator}`; narrow it or group by less")]
    TooMuchMemory {
        /// The budget.
        limit: usize,
        /// The operator that asked for more.
        operator: &'static str,
    },
    /// One value grew too large.
    #[error("a value grew beyond {limit} bytes in `{function}`")]
    ValueTooLarge {
        /// The limit.
        limit: usize,
        /// The function that made it.
        function: &'static str,
    },
    /// A regular expression made of data is not one.
    #[error("`{pattern}` is not a regular expression: {reason}")]
    Pattern {
        /// The text.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An operator cannot go on with what it was given.
    #[error("`{operator}`: {reason}")]
    Operator {
        /// The operator.
        operator: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// What could be bound only after a part of the query had run is wrong.
    #[error("the query is wrong: {}", .0.first().map_or_else(String::new, ToString::to_string))]
    Query(Vec<crate::Diagnostic>),
    /// The source failed.
    #[error("the table cannot be read")]
    Source(#[source] crate::SourceError),
}

/// Compiled expressions that are kept; a query with more patterns than this in its data compiles some anew.
const PATTERNS_KEPT: usize = 64;

/// The state of one evaluation.
pub(crate) struct Context<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) now: i64,
    interrupt: &'a dyn Fn() -> bool,
    fault: RefCell<Option<EvaluationError>>,
    faulty: Cell<bool>,
    rows_since: Cell<u32>,
    unfolds: Cell<bool>,
    scanned: Cell<u64>,
    produced: Cell<u64>,
    held: Cell<usize>,
    fresh: Cell<usize>,
    chance: Cell<u64>,
    patterns: RefCell<HashMap<Arc<str>, Option<Regex>>>,
    /// By pattern and stem, whether no name makes the one match the other.
    stems: RefCell<HashMap<(String, String), bool>>,
    /// The last answer of a test about a text: rows that stand together share it.
    last_stem: RefCell<Option<(Arc<str>, usize, Value)>>,
    pub(crate) scalars: RefCell<Vec<Value>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(limits: &'a Limits, environment: &Environment<'a>) -> Self {
        let since_1970 = i64::try_from(environment.now_unix_nanoseconds.div_euclid(100)).unwrap_or(0);
        Self {
            limits,
            now: crate::time::in_range(crate::time::UNIX_EPOCH.saturating_add(since_1970))
                .unwrap_or(crate::time::UNIX_EPOCH),
            interrupt: environment.interrupt,
            fault: RefCell::new(None),
            faulty: Cell::new(false),
            rows_since: Cell::new(0),
            unfolds: Cell::new(false),
            scanned: Cell::new(0),
            produced: Cell::new(0),
            held: Cell::new(0),
            fresh: Cell::new(0),
            chance: Cell::new(environment.seed),
            patterns: RefCell::new(HashMap::new()),
            stems: RefCell::new(HashMap::new()),
            last_stem: RefCell::new(None),
            scalars: RefCell::new(Vec::new()),
        }
    }

    /// Remembers the first thing that went wrong inside an expression, which has no other way to say it.
    pub(crate) fn fail(&self, error: EvaluationError) {
        if !self.faulty.replace(true) {
            *self.fault.borrow_mut() = Some(error);
        }
    }

    /// Whether a loop over rows has to end: something went wrong, or the caller wishes it. Asked once for each row, it
    /// asks the caller once for every few, because a row may be cheap or may be a megabyte of text.
    pub(crate) fn stop(&self) -> bool {
        const ROWS: u32 = 32;
        if self.faulty.get() {
            return true;
        }
        let rows = self.rows_since.get() + 1;
        self.rows_since.set(rows % ROWS);
        if rows == ROWS && (self.interrupt)() {
            self.fail(EvaluationError::Interrupted);
        }
        self.faulty.get()
    }

    /// Remembers that folded rows do not say enough; the value does not matter, since the step starts anew.
    pub(crate) fn unfold(&self) -> Value {
        self.unfolds.set(true);
        Value::Null
    }

    /// Whether folded rows did not say enough; asking forgets it.
    pub(crate) fn take_unfold(&self) -> bool {
        self.unfolds.replace(false)
    }

    /// The answer of a test about a text, made once for rows that share the text. The number tells tests apart.
    pub(crate) fn shared(&self, text: &Value, test: usize, answer: impl FnOnce(&str) -> Value) -> Value {
        let Value::String(text) = text else { return self.unfold() };
        if let Some((last, of, value)) = &*self.last_stem.borrow()
            && *of == test
            && Arc::ptr_eq(last, text)
        {
            return value.clone();
        }
        let value = answer(text);
        *self.last_stem.borrow_mut() = Some((text.clone(), test, value.clone()));
        value
    }

    /// Whether a pattern matches no text that is this stem and a name. Stems are few, and asked for again and again.
    pub(crate) fn never_matches(&self, pattern: &str, stem: &str) -> bool {
        let key = (pattern.to_owned(), stem.to_owned());
        if let Some(known) = self.stems.borrow().get(&key) {
            return *known;
        }
        let never = crate::stem::never_matches(pattern, stem);
        let mut stems = self.stems.borrow_mut();
        if stems.len() >= PATTERNS_KEPT {
            stems.clear();
        }
        stems.insert(key, never);
        never
    }

    /// What went wrong in an expression, or the wish of the caller to stop.
    pub(crate) fn check(&self) -> Result<(), EvaluationError> {
        self.fresh.set(0);
        if self.faulty.get() {
            let fault = self.fault.borrow_mut().take();
            return Err(fault.unwrap_or(EvaluationError::Interrupted));
        }
        if (self.interrupt)() { Err(EvaluationError::Interrupted) } else { Ok(()) }
    }

    pub(crate) fn scanned(&self, rows: usize) -> Result<(), EvaluationError> {
        self.scanned.set(self.scanned.get().saturating_add(rows as u64));
        let limit = self.limits.rows_scanned;
        if self.scanned.get() > limit { Err(EvaluationError::TooManyRowsScanned { limit }) } else { Ok(()) }
    }

    pub(crate) fn rows_scanned(&self) -> u64 {
        self.scanned.get()
    }

    pub(crate) fn produced(&self, rows: usize) -> Result<(), EvaluationError> {
        self.produced.set(self.produced.get().saturating_add(rows as u64));
        let limit = self.limits.rows_produced;
        if self.produced.get() > limit { Err(EvaluationError::TooManyRowsProduced { limit }) } else { Ok(()) }
    }

    /// Counts bytes that an operator holds on to.
    pub(crate) fn hold(&self, bytes: usize, operator: &'static str) -> Result<(), EvaluationError> {
        self.held.set(self.held.get().saturating_add(bytes));
        let limit = self.limits.memory_bytes;
        if self.held.get() > limit { Err(EvaluationError::TooMuchMemory { limit, operator }) } else { Ok(()) }
    }

    /// Counts bytes that an operator has let go.
    pub(crate) fn release(&self, bytes: usize) {
        self.held.set(self.held.get().saturating_sub(bytes));
    }

    /// Counts a value that a function made: one may not be too large, and those of one batch not too many.
    pub(crate) fn made(&self, value: Value, function: &'static str) -> Value {
        let bytes = match &value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.len() * size_of::<Value>(),
            Value::Bag(bag) => bag.len() * 64,
            Value::Null
            | Value::Bool(_)
            | Value::Long(_)
            | Value::Real(_)
            | Value::Datetime(_)
            | Value::Timespan(_)
            | Value::Guid(_) => return value,
        };
        let limit = self.limits.value_bytes;
        if bytes > limit.saturating_mul(if value.as_str().is_some() { 1 } else { 16 }) {
            self.fail(EvaluationError::ValueTooLarge { limit, function });
            return Value::Null;
        }
        self.fresh.set(self.fresh.get().saturating_add(bytes));
        if self.fresh.get() > self.limits.memory_bytes {
            self.fail(EvaluationError::TooMuchMemory { limit: self.limits.memory_bytes, operator: function });
            return Value::Null;
        }
        value
    }

    /// A value that is too large to be made at all.
    pub(crate) fn too_large(&self, function: &'static str) -> Value {
        self.fail(EvaluationError::ValueTooLarge { limit: self.limits.value_bytes, function });
        Value::Null
    }

    /// The next number of chance (splitmix64, which is enough where nobody plays against it).
    pub(crate) fn random(&self) -> u64 {
        let state = self.chance.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.chance.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, and without, 1.
    pub(crate) fn random_fraction(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let numerator = (self.random() >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// A compiled regular expression; one that is none ends the query with its name.
    pub(crate) fn pattern(&self, pattern: &str) -> Option<Regex> {
        if let Some(known) = self.patterns.borrow().get(pattern) {
            return known.clone();
        }
        let compiled = match compile_pattern(pattern, self.limits.regex_bytes) {
            Ok(regex) => Some(regex),
            Err(reason) => {
                self.fail(EvaluationError::Pattern { pattern: pattern.to_owned(), reason });
                None
            }
        };
        let mut patterns = self.patterns.borrow_mut();
        if patterns.len() >= PATTERNS_KEPT {
            patterns.clear();
        }
        patterns.insert(Arc::from(pattern), compiled.clone());
        compiled
    }
}

/// Compiles a regular expression of bounded size; matching is linear in the text.
pub(crate) fn compile_pattern(pattern: &str, bytes: usize) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(bytes).dfa_size_limit(bytes).nest_limit(100).build().map_err(
        |error| {
            let text = error.to_string();
            text.lines().last().unwrap_or("it is not valid").trim_start_matches("error: ").to_owned()
        },
    )
}
