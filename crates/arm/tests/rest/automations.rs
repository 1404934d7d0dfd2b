//! Automations: who is told of changes.

use crate::estate::{Estate, group, subscription};
use http::Method;
use serde_json::{Value, json};

fn path(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Security/automations{name}?api-version=2023-12-01-preview")
}

fn automation() -> Value {
    json!({
        "location": "local",
        "tags": {"team": "blue"},
        "properties": {
            "description": "Tell of high findings",
            "isEnabled": true,
            "scopes": [{"description": "all", "scopePath": subscription()}],
            "sources": [{"eventSource": "SubAssessments", "ruleSets": [{"rules": [{
                "propertyJPath": "properties.status.severity",
                "propertyType": "String",
                "expectedValue": "High",
                "operator": "Equals",
            }]}]}],
            "actions": [
                {"actionType": "LogicApp", "logicAppResourceId": "/l", "uri": "https://hook.test/?sig=SECRET"},
                {"actionType": "File", "name": "findings"},
            ],
        },
    })
}

#[tokio::test]
async fn an_automation_is_put_listed_and_deleted_and_never_tells_its_addresses() {
    let estate = Estate::new().await;
    let own = path(&group(), "/tell");
    let put = estate.ask("security-admin", Method::PUT, &own, automation()).await.expect(201).body;
    assert_eq!(
        put["properties"]["actions"][0],
        json!({"actionType": "LogicApp", "logicAppResourceId": "/l"})
    );
    estate.ask("owner", Method::PUT, &own, automation()).await.expect(200);
    for path in [own.clone(), path(&group(), ""), path(&subscription(), "")] {
        let body = estate.get("security-reader", &path).await.expect(200).body;
        assert!(!body.to_string().contains("SECRET"), "{body}");
    }
    let list = estate.get("reader", &path(&subscription(), "")).await.expect(200).body;
    assert_eq!(list["value"][0]["name"], "tell");
    estate.ask("reader", Method::DELETE, &own, Value::Null).await.expect(403);
    estate.ask("owner", Method::DELETE, &own, Value::Null).await.expect(204);
    estate.ask("owner", Method::DELETE, &own, Value::Null).await.expect(204);
}

#[tokio::test]
async fn what_could_never_work_is_refused_and_not_valid() {
    let estate = Estate::new().await;
    let change = |at: &str, value: Value| {
        let mut body = automation();
        *body.pointer_mut(at).unwrap() = value;
        body
    };
    for body in [
        change("/properties/sources", json!([])),
        change("/properties/actions", json!([])),
        change("/properties/scopes/0/scopePath", "/subscriptions/other".into()),
        change("/properties/sources/0/ruleSets/0/rules/0/operator", "GreaterThan".into()),
        change("/properties/sources/0/ruleSets/0/rules/0/operator", "Matches".into()),
        change("/properties/actions/0/uri", "ftp://hook.test".into()),
        change("/properties/actions/1/name", "../../etc/passwd".into()),
        change("/properties/actions/1/actionType", "EventHub".into()),
    ] {
        estate.ask("owner", Method::PUT, &path(&group(), "/bad"), body.clone()).await.expect(400);
        let validated = path(&group(), "/bad").replace("/bad?", "/bad/validate?");
        let answer = estate.ask("owner", Method::POST, &validated, body).await.expect(200).body;
        assert_eq!(answer["isValid"], false, "{answer}");
    }
    let validated = path(&group(), "/good").replace("/good?", "/good/validate?");
    let answer = estate.ask("owner", Method::POST, &validated, automation()).await.expect(200).body;
    assert_eq!(answer["isValid"], true);
    estate.get("owner", &path(&group(), "/good")).await.expect(404);
    estate.ask("owner", Method::PUT, &path(&subscription(), "/bad"), automation()).await.expect(400);
}
