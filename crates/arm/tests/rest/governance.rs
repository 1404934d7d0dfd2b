//! Who is to resolve an assessment, and until when.

use crate::estate::{Estate, KEY, registry, subscription};
use http::Method;
use serde_json::{Value, json};
use store::ImageState;

const NAME: &str = "00000000-0000-4000-8000-000000000001";

fn path(name: &str) -> String {
    format!(
        "{}/providers/Microsoft.Security/assessments/{KEY}/governanceAssignments{name}?api-version=2022-01-01-preview",
        registry()
    )
}

async fn points(estate: &Estate) -> Value {
    let path = format!(
        "{}/providers/Microsoft.Security/secureScores/ascScore?api-version=2020-01-01",
        subscription()
    );
    estate.get("reader", &path).await.expect(200).body["properties"]["score"]["max"].clone()
}

#[tokio::test]
async fn an_owner_has_time_until_the_day_that_is_due() {
    let estate = Estate::new().await;
    estate.image("ill", ImageState::Unhealthy, None).await;
    assert_eq!(points(&estate).await, 6);
    let body = |due: &str, grace: bool| {
        json!({"properties": {
            "owner": "alice@harbour.test",
            "remediationDueDate": due,
            "remediationEta": {"eta": "2026-01-20T00:00:00Z", "justification": "A new base image comes."},
            "isGracePeriod": grace,
        }})
    };
    let own = path(&format!("/{NAME}"));
    let put = async |body: Value| estate.ask("security-admin", Method::PUT, &own, body).await;
    let made = put(body("2026-02-01T00:00:00Z", true)).await.expect(201).body;
    assert_eq!(made["name"], NAME);
    assert_eq!(made["type"], "Microsoft.Security/assessments/governanceAssignments");
    assert_eq!(made["properties"]["owner"], "alice@harbour.test");
    assert_eq!(points(&estate).await, 0, "the registry counts neither way");
    put(body("2026-02-01T00:00:00Z", false)).await.expect(200);
    assert_eq!(points(&estate).await, 6);
    put(body("2026-01-02T03:04:05Z", true)).await.expect(200);
    assert_eq!(points(&estate).await, 6, "the time is over");
    let list = estate.get("security-reader", &path("")).await.expect(200).body;
    assert_eq!(list["value"].as_array().unwrap().len(), 1);
    let query = json!({"query": "SecurityResources | where type == 'microsoft.security/assessments/governanceassignments' | project owner = tostring(properties.owner)"});
    let graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let rows = estate.ask("reader", Method::POST, graph, query).await.expect(200).body;
    assert_eq!(rows["data"], json!([{"owner": "alice@harbour.test"}]));
    estate.ask("reader", Method::DELETE, &own, Value::Null).await.expect(403);
    estate.ask("owner", Method::DELETE, &own, Value::Null).await.expect(200);
    estate.ask("owner", Method::DELETE, &own, Value::Null).await.expect(204);
    estate.get("owner", &own).await.expect(404);
    estate.ask("owner", Method::PUT, &path("/someone"), body("2026-02-01T00:00:00Z", true)).await.expect(400);
    estate.ask("owner", Method::PUT, &own, json!({"properties": {}})).await.expect(400);
    estate.get("owner", &path("").replace(KEY, "other")).await.expect(404);
}

fn rule(name: u128) -> String {
    format!(
        "{}/providers/Microsoft.Security/governanceRules/{}?api-version=2022-01-01-preview",
        subscription(),
        uuid::Uuid::from_u128(name)
    )
}

/// A rule for high severity, whose owner stands in a tag.
fn by_tag(priority: u16, days: u32) -> Value {
    json!({"properties": {
        "displayName": "Images",
        "remediationTimeframe": format!("{days}.00:00:00"),
        "isGracePeriod": true,
        "rulePriority": priority,
        "ruleType": "Integrated",
        "sourceResourceType": "Assessments",
        "conditionSets": [{"conditions": [
            {"property": "$.AssessmentKey", "operator": "In", "value": format!("[\"{KEY}\"]")},
        ]}],
        "ownerSource": {"type": "ByTag", "value": "Owner"},
    }})
}

async fn assessment(estate: &Estate) -> Value {
    let path =
        format!("{}/providers/Microsoft.Security/assessments/{KEY}?api-version=2021-06-01", registry());
    estate.get("reader", &path).await.expect(200).body["properties"]["additionalData"].clone()
}

