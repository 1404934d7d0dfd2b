//! Exemptions, as Azure Policy's clients make them.

use crate::estate::{Estate, KEY, ORPHAN, SLIGHT, registry, subscription};
use http::Method;
use serde_json::{Value, json};
use store::ImageState;

fn path(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/policyExemptions{name}?api-version=2022-07-01-preview")
}

fn waiver(conditions: Value) -> Value {
    json!({"properties": {
        "policyAssignmentId": "/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/SecurityCenterBuiltIn",
        "policyDefinitionReferenceIds": [],
        "exemptionCategory": "waiver",
        "displayName": "Old image",
        "description": "It is replaced next week.",
        "expiresOn": "2026-02-01T00:00:00Z",
        "metadata": {"ticket": "T-1", "findings": conditions},
    }})
}

/// The status of each sub-assessment, by vulnerability.
async fn statuses(estate: &Estate) -> Vec<String> {
    let list = format!(
        "{}/providers/Microsoft.Security/assessments/{KEY}/subAssessments?api-version=2019-01-01-preview",
        registry()
    );
    let body = estate.get("reader", &list).await.expect(200).body;
    let line = |row: &Value| {
        let status = &row["properties"]["status"];
        let word = |name: &str| status[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", row["properties"]["id"].as_str().unwrap(), word("code"), word("cause"))
    };
    body["value"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn an_exemption_is_put_listed_and_deleted() {
    let estate = Estate::furnished().await;
    let own = path(&registry(), "/old");
    let body = waiver(json!({"ids": ["CVE-2021-28831"]}));
    let put = estate.ask("security-admin", Method::PUT, &own, body.clone()).await.expect(201).body;
    expect_test::expect![[r#"
        {
          "id": "/subscriptions/00000000-0000-0000-0000-000000000abc/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/Lazaretto/providers/Microsoft.Authorization/policyExemptions/old",
          "name": "old",
          "properties": {
            "assignmentScopeValidation": "Default",
            "description": "It is replaced next week.",
            "displayName": "Old image",
            "exemptionCategory": "Waiver",
            "expiresOn": "2026-02-01T00:00:00Z",
            "metadata": {
              "createdBy": "security-admin",
              "createdOn": "2026-01-02T03:04:05Z",
              "findings": {
                "ids": [
                  "CVE-2021-28831"
                ]
              },
              "ticket": "T-1",
              "updatedOn": "2026-01-02T03:04:05Z"
            },
            "policyAssignmentId": "/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/SecurityCenterBuiltIn",
            "policyDefinitionReferenceIds": []
          },
          "type": "Microsoft.Authorization/policyExemptions"
        }"#]].assert_eq(&serde_json::to_string_pretty(&put).unwrap());
    assert_eq!(
        statuses(&estate).await,
        [
            "image Healthy ",
            "CVE-2020-28928 Unhealthy ",
            "CVE-2021-28831 NotApplicable Exempt",
            "image NotApplicable EmptyImage"
        ]
    );
    estate
        .ask(
            "owner",
            Method::PUT,
            &own.to_uppercase().replace("API-VERSION", "api-version").replace("PREVIEW", "preview"),
            body,
        )
        .await
        .expect(200);
    assert_eq!(estate.get("reader", &own).await.expect(200).body["name"], "old");
    lists_find_it(&estate).await;
    let query = json!({"query": "PolicyResources | where type == 'microsoft.authorization/policyexemptions' | project name, category = tostring(properties.exemptionCategory)"});
    let graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let rows = estate.ask("reader", Method::POST, graph, query).await.expect(200).body;
    assert_eq!(rows["data"], json!([{"name": "old", "category": "Waiver"}]));
    estate.ask("security-admin", Method::DELETE, &own, Value::Null).await.expect(200);
    estate.ask("security-admin", Method::DELETE, &own, Value::Null).await.expect(204);
    estate.get("reader", &own).await.expect(404);
    assert_eq!(statuses(&estate).await[2], "CVE-2021-28831 Unhealthy ");
}

/// The exemption of the registry, in the lists that hold it and in no other.
async fn lists_find_it(estate: &Estate) {
    for (scope, filter, expected) in [
        (subscription(), "", 1),
        (subscription(), "atScope()", 0),
        (subscription(), "atExactScope()", 0),
        (subscription(), "atScopeAndBelow()", 1),
        (format!("{}/repositories/app", registry()), "atScopeAndBelow()", 0),
        (registry(), "atExactScope()", 1),
        (registry(), "atScope() and excludeExpired()", 1),
        (format!("{}/repositories/app", registry()), "atScope()", 1),
        (registry(), "policyAssignmentId eq 'x'", 0),
    ] {
        let filter = filter.replace(' ', "%20").replace('\'', "%27");
        let list = format!("{}&$filter={filter}", path(&scope, ""));
        let found = estate.get("reader", &list).await.expect(200).body;
        assert_eq!(found["value"].as_array().unwrap().len(), expected, "{scope} {filter}");
    }
}

#[tokio::test]
async fn a_whole_registry_is_exempt_and_says_so() {
    let estate = Estate::furnished().await;
    let own = path(&registry(), "/all");
    estate.ask("owner", Method::PUT, &own, waiver(json!({}))).await.expect(201);
    let assessment =
        format!("{}/providers/Microsoft.Security/assessments/{KEY}?api-version=2021-06-01", registry());
    let status = estate.get("reader", &assessment).await.expect(200).body["properties"]["status"].clone();
    assert_eq!((&status["code"], &status["cause"]), (&json!("NotApplicable"), &json!("Exempt")));
    let description = status["description"].as_str().unwrap();
    assert!(description.contains("It is replaced next week."), "{description}");
    assert!(statuses(&estate).await.iter().all(|line| line.ends_with("NotApplicable Exempt")));
}

#[tokio::test]
async fn what_would_hide_more_or_less_than_it_says_is_refused() {
    let estate = Estate::furnished().await;
    let put = async |scope: String, body: Value| {
        estate.ask("owner", Method::PUT, &path(&scope, "/one"), body).await.status.as_u16()
    };
    let with = |change: fn(&mut Value)| {
        let mut body = waiver(json!({}));
        change(&mut body["properties"]);
        body
    };
    for (why, body) in [
        ("no category", with(|properties| properties["exemptionCategory"] = "Gold".into())),
        ("in the past", with(|properties| properties["expiresOn"] = "2026-01-02T03:04:05Z".into())),
        ("no moment", with(|properties| properties["expiresOn"] = "tomorrow".into())),
        ("selectors", with(|properties| properties["resourceSelectors"] = json!([{"name": "x"}]))),
        ("another policy", with(|properties| properties["policyDefinitionReferenceIds"] = json!(["vm"]))),
        ("every repository", waiver(json!({"repositories": ["*"]}))),
        ("a field that is none", waiver(json!({"tags": ["latest"]}))),
        ("no body", Value::Null),
    ] {
        assert_eq!(put(registry(), body).await, 400, "{why}");
    }
    let absent = registry().replace("Lazaretto", "absent");
    for scope in
        [absent, format!("{}/repositories/app/images/latest", registry()), format!("{}/tags/app", registry())]
    {
        assert_eq!(put(scope.clone(), waiver(json!({}))).await, 404, "{scope}");
    }
    let digest = format!("sha256:{}", "a".repeat(64));
    let image = format!("{}/repositories/team:app/images/{digest}", registry());
    assert_eq!(put(image, waiver(json!({}))).await, 201);
}

/// One line for each criterion in Azure's form: which of two findings it hides, in all forms of a finding, and that the
/// finding says by what.
#[tokio::test]
async fn every_criterion_hides_what_it_means_at_the_next_read() {
    let estate = Estate::new().await;
    let image = estate.image("team/app", ImageState::Unhealthy, None).await;
    estate.findings(&image, &[("busybox", "CVE-2021-28831"), (ORPHAN, SLIGHT)]).await;
    let digest = image.digest.to_string();
    let (none, slight, grave, both) =
        (&[][..], &[SLIGHT][..], &["CVE-2021-28831"][..], &[SLIGHT, "CVE-2021-28831"][..]);
    for (conditions, hidden) in [
        (json!({"ids": ["cve-2021-28831"]}), grave),
        (json!({"ids": ["GHSA-aaaa-bbbb-cccc"]}), both),
        (json!({"ids": ["CVE-2021-2883"]}), none),
        (json!({"categories": ["alpine"]}), both),
        (json!({"categories": ["Debian"]}), none),
        (json!({"severityBelow": "Medium"}), slight),
        (json!({"cvssBelow": 3.2}), slight),
        (json!({"cvssBelow": 3.1}), none),
        (json!({"notPatchable": true}), slight),
        (json!({"fixStatuses": ["FixAvailable"]}), grave),
        (json!({"fixStatuses": ["NoFixAvailable", "WontFix"]}), slight),
        (json!({"digests": [digest]}), both),
        (json!({"digests": [format!("sha256:{}", "0".repeat(64))]}), none),
        (json!({"repositories": ["team/*"]}), both),
        (json!({"repositories": ["app"]}), none),
        (json!({"osVersions": ["alpine 3.13"]}), both),
        (json!({"osVersions": ["alpine 3.14"]}), none),
        (json!({"packages": ["busy*@1.0-*"]}), grave),
        (json!({"packages": ["busybox@2*"]}), none),
        (json!({"text": "9999 in WORDS"}), slight),
        (json!({"packages": ["busybox"], "severityBelow": "Medium"}), none),
    ] {
        let own = path(&registry(), "/one");
        let put = estate.ask("security-admin", Method::PUT, &own, waiver(conditions.clone())).await;
        assert!(put.status.is_success(), "{conditions}: {put:?}");
        for key in [KEY, "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5", "33422d8f-ab1e-42be-bc9a-38685bb567b9"] {
            let list = format!(
                "{}/providers/Microsoft.Security/assessments/{key}/subAssessments?api-version=2019-01-01-preview",
                registry()
            );
            let body = estate.get("reader", &list).await.expect(200).body;
            let rows = body["value"].as_array().unwrap();
            let exempt = rows.iter().filter(|row| row["properties"]["status"]["cause"] == "Exempt");
            let found: Vec<&str> = exempt.map(|row| row["properties"]["id"].as_str().unwrap()).collect();
            let found: Vec<&str> = found.into_iter().filter(|id| *id != "image").collect();
            assert_eq!(found, hidden, "{conditions} {key}");
            for row in rows.iter().filter(|row| row["properties"]["status"]["cause"] == "Exempt") {
                let said = row["properties"]["status"]["description"].as_str().unwrap();
                for part in
                    ["`Old image`", "security-admin", "2026-02-01T00:00:00Z", "It is replaced next week."]
                {
                    assert!(said.contains(part), "{said}");
                }
            }
        }
        estate.ask("security-admin", Method::DELETE, &own, Value::Null).await.expect(200);
    }
}

/// An exemption of a registry that is deleted is not in force in the next one of the same name.
#[tokio::test]
async fn exemptions_go_with_their_registry_and_their_group() {
    let estate = Estate::new().await;
    let group = format!("{}/resourceGroups/other", subscription());
    let second = format!("{group}/providers/Microsoft.ContainerRegistry/registries/Second");
    let version = "?api-version=2025-11-01";
    let groups = format!("{}?api-version=2021-04-01", group.replace("resourceGroups", "resourcegroups"));
    for whole in [false, true] {
        estate.ask("owner", Method::PUT, &groups, json!({"location": "local"})).await;
        let registry = format!("{second}{version}");
        estate.ask("owner", Method::PUT, &registry, json!({"location": "local"})).await.expect(201);
        for scope in [&second, &format!("{second}/repositories/app"), &group] {
            let own = path(&scope.to_lowercase(), "/one");
            estate.ask("owner", Method::PUT, &own, waiver(json!({"ids": ["CVE-1"]}))).await.expect(201);
        }
        let deleted = if whole { &groups } else { &registry };
        estate.ask("owner", Method::DELETE, deleted, Value::Null).await.expect(200);
        estate.ask("owner", Method::PUT, &groups, json!({"location": "local"})).await;
        estate.ask("owner", Method::PUT, &registry, json!({"location": "local"})).await.expect(201);
        let list = estate.get("owner", &path(&subscription(), "")).await.expect(200).body;
        let left: Vec<&str> =
            list["value"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(left.len(), usize::from(!whole), "{left:?}");
        estate.ask("owner", Method::DELETE, &groups, Value::Null).await.expect(200);
    }
}
