//! Locks, and tags by themselves.

use crate::estate::{Answer, Estate, group, registry, subscription};
use http::Method;
use serde_json::{Value, json};

const VERSION: &str = "?api-version=2020-05-01";

fn lock(scope: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/locks/keep{VERSION}")
}

async fn put(estate: &Estate, who: &str, scope: &str, level: &str) -> Answer {
    let body = json!({"properties": {"level": level, "notes": "of the harbour"}});
    estate.ask(who, Method::PUT, &lock(scope), body).await
}

async fn second(estate: &Estate) -> String {
    let path = format!("{}/providers/Microsoft.ContainerRegistry/registries/second", group());
    let body = json!({"location": "local"});
    estate.ask("owner", Method::PUT, &format!("{path}{VERSION}"), body).await.expect(201);
    path
}

#[tokio::test]
async fn what_is_locked_is_not_deleted_with_whatever_right() {
    let estate = Estate::new().await;
    let registry = second(&estate).await;
    let path = format!("{registry}{VERSION}");
    for locked in [subscription(), group(), registry.clone()] {
        let made = put(&estate, "owner", &locked, "CanNotDelete").await.expect(201).body;
        assert_eq!(made["properties"], json!({"level": "CanNotDelete", "notes": "of the harbour"}));
        for gone in [&path, &format!("{}{VERSION}", group())] {
            let refused = estate.ask("admin", Method::DELETE, gone, Value::Null).await.expect(409);
            assert_eq!(refused.code(), "ScopeLocked", "{locked}");
        }
        // It may still be changed, and read.
        let tags = json!({"tags": {"a": "b"}});
        estate.ask("owner", Method::PATCH, &path, tags).await.expect(200);
        estate.ask("owner", Method::DELETE, &lock(&locked), Value::Null).await.expect(200);
        estate.ask("owner", Method::DELETE, &lock(&locked), Value::Null).await.expect(204);
    }
    estate.ask("owner", Method::DELETE, &path, Value::Null).await.expect(200);
}

#[tokio::test]
async fn what_may_only_be_read_is_changed_by_nobody() {
    let estate = Estate::new().await;
    put(&estate, "owner", &group().to_uppercase(), "ReadOnly").await.expect(201);
    let path = format!("{}{VERSION}", registry());
    let plan = format!("{}/providers/Microsoft.Security/pricings/Containers{VERSION}", registry());
    let free = json!({"properties": {"pricingTier": "Free"}});
    for (method, path, body) in [
        (Method::PATCH, path.clone(), json!({"tags": {"a": "b"}})),
        (Method::PUT, plan, free.clone()),
        (Method::POST, path.replace('?', "/listCredentials?"), Value::Null),
    ] {
        let refused = estate.ask("owner", method.clone(), &path, body).await.expect(409);
        assert_eq!(refused.code(), "ScopeLocked", "{method} {path}");
    }
    estate.get("reader", &path).await.expect(200);
    // What lies beside it is free.
    let above = format!("{}/providers/Microsoft.Security/pricings/Containers{VERSION}", subscription());
    estate.ask("owner", Method::PUT, &above, free).await.expect(200);
    // Whoever may not write is told that, and nothing of locks.
    let refused = estate.ask("reader", Method::PATCH, &path, json!({"tags": {}})).await.expect(403);
    assert_eq!(refused.code(), "AuthorizationFailed");
}

#[tokio::test]
async fn locks_are_listed_at_and_below_a_scope_and_refused_where_they_make_no_sense() {
    let estate = Estate::new().await;
    put(&estate, "owner", &registry(), "CanNotDelete").await.expect(201);
    put(&estate, "owner", &registry(), "ReadOnly").await.expect(200);
    for (scope, wanted) in [(subscription(), 1), (group(), 1), (registry(), 1)] {
        let list = format!("{scope}/providers/Microsoft.Authorization/locks{VERSION}");
        let listed = estate.get("reader", &list).await.expect(200).body;
        assert_eq!(listed["value"].as_array().unwrap().len(), wanted, "{listed:#}");
        assert_eq!(listed["value"][0]["properties"]["level"], "ReadOnly");
    }
    put(&estate, "owner", &registry(), "NotSpecified").await.expect(400);
    put(&estate, "owner", &format!("{}/repositories/app", registry()), "ReadOnly").await.expect(400);
    put(&estate, "owner", &registry().replace("Lazaretto", "absent"), "ReadOnly").await.expect(404);
    put(&estate, "security-admin", &registry(), "ReadOnly").await.expect(403);
}