#[tokio::test]
async fn a_rule_gives_an_owner_and_a_day_to_what_it_means() {
    let estate = Estate::new().await;
    let tagged = format!("{}?api-version=2025-11-01", registry());
    estate
        .ask("owner", Method::PATCH, &tagged, json!({"tags": {"owner": "anna@harbour.test"}}))
        .await
        .expect(200);
    let made = estate.ask("security-admin", Method::PUT, &rule(1), by_tag(200, 7)).await.expect(201).body;
    assert_eq!(made["type"], "Microsoft.Security/governanceRules");
    assert_eq!(made["properties"]["metadata"]["createdBy"], "security-admin");
    assert_eq!(assessment(&estate).await.get("owner"), None, "there is nothing to resolve");
    estate.image("ill", ImageState::Unhealthy, None).await;
    // The image's state is of 03:05:05, and the rule of a minute before.
    let said = assessment(&estate).await;
    assert_eq!(said["owner"], "anna@harbour.test");
    assert_eq!(said["remediationDueDate"], "2026-01-09T03:05:05Z");
    assert_eq!((&said["remediationStatus"], &said["isGracePeriod"]), (&json!("OnTime"), &json!("true")));
    assert_eq!(points(&estate).await, 0, "the score waits");
    let list = estate.get("reader", &path("")).await.expect(200).body;
    let one = &list["value"][0];
    assert_eq!(one["properties"]["remediationStatus"], "OnTime");
    assert!(one["properties"]["governanceRuleId"].as_str().unwrap().contains("/governanceRules/"), "{one}");
    let own = path(&format!("/{}", one["name"].as_str().unwrap()));
    assert_eq!(estate.get("reader", &own).await.expect(200).body, *one);
    let refused = estate.ask("owner", Method::DELETE, &own, Value::Null).await.expect(409);
    assert_eq!(refused.code(), "GovernanceAssignmentOfRule");
    let query = json!({"query": "SecurityResources | where type == 'microsoft.security/assessments/governanceassignments' | project tostring(properties.owner), tostring(properties.remediationStatus)"});
    let graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let rows = estate.ask("reader", Method::POST, graph, query).await.expect(200).body;
    assert_eq!(
        rows["data"],
        json!([{"properties_owner": "anna@harbour.test", "properties_remediationStatus": "OnTime"}])
    );
    // The smaller number goes first, and the name does not matter.
    estate.ask("owner", Method::PUT, &rule(9), by_tag(100, 3)).await.expect(201);
    assert_eq!(assessment(&estate).await["remediationDueDate"], "2026-01-05T03:05:05Z");
    let mut excluded = by_tag(100, 3);
    excluded["properties"]["excludedScopes"] = json!([registry().to_uppercase()]);
    estate.ask("owner", Method::PUT, &rule(9), excluded).await.expect(200);
    assert_eq!(assessment(&estate).await["remediationDueDate"], "2026-01-09T03:05:05Z");
}

#[tokio::test]
async fn what_somebody_put_goes_before_rules_until_one_is_run_over_it() {
    let estate = Estate::new().await;
    estate.image("ill", ImageState::Unhealthy, None).await;
    estate.ask("owner", Method::PUT, &rule(1), by_tag(1, 7)).await.expect(201);
    let own = path(&format!("/{NAME}"));
    let body = json!({"properties": {"owner": "berta", "remediationDueDate": "2026-01-02T00:00:00Z"}});
    estate.ask("owner", Method::PUT, &own, body).await.expect(201);
    let said = assessment(&estate).await;
    assert_eq!((&said["owner"], &said["remediationStatus"]), (&json!("berta"), &json!("Overdue")));
    let execute = rule(1).replace('?', "/execute?");
    for (replaces, owner) in [(false, json!("berta")), (true, Value::Null)] {
        let body = json!({"override": replaces});
        let begun = estate.ask("owner", Method::POST, &execute, body).await.expect(202);
        assert_eq!(begun.headers["retry-after"], "1");
        let place = begun.headers["location"].to_str().unwrap().replace("https://lazaretto.test", "");
        assert_eq!(estate.get("owner", &place).await.expect(200).body["status"], "Succeeded");
        assert_eq!(assessment(&estate).await["owner"], owner);
    }
    assert_eq!(assessment(&estate).await["remediationDueDate"], "2026-01-09T03:05:05Z");
    for wrong in [
        rule(1).replace("governanceRules/", "governanceRules/x"),
        rule(1).replace(&subscription(), &registry()),
    ] {
        estate.ask("owner", Method::PUT, &wrong, by_tag(1, 7)).await.expect(400);
    }
    estate.ask("owner", Method::PUT, &rule(1), json!({"properties": {}})).await.expect(400);
    estate.ask("reader", Method::DELETE, &rule(1), Value::Null).await.expect(403);
    estate.ask("owner", Method::DELETE, &rule(1), Value::Null).await.expect(200);
    estate.ask("owner", Method::DELETE, &rule(1), Value::Null).await.expect(204);
    assert_eq!(assessment(&estate).await.get("remediationDueDate"), None);
}

#[tokio::test]
async fn an_image_has_an_owner_of_its_own() {
    let estate = Estate::furnished().await;
    let image = format!(
        "{}/repositories/team:app/images/{}",
        registry(),
        oci::Digest::of_sha256(b"manifest of team/app")
    );
    let key = "33422d8f-ab1e-42be-bc9a-38685bb567b9";
    let mut body = by_tag(1, 2);
    body["properties"]["conditionSets"] = json!([{"conditions": [
        {"property": "$.AssessmentKey", "operator": "Equals", "value": key},
        {"property": "$.Severity", "operator": "In", "value": "[\"Critical\"]"},
    ]}]);
    body["properties"]["ownerSource"] = json!({"type": "Manually", "value": "carla"});
    estate.ask("owner", Method::PUT, &rule(1), body).await.expect(201);
    let own = format!("{image}/providers/Microsoft.Security/assessments/{key}?api-version=2021-06-01");
    let said = estate.get("reader", &own).await.expect(200).body["properties"]["additionalData"].clone();
    assert_eq!(
        (&said["owner"], &said["remediationDueDate"]),
        (&json!("carla"), &json!("2026-01-04T03:05:05Z"))
    );
    assert_eq!(assessment(&estate).await.get("owner"), None, "the registry is another recommendation");
    let query = json!({"query": "SecurityResources | where type == 'microsoft.security/assessments/governanceassignments' | project id"});
    let graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let rows = estate.ask("reader", Method::POST, graph, query).await.expect(200).body;
    assert!(rows["data"][0]["id"].as_str().unwrap().starts_with(&image), "{rows}");
    let list = own.replace('?', "/governanceAssignments?");
    assert_eq!(estate.get("reader", &list).await.expect(200).body["value"].as_array().unwrap().len(), 1);
}
