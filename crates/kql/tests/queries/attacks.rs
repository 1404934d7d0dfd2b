//! Queries that want more than they may have: each ends in time with an error that names what ran out.

use kql::{Environment, EvaluationError, Limits, NoTables, compile, parse};
use std::cell::Cell;

/// Little of everything, so that what grows is noticed at once.
fn little() -> Limits {
    Limits { rows_produced: 2_000_000, memory_bytes: 16 << 20, value_bytes: 1 << 18, ..Limits::default() }
}

fn run(query: &str, limits: &Limits) -> Result<usize, EvaluationError> {
    let environment = Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &|| false };
    let compiled =
        compile(query, &NoTables, limits).unwrap_or_else(|faults| panic!("{}", faults[0].underlined(query)));
    compiled.run(&NoTables, &NoTables, &environment).map(|answer| answer.len())
}

fn check(query: &str, ends: impl Fn(&EvaluationError) -> bool) {
    match run(query, &little()) {
        Err(error) => assert!(ends(&error), "{query}\n{error}"),
        Ok(rows) => panic!("{query}\nhas {rows} rows"),
    }
}

fn memory(error: &EvaluationError) -> bool {
    matches!(error, EvaluationError::TooMuchMemory { .. })
}

fn value(error: &EvaluationError) -> bool {
    matches!(error, EvaluationError::ValueTooLarge { .. })
}

fn rows(error: &EvaluationError) -> bool {
    matches!(error, EvaluationError::TooManyRowsProduced { .. })
}

const MANY: &str = "range x from 1 to 100000000 step 1";

#[test]
fn what_holds_rows_pays_for_them() {
    for query in [
        "| sort by x",
        "| top 100000000 by x",
        "| summarize count() by x",
        "| summarize make_list(x)",
        "| summarize make_set(x)",
        "| summarize make_bag(bag_pack(tostring(x), x))",
        "| summarize dcount(x)",
        "| summarize percentile(x, 50)",
        "| summarize percentilew(x, 1, 50)",
        "| summarize buildschema(bag_pack(tostring(x), x))",
        "| distinct x",
        "| extend y = prev(x)",
        "| extend y = row_cumsum(x)",
        "| partition by x (take 1)",
        "| top-nested of x by count()",
        "| top-hitters 5 of x",
        "| make-series count() on x step 1 by y = x",
        "| sample 100000000",
        "| sample-distinct 100000000 of x",
        "| evaluate pivot(x)",
        "| join kind=inner (print x = 1) on x | join kind=inner (range x from 1 to 100000000 step 1) on x",
        "| join kind=fullouter (range x from 1 to 100000000 step 1) on x",
        "| where x in ((range y from 1 to 100000000 step 1))",
        "| project s = strcat('abcdefghijklmnopqrstuvwxyz', x)",
    ] {
        check(&format!("{MANY} {query}"), |error| memory(error) || rows(error));
    }
}

#[test]
fn what_makes_rows_pays_for_them() {
    let cross = "range x from 1 to 100000 step 1 | extend k = 1";
    check(&format!("{cross} | join kind=inner ({cross}) on k | count"), |error| rows(error) || memory(error));
    check(&format!("{MANY} | count"), rows);
    let array =
        "print a = range(1, 20000) | extend b = a, c = a | mv-expand a | mv-expand b | mv-expand c | count";
    check(array, rows);
    check(
        "print a = range(1, 20000) | mv-expand a | extend b = range(1, 20000) | mv-apply b on (take 20000) | count",
        |error| rows(error) || memory(error),
    );
    let doubled: String = (1..30).map(|_| "| union T | as T ".to_owned()).collect();
    let limits = little();
    assert!(compile(&format!("let T = print a = 1; T {doubled}"), &NoTables, &limits).is_err());
}

#[test]
fn no_value_grows_without_end() {
    for query in [
        "print strrep('x', 1000000000)",
        "print strcat(strrep('x', 200000), strrep('x', 200000))",
        "print strcat_array(repeat(strrep('x', 1000), 1000), ',')",
        "print strcat_delim(strrep(',', 200000), 'a', 'b', 'c')",
        "print replace_string(strrep('x', 100000), 'x', strrep('y', 100000))",
        "print replace_strings(strrep('x', 100000), dynamic(['x']), dynamic(['yyyyyyyyyyyyyyyyyyyyyyyy']))",
        "print replace_regex(strrep('x', 100000), 'x', strrep('y', 1000))",
        "print replace('x', strrep('y', 1000), strrep('x', 100000))",
        "print repeat(1, 1000000000)",
        "print a = strrep('x', 200000) | extend a = strcat(a, a) | extend a = strcat(a, a)",
        "range x from 1 to 100 step 1 | summarize l = make_list(strrep('x', 10000)) | project tostring(l)",
        "print a = pack_array(strrep('x', 100000)) | extend a = pack_array(a, a, a, a) | project tostring(a)",
        "print url_encode(strrep('é', 100000))",
    ] {
        check(query, |error| value(error) || memory(error));
    }
    // A list of a list of a list: small in memory, and huge when it is written.
    let nested: String = (0..40).map(|_| "| extend a = pack_array(a, a)".to_owned()).collect();
    check(&format!("print a = 1 {nested} | project tostring(a)"), |error| value(error) || memory(error));
}

