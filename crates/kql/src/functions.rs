//! The scalar functions: one file each, one line in the list.
//!
//! A function's signature is the text that its reader sees, and the binder reads the same text to check arguments.
//! `name:kind`, `[optional:kind]`, and `...` for any number more of the last one. Kinds are those of the language, and
//! `any`, `number`, `scalar`. A dynamic argument fits everywhere and is turned at run time; what cannot be turned is null.

mod abs;
mod acos;
mod addresses;
mod ago;
mod arguments;
mod around;
mod array_concat;
mod array_iff;
mod array_index_of;
mod array_length;
mod array_reverse;
mod array_rotate_left;
mod array_rotate_right;
mod array_shift_left;
mod array_shift_right;
mod array_slice;
mod array_sort_asc;
mod array_sort_desc;
mod array_split;
mod array_sum;
mod asin;
mod assert;
mod atan;
mod atan2;
mod bag_has_key;
mod bag_keys;
mod bag_merge;
mod bag_pack;
mod bag_remove_keys;
mod bag_set_key;
mod bag_without_nulls;
mod bag_zip;
mod base64_decode_toarray;
mod base64_decode_toguid;
mod base64_decode_tostring;
mod base64_encode_fromarray;
mod base64_encode_fromguid;
mod base64_encode_tostring;
mod bin;
mod bin_at;
mod binary_and;
mod binary_not;
mod binary_or;
mod binary_shift_left;
mod binary_shift_right;
mod binary_xor;
mod bitset_count_ones;
mod case;
mod ceiling;
mod coalesce;
mod cos;
mod cot;
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
mod extract_json;
mod format_bytes;
mod format_datetime;
mod format_ipv4;
mod format_ipv4_mask;
mod format_timespan;
mod gamma;
mod getmonth;
mod gettype;
mod getyear;
mod has_any_index;
mod has_any_ipv4;
mod has_any_ipv4_prefix;
mod has_ipv4;
mod has_ipv4_prefix;
mod hash;
mod hash_combine;
mod hash_many;
mod hash_md5;
mod hash_sha1;
mod hash_sha256;
mod hashes;
mod hourofday;
mod iff;
mod indexof;
mod indexof_regex;
mod ipv4_compare;
mod ipv4_is_in_any_range;
mod ipv4_is_in_range;
mod ipv4_is_match;
mod ipv4_is_private;
mod ipv4_netmask_suffix;
mod ipv4_range_to_cidr_list;
mod ipv6_compare;
mod ipv6_is_in_any_range;
mod ipv6_is_in_range;
mod ipv6_is_match;
mod isascii;
mod isempty;
mod isfinite;
mod isinf;
mod isnan;
mod isnotempty;
mod isnotnull;
mod isnull;
mod isutf8;
mod jaccard_index;
mod list;
mod log;
mod log10;
mod log2;
mod loggamma;
mod make_datetime;
mod make_string;
mod make_timespan;
mod max_of;
mod min_of;
mod new_guid;
mod not;
mod now;
mod pack_array;
mod parse_command_line;
mod parse_csv;
mod parse_ipv4;
mod parse_ipv4_mask;
mod parse_ipv6;
mod parse_ipv6_mask;
mod parse_json;
mod parse_path;
mod parse_url;
mod parse_urlquery;
mod parse_version;
mod parse_xml;
mod paths;
mod periods;
mod pi;
mod pow;
mod radians;
mod rand;
mod range;
mod regex_quote;
mod repeat;
mod replace;
mod replace_regex;
mod replace_string;
mod replace_strings;
mod reverse;
mod round;
mod series;
mod series_abs;
mod series_acos;
mod series_add;
mod series_asin;
mod series_atan;
mod series_ceiling;
mod series_cos;
mod series_cosine_similarity;
mod series_divide;
mod series_dot_product;
mod series_equals;
mod series_exp;
mod series_fill_backward;
mod series_fill_const;
mod series_fill_forward;
mod series_floor;
mod series_greater;
mod series_greater_equals;
mod series_less;
mod series_less_equals;
mod series_log;
mod series_magnitude;
mod series_multiply;
mod series_not_equals;
mod series_pearson_correlation;
mod series_pow;
mod series_product;
mod series_sign;
mod series_sin;
mod series_stats_dynamic;
mod series_subtract;
mod series_sum;
mod series_tan;
mod set_difference;
mod set_equals;
mod set_has_element;
mod set_intersect;
mod set_union;
mod sign;
mod sin;
mod sorting;
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
mod string_size;
mod strlen;
mod strrep;
mod substring;
mod tan;
mod to_utf8;
mod tobool;
mod todatetime;
mod todecimal;
mod todouble;
mod toguid;
mod tohex;
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
mod unixtime_nanoseconds_todatetime;
mod unixtime_seconds_todatetime;
mod url_decode;
mod url_encode;
mod week_of_year;
mod zip;

use crate::context::Context;
use crate::value::{Kind, Value};
pub(crate) use addresses::*;
pub(crate) use arguments::*;
pub(crate) use hashes::*;
pub(crate) use list::FUNCTIONS;
pub(crate) use paths::*;
pub(crate) use periods::*;
pub(crate) use sorting::*;

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
