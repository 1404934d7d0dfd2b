//! The reference of the query language in JSON, for clients that complete queries or explain them.

use kql::{Entry, reference};
use serde_json::{Value, json};

/// Everything that a query may use: `{"value": [{"kind", "name", "aliases", "signature", "summary", "example", "result"}]}`.
pub fn query_reference() -> Value {
    json!({"value": reference().iter().map(view).collect::<Vec<_>>()})
}

fn view(entry: &Entry) -> Value {
    json!({
        "kind": entry.kind.as_str(),
        "name": entry.name,
        "aliases": entry.aliases,
        "signature": entry.signature,
        "summary": entry.summary,
        "example": entry.example,
        "result": entry.result,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_what_it_is_and_shows_it() {
        let list = query_reference();
        let entries = list["value"].as_array().unwrap();
        let has = |kind: &str, name: &str| {
            entries.iter().any(|entry| entry["kind"] == kind && entry["name"] == name)
        };
        assert!(has("operator", "where") && has("function", "strcat") && has("aggregate", "dcount"));
        assert!(has("plugin", "bag_unpack") && has("window", "prev"));
    }
}
