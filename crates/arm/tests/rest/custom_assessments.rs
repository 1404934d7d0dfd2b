//! Assessments that somebody makes, and the kinds that they are of.

use crate::assessments::{all, list};
use crate::estate::{Answer, Estate, KEY, group, registry, subscription};
use graph::documents::metadata::KINDS;
use http::Method;
use serde_json::{Value, json};
use store::{Actor, ImageState};

const NAME: &str = "8f211ea8-777b-45c4-8631-776d535afd62";

fn kind(name: &str) -> String {
    format!(
        "{}/providers/Microsoft.Security/assessmentMetadata/{name}?api-version=2021-06-01",
        subscription()
    )
}

fn at(scope: &str) -> String {
    format!("{scope}/providers/Microsoft.Security/assessments/{NAME}?api-version=2021-06-01")
}

/// What `az security assessment-metadata create` sends.
fn signed() -> Value {
    json!({"properties": {
        "displayName": "Images should be signed", "severity": "Medium", "assessmentType": "CustomerManaged",
        "description": "Each image has a signature of ours.", "remediationDescription": "Sign it.",
    }})
}

fn says(code: &str) -> Value {
    json!({"properties": {
        "resourceDetails": {"source": "Azure"},
        "status": {"code": code, "cause": "NoSignature", "description": "There is none."},
        "additionalData": {"build": "7"},
    }})
}

async fn put(estate: &Estate, who: &str, path: &str, body: Value) -> Answer {
    estate.ask(who, Method::PUT, path, body).await
}

async fn delete(estate: &Estate, who: &str, path: &str) -> Answer {
    estate.ask(who, Method::DELETE, path, Value::Null).await
}

/// An estate with a kind.
async fn with_kind() -> Estate {
    let estate = Estate::new().await;
    put(&estate, "security-admin", &kind(NAME), signed()).await.expect(200);
    estate
}

