//! Assessments of the software in images: what has to be updated, in the newest of Azure's models.

use crate::assessments::{all, list};
use crate::estate::{Estate, ORPHAN, SLIGHT, group, registry, subscription};
use http::Method;
use serde_json::{Value, json};
use store::{Actor, ImageState, Removal};

fn is_software(row: &Value) -> bool {
    row["properties"]["additionalData"].get("SoftwareName").is_some()
}

/// The assessments of software in a list.
async fn software(estate: &Estate, scope: &str) -> Vec<Value> {
    let mut rows = all(estate, list(scope)).await.0;
    rows.retain(is_software);
    rows
}

async fn query(estate: &Estate, who: &str, query: &str) -> Value {
    let graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let answer = estate.ask(who, Method::POST, graph, json!({ "query": query })).await;
    answer.expect(200).body["data"].clone()
}

fn name(row: &Value) -> &str {
    row["properties"]["additionalData"]["SoftwareName"].as_str().unwrap()
}

#[tokio::test]
async fn each_software_with_findings_has_one_assessment_in_its_image() {
    let estate = Estate::furnished().await;
    let rows = software(&estate, &subscription()).await;
    assert_eq!(rows.iter().map(name).collect::<Vec<_>>(), ["busybox", "musl", "ssl_client"]);
    let path = format!("{}?api-version=2021-06-01&$expand=metadata", rows[0]["id"].as_str().unwrap());
    let mut one = estate.get("security-reader", &path).await.expect(200).body;
    let taken = |one: &mut Value, name: &str| {
        let text = one["properties"]["additionalData"][name].take();
        serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap()
    };
    // Texts of JSON are shown as what they say.
    let (details, scanners) = (taken(&mut one, "CvesDetails"), taken(&mut one, "ScannersDetails"));
    let shown = json!({"assessment": one, "CvesDetails": details, "ScannersDetails": scanners});
    expect_test::expect_file!["golden/software_assessment.json"]
        .assert_eq(&(serde_json::to_string_pretty(&shown).unwrap() + "\n"));
    let image = rows[0]["id"].as_str().unwrap().split("/providers/Microsoft.Security").next().unwrap();
    assert_eq!(software(&estate, image).await, rows);
    let other = path.replace("team:app", "clean");
    estate.get("reader", &other).await.expect(404);
    estate.get("puller", &path).await.expect(403);
    estate.get("foreigner", &path).await.expect(403);
    for row in &rows {
        let further = row["properties"]["additionalData"].as_object().unwrap();
        assert!(
            further.values().all(Value::is_string),
            "clients read a map from texts to texts: {further:?}"
        );
    }
}

/// What published scripts ask for.
const PUBLISHED: &str = "securityresources
    | where type == 'microsoft.security/assessments'
    | where properties.metadata.recommendationCategory == 'SoftwareUpdate'
    | where properties.resourceDetails.ResourceType == '.containerimage'
    | where properties.resourceDetails.Source == 'Azure'";

#[tokio::test]
async fn published_queries_find_images_vulnerabilities_and_versions() {
    let estate = Estate::furnished().await;
    let rows = query(
        &estate,
        "reader",
        &format!(
            "{PUBLISHED}
             | extend dashed = extract(@'repositories-(.+)-images-sha256:[a-f0-9]+', 1, tostring(properties.resourceDetails.Id)),
                      last = tostring(properties.resourceDetails.ResourceName),
                      image = parse_json(tostring(properties.resourceAdditionalData)),
                      scanners = parse_json(tostring(properties.additionalData.ScannersDetails)),
                      software = tostring(properties.additionalData.SoftwareName)
             | mv-expand cve = parse_json(tostring(properties.additionalData.CvesDetails))
             | project dashed, last, software, tostring(image.RepositoryDetails.RepositoryName),
                       tostring(scanners.mdvm.DetectedSoftwareVersions[0]), tostring(cve.CveId),
                       todouble(cve.Cvss[0].Value.Base), tostring(cve.FixStatus), tostring(cve.FixedVersion),
                       strlen(tostring(image.Digest))
             | order by software asc | take 1"
        ),
    )
    .await;
    assert_eq!(
        rows,
        json!([{
            "dashed": "team-app", "last": "app", "software": "busybox",
            "image_RepositoryDetails_RepositoryName": "team/app",
            "scanners_mdvm_DetectedSoftwareVersions_0": "1.0-r0", "cve_CveId": "CVE-2021-28831",
            "cve_Cvss_0_Value_Base": 9.8, "cve_FixStatus": "FixAvailable", "cve_FixedVersion": "2.0-r0",
            "strlen_image_Digest": 71,
        }])
    );
    let counted = query(&estate, "reader", &format!("{PUBLISHED} | summarize rows = count() by name")).await;
    assert_eq!(counted.as_array().unwrap().len(), 3);
    assert_eq!(query(&estate, "puller", &format!("{PUBLISHED} | count")).await, json!([{"Count": 0}]));
    assert_eq!(query(&estate, "foreigner", &format!("{PUBLISHED} | count")).await, json!([{"Count": 0}]));
}

