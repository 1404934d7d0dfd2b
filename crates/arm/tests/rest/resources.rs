//! Tenants, subscriptions, groups and registries, as clients look them up.

use crate::estate::{Estate, URL, group, registry, subscription};
use http::Method;
use serde_json::Value;

#[tokio::test]
async fn az_finds_a_registry_by_its_name() {
    let estate = Estate::new().await;
    let lookup = format!(
        "{}/resources?$filter=resourceType%20eq%20%27Microsoft.ContainerRegistry%2Fregistries%27&api-version=2024-11-01",
        subscription()
    );
    let found = estate.get("reader", &lookup).await.expect(200).body;
    assert_eq!(found["value"][0]["name"], "Lazaretto");
    let id = found["value"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(id, registry());
    let upper = id.to_uppercase().replace("/SUBSCRIPTIONS", "//SUBSCRIPTIONS");
    for id in [id, upper] {
        let one =
            estate.get("reader", &format!("{id}?api-version=2026-09-01-preview")).await.expect(200).body;
        assert_eq!(one["properties"]["loginServer"], "lazaretto.test");
        assert_eq!(one["sku"]["name"], "Premium");
    }
    let other = lookup.replace("ContainerRegistry%2Fregistries", "Web%2Fsites");
    assert_eq!(estate.get("reader", &other).await.expect(200).body["value"], Value::Array(vec![]));
    estate.get("reader", &lookup.replace("resourceType", "changedTime")).await.expect(400);
}

#[tokio::test]
async fn everybody_sees_where_they_have_a_role() {
    let estate = Estate::new().await;
    let seen = async |who: &str| {
        let page = estate.get(who, "/subscriptions?api-version=2022-12-01").await.expect(200).body;
        page["value"].as_array().unwrap().len()
    };
    assert_eq!((seen("owner").await, seen("puller").await, seen("foreigner").await), (1, 1, 0));
    let tenants = estate.get("foreigner", "/tenants?api-version=2022-12-01").await.expect(200).body;
    assert_eq!(tenants["value"][0]["tenantId"], "00000000-0000-0000-0000-000000000777");
    // Somebody with a role at the registry alone finds it in the list of the subscription.
    let list =
        format!("{}/providers/Microsoft.ContainerRegistry/registries?api-version=2025-11-01", subscription());
    let found = estate.get("registry-reader", &list).await.expect(200).body;
    assert_eq!(found["value"][0]["id"], registry());
    // Security Reader alone cannot list registries, as the roles of Azure have it.
    estate.get("security-reader", &list).await.expect(403);
}

#[tokio::test]
async fn groups_exist_or_not() {
    let estate = Estate::new().await;
    let lower = group().replace("resourceGroups", "resourcegroups");
    let there = format!("{lower}?api-version=2024-11-01");
    assert_eq!(
        estate.get("reader", &there).await.expect(200).body["properties"]["provisioningState"],
        "Succeeded"
    );
    estate.ask("reader", Method::HEAD, &there, Value::Null).await.expect(204);
    let absent = there.replace("/rg?", "/absent?");
    assert_eq!(estate.get("reader", &absent).await.expect(404).code(), "ResourceGroupNotFound");
    estate.ask("reader", Method::HEAD, &absent, Value::Null).await.expect(404);
    let foreign = "/subscriptions/00000000-0000-0000-0000-00000000beef?api-version=2022-12-01";
    assert_eq!(estate.get("foreigner", foreign).await.expect(404).code(), "SubscriptionNotFound");
}

#[tokio::test]
async fn providers_are_registered() {
    let estate = Estate::new().await;
    let path = format!("{}/providers/microsoft.security?api-version=2024-11-01", subscription());
    let provider = estate.get("reader", &path).await.expect(200).body;
    assert_eq!(
        (&provider["namespace"], &provider["registrationState"]),
        (&"Microsoft.Security".into(), &"Registered".into())
    );
    let register = path.replace("?", "/register?");
    estate.ask("reader", Method::POST, &register, Value::Null).await.expect(200);
}

#[tokio::test]
async fn wrong_requests_say_what_is_wrong() {
    let estate = Estate::new().await;
    let code = async |method: Method, path: &str| {
        let answer = estate.ask("owner", method, path, Value::Null).await;
        format!("{} {}", answer.status.as_u16(), answer.code())
    };
    assert_eq!(code(Method::GET, "/subscriptions").await, "400 MissingApiVersionParameter");
    assert_eq!(code(Method::GET, "/subscriptions?api-version=new").await, "400 InvalidApiVersionParameter");
    assert_eq!(code(Method::DELETE, "/tenants?api-version=2022-12-01").await, "405 MethodNotAllowed");
    assert_eq!(code(Method::GET, "/nonsense?api-version=2022-12-01").await, "404 NotFound");
    assert_eq!(code(Method::GET, "/%ff?api-version=2022-12-01").await, "404 NotFound");
    let dots = "/subscriptions/../providers/Microsoft.Security/pricings?api-version=2023-01-01";
    assert_eq!(code(Method::GET, dots).await, "400 InvalidResourceId");
    let answer = estate.get("owner", "/tenants?api-version=2022-12-01").await;
    assert!(answer.headers.contains_key("x-ms-request-id"));
    assert!(URL.starts_with("https"));
}
