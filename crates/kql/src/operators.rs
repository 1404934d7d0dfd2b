//! The list of operators: what the parser accepts behind a `|`, what a prompt completes, what the manual shows.

/// An operator of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorEntry {
    /// Its name.
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    /// How it is written.
    pub syntax: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
}

const fn entry(
    name: &'static str,
    aliases: &'static [&'static str],
    syntax: &'static str,
    summary: &'static str,
) -> OperatorEntry {
    OperatorEntry { name, aliases, syntax, summary }
}

/// Every operator.
pub const OPERATORS: &[OperatorEntry] = &[
    entry("where", &["filter"], "where CONDITION", "Keeps the rows that a condition holds for."),
    entry("project", &[], "project [NAME =] EXPRESSION, …", "Makes rows of the named columns only."),
    entry("project-away", &[], "project-away COLUMN, …", "Leaves columns out; `*` stands for any letters."),
    entry("project-keep", &[], "project-keep COLUMN, …", "Leaves out all other columns."),
    entry("project-rename", &[], "project-rename NEW = OLD, …", "Gives columns other names."),
    entry("project-reorder", &[], "project-reorder COLUMN [asc | desc], …", "Puts columns first."),
    entry("extend", &[], "extend [NAME =] EXPRESSION, …", "Adds columns, or replaces them."),
    entry("distinct", &[], "distinct EXPRESSION, …", "Leaves out rows that are equal to an earlier one."),
    entry("count", &[], "count [as NAME]", "Counts the rows."),
    entry("take", &["limit"], "take NUMBER", "Keeps so many rows."),
    entry("top", &[], "top NUMBER by EXPRESSION [asc | desc], …", "Keeps the first rows of an order."),
    entry(
        "sort",
        &["order"],
        "sort by EXPRESSION [asc | desc] [nulls first | nulls last], …",
        "Orders the rows; descending unless said otherwise.",
    ),
    entry(
        "summarize",
        &[],
        "summarize [NAME =] AGGREGATE, … [by EXPRESSION, …]",
        "Makes one row of each group of rows.",
    ),
    entry(
        "join",
        &[],
        "join [kind = KIND] (TABLE) on KEY, …",
        "Puts rows of two tables side by side where their keys are equal.",
    ),
    entry(
        "lookup",
        &[],
        "lookup [kind = leftouter | inner] (TABLE) on KEY, …",
        "Adds the columns of a second table without repeating its keys.",
    ),
    entry(
        "union",
        &[],
        "union [kind = inner | outer] [withsource = NAME] TABLE, …",
        "Puts the rows of tables one below the other.",
    ),
    entry(
        "mv-expand",
        &["mvexpand"],
        "mv-expand [with_itemindex = NAME] COLUMN [to typeof(KIND)], … [limit N]",
        "Makes a row of each element of an array or a bag.",
    ),
    entry(
        "mv-apply",
        &["mvapply"],
        "mv-apply COLUMN, … on (OPERATORS)",
        "Runs operators over the elements of each row's array.",
    ),
    entry(
        "parse",
        &[],
        "parse [kind = simple | regex | relaxed] TEXT with PATTERN",
        "Cuts a string into columns.",
    ),
    entry(
        "parse-where",
        &[],
        "parse-where [kind = …] TEXT with PATTERN",
        "Cuts a string into columns and leaves out rows that the pattern does not fit.",
    ),
    entry(
        "evaluate",
        &[],
        "evaluate bag_unpack(COLUMN) | pivot(COLUMN, …) | narrow()",
        "Turns bags into columns, values into columns, or columns into rows.",
    ),
    entry("sample", &[], "sample NUMBER", "Keeps so many rows by chance."),
    entry("sample-distinct", &[], "sample-distinct NUMBER of COLUMN", "Keeps so many different values."),
    entry(
        "serialize",
        &[],
        "serialize [NAME =] EXPRESSION, …",
        "Adds columns like `extend`; rows keep their order anyway.",
    ),
    entry("search", &[], "search TEXT | CONDITION", "Keeps the rows in which any column has a text."),
    entry(
        "invoke",
        &[],
        "invoke FUNCTION(…)",
        "Calls a function of `let` with the rows as its first argument.",
    ),
    entry("getschema", &[], "getschema", "Makes a row of each column: its name and kind."),
    entry("as", &[], "as NAME", "Names the rows for a reader."),
    entry("render", &[], "render CHART", "Tells a client how to draw; the rows stay as they are."),
    entry("consume", &[], "consume", "Is accepted for scripts that measure."),
];

/// The operator of a name or another spelling of it.
pub(crate) fn operator_named(word: &str) -> Option<&'static OperatorEntry> {
    OPERATORS.iter().find(|operator| operator.name == word || operator.aliases.contains(&word))
}
