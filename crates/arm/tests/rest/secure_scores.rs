//! The secure score of a subscription.

use crate::estate::{Estate, subscription};
use serde_json::{Value, json};
use store::ImageState;

fn path(further: &str) -> String {
    format!("{}/providers/Microsoft.Security/{further}", subscription())
}

async fn score(estate: &Estate) -> Value {
    let path = path("secureScores/ascScore?api-version=2020-01-01");
    estate.get("security-reader", &path).await.expect(200).body["properties"]["score"].clone()
}

#[tokio::test]
async fn a_score_follows_the_images() {
    let estate = Estate::new().await;
    assert_eq!(score(&estate).await, json!({"max": 0, "current": 0.0, "percentage": 0.0}));
    estate.image("clean", ImageState::Healthy, None).await;
    assert_eq!(score(&estate).await, json!({"max": 6, "current": 6.0, "percentage": 1.0}));
    estate.image("ill", ImageState::Unhealthy, None).await;
    assert_eq!(score(&estate).await, json!({"max": 6, "current": 3.0, "percentage": 0.5}));
}

#[tokio::test]
async fn controls_and_definitions_have_azures_form() {
    let estate = Estate::furnished().await;
    let list = estate.get("reader", &path("secureScores?api-version=2020-01-01")).await.expect(200).body;
    assert_eq!(list["value"][0]["name"], "ascScore");
    let controls = path("secureScoreControls?api-version=2020-01-01&$expand=definition");
    let body = estate.get("reader", &controls).await.expect(200).body;
    expect_test::expect_file!["golden/secure_score_control.json"]
        .assert_eq(&(serde_json::to_string_pretty(&body["value"][0]).unwrap() + "\n"));
    let of_score = path("secureScores/ascScore/secureScoreControls?api-version=2020-01-01");
    let brief = estate.get("reader", &of_score).await.expect(200).body;
    assert_eq!(brief["value"][0]["properties"]["definition"], Value::Null);
    for scope in ["", &subscription()] {
        let path = format!(
            "{scope}/providers/Microsoft.Security/secureScoreControlDefinitions?api-version=2020-01-01"
        );
        let body = estate.get("reader", &path).await.expect(200).body;
        assert_eq!(body["value"][0]["properties"]["maxScore"], 6);
    }
    estate.get("reader", &path("secureScores/other?api-version=2020-01-01")).await.expect(404);
}
