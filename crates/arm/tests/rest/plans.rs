//! The plan: read and set under both of its names.

use crate::estate::{Estate, registry, subscription};
use http::Method;
use serde_json::json;

fn path(name: &str) -> String {
    format!("{}/providers/Microsoft.Security/pricings{name}?api-version=2023-01-01", subscription())
}

#[tokio::test]
async fn the_plan_is_one_switch_under_two_names() {
    let estate = Estate::new().await;
    let tier = async |name: &str| {
        estate.get("reader", &path(name)).await.expect(200).body["properties"]["pricingTier"].clone()
    };
    assert_eq!(tier("/ContainerRegistry").await, "Free");
    let standard = json!({"properties": {"pricingTier": "standard", "subPlan": null}});
    let set = estate.ask("owner", Method::PUT, &path("/containers"), standard.clone()).await.expect(200);
    assert_eq!(set.body["name"], "Containers");
    assert_eq!(set.body["properties"]["freeTrialRemainingTime"], "P30D");
    assert_eq!(set.body["properties"]["resourcesCoverageStatus"], "FullyCovered");
    assert_eq!(tier("/CONTAINERREGISTRY").await, "Standard");
    let list = estate.get("security-reader", &path("")).await.expect(200).body;
    expect_test::expect![[r#"
        {
          "value": [
            {
              "id": "/subscriptions/00000000-0000-0000-0000-000000000abc/providers/Microsoft.Security/pricings/ContainerRegistry",
              "name": "ContainerRegistry",
              "properties": {
                "deprecated": true,
                "enablementTime": "2026-01-02T03:04:05Z",
                "enforce": "False",
                "freeTrialRemainingTime": "P30D",
                "inherited": "False",
                "pricingTier": "Standard",
                "replacedBy": [
                  "Containers"
                ],
                "resourcesCoverageStatus": "FullyCovered"
              },
              "type": "Microsoft.Security/pricings"
            },
            {
              "id": "/subscriptions/00000000-0000-0000-0000-000000000abc/providers/Microsoft.Security/pricings/Containers",
              "name": "Containers",
              "properties": {
                "deprecated": false,
                "enablementTime": "2026-01-02T03:04:05Z",
                "enforce": "False",
                "freeTrialRemainingTime": "P30D",
                "inherited": "False",
                "pricingTier": "Standard",
                "resourcesCoverageStatus": "FullyCovered"
              },
              "type": "Microsoft.Security/pricings"
            }
          ]
        }"#]].assert_eq(&serde_json::to_string_pretty(&list).unwrap());
    estate.ask("security-reader", Method::PUT, &path("/Containers"), standard).await.expect(403);
    let free = json!({"properties": {"pricingTier": "Free"}});
    estate.ask("security-admin", Method::PUT, &path("/ContainerRegistry"), free).await.expect(200);
    assert_eq!(tier("/Containers").await, "Free");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let estate = Estate::new().await;
    for body in
        [json!({}), json!({"properties": {}}), json!({"properties": {"pricingTier": "Gold"}}), json!(null)]
    {
        let answer = estate.ask("owner", Method::PUT, &path("/Containers"), body).await.expect(400);
        assert_eq!(answer.code(), "BadRequest");
    }
    estate.get("owner", &path("/VirtualMachines")).await.expect(400);
    let registry =
        format!("{}/providers/Microsoft.Security/pricings/Containers?api-version=2024-01-01", registry());
    estate.get("owner", &registry).await.expect(400);
}
