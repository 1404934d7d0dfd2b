//! The lists of operators, sources, plugins and words between expressions: what the parser accepts, what a prompt
//! completes, what the manual shows.

/// Something that is written in a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    /// How it is written.
    pub(crate) syntax: &'static str,
    pub(crate) summary: &'static str,
    /// A query and the first column of its answer; a test runs it.
    pub(crate) example: (&'static str, &'static str),
}

const fn entry(
    name: &'static str,
    aliases: &'static [&'static str],
    syntax: &'static str,
    summary: &'static str,
    example: (&'static str, &'static str),
) -> Written {
    Written { name, aliases, syntax, summary, example }
}

/// Every operator behind a `|`.
pub(crate) const OPERATORS: &[Written] = &[
    entry(
        "where",
        &["filter"],
        "where CONDITION",
        "Keeps the rows that a condition holds for.",
        ("range x from 1 to 4 step 1 | where x > 2", "[3,4]"),
    ),
    entry(
        "project",
        &[],
        "project [NAME =] EXPRESSION, …",
        "Makes rows of the named columns only.",
        ("print a = 1, b = 2 | project c = a + b", "[3]"),
    ),
    entry(
        "project-away",
        &[],
        "project-away COLUMN, …",
        "Leaves columns out; `*` stands for any letters.",
        ("print ab = 1, ac = 2, b = 3 | project-away a*", "[3]"),
    ),
    entry(
        "project-keep",
        &[],
        "project-keep COLUMN, …",
        "Leaves out all other columns; `*` stands for any letters.",
        ("print a = 1, b = 2 | project-keep b", "[2]"),
    ),
    entry(
        "project-rename",
        &[],
        "project-rename NEW = OLD, …",
        "Gives columns other names.",
        ("print a = 1 | project-rename b = a | project b", "[1]"),
    ),
    entry(
        "project-reorder",
        &[],
        "project-reorder COLUMN [asc | desc], …",
        "Puts columns first.",
        ("print a = 1, b = 2 | project-reorder b", "[2]"),
    ),
    entry(
        "extend",
        &[],
        "extend [NAME =] EXPRESSION, …",
        "Adds columns, or replaces them.",
        ("print a = 1 | extend a = a + 1", "[2]"),
    ),
    entry(
        "distinct",
        &[],
        "distinct EXPRESSION, …",
        "Leaves out rows that are equal to an earlier one.",
        ("datatable(a:long)[1, 2, 1] | distinct a", "[1,2]"),
    ),
    entry("count", &[], "count [as NAME]", "Counts the rows.", ("range x from 1 to 4 step 1 | count", "[4]")),
    entry(
        "take",
        &["limit"],
        "take NUMBER",
        "Keeps so many rows.",
        ("range x from 1 to 4 step 1 | take 2", "[1,2]"),
    ),
    entry(
        "top",
        &[],
        "top NUMBER by EXPRESSION [asc | desc]",
        "Keeps the first rows of an order.",
        ("range x from 1 to 4 step 1 | top 2 by x", "[4,3]"),
    ),
    entry(
        "sort",
        &["order"],
        "sort by EXPRESSION [asc | desc] [nulls first | nulls last], …",
        "Orders the rows; descending unless said otherwise.",
        ("datatable(a:long)[2, 3, 1] | sort by a asc", "[1,2,3]"),
    ),
    entry(
        "summarize",
        &[],
        "summarize [NAME =] AGGREGATE, … [by EXPRESSION, …]",
        "Makes one row of each group of rows.",
        ("range x from 1 to 4 step 1 | summarize sum(x) by x % 2 | project sum_x", "[4,6]"),
    ),
    entry(
        "join",
        &[],
        "join [kind = KIND] (TABLE) on KEY, …",
        "Puts rows of two tables side by side where their keys are equal.",
        ("print a = 1 | join kind=inner (print a = 1, b = 2) on a | project b", "[2]"),
    ),
    entry(
        "lookup",
        &[],
        "lookup [kind = leftouter | inner] (TABLE) on KEY, …",
        "Adds the columns of a second table without repeating its keys.",
        ("print a = 1 | lookup (print a = 1, b = 2) on a | project b", "[2]"),
    ),
    entry(
        "union",
        &[],
        "union [kind = inner | outer] [withsource = NAME] TABLE, …",
        "Puts the rows of tables one below the other.",
        ("print a = 1 | union (print a = 2)", "[1,2]"),
    ),
    entry(
        "mv-expand",
        &["mvexpand"],
        "mv-expand [kind = bag | array] [with_itemindex = NAME] COLUMN [to typeof(KIND)], … [limit NUMBER]",
        "Makes a row of each element of an array or a bag.",
        ("print a = dynamic([1, 2]) | mv-expand a to typeof(long)", "[1,2]"),
    ),
    entry(
        "mv-apply",
        &["mvapply"],
        "mv-apply [with_itemindex = NAME] COLUMN [to typeof(KIND)], … [limit NUMBER] on (OPERATORS)",
        "Runs operators over the elements of each row's array.",
        (
            "print a = dynamic([1, 2]) | mv-apply e = a to typeof(long) on (summarize s = sum(e)) | project s",
            "[3]",
        ),
    ),
    entry(
        "parse",
        &[],
        "parse [kind = simple | regex | relaxed] TEXT with PATTERN",
        "Cuts a string into columns.",
        ("print t = 'id=7;' | parse t with 'id=' i:long ';' | project i", "[7]"),
    ),
    entry(
        "parse-where",
        &[],
        "parse-where [kind = simple | regex | relaxed] TEXT with PATTERN",
        "Cuts a string into columns and leaves out rows that the pattern does not fit.",
        ("datatable(t:string)['a1', 'b2'] | parse-where t with 'a' n:long | project n", "[1]"),
    ),
    entry(
        "parse-kv",
        &[],
        "parse-kv TEXT as (NAME:KIND, …) [with (pair_delimiter = TEXT, kv_delimiter = TEXT, quote = TEXT, escape = TEXT, greedy = BOOL | regex = TEXT)]",
        "Makes columns of the names and values in a string.",
        (
            "print t = 'a=1,b=x' | parse-kv t as (a:long) with (pair_delimiter=',', kv_delimiter='=') | project a",
            "[1]",
        ),
    ),
    entry(
        "evaluate",
        &[],
        "evaluate PLUGIN(…) [: (NAME:KIND, …)]",
        "Turns bags into columns, values into columns, or columns into rows.",
        ("print d = dynamic({'a':1}) | evaluate bag_unpack(d)", "[1]"),
    ),
    entry(
        "top-nested",
        &[],
        "top-nested [NUMBER] of EXPRESSION [with others = LITERAL] by AGGREGATE [asc | desc], top-nested …",
        "Keeps the best values of one key, of each of those the best of the next key, and so on.",
        ("datatable(a:string, n:long)['x', 1, 'y', 5, 'x', 2] | top-nested 1 of a by sum(n)", "[\"y\"]"),
    ),
    entry(
        "make-series",
        &[],
        "make-series [NAME =] AGGREGATE [default = LITERAL], … on AXIS [from START] [to END] step STEP [by EXPRESSION, …]",
        "Puts groups along an axis into one array for each value.",
        ("datatable(t:long)[1, 1, 4] | make-series count() on t from 0 to 6 step 2", "[[2,0,1]]"),
    ),
    entry(
        "top-hitters",
        &[],
        "top-hitters NUMBER of EXPRESSION [by EXPRESSION]",
        "Keeps the values that are most frequent, or whose sum is the largest, exactly.",
        ("datatable(a:string)['x', 'y', 'x'] | top-hitters 1 of a", "[\"x\"]"),
    ),
    entry(
        "partition",
        &[],
        "partition by COLUMN (OPERATORS)",
        "Runs operators over the rows of each value of a column.",
        ("datatable(a:long, n:long)[1, 5, 2, 6, 1, 9] | partition by a (top 1 by n | project n)", "[9,6]"),
    ),
    entry(
        "sample",
        &[],
        "sample NUMBER",
        "Keeps so many rows by chance.",
        ("range x from 1 to 4 step 1 | sample 9 | count", "[4]"),
    ),
    entry(
        "sample-distinct",
        &[],
        "sample-distinct NUMBER of COLUMN",
        "Keeps so many different values.",
        ("datatable(a:long)[1, 1, 2] | sample-distinct 9 of a | count", "[2]"),
    ),
    entry(
        "serialize",
        &[],
        "serialize [NAME =] EXPRESSION, …",
        "Adds columns like `extend`; rows keep their order anyway.",
        ("range x from 5 to 6 step 1 | serialize n = row_number() | project n", "[1,2]"),
    ),
    entry(
        "search",
        &[],
        "search [kind = case_sensitive] TEXT | COLUMN:TEXT | CONDITION",
        "Keeps the rows in which any column has a text.",
        ("datatable(a:string)['red fox', 'dog'] | search 'fox' | project a", "[\"red fox\"]"),
    ),
    entry(
        "invoke",
        &[],
        "invoke FUNCTION(…)",
        "Calls a function of `let` with the rows as its first argument.",
        ("let f = (T:(x:long), n:long) { T | where x > n }; range x from 1 to 3 step 1 | invoke f(2)", "[3]"),
    ),
    entry(
        "getschema",
        &[],
        "getschema",
        "Makes a row of each column: its name and kind.",
        ("print a = 1 | getschema | project ColumnType", "[\"long\"]"),
    ),
    entry(
        "assert-schema",
        &[],
        "assert-schema (NAME:KIND, …)",
        "Refuses the query if the columns are not these.",
        ("print a = 1 | assert-schema (a:long)", "[1]"),
    ),
    entry(
        "as",
        &[],
        "as NAME",
        "Names the rows, for the operators behind it.",
        ("print a = 1 | as T | union T", "[1,1]"),
    ),
    entry(
        "render",
        &[],
        "render CHART [with (…)]",
        "Tells a client how to draw; the rows stay as they are.",
        ("print a = 1 | render piechart", "[1]"),
    ),
    entry(
        "consume",
        &[],
        "consume",
        "Is accepted for scripts that measure; the rows stay as they are.",
        ("print a = 1 | consume", "[1]"),
    ),
];

