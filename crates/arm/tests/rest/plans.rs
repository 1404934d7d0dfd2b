//! The plan: read and set under both of its names.

use crate::estate::{self, Estate, registry, subscription};
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
                "freeTrialRemainingTime": "P30D",
                "pricingTier": "Standard",
                "replacedBy": [
                  "Containers"
                ]
              },
              "type": "Microsoft.Security/pricings"
            },
            {
              "id": "/subscriptions/00000000-0000-0000-0000-000000000abc/providers/Microsoft.Security/pricings/Containers",
              "name": "Containers",
              "properties": {
                "deprecated": false,
                "enablementTime": "2026-01-02T03:04:05Z",
                "freeTrialRemainingTime": "P30D",
                "pricingTier": "Standard"
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
    let group = registry().replace("/providers/Microsoft.ContainerRegistry/registries/Lazaretto", "");
    let of_group = format!("{group}/providers/Microsoft.Security/pricings/Containers?api-version=2024-01-01");
    estate.get("owner", &of_group).await.expect(400);
}

fn of_registry(name: &str) -> String {
    format!("{}/providers/Microsoft.Security/pricings{name}?api-version=2024-01-01", registry())
}

fn tier(tier: &str) -> serde_json::Value {
    json!({"properties": {"pricingTier": tier}})
}

#[tokio::test]
async fn each_version_shows_what_its_clients_know() {
    let estate = Estate::new().await;
    estate.ask("owner", Method::PUT, &path("/ContainerRegistry"), tier("Standard")).await.expect(200);
    let fields = async |version: &str| {
        let path = path("/ContainerRegistry").replace("2023-01-01", version);
        let body = estate.get("reader", &path).await.expect(200).body;
        let properties = body["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        properties.join(" ")
    };
    assert_eq!(fields("2018-06-01").await, "freeTrialRemainingTime pricingTier");
    let in_2023 = "deprecated enablementTime freeTrialRemainingTime pricingTier replacedBy";
    assert_eq!(fields("2023-01-01").await, in_2023);
    assert_eq!(
        fields("2024-01-01").await,
        "deprecated enablementTime enforce freeTrialRemainingTime inherited pricingTier replacedBy \
         resourcesCoverageStatus"
    );
}

#[tokio::test]
async fn a_registry_inherits_until_it_has_its_own_plan() {
    let estate = Estate::new().await;
    let stands = async || {
        let own = estate.get("registry-reader", &of_registry("/Containers")).await.expect(200).body;
        let above = path("/Containers").replace("2023-01-01", "2024-01-01");
        let above = estate.get("reader", &above).await.expect(200).body;
        format!(
            "{} {} {}",
            own["properties"]["pricingTier"].as_str().unwrap(),
            own["properties"]["inherited"].as_str().unwrap(),
            above["properties"]["resourcesCoverageStatus"].as_str().unwrap()
        )
    };
    assert_eq!(stands().await, "Free True NotCovered");
    estate.ask("owner", Method::PUT, &path("/Containers"), tier("Standard")).await.expect(200);
    assert_eq!(stands().await, "Standard True FullyCovered");
    let own = of_registry("/containers");
    estate.ask("owner", Method::PUT, &own, tier("Free")).await.expect(201);
    estate.ask("owner", Method::PUT, &own, tier("Free")).await.expect(200);
    assert_eq!(stands().await, "Free False NotCovered");
    estate.ask("registry-reader", Method::DELETE, &own, serde_json::Value::Null).await.expect(403);
    estate.ask("security-admin", Method::DELETE, &own, serde_json::Value::Null).await.expect(200);
    estate.ask("security-admin", Method::DELETE, &own, serde_json::Value::Null).await.expect(204);
    assert_eq!(stands().await, "Standard True FullyCovered");
    let enforced = json!({"properties": {"pricingTier": "Standard", "enforce": "True"}});
    estate.ask("owner", Method::PUT, &path("/Containers"), enforced).await.expect(200);
    estate.ask("owner", Method::PUT, &own, tier("Free")).await.expect(400);
    let of_subscription = path("/Containers");
    estate.ask("owner", Method::DELETE, &of_subscription, serde_json::Value::Null).await.expect(400);
}

#[tokio::test]
async fn extensions_are_kept_and_existing_images_are_asked_for() {
    let estate = Estate::new().await;
    let waiting = async || {
        let counts = estate.store.job_counts().await.unwrap();
        counts.iter().filter(|count| count.kind.as_str() == "backfill").map(|count| count.count).sum::<u64>()
    };
    estate.ask("owner", Method::PUT, &path("/Containers"), tier("Standard")).await.expect(200);
    assert_eq!(waiting().await, 0, "nobody asked for what was pushed before");
    let body = json!({"properties": {"pricingTier": "Standard", "extensions": [{
        "name": "ContainerRegistriesVulnerabilityAssessments",
        "isEnabled": "True",
        "additionalExtensionProperties": {"ScanExistingImages": "True"},
    }]}});
    let set = estate.ask("owner", Method::PUT, &path("/Containers"), body).await.expect(200).body;
    let extension = &set["properties"]["extensions"][0];
    assert_eq!(extension["operationStatus"]["code"], "Succeeded");
    assert_eq!(waiting().await, 1);
    estate.ask("owner", Method::PUT, &path("/Containers"), tier("Free")).await.expect(200);
    let kept = estate.get("reader", &path("/Containers")).await.expect(200).body;
    assert_eq!(kept["properties"]["extensions"][0]["name"], "ContainerRegistriesVulnerabilityAssessments");
    let filtered = path("") + "&$filter=name%20in%20(Containers,VirtualMachines)";
    let filtered = estate.get("reader", &filtered).await.expect(200).body;
    assert_eq!(filtered["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_plan_that_goes_off_and_on_gets_no_second_trial() {
    let estate = Estate::new().await;
    let began = estate::now() - jiff::SignedDuration::from_hours(24 * 40);
    let subscription = store::SubscriptionId(uuid::Uuid::from_u128(0xabc));
    let name = "ContainerRegistry";
    estate.store.set_plan(subscription, name, store::PlanTier::Standard, began).await.unwrap();
    estate.store.set_plan(subscription, name, store::PlanTier::Free, began).await.unwrap();
    let set = estate.ask("owner", Method::PUT, &path("/Containers"), tier("Standard")).await.expect(200);
    assert_eq!(set.body["properties"]["freeTrialRemainingTime"], "PT0S");
}
