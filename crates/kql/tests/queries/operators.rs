//! Operators and functions whose meaning is easily got wrong, each with rows that were worked out by hand from the
//! documentation of the language.

use crate::estate::check;
use expect_test::expect;

macro_rules! cases {
    ($($name:ident: $query:literal => $expected:expr;)*) => {
        $(#[test] fn $name() { check($query, $expected); })*
    };
}

cases! {
    pairs_end_at_their_delimiter: "print s = 'Id:45, Host: node 1, Text: up again'
        | parse-kv s as (Text:string, Id:long, Host:string, None:long) with (pair_delimiter=',', kv_delimiter=':')
        | project-away s" => expect![[r#"
        Text:string | Id:long | Host:string | None:long
        "up again" | 45 | "node 1" | null
    "#]];
    quotes_keep_delimiters_together: r#"print s = 'src=10.0.0.1 "why so"=x failure="link \\"a b\\" down" n=5'
        | parse-kv s as (src:string, failure:string, n:long, ['why so']:string)
            with (pair_delimiter=' ', kv_delimiter='=', quote='"', escape='\\')
        | project-away s"# => expect![[r#"
        src:string | failure:string | n:long | why so:string
        "10.0.0.1" | "link \"a b\" down" | 5 | "x"
    "#]];
    other_quotes_open_and_close: "print s = 'a=(x y) b=z' | parse-kv s as (a:string, b:string)
        with (pair_delimiter=' ', kv_delimiter='=', quote='()') | project-away s" => expect![[r#"
        a:string | b:string
        "x y" | "z"
    "#]];
    a_greedy_value_goes_on_to_the_next_name: "print s = 'name=John Doe phone=555 5555 city=New York'
        | parse-kv s as (name:string, phone:string, city:string) with (pair_delimiter=' ', kv_delimiter='=', greedy=true)
        | project-away s" => expect![[r#"
        name:string | phone:string | city:string
        "John Doe" | "555 5555" | "New York"
    "#]];
    without_greed_it_ends: "print s = 'name=John Doe city=New York'
        | parse-kv s as (name:string, city:string) with (pair_delimiter=' ', kv_delimiter='=') | project-away s" => expect![[r#"
        name:string | city:string
        "John" | "New"
    "#]];
    anything_may_divide: "print s = '2021-01-01 [INFO] Thread:458, Machine=node7; Text: up'
        | parse-kv s as (Text:string, Thread:long, Machine:string) | project-away s" => expect![[r#"
        Text:string | Thread:long | Machine:string
        "up" | 458 | "node7"
    "#]];
    an_expression_finds_pairs: r#"print s = '["a b: x", "c: 7"]'
        | parse-kv s as (['a b']:string, c:long) with (regex=@'"([\w ]+): ([^"]*)"') | project-away s"# => expect![[r#"
        a b:string | c:long
        "x" | 7
    "#]];
    the_best_of_the_best: "datatable(state:string, kind:string, n:long)
        ['CA', 'fire', 9, 'CA', 'wind', 3, 'CA', 'flood', 1, 'OK', 'ice', 5, 'OK', 'wind', 4, 'TX', 'hail', 8]
        | top-nested 2 of state by sum(n), top-nested 1 of kind by sum(n)" => expect![[r#"
        state:string | aggregated_state:long | kind:string | aggregated_kind:long
        "CA" | 13 | "fire" | 9
        "OK" | 9 | "ice" | 5
    "#]];
    groups_along_an_axis_are_one_array: "datatable(k:string, t:datetime, n:long)
        ['x', datetime(2026-01-01 03:00), 2, 'x', datetime(2026-01-03), 5, 'y', datetime(2026-01-02), 1, 'y', datetime(2026-01-04), 9]
        | make-series count(), total = sum(n) default = -1 on t from datetime(2026-01-01) to datetime(2026-01-04) step 1d by k" => expect![[r#"
        k:string | count_:dynamic | total:dynamic | t:dynamic
        "x" | [1,0,1] | [2,-1,5] | ["2026-01-01T00:00:00.0000000Z","2026-01-02T00:00:00.0000000Z","2026-01-03T00:00:00.0000000Z"]
        "y" | [0,1,0] | [-1,1,-1] | ["2026-01-01T00:00:00.0000000Z","2026-01-02T00:00:00.0000000Z","2026-01-03T00:00:00.0000000Z"]
    "#]];
    an_axis_begins_and_ends_with_the_rows: "datatable(a:real, n:long)[1.2, 1, 2.6, 2, 1.4, 3]
        | make-series max(n) on a step 0.5" => expect![[r#"
        max_n:dynamic | a:dynamic
        [3,0,0,2] | [1.0,1.5,2.0,2.5]
    "#]];
    a_series_of_nothing: "range x from 1 to 0 step 1
        | make-series kind=nonempty count() on x from 1 to 4 step 1" => expect![[r#"
        count_:dynamic | x:dynamic
        [0,0,0] | [1,2,3]
    "#]];
    the_rest_is_one: "datatable(state:string, n:long)['CA', 9, 'OK', 5, 'TX', 8, 'NY', 1]
        | top-nested 2 of state with others = 'rest' by total = sum(n)" => expect![[r#"
        state:string | total:long
        "CA" | 9
        "TX" | 8
        "rest" | 6
    "#]];
    the_latest_of_each: "datatable(id:string, at:datetime, info:string)
        ['B', datetime(2015-01-01), '1', 'B', datetime(2016-01-01), '2', 'D', datetime(2017-01-18), '5', 'D', datetime(2017-01-20), '4']
        | top-nested of id by ignore0 = max(1), top-nested 1 of at by ignore1 = max(at), top-nested of info by ignore2 = max(1)
        | project-away ignore* | order by id asc" => expect![[r#"
        id:string | at:datetime | info:string
        "B" | "2016-01-01T00:00:00.0000000Z" | "2"
        "D" | "2017-01-20T00:00:00.0000000Z" | "4"
    "#]];
    a_partition_is_a_table_of_its_own: "datatable(a:string, n:long)['x', 1, 'y', 5, 'x', 3, 'y', 2]
        | partition by a (top 1 by n | extend place = row_number())" => expect![[r#"
        a:string | n:long | place:long
        "x" | 3 | 1
        "y" | 5 | 1
    "#]];
    rows_know_their_neighbours: "datatable(a:string, n:long)['x', 1, 'x', 4, 'y', 9]
        | sort by a asc, n asc
        | extend gap = n - prev(n), same = a == prev(a), coming = next(n, 1, -1), second = prev(n, 2)" => expect![[r#"
        a:string | n:long | gap:long | same:bool | coming:long | second:long
        "x" | 1 | null | false | 4 | null
        "x" | 4 | 3 | true | 9 | null
        "y" | 9 | 5 | false | -1 | 1
    "#]];
    a_window_function_filters: "datatable(n:long)[1, 1, 2, 2, 1] | where n != prev(n) or row_number() == 1" => expect![[r#"
        n:long
        1
        2
        1
    "#]];
    window_functions_are_about_each_other: "range x from 1 to 4 step 1 | extend total = row_cumsum(x - prev(x, 1, 0), x % 3 == 0)" => expect![[r#"
        x:long | total:long
        1 | 1
        2 | 2
        3 | 1
        4 | 2
    "#]];
    sessions_end_after_a_gap: "datatable(id:string, at:datetime)
        ['1', datetime(2024-04-11 10:00), '1', datetime(2024-04-11 11:00), '2', datetime(2024-04-11 10:16),
         '2', datetime(2024-04-11 10:18), '2', datetime(2024-04-11 13:30)]
        | extend start = row_window_session(at, 1h, 5m, id != prev(id)) | project id, start = format_datetime(start, 'HH:mm')" => expect![[r#"
        id:string | start:string
        "1" | "10:00"
        "1" | "11:00"
        "2" | "10:16"
        "2" | "10:16"
        "2" | "13:30"
    "#]];
    an_empty_array_has_no_rows_and_null_has_one: "datatable(a:long, d:dynamic)
        [1, dynamic([10, 20]), 2, dynamic([]), 3, dynamic(null), 4, dynamic({'k':1,'l':2})] | mv-expand d" => expect![[r#"
        a:long | d:dynamic
        1 | 10
        1 | 20
        3 | null
        4 | {"k":1}
        4 | {"l":2}
    "#]];
    bags_may_become_pairs: "print d = dynamic({'k':1,'l':2}) | mv-expand kind=array d | extend name = d[0], value = d[1]" => expect![[r#"
        d:dynamic | name:dynamic | value:dynamic
        ["k",1] | "k" | 1
        ["l",2] | "l" | 2
    "#]];
    shorter_arrays_are_filled: "print b = dynamic({'p':'a','q':'b'}), c = dynamic([5, 4, 3]) | mv-expand b, c limit 3" => expect![[r#"
        b:dynamic | c:dynamic
        {"p":"a"} | 5
        {"q":"b"} | 4
        null | 3
    "#]];
    find_packs_what_is_not_common: "let A = datatable(id:long, level:string, version:string)[1, 'Error', 'v1', 2, 'Info', 'v2'];
        let B = datatable(id:long, level:string, name:string)[1, 'Info', 'E1', 3, 'Error', 'E2'];
        find in (A, B) where id == 1" => expect![[r#"
        source_:string | id:long | level:string | pack_:dynamic
        "A" | 1 | "Error" | {"version":"v1"}
        "B" | 1 | "Info" | {"name":"E1"}
    "#]];
    find_projects: "let A = datatable(id:long, version:string)[1, 'v1']; let B = datatable(id:long, name:string)[1, 'E1'];
        find withsource=where_ in (A, B) where id == 1 project version, name:string" => expect![[r#"
        where_:string | version:string | name:string
        "A" | "v1" | ""
        "B" | "" | "E1"
    "#]];
    search_looks_everywhere: "let A = datatable(a:string)['a red fox', 'a dog']; let B = datatable(b:string, n:long)['FOX', 1, 'foxes', 2];
        search in (A, B) 'fox'" => expect![[r#"
        $table:string | a:string | b:string | n:long
        "A" | "a red fox" | "" | null
        "B" | "" | "FOX" | 1
    "#]];
    search_takes_columns_and_stars: "datatable(a:string, b:string)['foxes', 'x', 'y', 'fox'] | search a:'fox' or 'fox*' | project a, b" => expect![[r#"
        a:string | b:string
        "foxes" | "x"
        "y" | "fox"
    "#]];
    columns_of_two_kinds_are_two: "print a = 1, b = 'p' | union (print a = 'x', b = 'q')" => expect![[r#"
        a_long:long | a_string:string | b:string
        1 | "" | "p"
        null | "x" | "q"
    "#]];
    tables_are_named_by_stars: "let ta = print x = 1; let tb = print x = 2; let other = print x = 3; union t* | sort by x asc" => expect![[r#"
        x:long
        1
        2
    "#]];
    rows_can_be_named: "range x from 1 to 3 step 1 | as all_of_them | where x > 2 | union all_of_them | count" => expect![[r#"
        Count:long
        4
    "#]];
    bags_say_what_to_do_about_conflicts: "print a = 'own', d = dynamic({'a':'bag','b':2}) | evaluate bag_unpack(d, columnsConflict='keep_source')" => expect![[r#"
        a:string | b:long
        "own" | 2
    "#]];
    bags_leave_out_what_is_ignored: "print d = dynamic({'a':1,'b':2}) | evaluate bag_unpack(d, 'p_', ignoredProperties=dynamic(['a']))" => expect![[r#"
        p_b:long
        2
    "#]];
    a_pivot_keeps_the_columns_that_are_named: "datatable(t:string, v:long, w:string, o:long)['x', 1, 'k', 7, 'y', 2, 'k', 8, 'x', 3, 'l', 9]
        | evaluate pivot(t, sum(v), w)" => expect![[r#"
        w:string | x:long | y:long
        "k" | 1 | 2
        "l" | 3 | 0
    "#]];
    weights_count: "datatable(v:long, w:long)[10, 1, 20, 7, 30, 2] | summarize percentilesw(v, w, 5, 50, 95), percentiles_array(v, 50, 100)" => expect![[r#"
        percentile_v_5:long | percentile_v_50:long | percentile_v_95:long | percentiles_v:dynamic
        10 | 20 | 30 | [20,30]
    "#]];
    paths_have_parts: r"print parse_path(@'\\share\users\temp\file.txt.gz'), parse_path('file://C:/temp/a.txt:s.exe')" => expect![[r#"
        print_0:dynamic | print_1:dynamic
        {"AlternateDataStreamName":"","DirectoryName":"temp","DirectoryPath":"\\\\share\\users\\temp","Extension":"gz","Filename":"file.txt.gz","RootPath":"","Scheme":""} | {"AlternateDataStreamName":"s.exe","DirectoryName":"temp","DirectoryPath":"C:/temp","Extension":"txt","Filename":"a.txt","RootPath":"C:","Scheme":"file"}
    "#]];
    xml_becomes_bags: "print parse_xml('<?xml version=\"1.0\"?><e name=\"v\"> t <a>1</a><a>2</a><b/></e>'), parse_xml('<a><b></a>'), parse_xml('<a>&lt;&#65;</a>')" => expect![[r##"
        print_0:dynamic | print_1:dynamic | print_2:dynamic
        {"e":{"#text":"t","@name":"v","a":["1","2"],"b":null}} | null | {"a":"<A"}
    "##]];
    numbers_are_found_in_texts: "print extract(@'(\\d+)', 1, 'a 45', typeof(long)) + 1, extract_all(@'(\\w)(\\d)', dynamic([2]), 'a1 b2'), indexof('abcabc', 'b', 0, -1, 2)" => expect![[r#"
        print_0:long | print_1:dynamic | print_2:long
        46 | ["1","2"] | 4
    "#]];
    conditions_know_a_third_answer: "datatable(n:long)[1, long(null)] | extend big = n > 0, none = n > 0 and false, any = n > 0 or true, eq = n == 1, ne = n != 1" => expect![[r#"
        n:long | big:bool | none:bool | any:bool | eq:bool | ne:bool
        1 | true | false | true | true | false
        null | null | false | true | false | true
    "#]];
    parameters_have_defaults: "declare query_parameters(least:long = 2, name:string = 'x'); range x from 1 to 3 step 1 | where x >= least | extend name" => expect![[r#"
        x:long | name:string
        2 | "x"
        3 | "x"
    "#]];
    bytes_are_shown_in_units: "print format_bytes(564), format_bytes(10332, 1), format_bytes(20010332), format_bytes(20010332, 2), format_bytes(20010332, 0, 'KB')" => expect![[r#"
        print_0:string | print_1:string | print_2:string | print_3:string | print_4:string
        "564 Bytes" | "10.1 KB" | "19 MB" | "19.08 MB" | "19541 KB"
    "#]];
}

/// What is said of a query that cannot be compiled or run.
#[track_caller]
fn assert_said(query: &str, expected: &expect_test::Expect) {
    let said = match kql::compile(query, &kql::NoTables, &kql::Limits::default()) {
        Err(faults) => faults[0].to_string(),
        Ok(compiled) => {
            let environment = kql::Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &|| false };
            compiled.run(&kql::NoTables, &kql::NoTables, &environment).unwrap_err().to_string()
        }
    };
    expected.assert_eq(&said);
}

#[test]
fn faults_of_the_new_operators_say_what_to_do() {
    for (query, expected) in [
        (
            "print a = 1 | scan",
            expect![
                "line 1, column 15: `scan` is not available here: rows are compared with `prev`, `next` and `row_window_session`"
            ],
        ),
        (
            "print geo_distance_2points(1, 2, 3, 4)",
            expect![
                "line 1, column 7: `geo_distance_2points` is not available here: there are no geospatial functions"
            ],
        ),
        (
            "print a = 1 | evaluate autocluster()",
            expect![
                "line 1, column 24: the plugin `autocluster` is not available here: rows are not clustered; group with `summarize` instead"
            ],
        ),
        (
            "print a = 1 | evaluate bag_unpak(a)",
            expect!["line 1, column 24: there is no plugin `bag_unpak`; did you mean `bag_unpack`?"],
        ),
        (
            "print a = 1 | lookup kind=fullouter (print a = 1) on a",
            expect![
                "line 1, column 27: `fullouter` is not a kind of lookup; expected one of leftouter, inner"
            ],
        ),
        (
            "print a = 1 | summarize x = a + 1",
            expect!["line 1, column 29: this is not an aggregate; columns belong behind `by`"],
        ),
    ] {
        assert_said(query, &expected);
    }
}

#[test]
fn faults_of_arguments_say_what_to_do() {
    for (query, expected) in [
        (
            "print a = 1 | summarize count() by prev(a)",
            expect![
                "line 1, column 36: `prev` is about rows in their order; it stands in `extend`, `project`, `serialize` or `where`"
            ],
        ),
        (
            "print a = 'x' | where a < 'y'",
            expect![
                "line 1, column 23: a string and a string have no order; use `strcmp(…)`, or turn both with `todatetime(…)` or `tolong(…)`"
            ],
        ),
        (
            "print d = dynamic({'a':1}), a = 2 | evaluate bag_unpack(d)",
            expect![
                "the query is wrong: line 1, column 46: the bags have a name `a` that is a column already; give a prefix, or `columnsConflict`"
            ],
        ),
        (
            "declare query_parameters(p:long); print p",
            expect!["line 1, column 26: the parameter `p` has no value; give it one with `=`"],
        ),
        ("let a = 1; let a = 2; print a", expect!["line 1, column 16: `a` is defined twice"]),
        (
            "print 1 < 2 < 3",
            expect![
                "line 1, column 13: `<` cannot stand here; expected one of `and`, `or`, the end of the condition"
            ],
        ),
        (
            "print case(true, 1, 2, 3)",
            expect!["line 1, column 7: `case` has a value behind each condition, and one for all else"],
        ),
    ] {
        assert_said(query, &expected);
    }
}

#[test]
fn faults_of_literals_and_sources_say_what_to_do() {
    for (query, expected) in [
        ("print long(abc)", expect!["line 1, column 7: `abc` is not a long"]),
        (
            "print a = 1 | parse-kv a as (x:long) with (pair='x')",
            expect![
                "line 1, column 44: `pair` cannot stand here; expected one of `pair_delimiter`, `kv_delimiter`, `quote`, `escape`, `greedy`, `regex`"
            ],
        ),
        (
            "externaldata(a:long)['http://x']",
            expect![
                "line 1, column 1: `externaldata` is not available here: a query reads no address; write the rows with `datatable`"
            ],
        ),
    ] {
        assert_said(query, &expected);
    }
}
