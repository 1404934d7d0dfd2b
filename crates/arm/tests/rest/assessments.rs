//! Assessments of registries and of images, and what kinds there are.

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
              "lastAssessed": "2026-01-02T03:04:05Z",
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
              "firstEvaluationDate": "2026-01-02T03:05:05Z",
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

const IMAGE_KEY: &str = "33422d8f-ab1e-42be-bc9a-38685bb567b9";

/// All rows of a list, page after page.
pub(crate) async fn all(estate: &Estate, first: String) -> (Vec<Value>, usize) {
    let (mut rows, mut pages, mut next) = (Vec::new(), 0, Some(first));
    while let Some(path) = next {
        let body = estate.get("security-reader", &path).await.expect(200).body;
        rows.extend(body["value"].as_array().unwrap().iter().cloned());
        next = body["nextLink"].as_str().map(|link| link.replace("https://lazaretto.test", ""));
        pages += 1;
    }
    (rows, pages)
}

pub(crate) fn list(scope: &str) -> String {
    format!("{scope}/providers/Microsoft.Security/assessments?api-version=2021-06-01")
}

/// The rows of a list but for those of single pieces of software.
fn without_software(mut rows: Vec<Value>) -> Vec<Value> {
    rows.retain(|row| row["properties"]["additionalData"].get("SoftwareName").is_none());
    rows
}

#[tokio::test]
async fn each_image_with_a_verdict_has_an_assessment() {
    let estate = Estate::furnished().await;
    let (rows, _) = all(&estate, list(&subscription())).await;
    let rows = without_software(rows);
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let properties = &row["properties"];
            let repository = properties["additionalData"]["repositoryName"].as_str().unwrap_or("-");
            let (code, cause) = (&properties["status"]["code"], &properties["status"]["cause"]);
            format!("{} {repository} {} {}", &row["name"].as_str().unwrap()[..8], code, cause)
        })
        .collect();
    assert_eq!(
        lines,
        [
            r#"dbd0cb49 - "Unhealthy" """#,
            r#"c0b7cfc6 - "Unhealthy" """#,
            r#"33422d8f clean "Healthy" """#,
            r#"33422d8f team/app "Unhealthy" """#,
            r#"33422d8f void "NotApplicable" "EmptyImage""#,
        ],
        "an image that waits has none"
    );
    let ill = &rows[3];
    expect_test::expect_file!["golden/image_assessment.json"]
        .assert_eq(&(serde_json::to_string_pretty(ill).unwrap() + "\n"));
    let own = format!("{}?api-version=2021-06-01&$expand=metadata", ill["id"].as_str().unwrap());
    let one = estate.get("security-reader", &own).await.expect(200).body;
    assert_eq!(one["properties"]["metadata"]["preview"], true);
    assert_eq!(one["properties"]["status"], ill["properties"]["status"]);
    let image = ill["id"].as_str().unwrap().split("/providers/Microsoft.Security").next().unwrap();
    for scope in [image, image.split("/images").next().unwrap()] {
        let rows = without_software(all(&estate, list(scope)).await.0);
        assert_eq!(rows, std::slice::from_ref(ill));
    }
    for (who, path, status) in [
        ("puller", own.clone(), 403),
        ("reader", own.replace(IMAGE_KEY, KEY), 404),
        ("reader", path("").replace(KEY, IMAGE_KEY), 404),
        ("reader", list(&image.replace("team:app", "team:other")), 404),
        ("reader", list(&format!("{}/tags/1", registry())), 404),
        ("foreigner", list(image), 403),
    ] {
        estate.get(who, &path).await.expect(status);
    }
}

#[tokio::test]
async fn findings_stand_below_the_assessment_of_their_image() {
    let estate = Estate::furnished().await;
    let rows = without_software(all(&estate, list(&registry())).await.0);
    let ill =
        rows.iter().find(|row| row["properties"]["additionalData"]["repositoryName"] == "team/app").unwrap();
    let link = ill["properties"]["additionalData"]["subAssessmentsLink"].as_str().unwrap();
    let version = "?api-version=2019-01-01-preview";
    let (below, _) = all(&estate, format!("{link}{version}")).await;
    let found: Vec<&str> = below.iter().map(|row| row["properties"]["id"].as_str().unwrap()).collect();
    assert_eq!(found, ["CVE-2020-28928", "CVE-2021-28831", "CVE-2021-28831"], "one for each package");
    for row in &below {
        assert!(row["id"].as_str().unwrap().starts_with(link), "{row}");
        let own = format!("{}{version}", row["id"].as_str().unwrap());
        assert_eq!(estate.get("reader", &own).await.expect(200).body, *row);
        let elsewhere = own.replace("team:app", "clean");
        estate.get("reader", &elsewhere).await.expect(404);
    }
    let everywhere = format!(
        "{}/providers/Microsoft.Security/assessments/{IMAGE_KEY}/subAssessments{version}",
        subscription()
    );
    assert_eq!(all(&estate, everywhere).await.0.len(), 3 + 2);
    let query = serde_json::json!({"query": format!(
        "SecurityResources | where type == 'microsoft.security/assessments' and name == '{IMAGE_KEY}'
         | where properties.status.code == 'Unhealthy'
         | project tostring(properties.resourceDetails.ResourceType), tostring(properties.additionalData.highFindings)"
    )});
    let graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let rows = estate.ask("reader", http::Method::POST, graph, query).await.expect(200).body;
    assert_eq!(
        rows["data"],
        serde_json::json!([{
            "properties_resourceDetails_ResourceType": "containerImage",
            "properties_additionalData_highFindings": "0",
        }])
    );
}

#[tokio::test]
async fn pages_of_assessments_survive_changes() {
    let estate = Estate::new().await;
    let mut images = Vec::new();
    for number in 0..260 {
        images.push(estate.image(&format!("app{number:03}"), ImageState::Healthy, None).await);
    }
    let first = estate.get("security-reader", &list(&registry())).await.expect(200).body;
    assert_eq!(first["value"].as_array().unwrap().len(), 2 + 250);
    // Behind the first page an image goes, and before its end one comes.
    let gone = &images[255];
    let actor = store::Actor("owner".into());
    let at = crate::estate::now();
    let removed = estate.store.delete_manifest(&gone.repository, &gone.digest, &actor, at).await.unwrap();
    assert_eq!(removed, store::Removal::Removed);
    estate.image("aaa", ImageState::Healthy, None).await;
    let next = first["nextLink"].as_str().unwrap().replace("https://lazaretto.test", "");
    let (rest, pages) = all(&estate, next.clone()).await;
    let names: Vec<&str> = rest
        .iter()
        .map(|row| row["properties"]["additionalData"]["repositoryName"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["app250", "app251", "app252", "app253", "app254", "app256", "app257", "app258", "app259"]
    );
    assert_eq!(pages, 1);
    assert_eq!(estate.get("reader", &next).await.expect(400).code(), "InvalidSkipToken", "another's link");
}
