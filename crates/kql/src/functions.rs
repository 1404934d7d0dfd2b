//! The scalar functions: one file each, one line in [`FUNCTIONS`].
//!
//! A function's signature is the text that its reader sees, and the binder reads the same text to check arguments.
//! `name:kind`, `[optional:kind]`, and `...` for any number more of the last one. Kinds are those of the language, and
//! `any`, `number`, `scalar`. A dynamic argument fits everywhere and is turned at run time; what cannot be turned is null.

mod abs;
mod ago;
mod arguments;
mod array_concat;
mod array_index_of;
mod array_length;
mod array_reverse;
mod array_slice;
mod array_sort_asc;
mod array_sort_desc;
mod array_sum;
mod bag_has_key;
mod bag_keys;
mod bag_merge;
mod bag_pack;
mod bag_remove_keys;
mod bag_set_key;
mod bag_without_nulls;
mod base64_decode_tostring;
mod base64_encode_tostring;
mod bin;
mod binary_and;
mod binary_not;
mod binary_or;
mod binary_shift_left;
mod binary_shift_right;
mod binary_xor;
mod case;
mod ceiling;
mod coalesce;
mod cos;
mod countof;
mod datetime_add;
mod datetime_diff;
mod datetime_part;
mod dayofmonth;
mod dayofweek;
mod dayofyear;
mod degrees;
mod dynamic_to_json;
mod endofday;
mod endofmonth;
mod endofweek;
mod endofyear;
mod exp;
mod exp10;
mod exp2;
mod extract;
mod extract_all;
mod format_datetime;
mod format_ipv4;
mod format_timespan;
mod getmonth;
mod gettype;
mod getyear;
mod hourofday;
mod iff;
mod indexof;
mod ipv4_compare;
mod ipv4_is_in_range;
mod ipv4_is_match;
mod ipv4_is_private;
mod isempty;
mod isfinite;
mod isinf;
mod isnan;
mod isnotempty;
mod isnotnull;
mod isnull;
mod log;
mod log10;
mod log2;
mod make_datetime;
mod make_timespan;
mod max_of;
mod min_of;
mod new_guid;
mod not;
mod now;
mod pack_array;
mod parse_csv;
mod parse_ipv4;
mod parse_json;
mod parse_url;
mod parse_version;
mod periods;
mod pi;
mod pow;
mod radians;
mod rand;
mod range;
mod repeat;
mod replace_regex;
mod replace_string;
mod reverse;
mod round;
mod set_difference;
mod set_has_element;
mod set_intersect;
mod set_union;
mod sign;
mod sin;
mod split;
mod sqrt;
mod startofday;
mod startofmonth;
mod startofweek;
mod startofyear;
mod strcat;
mod strcat_array;
mod strcat_delim;
mod strcmp;
mod strlen;
mod strrep;
mod substring;
mod tan;
mod tobool;
mod todatetime;
mod todouble;
mod toguid;
mod toint;
mod tolong;
mod tolower;
mod tostring;
mod totimespan;
mod toupper;
mod translate;
mod treepath;
mod trim;
mod trim_end;
mod trim_start;
mod unixtime_microseconds_todatetime;
mod unixtime_milliseconds_todatetime;
mod unixtime_seconds_todatetime;
mod url_decode;
mod url_encode;
mod week_of_year;
mod zip;

use crate::context::Context;
use crate::value::{Kind, Value};
pub(crate) use arguments::*;
pub(crate) use periods::*;

/// The kind of a function's result.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Returns {
    /// Always this one.
    Kind(Kind),
    /// That of an argument.
    Argument(usize),
    /// The common one of all arguments from a position on, every so many.
    Common(usize, usize),
}

/// A scalar function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) signature: &'static str,
    pub(crate) returns: Returns,
    pub(crate) summary: &'static str,
    /// An expression and its result; a test runs it.
    pub(crate) example: (&'static str, &'static str),
    pub(crate) evaluate: fn(&[Value], &Context<'_>) -> Value,
}