/// What a query begins with, besides the name of a table.
pub(crate) const SOURCES: &[Written] = &[
    entry("print", &[], "print [NAME =] EXPRESSION, …", "Makes one row.", ("print a = 1 + 1", "[2]")),
    entry(
        "range",
        &[],
        "range NAME from START to END step STEP",
        "Makes a row of each value from one to another.",
        ("range x from 1 to 7 step 3", "[1,4,7]"),
    ),
    entry(
        "datatable",
        &[],
        "datatable (NAME:KIND, …) [LITERAL, …]",
        "Makes rows of literals.",
        ("datatable (a:long, b:string) [1, 'x', 2, 'y']", "[1,2]"),
    ),
    entry(
        "union",
        &[],
        "union [kind = inner | outer] [withsource = NAME] TABLE, …",
        "Puts the rows of tables one below the other; `*` in a name stands for any letters.",
        ("union (print a = 1), (print a = 2)", "[1,2]"),
    ),
    entry(
        "search",
        &[],
        "search [kind = case_sensitive] [in (TABLE, …)] TEXT | CONDITION",
        "Looks for a text in all columns of tables.",
        ("let T = print a = 'red fox'; search in (T) 'fox' | project a", "[\"red fox\"]"),
    ),
    entry(
        "find",
        &[],
        "find [withsource = NAME] [in (TABLE, …)] where CONDITION [project COLUMN, … [, pack_all()]]",
        "Looks for rows in tables, and puts what they do not have in common into a bag.",
        ("let T = print a = 1; find in (T) where a == 1 | project a", "[1]"),
    ),
    entry(
        "let",
        &[],
        "let NAME = EXPRESSION | TABLE | (PARAMETER:KIND [= DEFAULT], …) { … };",
        "Names a value, a table or a function for what comes behind it.",
        ("let f = (x:long, y:long = 2) { x * y }; print f(4)", "[8]"),
    ),
    entry(
        "declare",
        &[],
        "declare query_parameters (NAME:KIND = DEFAULT, …);",
        "Names values that have a default.",
        ("declare query_parameters (n:long = 3); print n", "[3]"),
    ),
    entry(
        "set",
        &[],
        "set NAME [= VALUE];",
        "Is accepted for scripts that set options of another server.",
        ("set notruncation; print 1", "[1]"),
    ),
];

