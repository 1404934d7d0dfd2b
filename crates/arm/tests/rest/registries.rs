//! Registries and groups that come, change and go.

use crate::estate::{Estate, group, registry, subscription};
use http::Method;
use serde_json::{Value, json};

const VERSION: &str = "?api-version=2025-11-01";

fn named(name: &str) -> String {
    format!("{}/providers/Microsoft.ContainerRegistry/registries/{name}", group())
}

async fn put(estate: &Estate, name: &str, body: Value, status: u16) -> Value {
    let path = format!("{}{VERSION}", named(name));
    estate.ask("owner", Method::PUT, &path, body).await.expect(status).body
}

#[tokio::test]
async fn a_registry_is_created_changed_and_deleted() {
    let estate = Estate::new().await;
    let body = json!({"location": "local", "sku": {"name": "Standard"}, "tags": {"team": "harbour"}});
    let made = put(&estate, "Second", body.clone(), 201).await;
    assert_eq!(made["id"], named("Second"));
    assert_eq!(made["properties"]["loginServer"], "second.lazaretto.test");
    assert_eq!(made["properties"]["provisioningState"], "Succeeded");
    assert_eq!((&made["sku"]["name"], &made["tags"]["team"]), (&json!("Standard"), &json!("harbour")));
    put(&estate, "SECOND", body.clone(), 200).await;
    let path = format!("{}{VERSION}", named("second"));
    let change = json!({"tags": {"team": "quay"}, "properties": {"policies": {
        "quarantinePolicy": {"status": "enabled"}, "retentionPolicy": {"status": "enabled", "days": 3},
    }}});
    let changed = estate.ask("owner", Method::PATCH, &path, change).await.expect(200).body;
    assert_eq!(changed["properties"]["policies"]["quarantinePolicy"]["status"], "enabled");
    assert_eq!(changed["properties"]["policies"]["retentionPolicy"]["days"], 3);
    assert_eq!((&changed["sku"]["name"], &changed["tags"]["team"]), (&json!("Standard"), &json!("quay")));
    let id = estate.store.registry_by_name("second").await.unwrap().unwrap().id;
    assert!(estate.store.pull_policy(id).await.unwrap().quarantine);
    // A script that has not heard of quarantine does not switch it off.
    let again = put(&estate, "Second", body, 200).await;
    assert_eq!(again["properties"]["policies"]["quarantinePolicy"]["status"], "enabled");
    let list = format!("{}/providers/Microsoft.ContainerRegistry/registries{VERSION}", subscription());
    let listed = estate.get("reader", &list).await.expect(200).body;
    assert_eq!(listed["value"].as_array().unwrap().len(), 2);
    estate.ask("owner", Method::DELETE, &path, Value::Null).await.expect(200);
    estate.ask("owner", Method::DELETE, &path, Value::Null).await.expect(204);
    assert_eq!(estate.get("reader", &path).await.expect(404).code(), "ResourceNotFound");
}

#[tokio::test]
async fn what_cannot_be_a_registry_is_refused() {
    let estate = Estate::with_foreign().await;
    let local = json!({"location": "local"});
    for (name, body, status, code) in [
        ("x", local.clone(), 400, "BadRequest"),
        ("with-dash", local.clone(), 400, "BadRequest"),
        // Of somebody else, in another subscription: only that the name is taken is told, as its host tells anyway.
        ("foreign", local.clone(), 409, "AlreadyInUse"),
        ("Second", json!({}), 400, "LocationRequired"),
        (
            "Second",
            json!({"location": "local", "properties": {"dataEndpointEnabled": true}}),
            400,
            "NotSupported",
        ),
        ("Lazaretto", json!({"location": "elsewhere"}), 409, "InvalidResourceLocation"),
    ] {
        let answer = put(&estate, name, body, status).await;
        assert_eq!(answer["error"]["code"], code, "{name}");
    }
    let absent = format!("{}{VERSION}", named("Second").replace("/rg/", "/absent/"));
    let answer = estate.ask("owner", Method::PUT, &absent, local).await.expect(404);
    assert_eq!(answer.code(), "ResourceGroupNotFound");
    let first = format!("{}{VERSION}", registry());
    assert_eq!(
        estate.ask("owner", Method::DELETE, &first, Value::Null).await.expect(409).code(),
        "ResourceInUse"
    );
}

#[tokio::test]
async fn rules_of_the_registry_are_kept() {
    let estate = Estate::new().await;
    let body = json!({"location": "local", "sku": {"name": "Premium"}, "properties": {
        "anonymousPullEnabled": true,
        "policies": {"softDeletePolicy": {"status": "enabled", "retentionDays": 9}},
    }});
    let made = put(&estate, "Second", body, 201).await;
    assert_eq!(made["properties"]["anonymousPullEnabled"], true);
    assert_eq!(made["properties"]["policies"]["softDeletePolicy"]["retentionDays"], 9);
    let again = put(&estate, "Second", json!({"location": "local", "tags": {"a": "b"}}), 200).await;
    assert_eq!(again["properties"]["anonymousPullEnabled"], true, "what is left out stays");
    assert_eq!(again["properties"]["policies"]["softDeletePolicy"]["status"], "enabled");
}

