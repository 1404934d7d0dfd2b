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