#[test]
fn definitions_upon_definitions_are_bounded() {
    let limits = Limits::default();
    let chain: String = (1..3000).map(|n| format!("let a{n} = a{} + 1;", n - 1)).collect();
    let deep = format!("let a0 = toscalar(print 1); {chain} print a2999");
    let faults = compile(&deep, &NoTables, &limits).unwrap_err();
    assert!(faults[0].message.contains("inside each other"), "{}", faults[0]);
    let functions: String =
        (1..60).map(|n| format!("let f{n} = (x:long) {{ f{0}(x) + f{0}(x) }};", n - 1)).collect();
    let wide = format!("let f0 = (x:long) {{ x }}; {functions} print f59(1)");
    assert_eq!(compile(&wide, &NoTables, &limits).unwrap_err()[0].code, kql::DiagnosticCode::Limit);
    let calls = format!(
        "let f = (x:long) {{ {}x }}; print {}1{}",
        "1 + ".repeat(80),
        "f(".repeat(90),
        ")".repeat(90)
    );
    assert!(compile(&calls, &NoTables, &limits).is_err());
    let tables: String = (1..200).map(|n| format!("let t{n} = t{} | where a > 0;", n - 1)).collect();
    assert!(
        compile(&format!("let t0 = print a = 1; {tables} union t199, t198, t197"), &NoTables, &limits)
            .is_err()
    );
    let itself = compile("let f = (x:long) { f(x) }; print f(1)", &NoTables, &limits).unwrap_err();
    assert_eq!(itself[0].code, kql::DiagnosticCode::UnknownFunction);
}

#[test]
fn a_long_or_deep_text_is_read_in_time() {
    let limits = Limits::default();
    for query in [
        "(".repeat(200_000),
        "print ".to_owned() + &"f(".repeat(100_000),
        "print ".to_owned() + &"a.".repeat(100_000) + "a",
        "print ".to_owned() + &"a[".repeat(100_000),
        "T ".to_owned() + &"| where true ".repeat(19_000),
        "T | where a in (".to_owned() + &"1,".repeat(120_000) + "1)",
        "T | where ".to_owned() + &"a or ".repeat(50_000) + "a",
        "T ".to_owned() + &"| join (T ".repeat(20_000),
        "let x = 1;".repeat(25_000),
        "/".repeat(250_000),
        "'".repeat(250_000),
        "```".repeat(80_000),
        "print dynamic(".to_owned() + &"{\"a\":".repeat(40_000),
        "T | top-nested of a by count()".to_owned() + &", top-nested of a by count()".repeat(8_000),
    ] {
        for fault in parse(&query, &limits) {
            fault.underlined(&query);
        }
        assert!(compile(&query, &NoTables, &limits).is_err());
    }
    // As long as may be, and right.
    let long = format!("print a in ({}1)", "1, ".repeat(16_000)).replace("print a", "print 5");
    assert_eq!(run(&long, &limits).unwrap(), 1);
    assert!(
        compile(&"x".repeat(limits.query_bytes + 1), &NoTables, &limits).unwrap_err()[0]
            .message
            .contains("bytes")
    );
}

#[test]
fn regular_expressions_are_linear_and_bounded() {
    // Each of these takes an exponential time where a matcher goes back.
    for pattern in ["(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*a){20}$"] {
        let query = format!("print strcat(strrep('a', 50000), '!') matches regex @'{pattern}'");
        assert_eq!(run(&query, &Limits::default()).unwrap(), 1);
    }
    let faults = compile("print 'a' matches regex '(((a{100}){100}){100})'", &NoTables, &Limits::default())
        .unwrap_err();
    assert_eq!(faults[0].code, kql::DiagnosticCode::Pattern);
    let data = "print p = strcat('(((a{100}){100}){', 100, '})') | where 'a' matches regex p";
    assert!(matches!(run(data, &Limits::default()), Err(EvaluationError::Pattern { .. })));
}

#[test]
fn the_wish_to_stop_is_heard_inside_every_operator() {
    for query in [
        "| count",
        "| where x < 0",
        "| project y = hash_sha256(tostring(x)) | where y == ''",
        "| parse tostring(x) with 'a' y | where y == 'b'",
        "| summarize count() by x % 7",
        "| extend a = range(1, 1000) | mv-expand a | where a == 0",
        "| join kind=leftanti (print x = 1) on x | where x < 0",
        "| top 1 by x",
        "| extend y = row_number() | where y < 0",
        "| sample 1",
    ] {
        let asked = Cell::new(0u32);
        let interrupt = || {
            asked.set(asked.get() + 1);
            asked.get() > 20
        };
        let environment = Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &interrupt };
        let query = format!("{MANY} {query}");
        let compiled = compile(&query, &NoTables, &Limits::default()).unwrap();
        let result = compiled.run(&NoTables, &NoTables, &environment);
        assert!(matches!(result, Err(EvaluationError::Interrupted)), "{query}");
        assert!(asked.get() < 40, "{query} went on for {} questions", asked.get());
    }
}

#[test]
fn nothing_of_the_query_is_code_elsewhere() {
    // Texts stay texts: what would be a quote, a comment or a statement somewhere else is a value here.
    for text in ["'; DROP TABLE images; --", "\" OR 1=1 --", "*/ union select", "%27", "\0", "${jndi:x}"] {
        let literal = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\0', "\\0");
        let query = format!("print x = '{literal}' | where x == '{literal}' | project x");
        let environment = Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &|| false };
        let answer = compile(&query, &NoTables, &Limits::default()).unwrap();
        let answer = answer.run(&NoTables, &NoTables, &environment).unwrap();
        assert_eq!(answer.rows().next().unwrap()[0].as_str(), Some(text));
    }
    for query in [
        "externaldata(a:long)['http://example.com']",
        "print 1 | evaluate http_request('http://example.com')",
        "print 1 | evaluate python('x')",
    ] {
        assert_eq!(
            compile(query, &NoTables, &Limits::default()).unwrap_err()[0].code,
            kql::DiagnosticCode::NotAvailable,
            "{query}"
        );
    }
}
