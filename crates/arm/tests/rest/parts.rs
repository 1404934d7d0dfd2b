//! What hangs on a registry: webhooks, scope maps, tokens, imports.

use crate::estate::{Estate, registry};
use http::Method;
use serde_json::{Value, json};

const VERSION: &str = "?api-version=2025-11-01";

fn path(what: &str) -> String {
    format!("{}/{what}{VERSION}", registry())
}

async fn ask(estate: &Estate, method: Method, what: &str, body: Value, status: u16) -> Value {
    estate.ask("owner", method, &path(what), body).await.expect(status).body
}

#[tokio::test]
async fn a_webhook_is_created_changed_pinged_and_deleted() {
    let estate = Estate::new().await;
    let body = json!({"location": "local", "properties": {
        "serviceUri": "https://hook.test/x?key=secret", "customHeaders": {"x-secret": "s"},
        "actions": ["push", "delete"], "scope": "app:*", "status": "enabled",
    }});
    let made = ask(&estate, Method::PUT, "webhooks/harbour", body.clone(), 201).await;
    assert_eq!(made["properties"]["scope"], "app:*");
    let told = made.to_string();
    assert!(!told.contains("secret"), "address and headers are shown by getCallbackConfig alone: {told}");
    ask(&estate, Method::PUT, "webhooks/harbour", body, 200).await;
    let changed = json!({"properties": {"status": "disabled"}});
    let changed = ask(&estate, Method::PATCH, "webhooks/HARBOUR", changed, 200).await;
    assert_eq!(
        (&changed["properties"]["status"], &changed["properties"]["scope"]),
        (&json!("disabled"), &json!("app:*"))
    );
    let configuration =
        ask(&estate, Method::POST, "webhooks/harbour/getCallbackConfig", Value::Null, 200).await;
    assert_eq!(
        configuration,
        json!({"serviceUri": "https://hook.test/x?key=secret", "customHeaders": {"x-secret": "s"}})
    );
    let pinged = ask(&estate, Method::POST, "webhooks/harbour/ping", Value::Null, 200).await;
    let events = ask(&estate, Method::POST, "webhooks/harbour/listEvents", Value::Null, 200).await;
    assert_eq!(events["value"][0]["id"], pinged["id"]);
    assert_eq!(events["value"][0]["eventRequestMessage"]["content"]["action"], "ping");
    estate.get("reader", &path("webhooks/harbour")).await.expect(200);
    estate
        .ask("reader", Method::POST, &path("webhooks/harbour/getCallbackConfig"), Value::Null)
        .await
        .expect(403);
    ask(&estate, Method::DELETE, "webhooks/harbour", Value::Null, 200).await;
    ask(&estate, Method::DELETE, "webhooks/harbour", Value::Null, 204).await;
    ask(&estate, Method::GET, "webhooks/harbour", Value::Null, 404).await;
}

#[tokio::test]
async fn what_is_no_webhook_is_refused() {
    let estate = Estate::new().await;
    let good = json!({"serviceUri": "https://hook.test/", "actions": ["push"]});
    let with = |name: &str, value: Value| {
        let mut properties = good.clone();
        properties[name] = value;
        json!({ "properties": properties })
    };
    for body in [
        with("serviceUri", json!("file:///etc/passwd")),
        with("serviceUri", json!("not an address")),
        with("serviceUri", Value::Null),
        with("actions", json!([])),
        with("actions", json!(["explode"])),
        with("actions", json!(["ping"])),
        with("scope", json!("A B")),
        with("status", json!("perhaps")),
        with("customHeaders", json!({"bad header": "x"})),
        with("customHeaders", json!({"x": "a\r\nb"})),
    ] {
        ask(&estate, Method::PUT, "webhooks/harbour", body, 400).await;
    }
    ask(&estate, Method::PUT, "webhooks/x", json!({ "properties": good }), 400).await;
}

