//! One query, its tokens: every form of literal and every way to break one.

use super::{TokenKind, tokens};
use crate::value::to_json_text;
use expect_test::{Expect, expect};
use std::fmt::Write as _;

#[expect(clippy::needless_pass_by_value, reason = "an expectation is written where it is used")]
fn check(query: &str, expected: Expect) {
    let mut text = String::new();
    for token in tokens(query) {
        let _ = match token.kind {
            TokenKind::Name(name) => writeln!(text, "{} name {name}", token.span.start),
            TokenKind::Text(string) => writeln!(text, "{} text {string:?}", token.span.start),
            TokenKind::Literal(value, kind) => {
                writeln!(text, "{} {kind} {}", token.span.start, to_json_text(&value, 1000).unwrap())
            }
            TokenKind::Sign(sign) => writeln!(text, "{} {sign}", token.span.start),
            TokenKind::Broken(reason) => writeln!(text, "{} broken: {reason}", token.span.start),
            TokenKind::End => writeln!(text, "{} end", token.span.start),
        };
    }
    expected.assert_eq(&text);
}

#[test]
fn strings_come_in_six_forms() {
    check(
        r#"'a"\'\n' "b\u0041" @'c:\d''e' h"f" H@"g" ```h
i```"#,
        expect![[r#"
            0 text "a\"'\n"
            9 text "bA"
            19 text "c:\\d'e"
            30 text "f"
            35 text "g"
            41 text "h\ni"
            50 end
        "#]],
    );
}

#[test]
fn numbers_carry_units_and_ranges_are_not_numbers() {
    check(
        "1 1.5 2e3 0xFF 2h 1.5d 10ms 1..5 7. 3q 99999999999999999999",
        expect![[r#"
            0 long 1
            2 real 1.5
            6 real 2000.0
            10 long 255
            15 timespan "02:00:00"
            18 timespan "1.12:00:00"
            23 timespan "00:00:00.0100000"
            28 long 1
            29 ..
            31 long 5
            33 real 7.0
            36 broken: `q` is not a unit of time
            39 broken: this number is too large for a long
            59 end
        "#]],
    );
}

#[test]
fn literals_in_parentheses_hold_their_own_text() {
    check(
        "datetime(2020-01-02 03:04) timespan(1.02:00:00) guid(74be27de-1e4e-49d9-b579-fe0b331d3642) long(null) real(-inf) decimal(1.5) datetime(rubbish) long(x) bool(1)",
        expect![[r#"
            0 datetime "2020-01-02T03:04:00.0000000Z"
            27 timespan "1.02:00:00"
            48 guid "74be27de-1e4e-49d9-b579-fe0b331d3642"
            91 long null
            102 real "-Infinity"
            113 decimal 1.5
            126 broken: `rubbish` is not a datetime
            144 broken: `x` is not a long
            152 bool true
            159 end
        "#]],
    );
}

#[test]
fn what_cannot_be_read_says_why() {
    check(
        "'open\n\"esc\\q\" @'open",
        expect![[r#"
        0 broken: the string does not end on its line
        6 broken: the string has an escape that is none
        14 broken: the string does not end
        20 end
    "#]],
    );
    check(
        "a # b",
        expect![[r#"
        0 name a
        2 broken: the letter '#' has no meaning here
        4 name b
        5 end
    "#]],
    );
}
