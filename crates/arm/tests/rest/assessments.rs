//! The registry's assessment, and what kinds there are.

use crate::estate::{Estate, KEY, registry, subscription};
use serde_json::Value;
use store::ImageState;

fn path(further: &str) -> String {
    format!("{}/providers/Microsoft.Security/assessments/{KEY}?api-version=2021-06-01{further}", registry())
}

async fn status(estate: &Estate) -> (Value, Value) {
    let body = estate.get("security-reader", &path("")).await.expect(200).body;
    let status = &body["properties"]["status"];
    (status["code"].clone(), status["cause"].clone())
}

#[tokio::test]
async fn a_registry_without_images_is_not_healthy() {
    let estate = Estate::new().await;
    assert_eq!(status(&estate).await, ("NotApplicable".into(), "OffByPolicy".into()));
    estate.image("clean", ImageState::Healthy, None).await;
    assert_eq!(status(&estate).await, ("Healthy".into(), "".into()));
    estate.image("void", ImageState::NotApplicable, None).await;
    assert_eq!(status(&estate).await, ("NotApplicable".into(), "ImagesNotAssessed".into()));
}

#[tokio::test]
async fn an_assessment_has_azures_form() {
    let estate = Estate::furnished().await;
    let body = estate.get("reader", &path("&$expand=links")).await.expect(200).body;
    expect_test::expect![[r#"
        {
          "id": "/subscriptions/00000000-0000-0000-0000-000000000abc/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/Lazaretto/providers/Microsoft.Security/assessments/dbd0cb49-b563-45e7-9724-889e799fa648",
          "name": "dbd0cb49-b563-45e7-9724-889e799fa648",
          "properties": {
            "additionalData": {
              "healthyImages": "1",
              "notApplicableImages": "1",
              "pendingImages": "1",
              "subAssessmentsLink": "/subscriptions/00000000-0000-0000-0000-000000000abc/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/Lazaretto/providers/Microsoft.Security/assessments/dbd0cb49-b563-45e7-9724-889e799fa648/subAssessments",
              "unhealthyImages": "1"
            },
            "displayName": "Container registry images should have vulnerability findings resolved",
            "links": {
              "azurePortalUri": "https://lazaretto.test/portal"
            },
            "resourceDetails": {
              "id": "/subscriptions/00000000-0000-0000-0000-000000000abc/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/Lazaretto",
              "source": "Azure"
            },
            "status": {
              "cause": "",
              "code": "Unhealthy",
              "description": "1 of 3 assessed images have vulnerabilities to fix.",
              "firstEvaluationDate": "2026-01-02T03:04:05Z",
              "severity": "High",
              "statusChangeDate": "2026-01-02T03:05:05Z"
            }
          },
          "type": "Microsoft.Security/assessments"
        }"#]].assert_eq(&serde_json::to_string_pretty(&body).unwrap());
    let expanded = estate.get("reader", &path("&$expand=metadata")).await.expect(200).body;
    assert_eq!(expanded["properties"]["metadata"]["severity"], "High");
    let list = format!("{}/providers/Microsoft.Security/assessments?api-version=2020-01-01", subscription());
    let list = estate.get("registry-reader", &list).await.expect(200).body;
    assert_eq!(list["value"][0]["id"], body["id"]);
    let missing = path("").replace(KEY, "c0ffee");
    assert_eq!(estate.get("reader", &missing).await.expect(404).code(), "AssessmentNotFound");
}

#[tokio::test]
async fn metadata_is_read_at_tenant_and_subscription() {
    let estate = Estate::new().await;
    for scope in ["", &subscription()] {
        let list = format!("{scope}/providers/Microsoft.Security/assessmentMetadata?api-version=2021-06-01");
        assert_eq!(estate.get("reader", &list).await.expect(200).body["value"][0]["name"], KEY);
        let one = list.replace('?', &format!("/{KEY}?"));
        let name = &estate.get("reader", &one).await.expect(200).body["properties"]["displayName"];
        assert_eq!(name, "Container registry images should have vulnerability findings resolved");
        estate.get("reader", &list.replace('?', "/absent?")).await.expect(404);
    }
}