#[tokio::test]
async fn a_token_has_a_scope_map_and_passwords_that_are_shown_once() {
    let estate = Estate::new().await;
    let actions = json!(["repositories/app/content/read"]);
    let map = json!({"properties": {"description": "reads", "actions": actions}});
    let made = ask(&estate, Method::PUT, "scopeMaps/readers", map, 201).await;
    assert_eq!(made["properties"]["actions"], actions);
    let wrong = json!({"properties": {"actions": ["repositories/app/execute"]}});
    ask(&estate, Method::PUT, "scopeMaps/others", wrong, 400).await;
    let maps = ask(&estate, Method::GET, "scopeMaps", Value::Null, 200).await;
    assert!(maps["value"].as_array().unwrap().len() > 3, "those that are built in are there too");
    let token = json!({"properties": {"scopeMapId": made["id"], "status": "enabled"}});
    let token = ask(&estate, Method::PUT, "tokens/robot", token, 201).await;
    assert_eq!(token["properties"]["scopeMapId"], made["id"]);
    let elsewhere = json!({"properties": {"scopeMapId": "/subscriptions/x/scopeMaps/readers"}});
    ask(&estate, Method::PUT, "tokens/other", elsewhere, 400).await;
    let wanted = json!({"tokenId": token["id"], "name": "password2"});
    let secrets = ask(&estate, Method::POST, "generateCredentials", wanted, 200).await;
    assert_eq!(
        (&secrets["username"], &secrets["passwords"][0]["name"]),
        (&json!("robot"), &json!("password2"))
    );
    let shown = ask(&estate, Method::GET, "tokens/robot", Value::Null, 200).await;
    assert_eq!(shown["properties"]["credentials"]["passwords"][0]["name"], "password2");
    assert!(!shown.to_string().contains(secrets["passwords"][0]["value"].as_str().unwrap()));
    let past = json!({"tokenId": token["id"], "expiry": "2020-01-01T00:00:00Z"});
    ask(&estate, Method::POST, "generateCredentials", past, 400).await;
    ask(&estate, Method::POST, "generateCredentials", json!({"tokenId": "x"}), 404).await;
    // A body that lists passwords keeps those alone: so does `az acr token credential delete`.
    let both = json!({"tokenId": token["id"]});
    ask(&estate, Method::POST, "generateCredentials", both, 200).await;
    for (body, left) in [
        (json!({"properties": {"status": "enabled"}}), 2),
        (json!({"properties": {"credentials": {"passwords": [{"name": "password2"}]}}}), 1),
        (json!({"properties": {"credentials": {"passwords": []}}}), 0),
    ] {
        ask(&estate, Method::PATCH, "tokens/robot", body, 200).await;
        let shown = ask(&estate, Method::GET, "tokens/robot", Value::Null, 200).await;
        assert_eq!(shown["properties"]["credentials"]["passwords"].as_array().unwrap().len(), left);
    }
    ask(&estate, Method::DELETE, "scopeMaps/readers", Value::Null, 409).await;
    ask(&estate, Method::DELETE, "tokens/robot", Value::Null, 200).await;
    ask(&estate, Method::DELETE, "scopeMaps/readers", Value::Null, 200).await;
    ask(&estate, Method::DELETE, "scopeMaps/_repositories_pull", Value::Null, 400).await;
}

#[tokio::test]
async fn an_import_says_where_to_ask_and_pulls_only_what_one_may() {
    let estate = Estate::with_foreign().await;
    let body =
        json!({"source": {"registryUri": "registry.test", "sourceImage": "app:1"}, "targetTags": ["copy:2"]});
    let begun = estate.ask("owner", Method::POST, &path("importImage"), body).await.expect(202);
    assert_eq!(begun.headers["retry-after"], "1");
    for (header, status) in [("location", 202), ("azure-asyncoperation", 200)] {
        let address = begun.headers[header].to_str().unwrap().to_owned();
        let address = address.strip_prefix(crate::estate::URL).unwrap();
        estate.get("owner", address).await.expect(status);
        // Whoever may not import there learns nothing of it, and neither does the foreigner.
        estate.get("puller", address).await.expect(403);
        estate.get("foreigner", address).await.expect(403);
    }
    let foreign = registry().replace("0abc", "beef").replace("Lazaretto", "Foreign");
    let from = |source: Value| json!({"source": source, "targetTags": ["copy:2"]});
    let steal = from(json!({"resourceId": foreign, "sourceImage": "app:1"}));
    estate.ask("owner", Method::POST, &path("importImage"), steal).await.expect(403);
    let by_host = from(json!({"registryUri": "foreign.lazaretto.test", "sourceImage": "app:1"}));
    estate.ask("owner", Method::POST, &path("importImage"), by_host).await.expect(403);
    for wrong in [
        json!({}),
        from(json!({"registryUri": "registry.test"})),
        from(json!({"registryUri": "registry.test/path", "sourceImage": "app:1"})),
        json!({"source": {"registryUri": "registry.test", "sourceImage": "app:1"}, "targetTags": ["BAD NAME"]}),
        json!({"source": {"registryUri": "registry.test", "sourceImage": "app:1"}, "mode": "perhaps"}),
    ] {
        estate.ask("owner", Method::POST, &path("importImage"), wrong).await.expect(400);
    }
}