#[tokio::test]
async fn names_are_checked_before() {
    let estate = Estate::new().await;
    let path =
        format!("{}/providers/Microsoft.ContainerRegistry/checkNameAvailability{VERSION}", subscription());
    let check = async |name: &str| {
        let body = json!({"name": name, "type": "Microsoft.ContainerRegistry/registries"});
        let answer = estate.ask("reader", Method::POST, &path, body).await.expect(200).body;
        (answer["nameAvailable"].as_bool().unwrap(), answer["reason"].as_str().unwrap_or("").to_owned())
    };
    assert_eq!(check("second").await, (true, String::new()));
    assert_eq!(check("LAZARETTO").await, (false, "AlreadyExists".into()));
    assert_eq!(check("a b").await, (false, "Invalid".into()));
}

#[tokio::test]
async fn the_account_of_a_registry_is_switched_on_and_renewed() {
    let estate = Estate::new().await;
    put(&estate, "Second", json!({"location": "local"}), 201).await;
    let path = |what: &str| format!("{}/{what}{VERSION}", named("Second"));
    let list = async |who: &str, status| {
        estate.ask(who, Method::POST, &path("listCredentials"), Value::Null).await.expect(status).body
    };
    assert_eq!(list("owner", 400).await["error"]["code"], "UnAuthorizedForCredentialOperations");
    put(&estate, "Second", json!({"location": "local", "properties": {"adminUserEnabled": true}}), 200).await;
    let first = list("owner", 200).await;
    assert_eq!(first["username"], "Second");
    assert_eq!(first["passwords"][0]["name"], "password");
    assert_ne!(first["passwords"][0]["value"], first["passwords"][1]["value"]);
    assert_eq!(list("owner", 200).await, first, "they are the same each time");
    list("reader", 403).await;
    let renewed =
        estate.ask("owner", Method::POST, &path("regenerateCredential"), json!({"name": "password2"})).await;
    let renewed = renewed.expect(200).body;
    assert_eq!(renewed["passwords"][0], first["passwords"][0]);
    assert_ne!(renewed["passwords"][1], first["passwords"][1]);
    estate
        .ask("owner", Method::POST, &path("regenerateCredential"), json!({"name": "third"}))
        .await
        .expect(400);
}

#[tokio::test]
async fn clients_find_usages_and_empty_parts() {
    let estate = Estate::new().await;
    let get = async |what: &str| {
        estate.get("reader", &format!("{}/{what}{VERSION}", registry())).await.expect(200).body["value"]
            .clone()
    };
    let usages = get("listUsages").await;
    let names: Vec<&Value> = usages.as_array().unwrap().iter().map(|usage| &usage["name"]).collect();
    assert_eq!(names, ["Size", "Webhooks", "ScopeMaps", "Tokens"]);
    assert!(usages.as_array().unwrap().iter().all(|usage| usage["limit"].is_i64()), "{usages}");
    for part in ["replications", "privateEndpointConnections", "privateLinkResources"] {
        assert_eq!(get(part).await, json!([]), "{part}");
    }
}

#[tokio::test]
async fn groups_come_and_go_with_what_is_in_them() {
    let estate = Estate::new().await;
    let path = format!("{}/resourcegroups/New.Group(1){VERSION}", subscription());
    let set =
        async |body: Value, status| estate.ask("owner", Method::PUT, &path, body).await.expect(status).body;
    assert_eq!(set(json!({}), 400).await["error"]["code"], "LocationRequired");
    let made = set(json!({"location": "Local", "tags": {"a": "b"}}), 201).await;
    assert_eq!((&made["name"], &made["location"]), (&json!("New.Group(1)"), &json!("local")));
    set(json!({"location": "elsewhere"}), 409).await;
    let changed =
        estate.ask("owner", Method::PATCH, &path, json!({"tags": {"c": "d"}})).await.expect(200).body;
    assert_eq!(changed["tags"], json!({"c": "d"}));
    let inside = named("Second").replace("/rg/", "/New.Group(1)/") + VERSION;
    estate.ask("owner", Method::PUT, &inside, json!({"location": "local"})).await.expect(201);
    let bad = path.replace("New.Group(1)", "bad.");
    estate.ask("owner", Method::PUT, &bad, json!({"location": "local"})).await.expect(400);
    estate.ask("owner", Method::DELETE, &path, Value::Null).await.expect(200);
    estate.get("owner", &inside).await.expect(404);
    estate.get("owner", &path).await.expect(404);
    let first = format!("{}{VERSION}", group());
    let blocked = estate.ask("owner", Method::DELETE, &first, Value::Null).await.expect(409);
    assert_eq!(blocked.code(), "ResourceGroupDeletionBlocked");
}

#[tokio::test]
async fn subscriptions_are_made_by_alias_once() {
    let estate = Estate::new().await;
    let path = "/providers/Microsoft.Subscription/aliases/second?api-version=2021-10-01";
    let body = json!({"properties": {"displayName": "Second", "workload": "Production"}});
    let made = estate.ask("admin", Method::PUT, path, body.clone()).await.expect(201).body;
    let again = estate.ask("admin", Method::PUT, path, body.clone()).await.expect(200).body;
    assert_eq!(made, again);
    let id = made["properties"]["subscriptionId"].as_str().unwrap();
    let one =
        estate.get("admin", &format!("/subscriptions/{id}?api-version=2022-12-01")).await.expect(200).body;
    assert_eq!(one["displayName"], "Second");
    estate.ask("owner", Method::PUT, path, body).await.expect(403);
}
