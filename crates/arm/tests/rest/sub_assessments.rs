//! Sub-assessments: their rows, their pages, and their names.

use crate::estate::{Estate, KEY, principal, registry, subscription};
use serde_json::Value;
use std::collections::BTreeSet;
use store::{ImageState, PrincipalId, RoleAssignment, RoleId};

const VERSION: &str = "api-version=2019-01-01-preview";

fn all(scope: &str) -> String {
    format!("{scope}/providers/Microsoft.Security/subAssessments?{VERSION}")
}

/// All rows, page after page, by following the links as a client does.
async fn rows(estate: &Estate, first: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages) = (Vec::new(), 0);
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let body = estate.get("security-reader", &path).await.expect(200).body;
        rows.extend(body["value"].as_array().unwrap().iter().cloned());
        let link = body["nextLink"].as_str();
        next = link.map(|link| link.strip_prefix("https://lazaretto.test").unwrap().to_owned());
        pages += 1;
    }
    (rows, pages)
}

fn line(row: &Value) -> String {
    let properties = &row["properties"];
    format!(
        "{} {} {} {}",
        properties["additionalData"]["repositoryName"].as_str().unwrap(),
        properties["id"].as_str().unwrap(),
        properties["status"]["code"].as_str().unwrap(),
        properties["status"]["severity"].as_str().unwrap_or("-"),
    )
}

#[tokio::test]
async fn each_image_and_vulnerability_has_one_row() {
    let estate = Estate::furnished().await;
    let (found, pages) = rows(&estate, &all(&subscription())).await;
    let lines: Vec<String> = found.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "clean image Healthy -",
            "team/app CVE-2020-28928 Unhealthy High",
            "team/app CVE-2021-28831 Unhealthy High",
            "void image NotApplicable -",
        ]
    );
    assert_eq!(pages, 1);
    let of_registry =
        format!("{}/providers/Microsoft.Security/assessments/{KEY}/subAssessments?{VERSION}", registry());
    for path in [all(&registry()), all(""), of_registry.clone(), of_registry.to_lowercase()] {
        assert_eq!(rows(&estate, &path).await.0, found, "{path}");
    }
    estate.get("reader", &of_registry.replace(KEY, "other")).await.expect(404);
}

#[tokio::test]
async fn a_row_has_azures_form() {
    let estate = Estate::furnished().await;
    let (found, _) = rows(&estate, &all(&subscription())).await;
    let text = |row: &Value| serde_json::to_string_pretty(row).unwrap() + "\n";
    expect_test::expect_file!["golden/finding.json"].assert_eq(&text(&found[2]));
    expect_test::expect_file!["golden/not_applicable.json"].assert_eq(&text(&found[3]));
}

#[tokio::test]
async fn a_name_finds_its_row_and_stays() {
    let estate = Estate::furnished().await;
    let (found, _) = rows(&estate, &all(&subscription())).await;
    for row in &found {
        let path = format!("{}?{VERSION}", row["id"].as_str().unwrap());
        assert_eq!(estate.get("reader", &path).await.expect(200).body, *row);
        assert_eq!(
            estate
                .get(
                    "reader",
                    &path.to_uppercase().replace("API-VERSION", "api-version").replace("PREVIEW", "preview")
                )
                .await
                .expect(200)
                .body,
            *row
        );
        estate.get("puller", &path).await.expect(403);
    }
    let absent = format!(
        "{}/providers/Microsoft.Security/assessments/{KEY}/subAssessments/no-name?{VERSION}",
        registry()
    );
    assert_eq!(estate.get("reader", &absent).await.expect(404).code(), "ResourceNotFound");
    let names: BTreeSet<&str> = found.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), found.len());
}

#[tokio::test]
async fn pages_neither_repeat_nor_hide() {
    let estate = Estate::new().await;
    let mut expected = 0;
    for (repository, vulnerabilities) in [("a", 249), ("b", 1), ("c", 700), ("d", 3)] {
        let image = estate.image(repository, ImageState::Unhealthy, None).await;
        let ids: Vec<String> =
            (0..vulnerabilities).map(|number| format!("CVE-2020-{repository}{number:04}")).collect();
        // Each image has packages of its own: what is recorded of a package replaces what was recorded before.
        let names = [format!("busybox-{repository}"), format!("musl-{repository}")];
        let found: Vec<(&str, &str)> =
            ids.iter().flat_map(|id| names.iter().map(|name| (name.as_str(), id.as_str()))).collect();
        estate.findings(&image, &found).await;
        estate.image(&format!("{repository}-clean"), ImageState::Healthy, None).await;
        expected += vulnerabilities + 1;
    }
    let (found, pages) = rows(&estate, &all(&subscription())).await;
    let names: BTreeSet<&str> = found.iter().map(|row| row["name"].as_str().unwrap()).collect();
    let images: BTreeSet<&str> = found
        .iter()
        .map(|row| row["properties"]["additionalData"]["repositoryName"].as_str().unwrap())
        .collect();
    assert_eq!((names.len(), images.len()), (found.len(), 8));
    assert_eq!((found.len(), pages), (expected, 4));
}

#[tokio::test]
async fn a_link_is_for_its_owner_and_list_alone() {
    let estate = Estate::new().await;
    let image = estate.image("app", ImageState::Unhealthy, None).await;
    let ids: Vec<String> = (0..300).map(|number| format!("CVE-2020-{number:04}")).collect();
    let found: Vec<(&str, &str)> = ids.iter().map(|id| ("busybox", id.as_str())).collect();
    estate.findings(&image, &found).await;
    let first = estate.get("reader", &all(&subscription())).await.expect(200).body;
    let link = first["nextLink"].as_str().unwrap().strip_prefix("https://lazaretto.test").unwrap().to_owned();
    estate.get("reader", &link).await.expect(200);
    for (who, path) in [
        ("owner", link.clone()),
        ("reader", link.replace("subAssessments", &format!("assessments/{KEY}/subAssessments"))),
        ("reader", format!("{link}x")),
        ("reader", all(&subscription()) + "&$skiptoken=e30.x"),
    ] {
        assert_eq!(estate.get(who, &path).await.expect(400).code(), "InvalidSkipToken", "{who} {path}");
    }
}

/// D6: a link is no right. Whoever lost the role that it was given under is told nothing more.
#[tokio::test]
async fn a_link_opens_nothing_to_whoever_lost_the_right() {
    let estate = Estate::new().await;
    let image = estate.image("app", ImageState::Unhealthy, None).await;
    let ids: Vec<String> = (0..300).map(|number| format!("CVE-2020-{number:04}")).collect();
    let found: Vec<(&str, &str)> = ids.iter().map(|id| ("busybox", id.as_str())).collect();
    estate.findings(&image, &found).await;
    let role = RoleAssignment {
        principal: PrincipalId(principal("foreigner").id),
        role: RoleId(access::RoleId::SECURITY_READER.0),
        scope: registry(),
    };
    estate.get("foreigner", &all(&registry())).await.expect(403);
    estate.store.assign_role(role.clone()).await.unwrap();
    let first = estate.get("foreigner", &all(&registry())).await.expect(200).body;
    let link = first["nextLink"].as_str().unwrap().strip_prefix("https://lazaretto.test").unwrap().to_owned();
    estate.get("foreigner", &link).await.expect(200);
    assert!(estate.store.revoke_role(&role).await.unwrap());
    assert_eq!(estate.get("foreigner", &link).await.expect(403).code(), "AuthorizationFailed");
}