/// Every plugin of `evaluate`.
pub(crate) const PLUGINS: &[Written] = &[
    entry(
        "bag_unpack",
        &[],
        "bag_unpack(COLUMN [, PREFIX] [, columnsConflict = TEXT] [, ignoredProperties = ARRAY])",
        "A column of each name in the bags of a column.",
        ("print d = dynamic({'a':1}) | evaluate bag_unpack(d, 'p_') | project p_a", "[1]"),
    ),
    entry(
        "narrow",
        &[],
        "narrow()",
        "A row of each column of each row.",
        ("print a = 1, b = 2 | evaluate narrow() | project Value", "[\"1\",\"2\"]"),
    ),
    entry(
        "pivot",
        &[],
        "pivot(COLUMN [, AGGREGATE] [, COLUMN, …])",
        "A column of each value of a column, filled by an aggregate.",
        ("datatable(a:string, n:long)['x', 1, 'x', 2] | evaluate pivot(a, sum(n))", "[3]"),
    ),
];

/// Words and signs between expressions.
pub(crate) const COMPARISONS: &[Written] = &[
    entry(
        "==",
        &[],
        "LEFT == RIGHT",
        "Whether two values are equal; null is equal to nothing.",
        ("print 1 == 1.0", "[true]"),
    ),
    entry("!=", &["<>"], "LEFT != RIGHT", "Whether two values differ.", ("print 'a' != 'A'", "[true]")),
    entry(
        "=~",
        &[],
        "LEFT =~ RIGHT",
        "Whether two texts are equal without regard to case.",
        ("print 'a' =~ 'A'", "[true]"),
    ),
    entry(
        "!~",
        &[],
        "LEFT !~ RIGHT",
        "Whether two texts differ without regard to case.",
        ("print 'a' !~ 'A'", "[false]"),
    ),
    entry(
        "<",
        &[],
        "LEFT < RIGHT",
        "Whether a value is less than another; also `<=`, `>`, `>=`.",
        ("print 1h < 1d", "[true]"),
    ),
    entry(
        "+",
        &[],
        "LEFT + RIGHT",
        "The sum of numbers, or of a time and a span; also `-`, `*`, `/`, `%`.",
        ("print datetime(2020-01-01) + 1d", "[\"2020-01-02T00:00:00.0000000Z\"]"),
    ),
    entry("and", &[], "LEFT and RIGHT", "Whether both conditions hold.", ("print true and false", "[false]")),
    entry(
        "or",
        &[],
        "LEFT or RIGHT",
        "Whether one of two conditions holds.",
        ("print true or false", "[true]"),
    ),
    entry(
        "between",
        &["!between"],
        "VALUE between (FROM .. TO)",
        "Whether a value lies between two others, both included.",
        ("print 2 between (1 .. 2)", "[true]"),
    ),
    entry(
        "in",
        &["!in", "in~", "!in~"],
        "VALUE in (VALUE, … | TABLE)",
        "Whether a value is one of several; with `~` without regard to case.",
        ("print 'A' in~ ('a', 'b')", "[true]"),
    ),
    entry(
        "has_any",
        &[],
        "TEXT has_any (VALUE, …)",
        "Whether a text has one of several terms.",
        ("print 'red fox' has_any ('dog', 'fox')", "[true]"),
    ),
    entry(
        "has_all",
        &[],
        "TEXT has_all (VALUE, …)",
        "Whether a text has all of several terms.",
        ("print 'red fox' has_all ('fox', 'red')", "[true]"),
    ),
    entry(
        "matches regex",
        &[],
        "TEXT matches regex PATTERN",
        "Whether a regular expression finds something in a text, in linear time.",
        ("print 'abc' matches regex 'b.'", "[true]"),
    ),
    entry(
        "contains",
        &["!contains", "contains_cs", "!contains_cs"],
        "TEXT contains TEXT",
        "Whether a text has another one in it; `_cs` minds the case of letters.",
        ("print 'Größe' contains 'röß'", "[true]"),
    ),
    entry(
        "has",
        &["!has", "has_cs", "!has_cs"],
        "TEXT has TERM",
        "Whether a text has a whole term: letters and digits with something else around them.",
        ("print 'a-core.c' has 'core'", "[true]"),
    ),
    entry(
        "hasprefix",
        &["!hasprefix", "hasprefix_cs", "!hasprefix_cs"],
        "TEXT hasprefix TEXT",
        "Whether a term of a text begins so.",
        ("print 'North America' hasprefix 'ame'", "[true]"),
    ),
    entry(
        "hassuffix",
        &["!hassuffix", "hassuffix_cs", "!hassuffix_cs"],
        "TEXT hassuffix TEXT",
        "Whether a term of a text ends so.",
        ("print 'North America' hassuffix 'rth'", "[true]"),
    ),
    entry(
        "startswith",
        &["!startswith", "startswith_cs", "!startswith_cs"],
        "TEXT startswith TEXT",
        "Whether a text begins so.",
        ("print 'abc' startswith 'A'", "[true]"),
    ),
    entry(
        "endswith",
        &["!endswith", "endswith_cs", "!endswith_cs"],
        "TEXT endswith TEXT",
        "Whether a text ends so.",
        ("print 'abc' endswith_cs 'C'", "[false]"),
    ),
];

/// The operator of a name or another spelling of it.
pub(crate) fn operator_named(word: &str) -> Option<&'static Written> {
    OPERATORS.iter().find(|operator| operator.name == word || operator.aliases.contains(&word))
}
