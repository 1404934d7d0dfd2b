//! The tree of a query, as it is written and before any name has a meaning.

use crate::diagnostic::Span;
use crate::value::{Kind, Value};
use std::sync::Arc;

/// A name and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Name {
    pub(crate) text: Arc<str>,
    pub(crate) span: Span,
}

/// A whole query: definitions, then what is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pub(crate) definitions: Vec<Definition>,
    pub(crate) pipeline: Option<Pipeline>,
}

/// `let name = …`
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub(crate) name: Name,
    pub(crate) body: Arc<Body>,
}

/// What a `let` gives a name to.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// A scalar or a table; which one, the binder knows.
    Pipeline(Pipeline),
    /// `(a: long, T: (*)) { … }`
    Function { parameters: Vec<Parameter>, definitions: Vec<Definition>, pipeline: Pipeline },
}

/// A parameter of a function.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    /// The kind of a scalar; nothing for a table.
    pub(crate) kind: Option<Kind>,
    pub(crate) default: Option<Expression>,
}

/// A source and the operators behind it.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) span: Span,
    pub(crate) source: Origin,
    pub(crate) operators: Vec<Operator>,
}

/// Where the rows of a pipeline come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// Nothing was named: the catalog's default table, or the rows that `mv-apply` hands in.
    Default,
    /// A table, a function call, or a scalar expression of a `let`.
    Expression(Expression),
    /// `( pipeline )`
    Nested(Box<Pipeline>),
    /// `datatable (a: long) [1, 2]`
    Datatable { columns: Vec<(Name, Kind)>, values: Vec<Expression> },
    /// `print a = 1`
    Print(Vec<Assignment>),
    /// `range x from a to b step c`
    Range { name: Name, from: Expression, to: Expression, step: Expression },
    /// `union …` without an input
    Union(Box<Union>),
    /// `search in (T) 'x'`
    Search { tables: Vec<Pipeline>, case_sensitive: bool, term: Expression },
    /// `find in (T) where …`
    Find(Box<Find>),
}

/// An operator and its place.
#[derive(Debug, Clone)]
pub(crate) struct Operator {
    pub(crate) span: Span,
    pub(crate) kind: OperatorKind,
}

/// `a, b = expression` or an expression alone.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    pub(crate) names: Vec<Name>,
    pub(crate) value: Expression,
}

/// `a desc nulls last`
#[derive(Debug, Clone)]
pub(crate) struct SortKey {
    pub(crate) value: Assignment,
    pub(crate) ascending: bool,
    pub(crate) nulls_first: bool,
}

/// A column of `project-away` and its like; `*` stands for any letters.
#[derive(Debug, Clone)]
pub(crate) struct ColumnPattern {
    pub(crate) name: Name,
    pub(crate) order: Option<bool>,
}

/// `find withsource=s in (T) where a == 1 project a, pack_all()`
#[derive(Debug, Clone)]
pub(crate) struct Find {
    pub(crate) source_column: Option<Name>,
    pub(crate) tables: Vec<Pipeline>,
    pub(crate) term: Expression,
    /// The columns that are wanted; nothing for those that the term names, and those of all tables.
    pub(crate) columns: Option<Vec<(Name, Option<Kind>)>>,
    /// Whether what is not wanted comes as a bag.
    pub(crate) pack: bool,
}

/// One level of `top-nested`.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) count: Option<Expression>,
    pub(crate) key: Assignment,
    pub(crate) others: Option<Expression>,
    pub(crate) by: SortKey,
}

/// `make-series count() default = 0 on t from a to b step 1d by k`
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) values: Vec<SeriesValue>,
    pub(crate) axis: Assignment,
    pub(crate) from: Option<Expression>,
    pub(crate) to: Option<Expression>,
    pub(crate) step: Expression,
    pub(crate) by: Vec<Assignment>,
    /// Whether there is a series even where there are no rows.
    pub(crate) fills_nothing: bool,
}

/// One value of `make-series`.
#[derive(Debug, Clone)]
pub(crate) struct SeriesValue {
    pub(crate) value: Assignment,
    pub(crate) default: Option<Expression>,
}

/// How `parse-kv` reads its text.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyValueForm {
    pub(crate) pair: Option<Arc<str>>,
    pub(crate) between: Option<Arc<str>>,
    pub(crate) quotes: Vec<Arc<str>>,
    pub(crate) escapes: Vec<Arc<str>>,
    pub(crate) greedy: bool,
    pub(crate) regex: Option<(Arc<str>, Span)>,
}

/// How rows of two tables find each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinKind {
    InnerUnique,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    RightSemi,
    LeftAnti,
    RightAnti,
}