#[tokio::test]
async fn a_kind_is_defined_read_changed_and_deleted() {
    let estate = Estate::new().await;
    let made = put(&estate, "security-admin", &kind(NAME), signed()).await.expect(200).body;
    expect_test::expect![[r#"
        {
          "id": "/subscriptions/00000000-0000-0000-0000-000000000abc/providers/Microsoft.Security/assessmentMetadata/8f211ea8-777b-45c4-8631-776d535afd62",
          "name": "8f211ea8-777b-45c4-8631-776d535afd62",
          "properties": {
            "assessmentType": "CustomerManaged",
            "description": "Each image has a signature of ours.",
            "displayName": "Images should be signed",
            "preview": false,
            "remediationDescription": "Sign it.",
            "severity": "Medium"
          },
          "type": "Microsoft.Security/assessmentMetadata"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&made).unwrap());
    let read = estate.get("reader", &kind(&NAME.to_uppercase())).await.expect(200).body;
    assert_eq!(read, made);
    let everything = kind("").replace("/?", "?");
    let listed = estate.get("reader", &everything).await.expect(200).body;
    assert_eq!(listed["value"].as_array().unwrap().len(), KINDS.len() + 1);
    let tenant = everything.replace(&subscription(), "");
    assert_eq!(
        estate.get("reader", &tenant).await.expect(200).body["value"].as_array().unwrap().len(),
        KINDS.len()
    );
    estate.get("reader", &kind(NAME).replace(&subscription(), "")).await.expect(404);
    let mut worse = signed();
    worse["properties"]["severity"] = "High".into();
    let changed = put(&estate, "owner", &kind(NAME), worse).await.expect(200).body;
    assert_eq!(changed["properties"]["severity"], "High");
    for _ in 0..2 {
        // Clients take no other status, whether there was one or not.
        delete(&estate, "owner", &kind(NAME)).await.expect(200);
    }
    assert_eq!(estate.get("reader", &kind(NAME)).await.expect(404).code(), "ResourceNotFound");
}

#[tokio::test]
async fn what_is_built_in_is_neither_changed_nor_deleted() {
    let estate = Estate::furnished().await;
    for known in KINDS {
        for path in
            [kind(known.key), at(&registry()).replace(NAME, known.key), kind(&known.key.to_uppercase())]
        {
            for answer in
                [put(&estate, "owner", &path, signed()).await, delete(&estate, "owner", &path).await]
            {
                let answer = answer.expect(400);
                assert_eq!(answer.code(), "BadRequest");
                assert!(
                    answer.body["error"]["message"].as_str().unwrap().contains("is built in"),
                    "{answer:?}"
                );
            }
        }
    }
    let own = at(&registry()).replace(NAME, KEY);
    assert_eq!(
        estate.get("reader", &own).await.expect(200).body["properties"]["status"]["code"],
        "Unhealthy"
    );
}

#[tokio::test]
async fn an_assessment_is_made_of_a_subscription_a_registry_and_an_image() {
    let estate = with_kind().await;
    let image = estate.image("team/app", ImageState::Healthy, None).await;
    let image = format!("{}/repositories/team:app/images/{}", registry(), image.digest);
    for scope in [subscription(), group(), registry(), image.clone()] {
        let made = put(&estate, "security-admin", &at(&scope), says("unhealthy")).await.expect(201).body;
        assert_eq!(made["id"], at(&scope).split('?').next().unwrap());
        assert_eq!(made["properties"]["resourceDetails"], json!({"source": "Azure", "id": scope}));
        put(&estate, "security-admin", &at(&scope), says("Unhealthy")).await.expect(200);
        let read = estate.get("reader", &at(&scope)).await.expect(200).body;
        assert_eq!(read, made);
        let expanded = format!("{}&$expand=metadata,links", at(&scope));
        let expanded = estate.get("reader", &expanded).await.expect(200).body;
        assert_eq!(expanded["properties"]["metadata"]["assessmentType"], "CustomerManaged");
        assert!(expanded["properties"]["links"]["azurePortalUri"].is_string());
    }
    let read = estate.get("reader", &at(&registry())).await.expect(200).body;
    expect_test::expect![[r#"
        {
          "additionalData": {
            "build": "7"
          },
          "displayName": "Images should be signed",
          "resourceDetails": {
            "id": "/subscriptions/00000000-0000-0000-0000-000000000abc/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/Lazaretto",
            "source": "Azure"
          },
          "status": {
            "cause": "NoSignature",
            "code": "Unhealthy",
            "description": "There is none.",
            "firstEvaluationDate": "2026-01-02T03:04:05Z",
            "severity": "Medium",
            "statusChangeDate": "2026-01-02T03:04:05Z"
          }
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&read["properties"]).unwrap());
    for (scope, expected) in [(subscription(), 4), (group(), 3), (registry(), 2), (image.clone(), 1)] {
        let rows = all(&estate, list(&scope)).await.0;
        assert_eq!(rows.iter().filter(|row| row["name"] == NAME).count(), expected, "{scope}");
    }
    delete(&estate, "security-admin", &at(&registry())).await.expect(200);
    delete(&estate, "security-admin", &at(&registry())).await.expect(204);
    assert_eq!(estate.get("reader", &at(&registry())).await.expect(404).code(), "AssessmentNotFound");
    // With the kind go the others.
    delete(&estate, "security-admin", &kind(NAME)).await.expect(200);
    assert_eq!(
        all(&estate, list(&subscription())).await.0.iter().filter(|row| row["name"] == NAME).count(),
        0
    );
}

#[tokio::test]
async fn what_could_not_be_shown_is_refused() {
    let estate = with_kind().await;
    let nowhere = format!("{}/repositories/app/images/sha256:{}", registry(), "a".repeat(64));
    for (scope, status) in [
        (registry().replace("Lazaretto", "Absent"), 404),
        (nowhere, 404),
        (format!("{}/repositories/app", registry()), 404),
        (format!("{}/tags/1", registry()), 404),
        (group().replace("rg", "other"), 404),
        (String::new(), 400),
    ] {
        put(&estate, "admin", &at(&scope), says("Healthy")).await.expect(status);
    }
    let unknown = at(&registry()).replace(NAME, "00000000-0000-0000-0000-0000000000ff");
    let answer = put(&estate, "owner", &unknown, says("Healthy")).await.expect(400);
    assert!(answer.body["error"]["message"].as_str().unwrap().contains("Define it first"), "{answer:?}");
    put(&estate, "owner", &at(&registry()).replace(NAME, "a%2Fb"), says("Healthy")).await.expect(400);
    put(&estate, "owner", &at(&registry()), json!({"properties": {}})).await.expect(400);
    put(&estate, "owner", &kind(NAME).replace("/providers", "/resourceGroups/rg/providers"), signed())
        .await
        .expect(400);
}

/// D1: rights are those at what is assessed, and lists hold nothing else.
#[tokio::test]
async fn nobody_makes_or_sees_assessments_elsewhere() {
    let estate = Estate::with_foreign().await;
    put(&estate, "owner", &kind(NAME), signed()).await.expect(200);
    for scope in [subscription(), registry()] {
        for who in ["reader", "security-reader", "registry-reader", "puller", "foreigner"] {
            put(&estate, who, &at(&scope), says("Healthy")).await.expect(403);
            delete(&estate, who, &at(&scope)).await.expect(403);
        }
        put(&estate, "owner", &at(&scope), says("Healthy")).await.expect(201);
    }
    for who in ["reader", "security-reader", "foreigner"] {
        put(&estate, who, &kind(NAME), signed()).await.expect(403);
        delete(&estate, who, &kind(NAME)).await.expect(403);
    }
    let foreign = registry().replace("abc", "beef").replace("Lazaretto", "Foreign");
    let foreign =
        foreign.replace("00000000-0000-0000-0000-000000000beef", "00000000-0000-0000-0000-00000000beef");
    put(&estate, "owner", &at(&foreign), says("Healthy")).await.expect(403);
    // The kind is that of another subscription.
    put(&estate, "foreigner", &at(&foreign), says("Healthy")).await.expect(400);
    let query = json!({"query": format!(
        "SecurityResources | where name == '{NAME}' | project scope = tostring(properties.resourceDetails.Id)"
    )});
    let graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    for (who, seen) in [("reader", 2), ("registry-reader", 1), ("puller", 0), ("foreigner", 0)] {
        let rows = estate.ask(who, Method::POST, graph, query.clone()).await.expect(200).body;
        assert_eq!(rows["data"].as_array().unwrap().len(), seen, "{who}");
    }
    let listed = estate.get("registry-reader", &list(&subscription())).await.expect(200).body;
    let own: Vec<&Value> =
        listed["value"].as_array().unwrap().iter().filter(|row| row["name"] == NAME).collect();
    assert_eq!(own.len(), 1, "that of the registry, and not that of the subscription");
}

#[tokio::test]
async fn resource_graph_shows_them_with_their_kind() {
    let estate = with_kind().await;
    put(&estate, "owner", &at(&registry()), says("Unhealthy")).await.expect(201);
    let query = json!({"query": format!(
        "SecurityResources | where type == 'microsoft.security/assessments' and name == '{NAME}'
         | project id, resourceGroup, subscriptionId, tostring(properties.resourceDetails.ResourceType),
                   tostring(properties.metadata.severity), tostring(properties.status.code)"
    )});
    let graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let rows = estate.ask("reader", Method::POST, graph, query).await.expect(200).body;
    assert_eq!(
        rows["data"],
        json!([{
            "id": at(&registry()).split('?').next().unwrap(),
            "resourceGroup": "rg",
            "subscriptionId": subscription().rsplit('/').next().unwrap(),
            "properties_resourceDetails_ResourceType": "microsoft.containerregistry/registries",
            "properties_metadata_severity": "Medium",
            "properties_status_code": "Unhealthy",
        }])
    );
}

#[tokio::test]
async fn they_go_with_their_registry_and_count_for_no_score() {
    let estate = Estate::furnished().await;
    put(&estate, "owner", &kind(NAME), signed()).await.expect(200);
    let score = format!(
        "{}/providers/Microsoft.Security/secureScores/ascScore?api-version=2020-01-01",
        subscription()
    );
    let before = estate.get("reader", &score).await.expect(200).body;
    put(&estate, "owner", &at(&registry()), says("Unhealthy")).await.expect(201);
    assert_eq!(estate.get("reader", &score).await.expect(200).body, before);
    let second = registry().replace("Lazaretto", "second");
    let whole = format!("{second}?api-version=2025-11-01");
    put(&estate, "owner", &whole, json!({"location": "local", "sku": {"name": "Standard"}}))
        .await
        .expect(201);
    put(&estate, "owner", &at(&second), says("Healthy")).await.expect(201);
    let id = estate.store.registry_by_name("second").await.unwrap().unwrap().id;
    let at_once = crate::estate::now();
    estate.store.delete_registry(id, &Actor("owner".into()), at_once).await.unwrap();
    estate.get("reader", &at(&second)).await.expect(404);
    put(&estate, "owner", &whole, json!({"location": "local", "sku": {"name": "Standard"}}))
        .await
        .expect(201);
    assert_eq!(estate.get("reader", &at(&second)).await.expect(404).code(), "AssessmentNotFound");
}

#[tokio::test]
async fn pages_go_on_through_what_somebody_made() {
    let estate = with_kind().await;
    put(&estate, "owner", &at(&registry()), says("Healthy")).await.expect(201);
    for number in 0..300 {
        let name = format!("kind{number:03}");
        put(&estate, "owner", &kind(&name), signed()).await.expect(200);
        put(&estate, "owner", &at(&subscription()).replace(NAME, &name), says("Healthy")).await.expect(201);
    }
    let first = estate.get("security-reader", &list(&subscription())).await.expect(200).body;
    assert_eq!(first["value"].as_array().unwrap().len(), 2 + 250);
    // What is deleted before the next page hides nothing there.
    delete(&estate, "owner", &kind("kind200")).await.expect(200);
    let next = first["nextLink"].as_str().unwrap().replace(crate::estate::URL, "");
    let (rest, _) = all(&estate, next.clone()).await;
    let names: Vec<&str> = rest.iter().map(|row| row["name"].as_str().unwrap()).collect();
    let expected: Vec<String> = (249..300).map(|number| format!("kind{number:03}")).collect();
    let mut names_here: Vec<&str> = names.iter().copied().filter(|name| *name != NAME).collect();
    names_here.sort_unstable();
    assert!(
        names_here.len() >= 50
            && expected.iter().rev().take(49).all(|name| names_here.contains(&name.as_str()))
    );
    assert_eq!(names.len(), 51, "{names:?}");
    assert_eq!(estate.get("reader", &next).await.expect(400).code(), "InvalidSkipToken", "another's link");
}
