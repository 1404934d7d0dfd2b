//! Faults of the text: where they are and what was expected.

use super::parse;
use crate::context::Limits;
use expect_test::{Expect, expect};

#[expect(clippy::needless_pass_by_value, reason = "an expectation is written where it is used")]
fn check(query: &str, expected: Expect) {
    let (_, faults) = parse(query, &Limits::default());
    let text: String = faults.into_iter().map(|fault| format!("{}\n", fault.locate(query))).collect();
    expected.assert_eq(&text);
}

#[test]
fn a_fault_names_its_place_and_what_was_expected() {
    check(
        "Resources |",
        expect![[r#"
        line 1, column 12: the query ends too early; expected an operator
    "#]],
    );
    check(
        "Resources | where",
        expect![[r#"
        line 1, column 18: the query ends too early; expected an expression
    "#]],
    );
    check(
        "Resources\n| wher x == 1\n| tak 5",
        expect![[r#"
        line 2, column 3: `wher` is not an operator; expected an operator; did you mean `where`?
        line 3, column 3: `tak` is not an operator; expected an operator; did you mean `take`?
    "#]],
    );
    check(
        "Resources | join kind=iner (T) on x",
        expect![[r#"
            line 1, column 23: `iner` is not a kind of join; expected one of innerunique, inner, leftouter, rightouter, fullouter, leftsemi, rightsemi, leftanti, rightanti, anti, leftantisemi, rightantisemi; did you mean `inner`?
        "#]],
    );
    check(
        "Resources | take 5 5",
        expect![[r#"
        line 1, column 20: a literal cannot stand here; expected `|`
    "#]],
    );
    check(
        "Resources | where x == 'open",
        expect![[r#"
        line 1, column 24: the string does not end
    "#]],
    );
    check(
        "",
        expect![[r#"
        line 1, column 1: the query ends too early; expected one of a table, an operator
    "#]],
    );
}

#[test]
fn every_form_is_accepted() {
    for query in [
        "T | where x !in~ ('a') and not(y between (1 .. 2)) or z !contains 'q'",
        "T | project ['a b'] = x.y.['z.w'].[\"3.0\"][0], split(a, '/').[7]",
        "T | order by a, b asc nulls last | limit 5 | count",
        "where a == 1 | summarize by a",
        "let f = (a:long) { a + 1 }; T | extend b = f(1)",
        "arg(\"\").Resources | take 1",
        "T | join kind = leftouter hint.strategy=shuffle (U | take 1) on $left.a == $right.b, c",
        "T | project-away a*, b | project-keep * | render piechart",
        "union kind=outer withsource=s T, (U | take 1)",
        "search in (T) 'x' and y == 1",
    ] {
        check(query, expect![[""]]);
    }
}
