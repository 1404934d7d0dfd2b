//! What there is of the language elsewhere and not here, and why: an error that says so is better than *unknown*.

/// Operators behind `|`.
const OPERATORS: &[(&str, &str)] = &[
    ("scan", "rows are compared with `prev`, `next` and `row_window_session`"),
    ("fork", "a query has one answer; ask once for each"),
    ("facet", "a query has one answer; group with `summarize` instead"),
    ("reduce", "texts are not clustered; group with `summarize` instead"),
    ("make-graph", "there are no graphs"),
    ("graph-match", "there are no graphs"),
    ("graph-shortest-paths", "there are no graphs"),
    ("graph-to-table", "there are no graphs"),
    ("graph-mark-components", "there are no graphs"),
    ("graph-where-nodes", "there are no graphs"),
    ("graph-where-edges", "there are no graphs"),
    ("macro-expand", "there is one database only"),
    ("execute-and-cache", "answers are not kept"),
];

/// Sources of rows.
const SOURCES: &[(&str, &str)] = &[
    ("externaldata", "a query reads no address; write the rows with `datatable`"),
    ("external_table", "a query reads the tables of this server only"),
    ("materialized_view", "there are no views that are kept"),
    ("stored_query_result", "answers are not kept"),
    ("graph", "there are no graphs"),
    ("entity_group", "there is one database only"),
];

/// Functions and aggregates by the beginning of their name, or the whole of it.
const FUNCTIONS: &[(&str, &str)] = &[
    ("geo_", "there are no geospatial functions"),
    ("gzip_", "what is compressed is not unpacked in a query, because a small text may become a huge one"),
    ("zlib_", "what is compressed is not unpacked in a query, because a small text may become a huge one"),
    ("hll", "sketches are not kept; `dcount` is exact"),
    ("dcount_hll", "sketches are not kept; `dcount` is exact"),
    ("tdigest", "sketches are not kept; `percentile` is exact"),
    ("merge_tdigest", "sketches are not kept; `percentile` is exact"),
    ("percentile_tdigest", "sketches are not kept; `percentile` is exact"),
    ("percentiles_array_tdigest", "sketches are not kept; `percentiles_array` is exact"),
    ("percentrank_tdigest", "sketches are not kept"),
    ("rank_tdigest", "sketches are not kept"),
    ("convert_", "units are not converted; multiply instead"),
    ("current_", "a query does not learn who asks it, nor where it runs"),
    ("cursor_", "there are no cursors"),
    ("ingestion_time", "rows do not carry the time they arrived; use a column of the table"),
    ("extent_", "rows are not kept in extents"),
    ("extentid", "rows are not kept in extents"),
    ("estimate_data_size", "use `string_size` of a text"),
    ("bin_auto", "use `bin` with a step"),
    ("datetime_utc_to_local", "all times are UTC"),
    ("datetime_local_to_utc", "all times are UTC"),
    ("datetime_list_timezones", "all times are UTC"),
    ("parse_user_agent", "use `extract` with a regular expression"),
    ("punycode_", "names are not encoded"),
    ("series_fit_", "series are not fitted"),
    ("series_decompose", "series are not decomposed"),
    ("series_outliers", "series are not decomposed"),
    ("series_periods_", "series are not decomposed"),
    ("series_seasonal", "series are not decomposed"),
    ("series_fft", "series are not transformed"),
    ("series_ifft", "series are not transformed"),
    ("series_fir", "series are not filtered"),
    ("series_iir", "series are not filtered"),
    ("series_fill_linear", "use `series_fill_forward`"),
    ("series_stats", "use `series_stats_dynamic`"),
    ("beta_", "there are no distributions"),
    ("erf", "there are no distributions"),
    ("welch_test", "there are no statistical tests"),
    ("node_", "there are no graphs"),
    ("inner_nodes", "there are no graphs"),
    ("labels", "there are no graphs"),
    ("rowstore_ordinal_range", "rows are not kept in row stores"),
    ("column_names_of", "use `getschema`"),
    ("row_id", "use `row_number`"),
];

/// Plugins of `evaluate`.
const PLUGINS: &[(&str, &str)] = &[
    ("python", "a query runs no code of its own"),
    ("r", "a query runs no code of its own"),
    ("csharp", "a query runs no code of its own"),
    ("http_request", "a query opens no connection"),
    ("http_request_post", "a query opens no connection"),
    ("sql_request", "a query opens no connection"),
    ("mysql_request", "a query opens no connection"),
    ("postgresql_request", "a query opens no connection"),
    ("cosmosdb_sql_request", "a query opens no connection"),
    ("azure_digital_twins_query_request", "a query opens no connection"),
    ("dax_request", "a query opens no connection"),
    ("ai_embeddings", "a query opens no connection"),
    ("ai_embed_text", "a query opens no connection"),
    ("ai_chat_completion", "a query opens no connection"),
    ("ai_chat_completion_prompt", "a query opens no connection"),
    ("execute_query", "a query opens no connection"),
    ("execute_show_command", "a query opens no connection"),
    ("infer_storage_schema", "a query reads no address"),
    ("infer_storage_schema_with_suggestions", "a query reads no address"),
    ("external_datatable", "a query reads no address"),
    ("preview", "a query has one answer; use `take`"),
    ("autocluster", "rows are not clustered; group with `summarize` instead"),
    ("basket", "rows are not clustered; group with `summarize` instead"),
    ("diffpatterns", "rows are not clustered; group with `summarize` instead"),
    ("active_users_count", "sessions and users are not analysed"),
    ("activity_counts_metrics", "sessions and users are not analysed"),
    ("activity_engagement", "sessions and users are not analysed"),
    ("activity_metrics", "sessions and users are not analysed"),
    ("new_activity_metrics", "sessions and users are not analysed"),
    ("funnel_sequence", "sessions and users are not analysed"),
    ("funnel_sequence_completion", "sessions and users are not analysed"),
    ("session_count", "sessions and users are not analysed"),
    ("sequence_detect", "sessions and users are not analysed"),
    ("sliding_window_counts", "sessions and users are not analysed"),
    ("rolling_percentile", "sessions and users are not analysed"),
    ("rows_near", "rows are compared with `prev` and `next`"),
    ("dcount_intersect", "sketches are not kept"),
    ("geo_polygon_lookup", "there are no geospatial functions"),
    ("geo_line_lookup", "there are no geospatial functions"),
    ("ipv4_lookup", "join by `ipv4_is_in_range` instead"),
    ("ipv6_lookup", "join by `ipv6_is_in_range` instead"),
    ("identity", "it does nothing"),
    ("identity_v3", "it does nothing"),
    ("estimate_rows_count", "use `count`"),
];

fn exact(list: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    list.iter().find(|(name, _)| *name == word).map(|(_, reason)| *reason)
}

/// Why there is no such operator.
pub(crate) fn operator(word: &str) -> Option<&'static str> {
    exact(OPERATORS, word)
}

/// Why there is no such source.
pub(crate) fn source(word: &str) -> Option<&'static str> {
    exact(SOURCES, word)
}

/// Why there is no such plugin.
pub(crate) fn plugin(word: &str) -> Option<&'static str> {
    exact(PLUGINS, word)
}

/// Why there is no such function.
pub(crate) fn function(word: &str) -> Option<&'static str> {
    FUNCTIONS.iter().find(|(name, _)| word.starts_with(name)).map(|(_, reason)| *reason)
}

/// Everything that is refused with its reason: operators, sources, plugins and functions.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPERATORS.iter().chain(SOURCES).chain(PLUGINS).chain(FUNCTIONS).copied()
}