/// Every function.
pub(crate) const FUNCTIONS: &[&Function] = &[
    abs::FUNCTION,
    ago::FUNCTION,
    array_concat::FUNCTION,
    array_index_of::FUNCTION,
    array_length::FUNCTION,
    array_reverse::FUNCTION,
    array_slice::FUNCTION,
    array_sort_asc::FUNCTION,
    array_sort_desc::FUNCTION,
    array_sum::FUNCTION,
    bag_has_key::FUNCTION,
    bag_keys::FUNCTION,
    bag_merge::FUNCTION,
    bag_pack::FUNCTION,
    bag_remove_keys::FUNCTION,
    bag_set_key::FUNCTION,
    bag_without_nulls::FUNCTION,
    base64_decode_tostring::FUNCTION,
    base64_encode_tostring::FUNCTION,
    bin::FUNCTION,
    binary_and::FUNCTION,
    binary_not::FUNCTION,
    binary_or::FUNCTION,
    binary_shift_left::FUNCTION,
    binary_shift_right::FUNCTION,
    binary_xor::FUNCTION,
    case::FUNCTION,
    ceiling::FUNCTION,
    coalesce::FUNCTION,
    cos::FUNCTION,
    countof::FUNCTION,
    datetime_add::FUNCTION,
    datetime_diff::FUNCTION,
    datetime_part::FUNCTION,
    dayofmonth::FUNCTION,
    dayofweek::FUNCTION,
    dayofyear::FUNCTION,
    degrees::FUNCTION,
    dynamic_to_json::FUNCTION,
    endofday::FUNCTION,
    endofmonth::FUNCTION,
    endofweek::FUNCTION,
    endofyear::FUNCTION,
    exp::FUNCTION,
    exp10::FUNCTION,
    exp2::FUNCTION,
    extract::FUNCTION,
    extract_all::FUNCTION,
    format_datetime::FUNCTION,
    format_ipv4::FUNCTION,
    format_timespan::FUNCTION,
    getmonth::FUNCTION,
    gettype::FUNCTION,
    getyear::FUNCTION,
    hourofday::FUNCTION,
    iff::FUNCTION,
    indexof::FUNCTION,
    ipv4_compare::FUNCTION,
    ipv4_is_in_range::FUNCTION,
    ipv4_is_match::FUNCTION,
    ipv4_is_private::FUNCTION,
    isempty::FUNCTION,
    isfinite::FUNCTION,
    isinf::FUNCTION,
    isnan::FUNCTION,
    isnotempty::FUNCTION,
    isnotnull::FUNCTION,
    isnull::FUNCTION,
    log::FUNCTION,
    log10::FUNCTION,
    log2::FUNCTION,
    make_datetime::FUNCTION,
    make_timespan::FUNCTION,
    max_of::FUNCTION,
    min_of::FUNCTION,
    new_guid::FUNCTION,
    not::FUNCTION,
    now::FUNCTION,
    pack_array::FUNCTION,
    parse_csv::FUNCTION,
    parse_ipv4::FUNCTION,
    parse_json::FUNCTION,
    parse_url::FUNCTION,
    parse_version::FUNCTION,
    pi::FUNCTION,
    pow::FUNCTION,
    radians::FUNCTION,
    rand::FUNCTION,
    range::FUNCTION,
    repeat::FUNCTION,
    replace_regex::FUNCTION,
    replace_string::FUNCTION,
    reverse::FUNCTION,
    round::FUNCTION,
    set_difference::FUNCTION,
    set_has_element::FUNCTION,
    set_intersect::FUNCTION,
    set_union::FUNCTION,
    sign::FUNCTION,
    sin::FUNCTION,
    split::FUNCTION,
    sqrt::FUNCTION,
    startofday::FUNCTION,
    startofmonth::FUNCTION,
    startofweek::FUNCTION,
    startofyear::FUNCTION,
    strcat::FUNCTION,
    strcat_array::FUNCTION,
    strcat_delim::FUNCTION,
    strcmp::FUNCTION,
    strlen::FUNCTION,
    strrep::FUNCTION,
    substring::FUNCTION,
    tan::FUNCTION,
    tobool::FUNCTION,
    todatetime::FUNCTION,
    todouble::FUNCTION,
    toguid::FUNCTION,
    toint::FUNCTION,
    tolong::FUNCTION,
    tolower::FUNCTION,
    tostring::FUNCTION,
    totimespan::FUNCTION,
    toupper::FUNCTION,
    translate::FUNCTION,
    treepath::FUNCTION,
    trim::FUNCTION,
    trim_end::FUNCTION,
    trim_start::FUNCTION,
    unixtime_microseconds_todatetime::FUNCTION,
    unixtime_milliseconds_todatetime::FUNCTION,
    unixtime_seconds_todatetime::FUNCTION,
    url_decode::FUNCTION,
    url_encode::FUNCTION,
    week_of_year::FUNCTION,
    zip::FUNCTION,
];

/// A function as a reader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionEntry {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// Its parameters.
    pub signature: &'static str,
    /// What it gives, in one sentence.
    pub summary: &'static str,
    /// An expression that uses it.
    pub example: &'static str,
    /// The result of the example.
    pub result: &'static str,
}

/// All scalar functions, for a manual and for completion.
pub fn functions() -> impl Iterator<Item = FunctionEntry> {
    FUNCTIONS.iter().map(|function| FunctionEntry {
        name: function.name,
        aliases: function.aliases,
        signature: function.signature,
        summary: function.summary,
        example: function.example.0,
        result: function.example.1,
    })
}

/// The function of a name.
pub(crate) fn function_named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().copied().find(|function| function.name == name || function.aliases.contains(&name))
}

/// A parameter, read from the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) optional: bool,
    pub(crate) repeated: bool,
}

/// The parameters that a signature names.
pub(crate) fn parameters(signature: &'static str) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = Vec::new();
    for part in signature.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        if part == "..." {
            if let Some(last) = found.last_mut() {
                last.repeated = true;
            }
            continue;
        }
        let optional = part.starts_with('[');
        let (name, kind) = part.trim_matches(['[', ']']).split_once(':').unwrap_or((part, "any"));
        found.push(Parameter { name, kind, optional, repeated: false });
    }
    found
}

/// Whether a parameter of a kind takes a value of another.
pub(crate) fn accepts(wanted: &str, given: Kind) -> bool {
    match wanted {
        "any" | "scalar" => true,
        "summable" => {
            given.is_number() || matches!(given, Kind::Timespan | Kind::Datetime | Kind::Dynamic | Kind::Bool)
        }
        _ if given == Kind::Dynamic => true,
        "number" | "long" | "real" | "int" => given.is_number() || given == Kind::Bool,
        "dynamic" => given == Kind::String,
        "string" => given == Kind::String || given == Kind::Guid,
        "datetime" => given == Kind::Datetime || given == Kind::String,
        _ => Kind::from_name(wanted) == Some(given),
    }
}

#[cfg(test)]
mod tests;