/// `union kind=outer withsource=x a, b`
#[derive(Debug, Clone)]
pub(crate) struct Union {
    pub(crate) inner: bool,
    /// Whether tables that are not there are left out.
    pub(crate) fuzzy: bool,
    pub(crate) source_column: Option<Name>,
    pub(crate) legs: Vec<Pipeline>,
}

/// `mv-expand` and `mv-apply`
#[derive(Debug, Clone)]
pub(crate) struct Expansion {
    pub(crate) columns: Vec<(Assignment, Option<Kind>)>,
    pub(crate) index: Option<Name>,
    pub(crate) as_arrays: bool,
    pub(crate) limit: Option<Expression>,
}

/// `: (*, a: long)` behind a plugin.
#[derive(Debug, Clone)]
pub(crate) struct OutputSchema {
    /// The columns of the input come first.
    pub(crate) all: bool,
    pub(crate) columns: Vec<(Name, Kind)>,
}

/// How `parse` reads its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParseKind {
    Simple,
    Regex,
    Relaxed,
}

/// A part of the pattern of `parse`.
#[derive(Debug, Clone)]
pub(crate) enum ParsePart {
    Star(Span),
    Text(Arc<str>, Span),
    Column(Name, Option<Kind>),
}

/// What an operator is.
#[derive(Debug, Clone)]
pub(crate) enum OperatorKind {
    Where(Expression),
    Project(Vec<Assignment>),
    ProjectAway(Vec<ColumnPattern>),
    ProjectKeep(Vec<ColumnPattern>),
    ProjectReorder(Vec<ColumnPattern>),
    ProjectRename(Vec<Assignment>),
    Extend(Vec<Assignment>),
    Serialize(Vec<Assignment>),
    Distinct(Vec<Assignment>),
    Count(Option<Name>),
    Take(Expression),
    Top(Expression, Vec<SortKey>),
    Sort(Vec<SortKey>),
    Summarize {
        values: Vec<Assignment>,
        by: Vec<Assignment>,
    },
    Join {
        kind: JoinKind,
        lookup: bool,
        right: Box<Pipeline>,
        on: Vec<Expression>,
    },
    Union(Box<Union>),
    Expand(Expansion),
    Apply(Expansion, Box<Pipeline>),
    Parse {
        kind: ParseKind,
        flags: Arc<str>,
        filter: bool,
        value: Expression,
        parts: Vec<ParsePart>,
    },
    Evaluate {
        plugin: Name,
        arguments: Vec<Assignment>,
        schema: Option<OutputSchema>,
    },
    Sample(Expression),
    SampleDistinct(Expression, Assignment),
    Search {
        case_sensitive: bool,
        term: Expression,
    },
    Invoke(Expression),
    GetSchema,
    TopNested(Vec<Level>),
    MakeSeries(Box<Series>),
    TopHitters {
        count: Expression,
        of: Assignment,
        by: Option<Expression>,
    },
    Partition {
        by: Expression,
        body: Box<Pipeline>,
    },
    ParseKv {
        value: Expression,
        columns: Vec<(Name, Kind)>,
        form: KeyValueForm,
    },
    AssertSchema(Vec<(Name, Kind)>),
    As(Name),
    /// `render`, `consume`: nothing for the rows.
    Nothing,
}

/// A sign or word between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    EqualIgnoringCase,
    NotEqualIgnoringCase,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    /// `contains`, `has` and the rest of them.
    Text(crate::text::TextOperator),
    MatchesRegex,
}

/// An expression, its place, and how deep it is.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    pub(crate) span: Span,
    pub(crate) depth: usize,
    pub(crate) kind: ExpressionKind,
}

/// What an expression is.
#[derive(Debug, Clone)]
pub(crate) enum ExpressionKind {
    Name(Arc<str>),
    Literal(Value, Kind),
    /// `typeof(long)`
    Type(Kind),
    /// `*`
    Star,
    /// `a.b`, `a['b']`
    Member(Box<Expression>, Arc<str>),
    /// `a[0]`
    Index(Box<Expression>, Box<Expression>),
    Negate(Box<Expression>),
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// `x in (…)`
    In {
        needle: Box<Expression>,
        ignore_case: bool,
        negated: bool,
        values: Vec<Expression>,
    },
    /// `x has_any (…)`, `x has_all (…)`
    Has {
        needle: Box<Expression>,
        all: bool,
        values: Vec<Expression>,
    },
    Between {
        value: Box<Expression>,
        negated: bool,
        from: Box<Expression>,
        to: Box<Expression>,
    },
    Call {
        name: Name,
        arguments: Vec<Assignment>,
    },
    /// `toscalar(pipeline)`, `in (pipeline)`
    Table(Box<Pipeline>),
}