#[tokio::test]
async fn tags_are_merged_replaced_and_taken_away() {
    let estate = Estate::new().await;
    let registry = second(&estate).await;
    for scope in [registry.clone(), group()] {
        let path = format!("{scope}/providers/Microsoft.Resources/tags/default{VERSION}");
        let of = |operation: &str, tags: Value| json!({"operation": operation, "properties": {"tags": tags}});
        let mut seen = Vec::new();
        for (method, body) in [
            (Method::PUT, of("", json!({"team": "harbour", "cost": "7"}))),
            (Method::PATCH, of("Merge", json!({"Team": "quay", "own": "x"}))),
            (Method::PATCH, of("Delete", json!({"own": "y", "cost": "7"}))),
            (Method::PATCH, of("Replace", json!({"only": "one"}))),
        ] {
            let answer = estate.ask("owner", method, &path, body).await.expect(200).body;
            assert_eq!(answer, estate.get("reader", &path).await.expect(200).body);
            seen.push(answer["properties"]["tags"].clone());
        }
        let wanted = [
            json!({"team": "harbour", "cost": "7"}),
            json!({"Team": "quay", "cost": "7", "own": "x"}),
            json!({"Team": "quay", "own": "x"}),
            json!({"only": "one"}),
        ];
        assert_eq!(seen, wanted);
        estate.ask("owner", Method::PATCH, &path, of("Multiply", json!({}))).await.expect(400);
        let many: serde_json::Map<String, Value> = (0..51).map(|n| (format!("t{n}"), json!("x"))).collect();
        estate.ask("owner", Method::PATCH, &path, of("Merge", many.into())).await.expect(400);
    }
    let names = estate.get("reader", &format!("{}/tagNames{VERSION}", subscription())).await.expect(200).body;
    assert_eq!(names["value"][0]["tagName"], "only", "{names:#}");
    assert_eq!(names["value"][0]["count"]["value"], 2);
    let groups = |filter: &str| format!("{}/resourcegroups{VERSION}&$filter={filter}", subscription());
    for (filter, wanted) in [("tagName eq 'ONLY' and tagValue eq 'one'", 1), ("tagName eq 'other'", 0)] {
        let path = groups(&filter.replace(' ', "%20"));
        let found = estate.get("reader", &path).await.expect(200).body;
        assert_eq!(found["value"].as_array().unwrap().len(), wanted, "{filter}");
    }
    estate.get("reader", &groups("cost%20gt%207")).await.expect(400);
    let whole = format!("{registry}/providers/Microsoft.Resources/tags/default{VERSION}");
    estate.ask("owner", Method::DELETE, &whole, Value::Null).await.expect(200);
    let left = estate.get("reader", &whole).await.expect(200).body;
    assert_eq!(left["properties"]["tags"], json!({}));
    // Subscriptions have none.
    let above = format!("{}/providers/Microsoft.Resources/tags/default{VERSION}", subscription());
    estate.get("reader", &above).await.expect(400);
}

#[tokio::test]
async fn a_network_that_would_not_be_kept_out_is_no_rule() {
    let estate = Estate::new().await;
    let rule = json!({"properties": {"networkRuleSet": {
        "defaultAction": "Allow", "ipRules": [{"action": "Allow", "value": "10.0.0.1"}],
    }}});
    let path = format!("{}{VERSION}", registry());
    let refused = estate.ask("owner", Method::PATCH, &path, rule).await.expect(400);
    assert_eq!(refused.code(), "NotSupported");
}