/// What narrows is never more than what a query asks for: each condition gives what it gives without narrowing.
#[tokio::test]
async fn conditions_narrow_and_change_nothing() {
    let estate = Estate::furnished().await;
    let all = query(
        &estate,
        "reader",
        &format!("{PUBLISHED} | project id, name, title = tostring(properties.displayName)"),
    )
    .await;
    let key = all[0]["name"].as_str().unwrap().to_owned();
    let conditions = [
        ("properties.displayName == 'Update musl'", 1),
        ("properties.displayName =~ 'update MUSL'", 1),
        ("properties.displayName contains 'date mu'", 1),
        ("properties.displayName contains 'images should have'", 0),
        ("properties.displayName startswith 'Update'", 3),
        ("properties.displayName startswith 'Upgrade'", 0),
        ("properties.displayName has 'musl'", 1),
        ("properties.displayName endswith 'client'", 1),
        ("properties.additionalData.SoftwareName == 'busybox'", 1),
        ("properties.additionalData.SoftwareName != 'busybox'", 2),
        ("resourceGroup == 'rg'", 3),
        ("resourceGroup == 'other'", 0),
        ("id contains '/repositories/team:app/images/'", 3),
        ("id contains '/repositories/clean/images/'", 0),
        ("properties.metadata.assessmentType == 'CustomerManaged'", 0),
        (&*format!("name == '{key}'"), 1),
        ("name == 'dbd0cb49-b563-45e7-9724-889e799fa648'", 0),
        ("properties.status.severity == 'Critical'", 3),
    ];
    // One may ask fifteen times in five seconds.
    let people = ["reader", "owner", "admin", "security-reader"];
    for ((condition, expected), who) in conditions.into_iter().zip(people.into_iter().cycle()) {
        let asked = format!(
            "SecurityResources | where type == 'microsoft.security/assessments' | where {condition}
             | where isnotempty(tostring(properties.additionalData.CvesDetails)) | count"
        );
        assert_eq!(query(&estate, who, &asked).await, json!([{ "Count": expected }]), "{condition}");
    }
}

#[tokio::test]
async fn an_exemption_hides_the_software_that_it_means() {
    let estate = Estate::furnished().await;
    let image = estate.image("lib/tool", ImageState::Unhealthy, None).await;
    estate.findings(&image, &[("musl", SLIGHT), (ORPHAN, "CVE-2020-28928")]).await;
    let codes = async || {
        let rows = software(&estate, &registry()).await;
        let of = |row: &Value| {
            let (software, status) = (name(row), &row["properties"]["status"]);
            let image =
                row["properties"]["resourceAdditionalData"]["RepositoryDetails"]["RepositoryName"].clone();
            format!(
                "{} {software} {} {}",
                image.as_str().unwrap(),
                status["code"].as_str().unwrap(),
                status["cause"].as_str().unwrap()
            )
        };
        rows.iter().map(of).collect::<Vec<_>>()
    };
    assert!(codes().await.contains(&"lib/tool musl Unhealthy ".to_owned()));
    let exemption = format!(
        "{}/providers/Microsoft.Authorization/policyExemptions/one?api-version=2022-07-01-preview",
        group()
    );
    let body = json!({"properties": {
        "exemptionCategory": "Waiver", "displayName": "Slight",
        "metadata": {"findings": {"ids": [SLIGHT]}},
    }});
    estate.ask("owner", Method::PUT, &exemption, body).await.expect(201);
    let after = codes().await;
    assert!(after.contains(&"lib/tool musl NotApplicable Exempt".to_owned()), "{after:?}");
    assert!(after.contains(&"lib/tool orphan Unhealthy ".to_owned()), "{after:?}");
    let exempt = "SecurityResources | where type == 'microsoft.security/assessments'
        | where properties.metadata.recommendationCategory == 'SoftwareUpdate'
        | where properties.status.cause == 'Exempt' | distinct title = tostring(properties.displayName)";
    let rows = query(&estate, "reader", exempt).await;
    assert_eq!(rows, json!([{"title": "Update musl"}]));
}

#[tokio::test]
async fn pages_go_on_inside_an_image_and_survive_changes() {
    let estate = Estate::new().await;
    let names: Vec<String> = (0..300).map(|number| format!("pkg{number:03}")).collect();
    let found: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "CVE-2021-28831")).collect();
    let mut images = Vec::new();
    for repository in ["a", "b"] {
        let image = estate.image(repository, ImageState::Unhealthy, None).await;
        estate.findings(&image, &found).await;
        images.push(image);
    }
    let (rows, pages) = all(&estate, list(&registry())).await;
    assert_eq!((rows.len(), pages), (2 + 2 * 301, 3));
    let first = estate.get("security-reader", &list(&registry())).await.expect(200).body;
    assert_eq!(name(first["value"].as_array().unwrap().last().unwrap()), "pkg248");
    let next = first["nextLink"].as_str().unwrap().replace(crate::estate::URL, "");
    // The image in which the page ended goes: the list goes on with the next one.
    let actor = Actor("owner".into());
    let gone = &images[0];
    let removal = estate.store.delete_manifest(&gone.repository, &gone.digest, &actor, crate::estate::now());
    assert_eq!(removal.await.unwrap(), Removal::Removed);
    let (rest, _) = all(&estate, next.clone()).await;
    assert_eq!(rest.len(), 301);
    assert_eq!(rest[0]["properties"]["additionalData"]["repositoryName"], "b");
    assert_eq!(estate.get("reader", &next).await.expect(400).code(), "InvalidSkipToken");
}
