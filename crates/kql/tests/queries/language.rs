//! Operators, errors, budgets and rubbish, through the front door.

use crate::estate::check;
use expect_test::expect;
use kql::{Environment, EvaluationError, Limits, NoTables, compile, parse};
use proptest::prelude::*;

const T: &str = "let T = datatable(a:long, b:string, d:dynamic)[3,'x',dynamic({'k':[1,2]}), 1,'y',dynamic({'k':[3]}), long(null),'x',dynamic(null)]; T";

macro_rules! cases {
    ($($name:ident: $query:literal => $expected:expr;)*) => {
        $(#[test] fn $name() { check(&format!("{T} {}", $query), $expected); })*
    };
}

cases! {
    where_keeps_what_holds: "| where a > 1 or b == 'y' | project a" => expect![[r#"
        a:long
        3
        1
    "#]];
    nulls_are_last_when_descending: "| sort by a | project a" => expect![[r#"
        a:long
        3
        1
        null
    "#]];
    nulls_are_first_when_ascending: "| sort by a asc | project a" => expect![[r#"
        a:long
        null
        1
        3
    "#]];
    columns_get_names: "| project d.k[0], strlen(b), a + 1, tostring(d.k)" => expect![[r#"
        d_k_0:dynamic | strlen_b:long | Column1:long | d_k:string
        1 | 1 | 4 | "[1,2]"
        3 | 1 | 2 | "[3]"
        null | 1 | null | ""
    "#]];
    summarize_names_and_groups: "| summarize count(), sum(a), dcount(b), make_list(a), round(avg(a), 1), arg_max(a, *) by b" => expect![[r#"
        b:string | count_:long | sum_a:long | dcount_b:long | list_a:dynamic | avg_a:real | a:long | d:dynamic
        "x" | 2 | 3 | 1 | [3] | 3.0 | 3 | {"k":[1,2]}
        "y" | 1 | 1 | 1 | [1] | 1.0 | 1 | {"k":[3]}
    "#]];
    top_takes_the_first: "| top 1 by a | project a" => expect![[r#"
        a:long
        3
    "#]];
    distinct_leaves_out: "| distinct b" => expect![[r#"
        b:string
        "x"
        "y"
    "#]];
    an_array_becomes_rows: "| mv-expand with_itemindex=i k = d.k to typeof(long) | project a, k, i" => expect![[r#"
        a:long | k:long | i:long
        3 | 1 | 0
        3 | 2 | 1
        1 | 3 | 0
        null | null | 0
    "#]];
    operators_over_elements: "| mv-apply k = d.k on (summarize s = sum(tolong(k))) | project a, s" => expect![[r#"
        a:long | s:long
        3 | 3
        1 | 3
        null | 0
    "#]];
    inner_unique_join: "| join (T | project b, c = a) on b | project a, b, b1, c" => expect![[r#"
        a:long | b:string | b1:string | c:long
        3 | "x" | "x" | 3
        3 | "x" | "x" | null
        1 | "y" | "y" | 1
    "#]];
    outer_join_fills: "| join kind=leftouter (T | where a == 1 | project b, n = b) on $left.b == $right.b | project a, b1, n" => expect![[r#"
        a:long | b1:string | n:string
        3 | "" | ""
        1 | "y" | "y"
        null | "" | ""
    "#]];
    anti_join: "| join kind=leftanti (T | where a == 1) on b | project a, b" => expect![[r#"
        a:long | b:string
        3 | "x"
        null | "x"
    "#]];
    lookup_drops_keys: "| lookup (datatable(b:string, w:long)['x', 9]) on b | project-away d" => expect![[r#"
        a:long | b:string | w:long
        3 | "x" | 9
        1 | "y" | null
        null | "x" | 9
    "#]];
    union_by_name: "| project a | union withsource=s (print b = 'q')" => expect![[r#"
        s:string | a:long | b:string
        "union_arg0" | 3 | ""
        "union_arg0" | 1 | ""
        "union_arg0" | null | ""
        "union_arg1" | null | "q"
    "#]];
    parse_reads_kinds: "| take 1 | extend s = 'id=7;n=abc' | parse s with 'id=' i:long ';n=' n | project i, n" => expect![[r#"
        i:long | n:string
        7 | "abc"
    "#]];
    parse_where_filters: "| parse-where b with 'x' rest | project a, rest" => expect![[r#"
        a:long | rest:string
        3 | ""
        null | ""
    "#]];
    bags_become_columns: "| project d | evaluate bag_unpack(d)" => expect![[r#"
        k:dynamic
        [1,2]
        [3]
        null
    "#]];
    pivot_turns: "| project b, a | evaluate pivot(b, sum(a))" => expect![[r#"
        x:long | y:long
        3 | 1
    "#]];
    narrow_turns: "| take 1 | project a, b | evaluate narrow()" => expect![[r#"
        Row:long | Column:string | Value:string
        0 | "a" | "3"
        0 | "b" | "x"
    "#]];
    schema_is_rows: "| project a, d | getschema" => expect![[r#"
        ColumnName:string | ColumnOrdinal:long | DataType:string | ColumnType:string
        "a" | 0 | "System.Int64" | "long"
        "d" | 1 | "System.Object" | "dynamic"
    "#]];
    scalars_of_tables: "| where a == toscalar(T | summarize max(a)) | project a" => expect![[r#"
        a:long
        3
    "#]];
    members_of_tables: "| where b in ((T | where a == 1 | project b)) | project a" => expect![[r#"
        a:long
        1
    "#]];
    any_column: "| where * contains 'Y' | project a" => expect![[r#"
        a:long
        1
    "#]];
    columns_are_moved: "| project-reorder d, b | project-rename z = a | project-away d" => expect![[r#"
        b:string | z:long
        "x" | 3
        "y" | 1
        "x" | null
    "#]];
    range_counts: "| take 0 | union (range x from 1 to 10 step 4) | project x" => expect![[r#"
        x:long
        1
        5
        9
    "#]];
    percentiles_have_names: "| summarize percentiles(a, 5, 50)" => expect![[r#"
        percentile_a_5:long | percentile_a_50:long
        1 | 1
    "#]];
    unknown_column: "| where sverity == 1 | extend severity = 1" => expect![[r#"
        line 1, column 143: there is no column `sverity`
          |
        1 | let T = datatable(a:long, b:string, d:dynamic)[3,'x',dynamic({'k':[1,2]}), 1,'y',dynamic({'k':[3]}), long(null),'x',dynamic(null)]; T | where sverity == 1 | extend severity = 1
          |                                                                                                                                               ^^^^^^^
    "#]];
    unknown_operator: "| wher a == 1" => expect![[r#"
        line 1, column 137: `wher` is not an operator; expected an operator; did you mean `where`?
          |
        1 | let T = datatable(a:long, b:string, d:dynamic)[3,'x',dynamic({'k':[1,2]}), 1,'y',dynamic({'k':[3]}), long(null),'x',dynamic(null)]; T | wher a == 1
          |                                                                                                                                         ^^^^
    "#]];
    unknown_function: "| extend x = toloweer(b)" => expect![[r#"
        line 1, column 148: there is no function `toloweer`; did you mean `tolower`?
          |
        1 | let T = datatable(a:long, b:string, d:dynamic)[3,'x',dynamic({'k':[1,2]}), 1,'y',dynamic({'k':[3]}), long(null),'x',dynamic(null)]; T | extend x = toloweer(b)
          |                                                                                                                                                    ^^^^^^^^
    "#]];
    wrong_kinds: "| where b == 1" => expect![[r#"
        line 1, column 143: a string and a long cannot be compared; turn one with `tostring(…)`
          |
        1 | let T = datatable(a:long, b:string, d:dynamic)[3,'x',dynamic({'k':[1,2]}), 1,'y',dynamic({'k':[3]}), long(null),'x',dynamic(null)]; T | where b == 1
          |                                                                                                                                               ^^^^^^
    "#]];
    wrong_pattern: "| where b matches regex '('" => expect![[r#"
        line 1, column 159: this is not a regular expression: unclosed group
          |
        1 | let T = datatable(a:long, b:string, d:dynamic)[3,'x',dynamic({'k':[1,2]}), 1,'y',dynamic({'k':[3]}), long(null),'x',dynamic(null)]; T | where b matches regex '('
          |                                                                                                                                                               ^^^
    "#]];
    end_too_early: "| where a ==" => expect![[r#"
        line 1, column 147: the query ends too early; expected an expression
          |
        1 | let T = datatable(a:long, b:string, d:dynamic)[3,'x',dynamic({'k':[1,2]}), 1,'y',dynamic({'k':[3]}), long(null),'x',dynamic(null)]; T | where a ==
          |                                                                                                                                                   ^
    "#]];
    two_faults: "| where | take | project a" => expect![[r#"
        line 1, column 143: `|` cannot stand here; expected an expression
          |
        1 | let T = datatable(a:long, b:string, d:dynamic)[3,'x',dynamic({'k':[1,2]}), 1,'y',dynamic({'k':[3]}), long(null),'x',dynamic(null)]; T | where | take | project a
          |                                                                                                                                               ^
        line 1, column 150: `|` cannot stand here; expected an expression
          |
        1 | let T = datatable(a:long, b:string, d:dynamic)[3,'x',dynamic({'k':[1,2]}), 1,'y',dynamic({'k':[3]}), long(null),'x',dynamic(null)]; T | where | take | project a
          |                                                                                                                                                      ^
    "#]];
}

fn run(query: &str, limits: &Limits) -> Result<usize, EvaluationError> {
    let environment = Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &|| false };
    let query = compile(query, &NoTables, limits).unwrap();
    query.run(&NoTables, &NoTables, &environment).map(|answer| answer.len())
}

#[test]
fn budgets_end_a_query_with_their_name() {
    let limits = Limits { rows_produced: 10_000, memory_bytes: 1 << 20, ..Limits::default() };
    let many = "range x from 1 to 1000000 step 1";
    assert!(matches!(run(many, &limits), Err(EvaluationError::TooManyRowsProduced { .. })));
    let sort = "range x from 1 to 9000 step 1 | extend s = strrep('abcdefgh', 20) | sort by s";
    assert!(matches!(run(sort, &limits), Err(EvaluationError::TooMuchMemory { operator: "sort", .. })));
    let cross = "range x from 1 to 5000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 5000 step 1 | extend k = 1) on k | count";
    assert!(run(cross, &limits).is_err());
    let grow = "print a = strrep('abcdefgh', 100000) | extend b = strcat(a, a)";
    assert!(matches!(run(grow, &Limits::default()), Err(EvaluationError::ValueTooLarge { .. })));
    let stop = Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &|| true };
    let query = compile(many, &NoTables, &limits).unwrap();
    assert!(matches!(query.run(&NoTables, &NoTables, &stop), Err(EvaluationError::Interrupted)));
}

#[test]
fn deep_and_long_queries_are_refused() {
    let limits = Limits::default();
    for query in [
        format!("print {}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("print {}1", "-".repeat(100_000)),
        format!("print 1{}", "+1".repeat(100_000)),
        format!("print x{}", ".a".repeat(100_000)),
        format!("print dynamic({}", "[".repeat(100_000)),
        "x".repeat(1 << 20),
    ] {
        assert!(!parse(&query, &limits).is_empty());
    }
    let wide = format!("print {}", vec!["1 == 2"; 3000].join(" or "));
    assert_eq!(run(&wide, &limits).unwrap(), 1);
    let doubling: String = (1..40).map(|n| format!("let t{n} = union t{}, t{};", n - 1, n - 1)).collect();
    let query = format!("let t0 = print 1; {doubling} t39");
    assert!(compile(&query, &NoTables, &limits).is_err());
}

const TOKENS: &[&str] = &[
    "where",
    "project",
    "|",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "==",
    "a",
    "b",
    "d",
    ".",
    "'x'",
    "1",
    "1d",
    "summarize",
    "by",
    "count()",
    "join",
    "on",
    "union",
    "mv-expand",
    "parse",
    "with",
    "*",
    "let",
    ";",
    "T",
    "and",
    "not",
    "in",
    "between",
    "..",
    "dynamic(",
    "{",
    "}",
    "datetime(",
    "-",
    "top",
    "evaluate",
    "pivot(b)",
    "mv-apply",
    "extend",
    "!",
];

proptest! {
    #[test]
    fn rubbish_never_panics(words in prop::collection::vec(prop::sample::select(TOKENS), 0..40)) {
        let query = format!("{T} | {}", words.join(" "));
        if let Ok(query) = compile(&query, &NoTables, &Limits::default()) {
            let environment = Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &|| false };
            let _ = query.run(&NoTables, &NoTables, &environment);
        }
    }

    #[test]
    fn any_text_is_read(text in "\\PC*") {
        for error in parse(&text, &Limits::default()) {
            error.underlined(&text);
        }
    }

    #[test]
    fn a_cut_query_never_panics(at in 0usize..400, by in 0usize..30) {
        let query = format!("{T} | where a in (1, 2) and b has 'x' | summarize c = count(), make_bag(pack(b, a)) by bin(a, 2), tostring(d.k[0]) | join kind=leftouter (T | mv-expand d.k) on $left.a == $right.a | order by c asc nulls last");
        let letters: Vec<char> = query.chars().collect();
        let cut: String = letters.iter().take(at).chain(letters.iter().skip(at + by)).collect();
        if let Ok(query) = compile(&cut, &NoTables, &Limits::default()) {
            let environment = Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &|| false };
            let _ = query.run(&NoTables, &NoTables, &environment);
        }
    }
}

/// The rows of a query, as JSON.
fn rows(query: &str) -> Vec<serde_json::Value> {
    let environment = Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &|| false };
    let query = compile(query, &NoTables, &Limits::default()).unwrap();
    let answer = query.run(&NoTables, &NoTables, &environment).unwrap();
    answer.rows().map(|row| row.iter().map(kql::Value::to_json).collect()).collect()
}

#[test]
fn functions_of_let_are_called() {
    let scalar = "let f = (x:long, y:string = 'z') { strcat(x, y) }; print f(1), f(2, 'b')";
    assert_eq!(rows(scalar), [serde_json::json!(["1z", "2b"])]);
    let tabular = "let T = datatable(a:long)[1, 2, 3];
        let above = (least:long) { T | where a > least }; above(1) | summarize sum(a)";
    assert_eq!(rows(tabular), [serde_json::json!([5])]);
    let of_table = "let only = (t:(a:long), n:long) { t | where a == n };
        datatable(a:long)[1, 2] | invoke only(2)";
    assert_eq!(rows(of_table), [serde_json::json!([2])]);
    assert!(!parse("let f = (x:long) { x }; print f(", &Limits::default()).is_empty());
    assert!(compile("let f = (x:long) { f(x) }; print f(1)", &NoTables, &Limits::default()).is_err());
}
